//! Who waited is back, or has ended.

use super::{Answer, Points, Status};
use crate::policy::Policy;
use crate::scheduler::Scheduler;
use crate::thread::ThreadId;
use crate::timers::Timers;

impl<const B: usize, const N: usize> Points<B, N> {
    /// A thread that waited is back: says why. It has nothing more to do with the blockpoint.
    pub fn finish(&mut self, thread: ThreadId) -> Answer {
        self.finish_in(thread.place).1
    }

    /// The thread in this place has ended: it waits no longer, and if it was to go on alone, the next one does.
    pub fn forget<T: Copy, P: Policy<N>, M: Timers<N>>(
        &mut self,
        scheduler: &mut Scheduler<T, P, M, N>,
        thread: ThreadId,
    ) {
        if let (Status::HasTurn { at }, _) = self.finish_in(thread.place) {
            self.pass_on(scheduler, at);
        }
    }

    /// A thread is about to end: those that wait for it go on, with an error.
    pub fn abandon<T: Copy, P: Policy<N>, M: Timers<N>>(
        &mut self,
        scheduler: &mut Scheduler<T, P, M, N>,
        holder: ThreadId,
    ) {
        let mut next = scheduler.first_lender(holder);
        while let Some(place) = next {
            next = scheduler.next_lender(place);
            self.let_go_from(scheduler, place, Status::Abandoned);
        }
    }

    /// What the thread in this place had to do with blockpoints, and why it goes on.
    fn finish_in(&mut self, place: u16) -> (Status, Answer) {
        let status = self.statuses[usize::from(place)];
        if let Status::Waits { at, .. } = status {
            self.take_out(at, place);
        }
        self.statuses[usize::from(place)] = Status::Elsewhere;
        let answer = match status {
            Status::Freed => Answer::Freed,
            Status::Deadlocked => Answer::Deadlock,
            Status::Abandoned => Answer::Abandoned,
            Status::Triggered | Status::HasTurn { .. } => Answer::Triggered,
            Status::Elsewhere | Status::Waits { .. } => Answer::TimedOut,
        };
        (status, answer)
    }
}
