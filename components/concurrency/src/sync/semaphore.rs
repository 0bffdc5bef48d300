//! So many permits, for which threads wait.

use crate::point::Condition;
use crate::time::Instant;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use runtime::Result;

/// A number of permits: a thread takes one, or waits until there is one.
#[derive(Debug, Default)]
pub struct Semaphore {
    permits: AtomicU64,
    more: Condition,
}

impl Semaphore {
    /// So many permits.
    pub const fn new(permits: u64) -> Self {
        Self { permits: AtomicU64::new(permits), more: Condition::new() }
    }

    /// Takes a permit, as soon as there is one.
    ///
    /// # Errors
    ///
    /// The scheduler's.
    #[inline]
    pub fn acquire(&self) -> Result<()> {
        self.more.wait(None, || self.take()).map(|_| ())
    }

    /// Takes a permit, if there is one by then. Answers whether there was.
    ///
    /// # Errors
    ///
    /// The scheduler's.
    pub fn acquire_until(&self, until: Instant) -> Result<bool> {
        self.more.wait(Some(until), || self.take()).map(|taken| taken.is_some())
    }

    /// Takes a permit, if there is one. Answers whether there was.
    #[inline]
    pub fn try_acquire(&self) -> bool {
        self.take().is_some()
    }

    /// Gives so many permits more.
    #[inline]
    pub fn release(&self, permits: u64) {
        self.permits.fetch_add(permits, AcqRel);
        self.more.changed();
    }

    /// How many permits there are, at this moment.
    pub fn available(&self) -> u64 {
        self.permits.load(Relaxed)
    }

    #[inline]
    fn take(&self) -> Option<()> {
        let take = |permits: u64| permits.checked_sub(1);
        self.permits.fetch_update(AcqRel, Acquire, take).ok().map(|_| ())
    }
}
