//! Runs two threads that never yield, and says in which order they got on.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

use core::fmt;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Laps of each of the two runners.
pub const LAPS: usize = 4;

/// Laps of both.
pub const ALL: usize = 2 * LAPS;

/// The order in which laps were finished.
pub struct Track {
    finished: AtomicUsize,
    order: [AtomicUsize; ALL],
}

impl Track {
    /// A track on which nobody has run.
    pub const fn new() -> Self {
        Self { finished: AtomicUsize::new(0), order: [const { AtomicUsize::new(0) }; ALL] }
    }

    /// Notes that `runner` has finished a lap; answers whether it was the last one.
    pub fn finish(&self, runner: usize) -> bool {
        let lap = self.finished.fetch_add(1, Relaxed);
        if let Some(finished) = self.order.get(lap) {
            finished.store(runner, Relaxed);
        }
        lap + 1 == ALL
    }
}

impl Default for Track {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for Track {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, lap) in self.order.iter().enumerate() {
            let gap = if at == 0 { "" } else { " " };
            write!(f, "{gap}{}", lap.load(Relaxed))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn laps_are_told_in_the_order_in_which_they_were_finished() {
        let track = Track::new();
        for runner in [1, 2, 2, 1, 1, 2, 1] {
            assert!(!track.finish(runner));
        }
        assert!(track.finish(2), "that was the last one");
        assert_eq!(track.to_string(), "1 2 2 1 1 2 1 2");
    }

    #[test]
    fn one_lap_too_many_is_not_told() {
        let track = Track::new();
        let ends = (0..=ALL).filter(|_| track.finish(1)).count();
        assert_eq!(ends, 1);
        assert_eq!(track.to_string(), "1 1 1 1 1 1 1 1");
    }
}
