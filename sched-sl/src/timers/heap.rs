//! Timers in a binary heap: whatever is set, each step is at most log₂ N.

use crate::heap::Heap;
use crate::time::Instant;
use crate::timers::Timers;

/// A heap of at most `N` timers.
#[derive(Debug)]
pub struct HeapTimers<const N: usize>(Heap<Instant, N>);

impl<const N: usize> HeapTimers<N> {
    /// No timer is set.
    pub const fn new() -> Self {
        Self(Heap::new(Instant::NEVER))
    }
}

impl<const N: usize> Default for HeapTimers<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Timers<N> for HeapTimers<N> {
    fn set(&mut self, place: usize, at: Instant) {
        self.0.set(place, at);
    }

    fn cancel(&mut self, place: usize) {
        self.0.remove(place);
    }

    #[inline(always)]
    fn next(&self) -> Option<Instant> {
        self.0.first().map(|(_, at)| at)
    }

    #[inline(always)]
    fn expire(&mut self, now: Instant) -> Option<(usize, Instant)> {
        self.0.take(now)
    }
}
