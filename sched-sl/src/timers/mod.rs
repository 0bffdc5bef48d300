//! Who wakes when.
//!
//! Of the two kinds, the component `sched` has the [`heap`]: each of its steps is bounded, it is the smaller one, and with as many threads asleep
//! as a component system has, it is the faster one. The [`wheel`] is for schedulers with many sleepers whose timers
//! mostly expire; where they are mostly cancelled, it may have to look for the next one in a long list. Instructions of a round on the host,
//! optimised, with 128 places:
//!
//! | timers set | one expires and is set again: heap, wheel | one is set and cancelled twice: heap, wheel |
//! |---|---|---|
//! | 1 | 99, 190 | 182, 268 |
//! | 4 | 202, 235 | 376, 350 |
//! | 32 | 357, 268 | 673, 767 |
//! | 127 | 436, 291 | 738, 2045 |

pub mod heap;
pub mod wheel;

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

    /// Takes the earliest timer that is due by `now`; of equals, the one that was set first. Answers its place, and when it was due.
    fn expire(&mut self, now: Instant) -> Option<(usize, Instant)>;
}
