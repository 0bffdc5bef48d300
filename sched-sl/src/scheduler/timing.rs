//! Points in time: when threads go on by themselves, and for when the kernel's timer is set.

use super::Scheduler;
use crate::error::ThreadError;
use crate::policy::Policy;
use crate::state::Wakeup;
use crate::thread::{Thread, ThreadId};
use crate::time::Instant;
use crate::timers::Timers;

impl<T: Copy, P: Policy<N>, M: Timers<N>, const N: usize> Scheduler<T, P, M, N> {
    /// Has the next wait of a thread at the kernel end at a point in time, or at none: then it can be dispatched, which ends it. If the time
    /// comes before the wait, that ends as it begins. It ends no block and no sleep; one that has a time of its own replaces it.
    ///
    /// # Errors
    ///
    /// [`ThreadError::NoSuchThread`].
    pub fn end_wait_at(&mut self, id: ThreadId, at: Option<Instant>) -> Result<(), ThreadError> {
        self.threads.get_mut(id)?.set_receive_timed(at.is_some());
        match at {
            Some(at) => self.timers.set(id.place(), at),
            None => self.timers.cancel(id.place()),
        }
        self.note_due();
        Ok(())
    }

    /// Notes that a thread's budget is used up: it does not run before `at`, whatever it wants.
    ///
    /// # Errors
    ///
    /// [`ThreadError::NoSuchThread`].
    pub fn exhaust(&mut self, id: ThreadId, at: Instant) -> Result<(), ThreadError> {
        self.threads.get_mut(id)?.set_exhausted(true);
        self.budgets.set(id.place(), at);
        self.note_due();
        self.update_policy(id)
    }

    /// The kernel's timer is not set: so it is when the scheduler itself goes on.
    pub fn timer_is_unset(&mut self) {
        self.set_timer_of_kernel(Instant::NEVER);
    }

    /// Notes for which point the kernel's timer is to be set, if the policy wants it to be set for `wanted`. It stays as it is if it fires
    /// no later than wanted and not at once: an early tick is harmless, since all that follows is another decision, while setting a
    /// timer costs the kernel more than a switch. A thread that nobody waits for has none.
    pub(super) fn set_kernel_timer(&mut self, wanted: Instant, now: Instant) {
        // 0 would stand for no time at all.
        let wanted = wanted.min(self.due).max(Instant(1));
        if self.timer > wanted || self.timer <= now {
            self.set_timer_of_kernel(wanted);
        }
    }

    pub(super) fn set_timer(&mut self, id: ThreadId, at: Instant) {
        if self.threads.get(id).is_ok_and(Thread::is_receive_timed) {
            let _ = self.end_wait_at(id, None);
        }
        self.timers.set(id.place(), at);
        if let Ok(thread) = self.threads.get_mut(id) {
            thread.set_timed();
        }
        self.set_due(self.due.min(at));
    }

    pub(super) fn note_due(&mut self) {
        self.set_due(first_of(self.timers.next(), self.budgets.next()));
    }

    pub(super) fn set_due(&mut self, due: Instant) {
        self.due = due;
        self.note_calm();
    }

    fn set_timer_of_kernel(&mut self, timer: Instant) {
        self.timer = timer;
        self.note_calm();
    }

    fn note_calm(&mut self) {
        self.calm_until = if self.timer <= self.due { self.timer } else { Instant(0) };
    }

    /// Lets those go on whose time has come.
    #[cold]
    #[inline(never)]
    pub(super) fn wake_due(&mut self, now: Instant) {
        while let Some((place, since)) = self.timers.expire(now) {
            self.time_out(place, since);
        }
        let next = self.timers.next();
        while let Some((place, since)) = self.budgets.expire(now) {
            match self.threads.in_place(place) {
                Some(thread) if !thread.is_exhausted() => self.count(place, since, now),
                _ => self.refill(place),
            }
        }
        self.set_due(first_of(next, self.budgets.next()));
    }

    /// The thread in this place has a budget again.
    #[cold]
    #[inline(never)]
    fn refill(&mut self, place: usize) {
        if let Some(thread) = self.threads.in_place_mut(place) {
            thread.set_exhausted(false);
        }
        self.update_place(place);
    }

    /// The time of a thread has come: of its block, its sleep, or its wait in the kernel.
    #[inline(always)]
    fn time_out(&mut self, place: usize, since: Instant) {
        let Some(thread) = self.threads.in_place_mut(place) else { return };
        if thread.is_receive_timed() {
            thread.end_receive();
            return self.update_place(place);
        }
        thread.set_state(thread.state().timed_out());
        thread.set_wakeup(Wakeup::TimedOut);
        thread.take_timed();
        if thread.is_ready() && self.chains.is_alone(place) {
            self.policy.ready_since(place, since);
        } else {
            self.update_place(place);
        }
    }
}

#[inline(always)]
fn first_of(timer: Option<Instant>, budget: Option<Instant>) -> Instant {
    timer.unwrap_or(Instant::NEVER).min(budget.unwrap_or(Instant::NEVER))
}
