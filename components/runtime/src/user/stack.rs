//! Memory for stacks, and how it is divided.
//!
//! The stubs of calls keep a word at the end of each span of 64 KiB in which there are stacks: that is nobody's stack. So
//! memory is used up to the last end of a span in it, and a stack that ends there ends below the word.

use super::context::Control;
use abi::layout::STACK_SPAN;
use core::cell::UnsafeCell;
use core::ptr::NonNull;
use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering::Relaxed;

/// A span's last word, and what keeps a stack's end aligned.
const RESERVED: usize = 16;

/// An image's own memory for stacks: a static. It has no guard pages; memory that was granted can have them.
#[repr(C, align(65536))]
pub struct StackPool<const BYTES: usize> {
    memory: UnsafeCell<[u8; BYTES]>,
    is_taken: AtomicBool,
}

// SAFETY: the memory is touched by whoever has taken it.
unsafe impl<const BYTES: usize> Sync for StackPool<BYTES> {}

impl<const BYTES: usize> StackPool<BYTES> {
    /// Memory that nobody has taken.
    pub const fn new() -> Self {
        const { assert!(BYTES.is_multiple_of(STACK_SPAN as usize), "whole spans, of 64 KiB each") };
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

/// Divides memory into stacks of `bytes`, each with a control at its end.
pub(super) fn stacks((start, length): (NonNull<u8>, usize), bytes: usize) -> impl Iterator<Item = NonNull<Control>> {
    let span = STACK_SPAN as usize;
    let first = start.addr().get();
    // What lies behind the last end of a span is of a span whose word is not here.
    let end = (first + length) / span * span;
    let bytes = bytes.max(MINIMUM).next_multiple_of(RESERVED);
    let count = end.saturating_sub(first) / bytes;
    (1..=count).map(move |number| {
        let top = number * bytes + if (first + number * bytes).is_multiple_of(span) { 0 } else { RESERVED } - RESERVED;
        // SAFETY: within the memory, which is nobody else's.
        let control = unsafe { start.add(top - size_of::<Control>()) }.cast::<Control>();
        // SAFETY: there is room for it, aligned as stacks are.
        unsafe { control.write(Control::new()) };
        control
    })
}

/// Less is no stack.
const MINIMUM: usize = 1024;
