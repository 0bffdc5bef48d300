//! Calling a thread, and answering: the turn goes along.
//!
//! A thread that calls another is [held](Scheduler::hold) and lends it its time until the answer; the one that answers was held until
//! somebody called. So both are combinations of what there is anyway: the general form of a call is to release the one and to
//! hold the other. The quick forms here do the same without the policy, which need not know who uses a turn: the thread that is
//! called has none of its own meanwhile, and runs on the caller's.

use super::{Quick, Running, Scheduler, Turn};
use crate::error::ThreadError;
use crate::kernel::Payer;
use crate::policy::Policy;
use crate::state::State;
use crate::thread::ThreadId;
use crate::time::Instant;
use crate::timers::Timers;

impl<T: Copy, P: Policy<N>, M: Timers<N>, const N: usize> Scheduler<T, P, M, N> {
    /// Holds a running thread, which lends its time to `server`; and releases that, if it is held.
    ///
    /// # Errors
    ///
    /// [`ThreadError`].
    pub fn call(&mut self, id: ThreadId, server: ThreadId, now: Instant) -> Result<(), ThreadError> {
        self.hold(id, Some(server), None, now)?;
        self.release(server).map(|_| ())
    }

    /// Holds a running thread, and releases `client`, which has called it.
    ///
    /// # Errors
    ///
    /// [`ThreadError`].
    pub fn answer(&mut self, id: ThreadId, client: ThreadId, now: Instant) -> Result<(), ThreadError> {
        self.hold(id, None, None, now)?;
        self.release(client).map(|_| ())
    }

    /// [`Scheduler::call`] of the thread in the place `me`, which `is_me` knows by the kernel's name, of the one in the place `to`, which
    /// `is_it` knows, and [`Scheduler::decide`]; if nobody else waits for either.
    #[inline(always)]
    pub fn quick_call(
        &mut self,
        (me, is_me): (usize, impl FnOnce(T) -> bool),
        (to, is_it): (usize, impl FnOnce(T) -> bool),
        now: Instant,
    ) -> Quick<T> {
        let Some(running) = self.dispatched(is_me, now) else { return Quick::Unusual };
        if usize::from(running.payer) != me || !self.can_switch(me, to, is_it) {
            return Quick::Unusual;
        }
        if !self.chains.is_alone(me) || !self.chains.is_alone(to) {
            return Quick::Unusual;
        }
        self.chains.pair(me, to);
        self.hand_turn_over(running, (me, to))
    }

    /// [`Scheduler::answer`] of the same, and [`Scheduler::decide`]; if it runs on the time of the other, and nobody else waits for it.
    #[inline(always)]
    pub fn quick_answer(
        &mut self,
        (me, is_me): (usize, impl FnOnce(T) -> bool),
        (to, is_it): (usize, impl FnOnce(T) -> bool),
        now: Instant,
    ) -> Quick<T> {
        let Some(running) = self.dispatched(is_me, now) else { return Quick::Unusual };
        if usize::from(running.payer) != to || !self.can_switch(me, to, is_it) || !self.chains.is_pair(to, me) {
            return Quick::Unusual;
        }
        let has_turn = self.policy.as_fixed_priority().is_none_or(|policy| policy.is_queued(me));
        if has_turn {
            return Quick::Unusual;
        }
        self.chains.part(to, me);
        self.hand_turn_over(running, (me, to))
    }

    /// Whether the one in this place runs, and nothing but a release lets the other go on, and that does.
    #[inline(always)]
    fn can_switch(&self, me: usize, to: usize, is_it: impl FnOnce(T) -> bool) -> bool {
        self.runs(me) && self.threads.in_place(to).is_some_and(|to| to.only_waits_in(State::Asleep) && is_it(to.name))
    }

    /// Holds the thread that runs, and releases `to`, which uses the same turn.
    #[inline(always)]
    fn hand_turn_over(&mut self, running: Running<T>, (me, to): (usize, usize)) -> Quick<T> {
        if let Some(me) = self.threads.in_place_mut(me) {
            me.set_state(State::Asleep);
        }
        let Some((thread, next)) = self.threads.named_mut(to) else { return Quick::Noted };
        next.go_on();
        let name = next.name;
        self.pass_turn(running, thread, name)
    }

    /// Another thread goes on in the turn that there is: nothing changes for the policy, nor for when it decides again.
    #[inline(always)]
    pub(super) fn pass_turn(&mut self, running: Running<T>, thread: ThreadId, name: T) -> Quick<T> {
        let Some(payer) = self.payer else { return Quick::Noted };
        self.running = Some(Running { name, thread: thread.place, ..running });
        let payer = Payer { now: payer, before: Some(payer) };
        Quick::Turn(Turn { thread, name, payer, since: running.since, until: self.timer })
    }
}
