//! Turns that are counted by the clock: of who has time of others that the kernel does not charge it for.
//!
//! Such a turn is due as it begins, among the budgets: so whatever comes next is a decision of the general kind, which finds it there
//! and counts it, and nobody else's way is longer for that.

use super::Scheduler;
use crate::error::ThreadError;
use crate::policy::Policy;
use crate::thread::ThreadId;
use crate::time::{Duration, Instant};
use crate::timers::Timers;

impl<T: Copy, P: Policy<N>, M: Timers<N>, const N: usize> Scheduler<T, P, M, N> {
    /// From `now` on, and up to the next decision, time is counted that goes by on this thread's account.
    ///
    /// # Errors
    ///
    /// [`ThreadError::NoSuchThread`].
    pub fn count_turn(&mut self, id: ThreadId, now: Instant) -> Result<(), ThreadError> {
        if !self.threads.get(id)?.is_exhausted() {
            self.budgets.set(id.place(), now);
            self.counts = true;
            self.note_due();
        }
        Ok(())
    }

    /// How long the turns of a thread were that were counted and are over, since this was last asked.
    ///
    /// # Errors
    ///
    /// [`ThreadError::NoSuchThread`].
    pub fn take_counted(&mut self, id: ThreadId) -> Result<Duration, ThreadError> {
        self.threads.get(id)?;
        Ok(core::mem::replace(&mut self.counted[id.place()], Duration(0)))
    }

    /// The turn of the thread in this place is over.
    pub(super) fn count(&mut self, place: usize, since: Instant, now: Instant) {
        self.counts = false;
        self.counted[place] = self.counted[place].plus(now.since(since));
    }
}
