//! Threads that may run only so long in each period: what they run on, and when it is filled again.
//!
//! The kernel takes the core from a thread whose budget is used up. A budget is filled when its thread is dispatched for the first time
//! in a period; who has used it up waits for the next one.

use crate::state::PLACES;
use crate::{Machine, TOO_LARGE};
use abi::plan::Share;
use runtime::Result;
use runtime::scheduling::Budget;
use sched_sl::Instant;

/// Microseconds in a second.
const MICROSECONDS: u64 = 1_000_000;

/// A thread that may not run for ever.
#[derive(Clone, Copy, Debug)]
struct Limit {
    /// Its index.
    thread: u64,
    budget: Budget,
    /// What fits into the budget, in ticks.
    ticks: u64,
    /// A period, in ticks.
    period: u64,
    /// When the next period starts.
    next: u64,
}

/// All of them.
pub struct Limits {
    all: [Option<Limit>; PLACES],
    made: usize,
}

impl Limits {
    /// No thread has a limit.
    pub const fn new() -> Self {
        Self { all: [None; PLACES], made: 0 }
    }

    /// Makes a budget for the thread with this index, if its share has an end and there is none yet.
    ///
    /// # Errors
    ///
    /// [`TOO_LARGE`]; the kernel's.
    pub fn add(&mut self, machine: &impl Machine, thread: u64, share: Share) -> Result<()> {
        if !share.is_limited() || self.has(thread) {
            return Ok(());
        }
        let frequency = machine.frequency()?;
        let ticks = |microseconds| (u128::from(microseconds) * u128::from(frequency) / u128::from(MICROSECONDS)) as u64;
        let (ticks, period) = (ticks(share.budget).max(1), ticks(share.period).max(1));
        let budget = machine.make_budget(self.made as u64)?;
        let place = self.all.get_mut(self.made).ok_or(TOO_LARGE)?;
        *place = Some(Limit { thread, budget, ticks, period, next: 0 });
        self.made += 1;
        Ok(())
    }

    /// Whether the thread with this index has a limit.
    pub fn has(&self, thread: u64) -> bool {
        self.all.iter().flatten().any(|limit| limit.thread == thread)
    }

    /// What the thread with this index is to run on; filled, if a period has begun.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn provide(&mut self, machine: &impl Machine, thread: u64) -> Result<Budget> {
        let limit = self.all.iter_mut().flatten().find(|limit| limit.thread == thread);
        let Some(limit) = limit else { return Ok(machine.time()) };
        let now = machine.now();
        if limit.next <= now {
            machine.fill(limit.budget, limit.ticks)?;
            // Periods that nobody ran in are not made up for.
            let late = now - limit.next;
            limit.next = if late < limit.period { limit.next + limit.period } else { now + limit.period };
        }
        Ok(limit.budget)
    }

    /// When the thread with this index, whose budget is used up, has time again.
    pub fn next_period(&self, thread: u64) -> Option<Instant> {
        self.all.iter().flatten().find(|limit| limit.thread == thread).map(|limit| Instant(limit.next))
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}
