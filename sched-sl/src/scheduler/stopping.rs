//! A thread blocks, sleeps, yields, and is woken.

use super::{Running, Scheduler};
use crate::error::ThreadError;
use crate::policy::Policy;
use crate::state::{State, Wakeup};
use crate::thread::ThreadId;
use crate::time::Instant;
use crate::timers::Timers;

/// Whether a thread that wanted to block now has to stop running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a thread that is blocked must not go on"]
pub enum Block {
    /// It is blocked: reschedule.
    Blocked,
    /// A wake-up had come before: it goes on.
    WokenBefore,
}

impl<T: Copy, P: Policy<N>, M: Timers<N>, const N: usize> Scheduler<T, P, M, N> {
    /// Blocks a running thread until it is woken, or returns at once if that has happened.
    ///
    /// # Errors
    ///
    /// [`ThreadError`].
    pub fn block(&mut self, id: ThreadId, now: Instant) -> Result<Block, ThreadError> {
        let thread = self.threads.get_mut(id)?;
        let state = thread.state().blocked().ok_or(ThreadError::NotRunning)?;
        thread.set_state(state);
        if state == State::Running {
            thread.set_wakeup(Wakeup::Woken);
            return Ok(Block::WokenBefore);
        }
        self.stop(id, now);
        Ok(Block::Blocked)
    }

    /// As [`Scheduler::block`], but only up to a point in time. [`Scheduler::wakeup`] tells which it was.
    ///
    /// # Errors
    ///
    /// [`ThreadError`].
    pub fn block_until(&mut self, id: ThreadId, at: Instant, now: Instant) -> Result<Block, ThreadError> {
        let block = self.block(id, now)?;
        if block == Block::Blocked {
            self.set_timer(id, at.max(now));
        }
        Ok(block)
    }

    /// Puts a running thread to sleep. A wake-up does not shorten the sleep; the thread's next block finds it.
    ///
    /// # Errors
    ///
    /// [`ThreadError`].
    pub fn sleep_until(&mut self, id: ThreadId, at: Instant, now: Instant) -> Result<(), ThreadError> {
        let thread = self.threads.get_mut(id)?;
        thread.set_state(thread.state().asleep().ok_or(ThreadError::NotRunning)?);
        self.stop(id, now);
        self.set_timer(id, at.max(now));
        Ok(())
    }

    /// Wakes a thread: from its block, or from the next one that it is about to make.
    ///
    /// # Errors
    ///
    /// [`ThreadError::NoSuchThread`].
    pub fn wake(&mut self, id: ThreadId) -> Result<(), ThreadError> {
        let thread = self.threads.get_mut(id)?;
        let before = thread.state();
        thread.set_state(before.woken());
        if before == State::Blocked {
            thread.set_wakeup(Wakeup::Woken);
            if thread.take_timed() {
                self.timers.cancel(id.place());
                self.note_due();
            }
            self.update_policy(id)?;
        }
        Ok(())
    }

    /// Lets others of the thread's rank go first.
    ///
    /// # Errors
    ///
    /// [`ThreadError`].
    pub fn yield_now(&mut self, id: ThreadId, now: Instant) -> Result<(), ThreadError> {
        if !self.threads.get(id)?.state().wants_to_run() {
            return Err(ThreadError::NotRunning);
        }
        match self.running.take_if(|running| running.thread == id.place) {
            Some(Running { payer, since, .. }) => {
                self.policy.ran(payer.into(), now.since(since));
                self.policy.yielded(payer.into());
            }
            None => self.policy.yielded(id.place()),
        }
        Ok(())
    }

    /// A thread runs no further; it is charged first, so that a turn that is over bears its own time.
    pub(super) fn stop(&mut self, id: ThreadId, now: Instant) {
        match self.running.take_if(|running| running.thread == id.place) {
            Some(Running { payer, since, .. }) if payer == id.place && self.chains.is_alone(id.place()) => {
                self.policy.ran(payer.into(), now.since(since));
                self.policy.unready(payer.into());
            }
            running => self.stop_chain(id, running, now),
        }
    }

    /// The same, where others wait for the thread, or did, or it is not the one that runs.
    #[cold]
    #[inline(never)]
    fn stop_chain(&mut self, id: ThreadId, running: Option<Running<T>>, now: Instant) {
        if let Some(Running { payer, since, .. }) = running {
            self.policy.ran(payer.into(), now.since(since));
        }
        self.settle(id.place());
    }
}
