//! How a thread is dispatched.

use crate::directory::Entry;
use core::num::{NonZeroU32, NonZeroU64};
use runtime::scheduling::Thread;

/// The kernel's name for a thread, how it is dispatched: its [`Entry`], and above that what it starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target(NonZeroU64);

impl Target {
    /// The thread of an entry, and the word that it starts with.
    pub fn new(entry: Entry, word: u32) -> Self {
        let number: NonZeroU64 = entry.number().into();
        Self(number | u64::from(word) << 32)
    }

    /// Whether it is the thread of this entry.
    #[inline(always)]
    pub const fn is(self, entry: Entry) -> bool {
        self.0.get() as u32 == entry.number().get()
    }

    /// The thread's entry.
    #[inline(always)]
    pub fn entry(self) -> Option<Entry> {
        NonZeroU32::new(self.0.get() as u32).map(Entry::with_number)
    }

    /// The thread.
    #[inline(always)]
    pub fn thread(self) -> Option<Thread> {
        self.entry()?.thread()
    }

    /// What it starts with.
    #[inline(always)]
    pub const fn word(self) -> u32 {
        (self.0.get() >> 32) as u32
    }

    /// All of it, the entry's number below.
    #[inline(always)]
    pub const fn to_word(self) -> u64 {
        self.0.get()
    }

    /// Whether it may run only so long in each period: then it has a budget of its own.
    #[inline(always)]
    pub const fn is_limited(self) -> bool {
        self.0.get() as u32 & Entry::LIMITED != 0
    }
}
