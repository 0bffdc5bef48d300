//! The atomic word that what threads share without a scheduler is written in.
//!
//! Images link the processor's own word. A test puts an explorer's word in its place and walks through every order in
//! which threads can meet, over the very same code.

use core::sync::atomic::{AtomicU64, Ordering};

/// A 64-bit word that several threads read and change.
pub trait Word {
    /// Reads the word.
    fn load(&self, order: Ordering) -> u64;

    /// Writes the word.
    fn store(&self, value: u64, order: Ordering);

    /// Writes the word and answers what was there.
    fn swap(&self, value: u64, order: Ordering) -> u64;

    /// Adds, and answers what was there.
    fn fetch_add(&self, value: u64, order: Ordering) -> u64;

    /// Subtracts, and answers what was there.
    fn fetch_sub(&self, value: u64, order: Ordering) -> u64;

    /// Replaces `current` by `new`: acquires and releases when it does, acquires when it finds another value.
    ///
    /// # Errors
    ///
    /// The value that was found instead of `current`.
    fn exchange(&self, current: u64, new: u64) -> Result<u64, u64>;

    /// Changes the word in one step to what `to` makes of it, unless it is to stay as it is. Answers what was there if it was changed.
    #[inline(always)]
    fn update(&self, to: impl Fn(u64) -> Option<u64>) -> Option<u64> {
        let mut found = self.load(Ordering::Acquire);
        loop {
            match self.exchange(found, to(found)?) {
                Ok(before) => return Some(before),
                Err(other) => found = other,
            }
        }
    }

    /// A sequentially consistent fence: of two threads that each write, pass this and read what the other wrote, one
    /// at least sees it.
    fn full_fence();
}

impl Word for AtomicU64 {
    #[inline]
    fn load(&self, order: Ordering) -> u64 {
        self.load(order)
    }

    #[inline]
    fn store(&self, value: u64, order: Ordering) {
        self.store(value, order);
    }

    #[inline]
    fn swap(&self, value: u64, order: Ordering) -> u64 {
        self.swap(value, order)
    }

    #[inline]
    fn fetch_add(&self, value: u64, order: Ordering) -> u64 {
        self.fetch_add(value, order)
    }

    #[inline]
    fn fetch_sub(&self, value: u64, order: Ordering) -> u64 {
        self.fetch_sub(value, order)
    }

    #[inline]
    fn exchange(&self, current: u64, new: u64) -> Result<u64, u64> {
        self.compare_exchange(current, new, Ordering::AcqRel, Ordering::Acquire)
    }

    #[inline]
    fn full_fence() {
        core::sync::atomic::fence(Ordering::SeqCst);
    }
}
