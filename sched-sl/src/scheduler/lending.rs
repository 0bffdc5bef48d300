//! Threads that wait for another, and lend it their time meanwhile: [`inherit`](crate::inherit) says why and how.
//!
//! A thread *is held* while it waits at something that is not the scheduler's business, such as a
//! [blockpoint](crate::waiting): no wake-up shortens that, only a release or its time. It can name whom it waits for.

use super::{Block, Scheduler};
use crate::error::ThreadError;
use crate::policy::Policy;
use crate::state::{State, Wakeup};
use crate::thread::ThreadId;
use crate::time::Instant;
use crate::timers::Timers;

impl<T: Copy, P: Policy<N>, M: Timers<N>, const N: usize> Scheduler<T, P, M, N> {
    /// As [`Scheduler::block`]; while the thread is blocked, what time it would have goes to `to`.
    ///
    /// # Errors
    ///
    /// [`ThreadError`], [`ThreadError::Deadlock`] if `to` waits for the thread; nothing was changed.
    pub fn block_and_lend(&mut self, id: ThreadId, to: ThreadId, now: Instant) -> Result<Block, ThreadError> {
        self.check_lend(id, to)?;
        if self.threads.get(id)?.state() == State::Running {
            self.wait_for(id, to)?;
        }
        self.block(id, now)
    }

    /// Holds a running thread until it is released, or up to a point in time. What time it would have goes to `to`, if
    /// there is one.
    ///
    /// # Errors
    ///
    /// As [`Scheduler::block_and_lend`].
    pub fn hold(
        &mut self,
        id: ThreadId,
        to: Option<ThreadId>,
        until: Option<Instant>,
        now: Instant,
    ) -> Result<(), ThreadError> {
        to.map_or(Ok(()), |to| self.check_lend(id, to))?;
        let thread = self.threads.get_mut(id)?;
        thread.set_state(thread.state().asleep().ok_or(ThreadError::NotRunning)?);
        // Before it stops: who lends keeps its place in the policy's order.
        to.map_or(Ok(()), |to| self.wait_for(id, to))?;
        self.stop(id, now);
        if let Some(at) = until {
            self.set_timer(id, at.max(now));
        }
        Ok(())
    }

    /// Lets a thread go on that is held. Answers whether it still was.
    ///
    /// # Errors
    ///
    /// [`ThreadError::NoSuchThread`].
    pub fn release(&mut self, id: ThreadId) -> Result<bool, ThreadError> {
        let thread = self.threads.get_mut(id)?;
        if !matches!(thread.state(), State::Asleep | State::AsleepWoken) {
            return Ok(false);
        }
        thread.set_state(thread.state().timed_out());
        thread.set_wakeup(Wakeup::Woken);
        if thread.take_timed() {
            self.timers.cancel(id.place());
            self.note_due();
        }
        self.update_policy(id)?;
        Ok(true)
    }

    /// Has a thread that does not run lend its time to another from here on, or to nobody. Nothing happens to one that
    /// runs, which needs its time itself.
    ///
    /// # Errors
    ///
    /// [`ThreadError::Deadlock`], [`ThreadError::NoSuchThread`]; nothing was changed.
    pub fn lend(&mut self, id: ThreadId, to: Option<ThreadId>) -> Result<(), ThreadError> {
        to.map_or(Ok(()), |to| self.check_lend(id, to))?;
        let is_so = self.chains.target(id.place()) == to.map(ThreadId::place);
        if is_so || self.threads.get(id)?.state().wants_to_run() {
            return Ok(());
        }
        match to {
            Some(to) => self.wait_for(id, to)?,
            None => self.wait_no_longer(id.place()),
        }
        self.settle(id.place());
        Ok(())
    }

    /// Whether what time a thread would have goes to another.
    pub fn lends(&self, id: ThreadId) -> bool {
        self.chains.target(id.place()).is_some()
    }

    /// Whether anybody's time goes to this one.
    pub fn has_lenders(&self, to: ThreadId) -> bool {
        self.first_lender(to).is_some()
    }

    /// Where those are whose time goes to this one: the first, and for each the next.
    pub(crate) fn first_lender(&self, to: ThreadId) -> Option<usize> {
        self.chains.first_waiting(to.place())
    }

    /// See [`Self::first_lender`].
    pub(crate) fn next_lender(&self, place: usize) -> Option<usize> {
        self.chains.next_waiting(place)
    }

    /// Whether one thread is to have its turn before another, taking into account who waits for them.
    pub fn goes_before(&self, left: ThreadId, right: ThreadId) -> bool {
        self.policy.is_before(self.most_urgent(left.place()), self.most_urgent(right.place()))
    }

    /// Of a place and those that wait for it, the one that the policy lets go first.
    fn most_urgent(&self, root: usize) -> usize {
        let urgent = |first, next| if self.policy.is_before(next, first) { next } else { first };
        self.chains.tree(root).fold(root, urgent)
    }

    fn wait_for(&mut self, id: ThreadId, to: ThreadId) -> Result<(), ThreadError> {
        self.chains.wait_for(id.place(), to.place()).map_err(|_| ThreadError::Deadlock)
    }

    fn check_lend(&self, id: ThreadId, to: ThreadId) -> Result<(), ThreadError> {
        self.threads.get(id)?;
        self.threads.get(to)?;
        if self.chains.comes_to(to.place(), id.place()) { Err(ThreadError::Deadlock) } else { Ok(()) }
    }

    /// As `settle`, of a place that waits no longer if it wants to run.
    pub(super) fn update_chains(&mut self, place: usize, wants_to_run: bool) {
        if wants_to_run {
            self.wait_no_longer(place);
        }
        self.settle(place);
    }

    /// Nobody lends to a thread that has ended: those that did wait for nobody.
    pub(super) fn leave_chains(&mut self, place: usize) {
        self.wait_no_longer(place);
        while let Some(waiting) = self.chains.first_waiting(place) {
            self.chains.cut(waiting);
            self.settle(waiting);
        }
    }

    /// A place waits for nobody any more. Whom it waited for may have had nothing but its time: see [`exchange`](super::exchange).
    fn wait_no_longer(&mut self, place: usize) {
        let target = self.chains.target(place);
        self.chains.cut(place);
        if let Some(target) = target {
            self.settle(target);
        }
    }

    /// Has the policy know who can be chosen, of a place and all that wait for it. They share the end of their chains.
    pub(super) fn settle(&mut self, root: usize) {
        let end = self.chains.end(root);
        let can_go_on = self.threads.in_place(end).is_some_and(|thread| thread.can_go_on());
        let mut next = Some(root);
        while let Some(place) = next {
            let has_time = self.threads.in_place(place).is_some_and(|thread| !thread.is_exhausted());
            match can_go_on && has_time {
                true => self.policy.ready(place),
                false => self.policy.unready(place),
            }
            next = self.chains.after(place, root);
        }
    }
}
