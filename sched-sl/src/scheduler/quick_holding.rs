//! The common cases of waiting at a blockpoint and of going on from there: as [`quick`](super::quick) has them of blocking and waking.

use super::quick::Quick;
use super::{Running, Scheduler};
use crate::policy::Policy;
use crate::state::State;
use crate::thread::ThreadId;
use crate::time::Instant;
use crate::timers::Timers;

impl<T: Copy, P: Policy<N>, M: Timers<N>, const N: usize> Scheduler<T, P, M, N> {
    /// [`Scheduler::hold`] for no certain time of the thread that `is_me` knows by the kernel's name for it, and [`Scheduler::decide`];
    /// if nobody waits for the thread, nor for the one that it waits for, which is ready.
    #[inline(always)]
    pub fn quick_hold(&mut self, is_me: impl FnOnce(T) -> bool, to: Option<ThreadId>, now: Instant) -> Quick<T> {
        let Some(running) = self.dispatched(is_me, now) else { return Quick::Unusual };
        let place = usize::from(running.thread);
        if running.payer != running.thread || !self.chains.is_alone(place) || !self.runs(place) {
            return Quick::Unusual;
        }
        match to {
            None => self.stop_holding(place, now),
            Some(to) => self.lend_turn(running, place, to),
        }
    }

    #[inline(always)]
    fn stop_holding(&mut self, place: usize, now: Instant) -> Quick<T> {
        let Some(policy) = self.policy.as_fixed_priority() else { return Quick::Unusual };
        let choice = policy.after_stop(place, now);
        if let Some(me) = self.threads.in_place_mut(place) {
            me.set_state(State::Asleep);
        }
        self.running = None;
        self.take_up(choice, now)
    }

    /// Who waits for another lends it the turn that it has. The policy need not be asked: it would choose the one that waits again.
    #[inline(always)]
    fn lend_turn(&mut self, running: Running<T>, me: usize, to: ThreadId) -> Quick<T> {
        let is_free = to.place() != me && self.chains.is_alone(to.place());
        let Some(holder) = self.threads.get(to).ok().filter(|holder| is_free && holder.is_ready()) else {
            return Quick::Unusual;
        };
        let name = holder.name;
        self.chains.pair(me, to.place());
        if let Some(me) = self.threads.in_place_mut(me) {
            me.set_state(State::Asleep);
        }
        self.pass_turn(running, to, name)
    }

    /// [`Scheduler::release`] of a thread that is held for no certain time, and [`Scheduler::reconsider`]; if nobody waits for the
    /// thread, and it for nobody but the one that runs.
    #[inline(always)]
    pub fn quick_release(&mut self, woken: ThreadId, now: Instant) -> Quick<T> {
        let Some(running) = self.dispatched(|_| true, now) else { return Quick::Unusual };
        let (place, runs) = (woken.place(), usize::from(running.thread));
        if !self.chains.is_pair(place, runs) {
            return self.quick_go_on(place, State::Asleep, now);
        }
        let Some(thread) = self.threads.get_mut(woken).ok().filter(|woken| woken.only_waits_in(State::Asleep)) else {
            return Quick::Unusual;
        };
        thread.go_on();
        let name = thread.name;
        self.chains.part(place, runs);
        // Neither was unready for the policy: whom it chose, it would choose again.
        if usize::from(running.payer) == place { self.pass_turn(running, woken, name) } else { Quick::Stays }
    }
}
