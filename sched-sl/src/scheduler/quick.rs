//! The common cases of yielding, blocking and waking, in as few steps as they take.
//!
//! Each function here does what the general ones do, one after the other, and leads to the same; or it answers that
//! something is unusual, has changed nothing, and those are to be asked. It does so above all where the thread that asks is not known
//! to be the one that was dispatched last, and where something is due. A test runs both on the same states.

use super::{Running, Scheduler, Turn};
use crate::policy::{Choice, Policy};
use crate::state::State;
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
    /// It is noted. Somebody runs in place of whom the policy chose: decide.
    Noted,
    /// It is noted, and nobody is ready.
    Idle,
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

    /// [`Scheduler::sleep_until`] of the same, and [`Scheduler::decide`].
    #[inline(always)]
    pub fn quick_sleep(&mut self, is_me: impl FnOnce(T) -> bool, at: Instant, now: Instant) -> Quick<T> {
        let Some(Running { thread, payer, .. }) = self.dispatched(is_me, now) else { return Quick::Unusual };
        let Some(policy) = self.policy.as_fixed_priority() else { return Quick::Unusual };
        let place = thread.into();
        let Some(me) = self.threads.in_place_mut(place) else { return Quick::Unusual };
        let is_common = me.state() == State::Running && !me.is_receive_timed();
        if payer != thread || !is_common || !self.chains.is_alone(place) || at <= now {
            return Quick::Unusual;
        }
        me.set_state(State::Asleep);
        me.set_timed();
        self.running = None;
        let choice = policy.after_stop(place, now);
        self.timers.set(place, at);
        self.set_due(self.due.min(at));
        // What the kernel's timer is set to may be later than that.
        self.take_up_until(choice, false, now)
    }

    /// [`Scheduler::wake`] of the thread in a place that `is_it` knows by the kernel's name for it, if it is blocked, and
    /// [`Scheduler::reconsider`].
    #[inline(always)]
    pub fn quick_wake(&mut self, (woken, is_it): (usize, impl FnOnce(T) -> bool), now: Instant) -> Quick<T> {
        if !self.threads.in_place(woken).is_some_and(|woken| is_it(woken.name)) {
            return Quick::Unusual;
        }
        self.quick_go_on(woken, State::Blocked, now)
    }

    /// A thread goes on that waits for that in this state, and for no time; and [`Scheduler::reconsider`].
    #[inline(always)]
    pub(super) fn quick_go_on(&mut self, place: usize, from: State, now: Instant) -> Quick<T> {
        let Some(Running { thread, payer, since, .. }) = self.dispatched(|_| true, now) else { return Quick::Unusual };
        let Some(policy) = self.policy.as_fixed_priority() else { return Quick::Unusual };
        let Some(target) = self.threads.in_place_mut(place) else { return Quick::Unusual };
        if payer != thread || !target.only_waits_in(from) || !self.chains.is_alone(place) {
            return Quick::Unusual;
        }
        target.go_on();
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
        self.running.filter(|running| is_me(running.name) && now < self.calm_until)
    }

    #[inline(always)]
    pub(super) fn take_up(&mut self, choice: Option<Choice>, now: Instant) -> Quick<T> {
        let keeps_timer = choice.is_some_and(|choice| self.timer <= choice.until);
        self.take_up_until(choice, keeps_timer, now)
    }

    /// The same, where it is known whether the kernel's timer may stay as it is.
    #[inline(always)]
    fn take_up_until(&mut self, choice: Option<Choice>, keeps_timer: bool, now: Instant) -> Quick<T> {
        let Some(choice) = choice else { return Quick::Idle };
        match self.turn(choice, keeps_timer, now) {
            Ok(turn) => Quick::Turn(turn),
            Err(_) => Quick::Noted,
        }
    }
}
