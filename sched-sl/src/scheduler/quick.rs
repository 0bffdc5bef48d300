//! The common cases of yielding, blocking and waking, in as few steps as they take.
//!
//! Each function here does what the general ones do, one after the other, and leads to the same; or it answers that
//! something is unusual, has changed nothing, and those are to be asked. It does so above all where the thread that asks is not known
//! to be the one that was dispatched last, and where something is due. A test runs both on the same states.

use super::{Running, Scheduler, Turn};
use crate::policy::{Choice, Policy};
use crate::state::{State, Wakeup};
use crate::thread::ThreadId;
use crate::time::Instant;
use crate::timers::Timers;

/// What a quick form leads to.
#[derive(Clone, Copy, Debug)]
pub enum Quick<T> {
    /// It is unusual, and nothing was changed.
    Unusual,
    /// This thread runs.
    Turn(Turn<T>),
    /// Whoever runs goes on.
    Stays,
    /// It is noted. Nobody runs whom the policy chose, or it chose nobody: decide.
    Noted,
}

impl<T: Copy, P: Policy<N>, M: Timers<N>, const N: usize> Scheduler<T, P, M, N> {
    /// [`Scheduler::yield_now`] of the thread that `is_me` knows by the kernel's name for it, and [`Scheduler::decide`].
    #[inline(always)]
    pub fn quick_yield(&mut self, is_me: impl FnOnce(T) -> bool, now: Instant) -> Quick<T> {
        let Some(Running { payer, .. }) = self.dispatched(is_me, now) else { return Quick::Unusual };
        let Some(policy) = self.policy.as_fixed_priority() else { return Quick::Unusual };
        self.running = None;
        let choice = policy.after_yield(payer.into(), now);
        self.take_up(choice, now)
    }

    /// [`Scheduler::block`] of the same, and [`Scheduler::decide`]; if no wake-up came before.
    #[inline(always)]
    pub fn quick_block(&mut self, is_me: impl FnOnce(T) -> bool, now: Instant) -> Quick<T> {
        let Some(Running { thread, payer, .. }) = self.dispatched(is_me, now) else { return Quick::Unusual };
        let Some(policy) = self.policy.as_fixed_priority() else { return Quick::Unusual };
        let place = thread.into();
        let Some(me) = self.threads.in_place_mut(place) else { return Quick::Unusual };
        if payer != thread || me.state() != State::Running || !self.chains.is_alone(place) {
            return Quick::Unusual;
        }
        me.set_state(State::Blocked);
        self.running = None;
        let choice = policy.after_stop(place, now);
        self.take_up(choice, now)
    }

    /// [`Scheduler::wake`] of a thread that is blocked, and [`Scheduler::reconsider`].
    #[inline(always)]
    pub fn quick_wake(&mut self, woken: ThreadId, now: Instant) -> Quick<T> {
        self.quick_go_on(woken, State::Blocked, now)
    }

    /// A thread goes on that waits for that in this state, and for no time; and [`Scheduler::reconsider`].
    #[inline(always)]
    pub(super) fn quick_go_on(&mut self, woken: ThreadId, from: State, now: Instant) -> Quick<T> {
        let Some(Running { thread, payer, since, .. }) = self.dispatched(|_| true, now) else { return Quick::Unusual };
        let Some(policy) = self.policy.as_fixed_priority() else { return Quick::Unusual };
        let place = woken.place();
        let Ok(target) = self.threads.get_mut(woken) else { return Quick::Unusual };
        let is_usual = target.state() == from && target.only_waits() && !target.is_timed;
        if payer != thread || !is_usual || !self.chains.is_alone(place) {
            return Quick::Unusual;
        }
        target.set_state(State::Running);
        target.wakeup = Some(Wakeup::Woken);
        let choice = policy.after_wake(place, payer.into(), now.since(since), now);
        if let (Some(choice), Some(running)) = (choice, &mut self.running)
            && choice.place == usize::from(thread)
            && self.timer <= choice.until
        {
            running.since = now;
            return Quick::Stays;
        }
        self.running = None;
        self.take_up(choice, now)
    }

    /// Who was dispatched last, if that is the one that asks, and nothing is due, and the kernel's timer fires before anything is.
    #[inline(always)]
    pub(super) fn dispatched(&self, is_me: impl FnOnce(T) -> bool, now: Instant) -> Option<Running<T>> {
        let is_usual = now < self.timer && self.timer <= self.due;
        self.running.filter(|running| is_me(running.name) && is_usual)
    }

    #[inline(always)]
    pub(super) fn take_up(&mut self, choice: Option<Choice>, now: Instant) -> Quick<T> {
        let Some(choice) = choice else { return Quick::Noted };
        match self.turn(choice, self.timer <= choice.until, now) {
            Ok(turn) => Quick::Turn(turn),
            Err(_) => Quick::Noted,
        }
    }
}
