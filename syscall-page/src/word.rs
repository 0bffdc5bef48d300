//! The atomic word that the protocol is written in.
//!
//! Images link the processor's own word. A test puts an explorer's word in its
//! place and walks through every order in which two threads can meet, over the
//! very same code.

use core::sync::atomic::{AtomicU64, Ordering};

/// A 64-bit word that both sides read and write.
pub trait Word {
    /// A word in this side's own memory.
    fn new(value: u64) -> Self;

    /// Reads the word.
    fn load(&self, order: Ordering) -> u64;

    /// Writes the word.
    fn store(&self, value: u64, order: Ordering);

    /// Writes the word and answers what was there.
    fn swap(&self, value: u64, order: Ordering) -> u64;

    /// Sets bits and answers what was there.
    fn fetch_or(&self, bits: u64, order: Ordering) -> u64;

    /// Keeps only these bits and answers what was there.
    fn fetch_and(&self, bits: u64, order: Ordering) -> u64;

    /// Counts up, and answers what was there.
    fn fetch_add(&self, number: u64, order: Ordering) -> u64;

    /// Counts down, and answers what was there.
    fn fetch_sub(&self, number: u64, order: Ordering) -> u64;

    /// Replaces `current` by `new`: acquires when it does, relaxed when it finds another value.
    ///
    /// # Errors
    ///
    /// The value that was found instead of `current`.
    fn exchange_acquire(&self, current: u64, new: u64) -> Result<u64, u64>;

    /// A sequentially consistent fence: what this side wrote before it is seen
    /// by the other, or what the other wrote before its own is seen here.
    fn full_fence();
}

impl Word for AtomicU64 {
    fn new(value: u64) -> Self {
        Self::new(value)
    }

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
    fn fetch_or(&self, bits: u64, order: Ordering) -> u64 {
        self.fetch_or(bits, order)
    }

    #[inline]
    fn fetch_and(&self, bits: u64, order: Ordering) -> u64 {
        self.fetch_and(bits, order)
    }

    #[inline]
    fn fetch_add(&self, number: u64, order: Ordering) -> u64 {
        self.fetch_add(number, order)
    }

    #[inline]
    fn fetch_sub(&self, number: u64, order: Ordering) -> u64 {
        self.fetch_sub(number, order)
    }

    #[inline]
    fn exchange_acquire(&self, current: u64, new: u64) -> Result<u64, u64> {
        self.compare_exchange(current, new, Ordering::Acquire, Ordering::Relaxed)
    }

    #[inline]
    fn full_fence() {
        core::sync::atomic::fence(Ordering::SeqCst);
    }
}
