//! One thread goes on and another stops, both at once: each has a turn of its own.
//!
//! That is what threads do most that have something for each other, and half as much work as the one after the other: one visit, one
//! decision.

use super::{Quick, Running, Scheduler, Turn};
use crate::kernel::Payer;
use crate::policy::{Choice, Policy};
use crate::state::State;
use crate::thread::ThreadId;
use crate::time::Instant;
use crate::timers::Timers;

impl<T: Copy, P: Policy<N>, M: Timers<N>, const N: usize> Scheduler<T, P, M, N> {
    /// [`Scheduler::wake`] of the thread in the place `to`, [`Scheduler::block`] of the one in the place `me`, and [`Scheduler::decide`];
    /// if the one is blocked, no wake-up came for the other, and nobody lends to either. Both are known by the kernel's names for them.
    #[inline(always)]
    pub fn quick_wake_and_block(
        &mut self,
        me: (usize, impl FnOnce(T) -> bool),
        to: (usize, impl FnOnce(T) -> bool),
        now: Instant,
    ) -> Quick<T> {
        self.quick_hand_over(me, to, State::Blocked, now)
    }

    /// The same of two that wait at blockpoints: [`Scheduler::release`] of `to`, and [`Scheduler::hold`] of `me` for no certain time.
    #[inline(always)]
    pub fn quick_release_and_hold(
        &mut self,
        me: (usize, impl FnOnce(T) -> bool),
        to: ThreadId,
        now: Instant,
    ) -> Quick<T> {
        if self.threads.at(to.place()) != Some(to) {
            return Quick::Unusual;
        }
        self.quick_hand_over(me, (to.place(), |_| true), State::Asleep, now)
    }

    /// `to` goes on, which waits in this state, and `me` stops in it.
    #[inline(always)]
    fn quick_hand_over(
        &mut self,
        (me, is_me): (usize, impl FnOnce(T) -> bool),
        (to, is_it): (usize, impl FnOnce(T) -> bool),
        state: State,
        now: Instant,
    ) -> Quick<T> {
        let Some(running) = self.dispatched(is_me, now) else { return Quick::Unusual };
        let is_own = usize::from(running.payer) == me && self.chains.is_alone(me) && self.chains.is_alone(to);
        let waits = self.threads.in_place(to).is_some_and(|to| to.only_waits_in(state) && is_it(to.name));
        if !is_own || !waits || !self.runs(me) {
            return Quick::Unusual;
        }
        let Some(policy) = self.policy.as_fixed_priority() else { return Quick::Unusual };
        let choice = policy.after_hand_over(me, to, now);
        if let Some(me) = self.threads.in_place_mut(me) {
            me.set_state(state);
        }
        let Some((thread, next)) = self.threads.named_mut(to) else { return Quick::Noted };
        next.go_on();
        let name = next.name;
        self.running = None;
        match choice {
            Some(Choice { place, until }) if place == to && self.timer <= until => self.begin_turn(thread, name, now),
            choice => self.take_up(choice, now),
        }
    }

    /// A thread goes on in a turn of its own, for which the kernel's timer is set already.
    #[inline(always)]
    fn begin_turn(&mut self, thread: ThreadId, name: T, now: Instant) -> Quick<T> {
        self.running = Some(Running { name, thread: thread.place, payer: thread.place, since: now });
        let payer = Payer { now: name, before: self.payer.replace(name) };
        Quick::Turn(Turn { thread, name, payer, since: now, until: self.timer })
    }

    #[inline(always)]
    pub(super) fn runs(&self, place: usize) -> bool {
        self.threads.in_place(place).is_some_and(|thread| thread.state() == State::Running)
    }
}
