//! Who runs from now on, and until when.

use super::Scheduler;
use crate::error::ScheduleError;
use crate::kernel::Payer;
use crate::policy::{Choice, Policy};
use crate::thread::ThreadId;
use crate::time::Instant;
use crate::timers::Timers;

/// What is to be done with the processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision<T> {
    /// Run a thread, and decide again at that point at the latest.
    Run {
        /// The thread.
        thread: ThreadId,
        /// The kernel's name for it.
        name: T,
        /// On whose time it runs.
        payer: Payer<T>,
        /// When this was decided.
        since: Instant,
        /// When to decide again; `None` if only an event can change anything.
        until: Option<Instant>,
    },
    /// Nobody is ready. Something is due at that point, or nothing at all.
    Idle {
        /// When to decide again.
        until: Option<Instant>,
    },
}

/// The decision to run a thread, as it is made.
#[derive(Clone, Copy, Debug)]
pub struct Turn<T> {
    pub(super) thread: ThreadId,
    /// The kernel's name for it.
    pub name: T,
    /// On whose time it runs.
    pub payer: Payer<T>,
    /// When this was decided.
    pub since: Instant,
    /// When to decide again; [`Instant::NEVER`] if only an event can change anything.
    pub until: Instant,
}

impl<T> From<Turn<T>> for Decision<T> {
    fn from(Turn { thread, name, payer, since, until }: Turn<T>) -> Self {
        Self::Run { thread, name, payer, since, until: until.unless_never() }
    }
}

/// Who was dispatched last: the kernel's name, its place, that of who pays for it, and when that was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Running<T> {
    pub(super) name: T,
    pub(super) thread: u16,
    pub(super) payer: u16,
    pub(super) since: Instant,
}

impl<T: Copy, P: Policy<N>, M: Timers<N>, const N: usize> Scheduler<T, P, M, N> {
    /// Charges who ran, wakes who is due, and decides.
    ///
    /// # Errors
    ///
    /// [`ScheduleError`].
    #[inline(always)]
    pub fn decide(&mut self, now: Instant) -> Result<Decision<T>, ScheduleError> {
        self.charge(now);
        if self.due <= now {
            self.wake_due(now);
        }
        match self.policy.choose(now) {
            Some(choice) => self.turn(choice, false, now).map(Decision::from),
            None => Ok(Decision::Idle { until: self.idle_until().unless_never() }),
        }
    }

    /// What a policy's choice leads to. `keeps_timer` if the timer that is set is known to do.
    #[inline(always)]
    pub(super) fn turn(&mut self, choice: Choice, keeps_timer: bool, now: Instant) -> Result<Turn<T>, ScheduleError> {
        let (thread, name, payer) = match self.threads.ready(choice.place) {
            Some((thread, name)) => (thread, name, name),
            None => self.end_of_chain(choice.place)?,
        };
        self.running = Some(Running { name, thread: thread.place, payer: choice.place as u16, since: now });
        let payer = Payer { now: payer, before: self.payer.replace(payer) };
        if !keeps_timer {
            self.set_kernel_timer(choice.until, now);
        }
        Ok(Turn { thread, name, payer, since: now, until: self.timer })
    }

    /// When to decide again where nobody is ready.
    #[cold]
    #[inline(never)]
    fn idle_until(&self) -> Instant {
        self.policy.idle_until().map_or(self.due, |until| until.min(self.due))
    }

    /// Who runs in place of one that waits for it: the thread and the names of both.
    #[cold]
    #[inline(never)]
    fn end_of_chain(&mut self, place: usize) -> Result<(ThreadId, T, T), ScheduleError> {
        let end = self.chains.end(place);
        self.threads.ready_on(end, place).ok_or(ScheduleError::PolicyChoseUnready)
    }

    /// What follows from something that may have made others ready: a decision, or `None` if the thread that runs is the right one
    /// and the timer is set as it should be. Where [a turn](Scheduler::count_turn) was counted, the rest of it is to be counted anew.
    ///
    /// # Errors
    ///
    /// [`ScheduleError`].
    pub fn reconsider(&mut self, now: Instant) -> Result<Option<Decision<T>>, ScheduleError> {
        let (before, timer, counts) = (self.running, self.timer, core::mem::take(&mut self.counts));
        let decision = self.decide(now)?;
        let stays = match (before, self.running) {
            (Some(before), Some(now)) if !counts => {
                (before.thread, before.payer, timer) == (now.thread, now.payer, self.timer)
            }
            _ => false,
        };
        Ok((!stays).then_some(decision))
    }

    /// The decision made at that point, to run a thread, was not carried out: nobody is charged for it. Answers whom it named. A
    /// later decision, made by somebody who came in between, stands.
    pub fn retract(&mut self, since: Instant) -> Option<ThreadId> {
        self.payer = None;
        let retracted = self.running.take_if(|running| running.since == since)?;
        self.threads.at(retracted.thread.into())
    }

    #[inline]
    fn charge(&mut self, now: Instant) {
        if let Some(Running { payer, since, .. }) = self.running {
            self.running = None;
            self.policy.ran(payer.into(), now.since(since));
        }
    }
}
