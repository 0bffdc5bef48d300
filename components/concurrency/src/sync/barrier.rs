//! A place at which threads wait for each other.

use super::{Condvar, Mutex};
use runtime::Result;

/// A place at which so many threads wait for each other, as `std::sync::Barrier`; again and again.
#[derive(Debug)]
pub struct Barrier {
    threads: usize,
    /// How many have come, and how often all have.
    state: Mutex<(usize, usize)>,
    all: Condvar,
}

/// What a thread that was at a barrier is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BarrierWaitResult(bool);

impl BarrierWaitResult {
    /// Whether it is the one of them all that came last.
    pub const fn is_leader(self) -> bool {
        self.0
    }
}

impl Barrier {
    /// One for so many threads.
    pub const fn new(threads: usize) -> Self {
        Self { threads, state: Mutex::new((0, 0)), all: Condvar::new() }
    }

    /// Waits until as many have come as are to.
    ///
    /// # Errors
    ///
    /// Those of [`Mutex::lock`].
    pub fn wait(&self) -> Result<BarrierWaitResult> {
        let mut state = self.state.lock()?;
        let times = state.1;
        state.0 += 1;
        if state.0 >= self.threads {
            *state = (0, times.wrapping_add(1));
            self.all.notify_all();
            return Ok(BarrierWaitResult(true));
        }
        drop(self.all.wait_while(state, |(_, now)| *now == times)?);
        Ok(BarrierWaitResult(false))
    }
}
