//! What a core owns: its state, its stacks' ends. Found through GS while in the kernel.

use crate::memory::{Memory, stack_end};
use core::cell::UnsafeCell;
use core::mem::offset_of;
use logic::core_state::CoreState;
use x86_64::VirtAddr;
use x86_64::registers::model_specific::{GsBase, KernelGsBase};

/// A core's own words. The entry paths read and write them at the offsets below.
#[repr(C, align(64))]
pub struct CoreLocal {
    /// The current thread.
    pub state: CoreState,
    /// Where Rust code runs when user level enters.
    pub stack_end: u64,
    /// The timeout that the timer is set to.
    pub timer: u64,
    /// The store, once it is there.
    pub memory: Option<&'static Memory>,
}

/// Offset of the current thread's top entry.
pub const TOP: usize = offset_of!(CoreLocal, state) + offset_of!(CoreState, top);
/// Offset of the word that servers are told about thread and core.
pub const IDENTITY: usize = offset_of!(CoreLocal, state) + offset_of!(CoreState, identity);
/// Offset of the current thread's address.
pub const THREAD: usize = offset_of!(CoreLocal, state) + offset_of!(CoreState, thread);
/// Offset of the kernel stack's end.
pub const STACK_END: usize = offset_of!(CoreLocal, stack_end);

struct First(UnsafeCell<CoreLocal>);

// SAFETY: only the first core touches it, and never from two places at once: the kernel is not
// preemptible, and the exceptions that can interrupt it end the system or touch nothing.
unsafe impl Sync for First {}

static FIRST: First =
    First(UnsafeCell::new(CoreLocal { state: CoreState::IDLE, stack_end: 0, timer: 0, memory: None }));

/// Prepares the first core and points GS at it.
pub fn initialise(memory: &'static Memory) {
    GsBase::write(VirtAddr::from_ptr(FIRST.0.get()));
    KernelGsBase::write(VirtAddr::zero());
    // SAFETY: the only reference so far, and it ends here.
    let core = unsafe { current() };
    core.stack_end = stack_end(0);
    core.memory = Some(memory);
}

/// The core that runs this.
///
/// # Safety
///
/// At most one result may be in use: to be called once in each entry from user level, by the
/// entry's handler, and once at boot.
pub unsafe fn current() -> &'static mut CoreLocal {
    // SAFETY: the caller holds the only reference. One core only runs the kernel so far.
    unsafe { &mut *FIRST.0.get() }
}
