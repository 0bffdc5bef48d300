//! The common cases of waiting and triggering, in as few steps as they take.

use super::{PointId, Points, Status, Wait, Wakes};
use crate::blockpoint::Epoch;
use crate::policy::Policy;
use crate::scheduler::{Quick, Scheduler};
use crate::thread::ThreadId;
use crate::time::Instant;
use crate::timers::Timers;

impl<const B: usize, const N: usize> Points<B, N> {
    /// [`Points::wait`] for no certain time of the thread that `is_me` knows by the kernel's name for it, and what follows from that, in
    /// as few steps as it takes; if the epoch is not past, and nobody waits there before it for whom it makes a difference.
    #[inline(always)]
    pub fn quick_wait<T: Copy, P: Policy<N>, M: Timers<N>>(
        &mut self,
        scheduler: &mut Scheduler<T, P, M, N>,
        (me, is_me): (ThreadId, impl FnOnce(T) -> bool),
        wait: Wait,
        now: Instant,
    ) -> Quick<T> {
        let Ok(point) = self.get(wait.point) else { return Quick::Unusual };
        let is_first = wait.holder.is_none() || point.first.is_none();
        if wait.epoch < point.epoch || wait.until.is_some() || !is_first {
            return Quick::Unusual;
        }
        let quick = scheduler.quick_hold(is_me, wait.holder, now);
        if !matches!(quick, Quick::Unusual) {
            self.append(wait.point, me);
        }
        quick
    }

    /// [`Points::trigger`] and what follows from that, in as few steps as it takes; if no more than one waits there. `let_go` is told the
    /// place of one that goes on: it need not [finish](Self::finish), if it is told why it does in another way.
    #[inline(always)]
    pub fn quick_trigger<T: Copy, P: Policy<N>, M: Timers<N>>(
        &mut self,
        scheduler: &mut Scheduler<T, P, M, N>,
        at: PointId,
        (epoch, wakes): (Epoch, Wakes),
        now: Instant,
        let_go: impl FnOnce(usize),
    ) -> Quick<T> {
        let Ok(point) = self.get(at) else { return Quick::Unusual };
        let Some(first) = point.first else {
            self.begin(at, epoch);
            return Quick::Stays;
        };
        let Some((thread, None)) = self.waits(first) else { return Quick::Unusual };
        let quick = scheduler.quick_release(thread, now);
        if !matches!(quick, Quick::Unusual) {
            let status = if wakes == Wakes::One { Status::HasTurn { at } } else { Status::Triggered };
            self.statuses[thread.place()] = status;
            self.begin(at, epoch);
            let_go(thread.place());
        }
        quick
    }

    /// [`Points::trigger`] of all at one blockpoint, [`Points::wait`] at another for no certain time and for no holder, and what follows
    /// from both, in as few steps as they take; if one waits there, nobody here, where nothing has happened, and both are this owner's.
    #[inline(always)]
    pub fn quick_trigger_and_wait<T: Copy, P: Policy<N>, M: Timers<N>>(
        &mut self,
        scheduler: &mut Scheduler<T, P, M, N>,
        (me, is_me): (ThreadId, impl FnOnce(T) -> bool),
        (there, begins): (PointId, Epoch),
        (here, seen): (PointId, Epoch),
        (owner, now): (u16, Instant),
        let_go: impl FnOnce(usize),
    ) -> Quick<T> {
        let (Ok(other), Ok(own)) = (self.get(there), self.get(here)) else { return Quick::Unusual };
        let is_usual = other.owner == owner && own.owner == owner && own.first.is_none() && seen >= own.epoch;
        let Some((thread, None)) = other.first.and_then(|first| self.waits(first)) else { return Quick::Unusual };
        if !is_usual || there == here {
            return Quick::Unusual;
        }
        let quick = scheduler.quick_release_and_hold((me.place(), is_me), thread, now);
        if !matches!(quick, Quick::Unusual) {
            self.statuses[thread.place()] = Status::Triggered;
            let_go(thread.place());
            self.statuses[me.place()] = Status::Waits { at: here, thread: me, next: None };
            if let Some(point) = &mut self.entries[there.place()].point {
                (point.first, point.last, point.epoch) = (None, None, point.epoch.max(begins));
            }
            if let Some(point) = &mut self.entries[here.place()].point {
                (point.first, point.last) = (Some(me.place), Some(me.place));
            }
        }
        quick
    }

    /// An epoch has begun, and nobody waits any more.
    #[inline(always)]
    fn begin(&mut self, at: PointId, epoch: Epoch) {
        if let Ok(point) = self.get_mut(at) {
            (point.first, point.last, point.epoch) = (None, None, point.epoch.max(epoch));
        }
    }
}
