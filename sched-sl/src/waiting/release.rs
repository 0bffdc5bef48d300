//! Letting those go on that wait.

use super::{PointId, Points, Status};
use crate::error::ThreadError;
use crate::policy::Policy;
use crate::scheduler::Scheduler;
use crate::thread::ThreadId;
use crate::timers::Timers;

impl<const B: usize, const N: usize> Points<B, N> {
    /// Lets all go on that wait anywhere, as if they had been triggered: they look again.
    pub fn release_all<T: Copy, P: Policy<N>, M: Timers<N>>(&mut self, scheduler: &mut Scheduler<T, P, M, N>) {
        (0..N).for_each(|place| self.let_go_from(scheduler, place, Status::Triggered));
    }

    /// Lets the thread in this place go on, if it waits.
    pub(super) fn let_go_from<T: Copy, P: Policy<N>, M: Timers<N>>(
        &mut self,
        scheduler: &mut Scheduler<T, P, M, N>,
        place: usize,
        status: Status,
    ) {
        if let Status::Waits { at, thread, .. } = self.statuses[place] {
            self.take_out(at, thread.place);
            self.let_go(scheduler, thread, status);
        }
    }

    /// Lets one go on. The others wait for it from here on: it is the next holder, if there is one.
    pub(super) fn pass_on<T: Copy, P: Policy<N>, M: Timers<N>>(
        &mut self,
        scheduler: &mut Scheduler<T, P, M, N>,
        point: PointId,
    ) {
        let Some(first) =
            self.waiting(point).reduce(|first, next| if scheduler.goes_before(next, first) { next } else { first })
        else {
            return;
        };
        self.take_out(point, first.place);
        let lends = scheduler.lends(first);
        self.let_go(scheduler, first, Status::HasTurn { at: point });
        if lends {
            self.lend_all(scheduler, point, first);
        }
    }

    /// Those that wait at a blockpoint all wait for the same thread. One for which that one waits would wait for ever.
    pub(super) fn lend_all<T: Copy, P: Policy<N>, M: Timers<N>>(
        &mut self,
        scheduler: &mut Scheduler<T, P, M, N>,
        point: PointId,
        to: ThreadId,
    ) {
        let mut next = self.get(point).ok().and_then(|point| point.first);
        while let Some((thread, after)) = next.and_then(|place| self.waits(place)) {
            next = after;
            if scheduler.lend(thread, Some(to)) == Err(ThreadError::Deadlock) {
                self.take_out(point, thread.place);
                self.let_go(scheduler, thread, Status::Deadlocked);
            }
        }
    }

    pub(super) fn let_go<T: Copy, P: Policy<N>, M: Timers<N>>(
        &mut self,
        scheduler: &mut Scheduler<T, P, M, N>,
        thread: ThreadId,
        status: Status,
    ) {
        self.statuses[thread.place()] = status;
        // If its time had come before, it goes on in any case.
        let _ = scheduler.release(thread);
    }
}
