//! The stacks of components.

use super::{Entry, is_user_range};
use crate::layout::{PAGE, STACK_SPAN, THREADS};

/// Stack memory for one thread in one component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stack {
    /// Index of the thread.
    pub thread: u64,
    /// The end of the stack, on a [`STACK_SPAN`] boundary.
    pub end: u64,
    /// Bytes of memory below the end, a whole number of pages.
    pub bytes: u64,
}

impl Stack {
    /// Words of an entry.
    pub const WORDS: usize = 3;

    /// The entry's words.
    pub fn to_words(&self) -> [u64; Self::WORDS] {
        [self.thread, self.end, self.bytes]
    }

    pub(super) fn is_sound(&self) -> bool {
        let aligned = self.end.is_multiple_of(STACK_SPAN) && self.bytes.is_multiple_of(PAGE);
        let sized = 0 < self.bytes && self.bytes < STACK_SPAN && self.thread < u64::from(THREADS);
        aligned && sized && self.end >= STACK_SPAN && is_user_range(self.end - self.bytes, self.bytes)
    }
}

impl Entry for Stack {
    const WORDS: usize = Stack::WORDS;

    fn from_words(w: &[u64]) -> Option<Self> {
        Some(Self { thread: w[0], end: w[1], bytes: w[2] })
    }
}
