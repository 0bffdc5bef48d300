//! Memory for stacks, and how it is divided.
//!
//! The stubs of calls keep a word at the end of each span of 64 KiB in which there are stacks, and a thread's number is that of the span:
//! so a stack lies in one span, and the last one of a span ends below the word. What lies behind the last end of a span is of no use.

use super::context::Control;
use crate::{Error, Result};
use abi::layout::STACK_SPAN;
use core::cell::UnsafeCell;
use core::ptr::{NonNull, null};
use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering::Relaxed;
use syscall_page::layout::FRAME_BYTES;

/// A span's last word, and what keeps a stack's end aligned.
const RESERVED: usize = 16;

/// An image's own memory for stacks: a static. Wherever it lies, all but one span of it is used at least. It has no guard
/// pages; memory that was granted can have them.
#[repr(C, align(4096))]
pub struct StackPool<const BYTES: usize> {
    memory: UnsafeCell<[u8; BYTES]>,
    is_taken: AtomicBool,
}

// SAFETY: the memory is touched by whoever has taken it.
unsafe impl<const BYTES: usize> Sync for StackPool<BYTES> {}

impl<const BYTES: usize> StackPool<BYTES> {
    /// Memory that nobody has taken.
    pub const fn new() -> Self {
        const { assert!(BYTES > SPAN, "more than a span, of 64 KiB") };
        Self { memory: UnsafeCell::new([0; BYTES]), is_taken: AtomicBool::new(false) }
    }

    /// The memory, once.
    pub(super) fn take(&'static self) -> Option<(NonNull<u8>, usize)> {
        let memory = NonNull::new(self.memory.get().cast())?;
        (!self.is_taken.swap(true, Relaxed)).then_some((memory, BYTES))
    }
}

impl<const BYTES: usize> Default for StackPool<BYTES> {
    fn default() -> Self {
        Self::new()
    }
}

/// Whoever grants memory at run time, as its interface's client.
pub trait StackMemory {
    /// Grants so many pages, one after another; answers the address of the first.
    ///
    /// # Errors
    ///
    /// The memory manager's.
    fn grant(&self, pages: u64) -> Result<u64>;

    /// Gives back one page of them.
    ///
    /// # Errors
    ///
    /// The memory manager's.
    fn give_back(&self, address: u64) -> Result<()>;
}

/// Bytes of a stack, if somebody wants so many.
pub(super) fn size(wanted: usize) -> usize {
    wanted.clamp(MINIMUM, SPAN).next_multiple_of(RESERVED)
}

/// What a memory manager grants for `count` stacks of `bytes`: their memory, and a span more, since where it starts is not known.
pub(super) fn grant(memory: &impl StackMemory, count: usize, bytes: usize) -> Result<(NonNull<u8>, usize)> {
    let (spans, rest) = (count / (SPAN / bytes), count % (SPAN / bytes));
    let length = ((spans + 1) * SPAN + rest * bytes).next_multiple_of(FRAME_BYTES);
    let start = memory.grant((length / FRAME_BYTES) as u64)?;
    let start = core::ptr::with_exposed_provenance_mut(start as usize);
    Ok((NonNull::new(start).ok_or(Error::Unknown)?, length))
}

/// Gives back the lowest page of each stack, so that who uses more than there is faults.
pub(super) fn guard(memory: &impl StackMemory, granted: (NonNull<u8>, usize), bytes: usize) -> Result<()> {
    let first = granted.0.addr().get();
    ends(granted, bytes).try_for_each(|end| memory.give_back((first + end - bytes) as u64))
}

/// Divides memory into stacks of `bytes`, each with a control at its end.
pub(super) fn stacks(memory: (NonNull<u8>, usize), bytes: usize) -> impl Iterator<Item = NonNull<Control>> {
    let (start, _) = memory;
    ends(memory, bytes).map(move |end| {
        let is_last = (start.addr().get() + end).is_multiple_of(SPAN);
        let top = end - if is_last { RESERVED } else { 0 };
        // SAFETY: within the memory, which is nobody else's.
        let control = unsafe { start.add(top - size_of::<Control>()) }.cast::<Control>();
        // SAFETY: there is room for it, aligned as stacks are.
        unsafe { control.write(Control::new(null())) };
        control
    })
}

/// Where stacks of `bytes` end in memory, from its start: as many as each span has room for, from its end downwards.
fn ends((start, length): (NonNull<u8>, usize), bytes: usize) -> impl Iterator<Item = usize> {
    let first = start.addr().get();
    let spans = (first / SPAN..(first + length) / SPAN).map(move |span| (span + 1) * SPAN);
    spans.flat_map(move |end| {
        let room = (end - first).min(SPAN);
        (0..room / bytes).map(move |number| end - first - number * bytes)
    })
}

const SPAN: usize = STACK_SPAN as usize;

/// Less is no stack.
pub(super) const MINIMUM: usize = 4096;
