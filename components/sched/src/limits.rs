//! Threads that may run only so long in each period: what they run on, and when it is filled again.
//!
//! The kernel takes the core from a thread whose budget is used up. A budget is filled when its thread is dispatched for the first time
//! in a period; who has used it up waits for the next one. Who runs as a period ends loses the core there, and has the next budget
//! instead of what was left, not behind it: so nobody has more than a budget in a period.

use crate::Machine;
use crate::state::PLACES;
use runtime::scheduling::{Budget, Thread};
use sched_interface::{Result, SchedError};
use sched_sl::{Duration, Instant, Parameters};

/// A thread that may not run for ever.
#[derive(Clone, Copy, Debug)]
struct Limit {
    thread: Thread,
    budget: Budget,
    /// What fits into the budget, in ticks.
    ticks: u64,
    /// A period, in ticks.
    period: u64,
    /// When the next period starts.
    next: u64,
}

/// What a thread is to run on, and up to when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Provided {
    /// Its budget, or the scheduler's own time.
    pub budget: Budget,
    /// The end of its period, if it has any.
    pub until: Instant,
}

/// All of them.
pub struct Limits {
    all: [Option<Limit>; PLACES],
}

impl Limits {
    /// No thread has a limit.
    pub const fn new() -> Self {
        Self { all: [None; PLACES] }
    }

    /// Makes a budget, which gets this number, for a thread, if there is an end to how long it may run, and there is none yet.
    ///
    /// # Errors
    ///
    /// [`SchedError::TooLarge`]; the kernel's.
    pub fn add(
        &mut self,
        machine: &impl Machine,
        number: impl FnOnce() -> u64,
        thread: Thread,
        parameters: Parameters,
    ) -> Result<()> {
        if parameters.budget == Duration(0) || self.has(thread) {
            return Ok(());
        }
        let (ticks, period) = (parameters.budget.0, parameters.period.0);
        let place = self.all.iter_mut().find(|place| place.is_none()).ok_or(SchedError::TooLarge)?;
        let budget = machine.make_budget(number())?;
        *place = Some(Limit { thread, budget, ticks, period, next: 0 });
        Ok(())
    }

    /// Notes what the own thread of a scheduler below runs on, which is there already. Without a share of its own it has no end.
    ///
    /// # Errors
    ///
    /// [`SchedError::TooLarge`].
    pub fn add_scheduler(&mut self, thread: Thread, budget: Budget, parameters: Parameters) -> Result<()> {
        let place = self.all.iter_mut().find(|place| place.is_none()).ok_or(SchedError::TooLarge)?;
        let (ticks, period) = (parameters.budget.0, parameters.period.0);
        *place = Some(Limit { thread, budget, ticks, period, next: if ticks == 0 { u64::MAX } else { 0 } });
        Ok(())
    }

    /// Whether a thread has a limit.
    pub fn has(&self, thread: Thread) -> bool {
        // They stand at the front, and stay.
        self.all.iter().map_while(Option::as_ref).any(|limit| limit.thread == thread)
    }

    /// What a thread is to run on; filled, if a period has begun.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn provide(&mut self, machine: &impl Machine, thread: Thread) -> Result<Provided> {
        let limit = self.all.iter_mut().flatten().find(|limit| limit.thread == thread);
        let Some(limit) = limit else { return Ok(Provided { budget: machine.time(), until: Instant::NEVER }) };
        let now = machine.now();
        if limit.next <= now {
            machine.fill(limit.budget, limit.ticks)?;
            // Periods that nobody ran in are not made up for.
            let late = now - limit.next;
            limit.next = if late < limit.period { limit.next + limit.period } else { now + limit.period };
        }
        Ok(Provided { budget: limit.budget, until: Instant(limit.next) })
    }

    /// When a thread, whose budget is used up, has time again.
    pub fn next_period(&self, thread: Thread) -> Option<Instant> {
        let limit = self.all.iter().flatten().find(|limit| limit.thread == thread);
        limit.and_then(|limit| Instant(limit.next).unless_never())
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}
