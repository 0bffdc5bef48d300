//! Who wakes when.

pub mod heap;

use crate::time::Instant;

/// One timer for each of `N` places, numbered below `N`: the scheduler names no
/// other. There is room for all of them at once, so setting one cannot fail.
pub trait Timers<const N: usize> {
    /// Sets the timer of a place, in place of an earlier one.
    fn set(&mut self, place: usize, at: Instant);

    /// Unsets the timer of a place, if it is set.
    fn cancel(&mut self, place: usize);

    /// The earliest point for which a timer is set.
    fn next(&self) -> Option<Instant>;

    /// Takes the earliest timer that is due by `now`; of equals, the one that was set first.
    fn expire(&mut self, now: Instant) -> Option<usize>;
}
