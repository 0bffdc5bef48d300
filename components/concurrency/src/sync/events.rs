//! Events of which a thread waits for any.

use crate::point::Condition;
use crate::time::Instant;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{Relaxed, SeqCst};
use runtime::Result;

/// A set of 64 events, a bit each, of which a thread waits for any of several. One that has happened stays so until somebody has been told;
/// how often it has is not counted.
#[derive(Debug, Default)]
pub struct EventSet {
    happened: AtomicU64,
    more: Condition,
}

impl EventSet {
    /// Nothing has happened.
    pub const fn new() -> Self {
        Self { happened: AtomicU64::new(0), more: Condition::new() }
    }

    /// These happen.
    #[inline]
    pub fn trigger(&self, events: u64) {
        self.happened.fetch_or(events, SeqCst);
        self.more.changed_by_exchange();
    }

    /// Waits until any of these has happened; answers which have, and takes them out.
    ///
    /// # Errors
    ///
    /// The scheduler's.
    #[inline]
    pub fn wait(&self, any: u64) -> Result<u64> {
        self.more.wait(None, || self.take_some(any)).map(Option::unwrap_or_default)
    }

    /// The same, but only up to a point in time: then the answer is 0.
    ///
    /// # Errors
    ///
    /// The scheduler's.
    pub fn wait_until(&self, any: u64, until: Instant) -> Result<u64> {
        self.more.wait(Some(until), || self.take_some(any)).map(Option::unwrap_or_default)
    }

    /// Which of these have happened; takes them out.
    #[inline]
    pub fn take(&self, any: u64) -> u64 {
        self.take_some(any).unwrap_or_default()
    }

    #[inline]
    fn take_some(&self, any: u64) -> Option<u64> {
        // Who looks and finds nothing has written nothing.
        let seen = self.happened.load(Relaxed) & any;
        (seen != 0).then(|| self.happened.fetch_and(!any, SeqCst) & any).filter(|taken| *taken != 0)
    }
}
