//! Queues of user threads, linked through their stacks: never full.

use super::context::Control;
use core::cell::Cell;
use core::ptr::{NonNull, null_mut};

/// First in, first out.
pub(super) struct Queue {
    first: Cell<*mut Control>,
    last: Cell<*mut Control>,
}

impl Queue {
    pub(super) const fn new() -> Self {
        Self { first: Cell::new(null_mut()), last: Cell::new(null_mut()) }
    }

    /// Puts one behind all others. It is in no other queue.
    #[inline]
    pub(super) fn push(&self, control: NonNull<Control>) {
        // SAFETY: what is in a queue exists, as stacks do for ever.
        unsafe { control.as_ref() }.next.set(null_mut());
        match NonNull::new(self.first.get()) {
            None => self.first.set(control.as_ptr()),
            // SAFETY: as above; the last is there if the first is.
            Some(_) => unsafe { (*self.last.get()).next.set(control.as_ptr()) },
        }
        self.last.set(control.as_ptr());
    }

    /// Takes the first.
    #[inline]
    pub(super) fn pop(&self) -> Option<NonNull<Control>> {
        let first = NonNull::new(self.first.get())?;
        // SAFETY: as above.
        self.first.set(unsafe { first.as_ref() }.next.get());
        Some(first)
    }

    /// Takes the first and puts `control` behind all others; `None` if there are none.
    #[inline]
    pub(super) fn rotate(&self, control: NonNull<Control>) -> Option<NonNull<Control>> {
        let first = NonNull::new(self.first.get())?;
        // SAFETY: as above. Since there is a first, there is a last; if they are the same, it leads to `control` now.
        unsafe {
            control.as_ref().next.set(null_mut());
            (*self.last.get()).next.set(control.as_ptr());
            self.last.set(control.as_ptr());
            self.first.set(first.as_ref().next.get());
        }
        Some(first)
    }
}
