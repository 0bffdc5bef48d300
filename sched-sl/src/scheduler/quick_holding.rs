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
        let Some(Running { thread, payer, since, .. }) = self.dispatched(is_me, now) else { return Quick::Unusual };
        let place = usize::from(thread);
        let is_lent = |to: ThreadId| !self.chains.is_alone(to.place()) || to.place() == place;
        let is_busy = |to| is_lent(to) || !self.threads.get(to).is_ok_and(|to| to.is_ready());
        if payer != thread || !self.chains.is_alone(place) || to.is_some_and(is_busy) {
            return Quick::Unusual;
        }
        let Some(policy) = self.policy.as_fixed_priority() else { return Quick::Unusual };
        let me = self.threads.in_place_mut(place).filter(|me| me.state() == State::Running);
        let Some(me) = me else { return Quick::Unusual };
        me.set_state(State::Asleep);
        self.running = None;
        let choice = match to {
            None => policy.after_stop(place, now),
            Some(to) => {
                self.chains.pair(place, to.place());
                policy.ran(place, now.since(since));
                policy.choose(now)
            }
        };
        self.take_up(choice, now)
    }

    /// [`Scheduler::release`] of a thread that is held for no certain time, and [`Scheduler::reconsider`]; if nobody waits for the
    /// thread, and it for nobody but the one that runs.
    #[inline(always)]
    pub fn quick_release(&mut self, woken: ThreadId, now: Instant) -> Quick<T> {
        let Some(Running { thread, payer, since, .. }) = self.dispatched(|_| true, now) else { return Quick::Unusual };
        let (place, runs) = (woken.place(), usize::from(thread));
        if !self.chains.is_pair(place, runs) {
            return self.quick_go_on(place, State::Asleep, now);
        }
        let Some(policy) = self.policy.as_fixed_priority() else { return Quick::Unusual };
        let woken = self.threads.get_mut(woken).ok().filter(|woken| woken.only_waits_in(State::Asleep));
        let Some(woken) = woken else { return Quick::Unusual };
        woken.go_on();
        self.chains.part(place, runs);
        policy.ran(payer.into(), now.since(since));
        self.running = None;
        // If whoever runs goes on, it is on its own time from here on.
        let choice = policy.choose(now).filter(|choice| choice.place != runs);
        self.take_up(choice, now)
    }
}
