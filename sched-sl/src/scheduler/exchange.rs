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
use crate::state::{State, Wakeup};
use crate::thread::{Thread, ThreadId};
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

    /// [`Scheduler::call`] of the thread that `is_me` knows by the kernel's name for it, and [`Scheduler::decide`]; if nobody else waits for
    /// either.
    #[inline(always)]
    pub fn quick_call(&mut self, is_me: impl FnOnce(T) -> bool, server: ThreadId, now: Instant) -> Quick<T> {
        let Some(running) = self.dispatched(is_me, now) else { return Quick::Unusual };
        let (place, to) = (usize::from(running.thread), server.place());
        let is_usual = running.payer == running.thread && self.chains.is_alone(place) && self.chains.is_alone(to);
        if !is_usual || self.policy.as_fixed_priority().is_none() {
            return Quick::Unusual;
        }
        let (Ok(called), Some(me)) = (self.threads.get(server), self.threads.in_place(place)) else {
            return Quick::Unusual;
        };
        if !is_held(called) || me.state() != State::Running {
            return Quick::Unusual;
        }
        self.chains.pair(place, to);
        let payer = self.threads.at(place);
        self.hand_turn_over(running, server, payer)
    }

    /// [`Scheduler::answer`] of the thread that `is_me` knows by the kernel's name for it, and [`Scheduler::decide`]; if it
    /// runs on the time of `client`, and nobody else waits for it.
    #[inline(always)]
    pub fn quick_answer(&mut self, is_me: impl FnOnce(T) -> bool, client: ThreadId, now: Instant) -> Quick<T> {
        let Some(running) = self.dispatched(is_me, now) else { return Quick::Unusual };
        let (place, to) = (usize::from(running.thread), client.place());
        if usize::from(running.payer) != to || !self.chains.is_pair(to, place) {
            return Quick::Unusual;
        }
        let (Ok(called), Some(me)) = (self.threads.get(client), self.threads.in_place(place)) else {
            return Quick::Unusual;
        };
        let has_turn = self.policy.as_fixed_priority().is_none_or(|policy| policy.is_queued(place));
        if has_turn || !is_held(called) || me.state() != State::Running {
            return Quick::Unusual;
        }
        self.chains.part(to, place);
        self.hand_turn_over(running, client, None)
    }

    /// Holds the thread that runs, and releases `to`, which uses the same turn: that of `pays`, if not its own.
    #[inline(always)]
    fn hand_turn_over(&mut self, running: Running<T>, to: ThreadId, pays: Option<ThreadId>) -> Quick<T> {
        let place = usize::from(running.thread);
        if let Some(me) = self.threads.in_place_mut(place) {
            me.set_state(State::Asleep);
        }
        let Some(next) = self.threads.in_place_mut(to.place()) else { return Quick::Noted };
        next.set_state(State::Running);
        (next.wakeup, next.payer) = (Some(Wakeup::Woken), pays);
        let name = next.name;
        let Some(payer) = self.payer else { return Quick::Noted };
        self.running = Some(Running { name, thread: to.place() as u16, ..running });
        let payer = Payer { now: payer, before: Some(payer) };
        Quick::Turn(Turn { thread: to, name, payer, since: running.since, until: self.timer })
    }
}

/// Whether nothing but a release lets a thread go on, and that does.
#[inline(always)]
fn is_held<T>(thread: &Thread<T>) -> bool {
    thread.state() == State::Asleep && thread.only_waits() && !thread.is_timed
}
