//! What a core owns: its state, its stacks' ends. Found through GS while in the kernel.

use crate::memory::Memory;
use core::arch::asm;
use core::mem::offset_of;
use logic::budget::Account;
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
    /// The timeout that was last looked at to set the timer.
    pub timer: u64,
    /// The store, once it is there.
    pub memory: Option<&'static Memory>,
    /// Whether `syscall` leads to where a foreign component's does.
    pub foreign: bool,
    /// The stack pointer of a foreign component, for an instruction or two.
    pub foreign_stack: u64,
    /// Physical address of the root of the page table that is loaded; 0 for the kernel's own.
    pub space: u64,
    /// Where this is.
    address: u64,
    /// The number of the core's local APIC.
    pub local_apic: u32,
}

impl CoreLocal {
    /// A core that runs nothing, by its number and that of its local APIC.
    pub const fn new(number: u64, local_apic: u32, stack_end: u64) -> Self {
        let state = CoreState { number, ..CoreState::IDLE };
        Self {
            state,
            stack_end,
            timer: 0,
            space: 0,
            memory: None,
            foreign: false,
            foreign_stack: 0,
            address: 0,
            local_apic,
        }
    }
}

/// Offset of what the core knows of its thread.
pub const STATE: usize = offset_of!(CoreLocal, state);
/// Offset of the current thread's top entry.
pub const TOP: usize = offset_of!(CoreLocal, state) + offset_of!(CoreState, top);
/// Offset of the word that servers are told about thread and core.
pub const IDENTITY: usize = offset_of!(CoreLocal, state) + offset_of!(CoreState, identity);
/// Offset of the current thread's address.
pub const THREAD: usize = offset_of!(CoreLocal, state) + offset_of!(CoreState, thread);
/// Offset of the timeout.
pub const TIMEOUT: usize = offset_of!(CoreLocal, state) + offset_of!(CoreState, timeout);
/// Offset of the core's own number.
pub const NUMBER: usize = offset_of!(CoreLocal, state) + offset_of!(CoreState, number);
/// Offset of what the current thread runs on.
pub const RUNS_ON: usize = offset_of!(CoreLocal, state) + offset_of!(CoreState, account) + Account::RUNS_ON;
/// Offset of the kernel stack's end.
pub const STACK_END: usize = offset_of!(CoreLocal, stack_end);

/// Offset of the registers with which a level resumes.
pub const REGISTERS: usize = offset_of!(CoreLocal, state) + offset_of!(CoreState, registers);
/// Offset of the root of the page table that is loaded.
pub const SPACE: usize = offset_of!(CoreLocal, space);
/// Offset of whether `syscall` leads to where a foreign component's does.
pub const FOREIGN: usize = offset_of!(CoreLocal, foreign);
/// Offset of the word for a foreign component's stack pointer.
pub const FOREIGN_STACK: usize = offset_of!(CoreLocal, foreign_stack);

/// Offset of the address of the store.
pub const MEMORY: usize = offset_of!(CoreLocal, memory);

/// Offset of the number of the core's local APIC.
pub const LOCAL_APIC_NUMBER: usize = offset_of!(CoreLocal, local_apic);

/// Offset of the words' own address.
pub const ADDRESS: usize = offset_of!(CoreLocal, address);

/// Points GS of this core at `local`.
///
/// # Safety
///
/// Nobody else may refer to it, now or later.
pub unsafe fn enter(local: *mut CoreLocal, memory: &'static Memory) {
    GsBase::write(VirtAddr::from_ptr(local));
    KernelGsBase::write(VirtAddr::zero());
    // SAFETY: the caller has the only reference.
    let local_words = unsafe { &mut *local };
    local_words.address = local as u64;
    local_words.memory = Some(memory);
}

/// The core that runs this.
///
/// # Safety
///
/// At most one result may be in use on this core: to be called once in each entry from user level, by the
/// entry's handler, and once at boot. GS must be the kernel's.
pub unsafe fn current() -> &'static mut CoreLocal {
    let local: *mut CoreLocal;
    // SAFETY: `enter` has pointed GS at this core's words, and written their address there.
    unsafe {
        asm!("mov {}, gs:[{at}]", out(reg) local, at = const ADDRESS, options(nostack, preserves_flags, readonly));
    }
    // SAFETY: the caller holds this core's only reference, and no other core has one.
    unsafe { &mut *local }
}

/// Address of the entry that is the top of the current thread's invocation stack.
#[inline(always)]
pub fn top() -> u64 {
    let top: u64;
    // SAFETY: as in `space`.
    unsafe {
        asm!("mov {}, gs:[{at}]", out(reg) top, at = const TOP, options(nostack, preserves_flags, readonly));
    }
    top
}

/// Physical address of the root of the page table that is loaded on this core; 0 for the kernel's own.
pub fn space() -> u64 {
    let space: u64;
    // SAFETY: in the kernel, GS points at this core's words; reading one changes nothing.
    unsafe {
        asm!("mov {}, gs:[{at}]", out(reg) space, at = const SPACE, options(nostack, preserves_flags, readonly));
    }
    space
}
