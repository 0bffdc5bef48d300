//! Threads that may run only so long in each period: what they run on, and when it is filled again.
//!
//! The kernel takes the core from a thread whose budget is used up. A budget is filled when its thread is dispatched for the first time
//! in a period; who has used it up waits for the next one. Who runs as a period ends loses the core there, and has the next budget
//! instead of what was left, not behind it: so nobody has more than a budget in a period.
//!
//! A scheduler below is a case of its own: it gives what it was given to its threads, and these can keep it as long as they like. Cycles
//! never expire, so all that was saved could be used at once. Whoever has the core for itself therefore counts what such a scheduler has
//! by the clock, whoever is charged for it below, and keeps it in cycles. Who is below another itself cannot: nobody knows by the clock
//! what it has had.

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
    keeper: Keeper,
}

/// Who sees to it that a thread has no more than its budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeper {
    /// The kernel, in cycles.
    Kernel,
    /// Whoever dispatches it, by the clock: so many ticks are left in this period.
    Clock(u64),
    /// The policy.
    Policy,
}

/// So many budgets are what a scheduler below does not run out of before it is dispatched again, if others than the kernel see to its
/// budget: what it gives to its threads, all of them at once, may be for longer periods than its own.
const PLENTY: u64 = 1 << 16;

/// What a thread is to run on, and up to when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Provided {
    /// Its budget, or the scheduler's own time.
    pub budget: Budget,
    /// The end of its period, or of its time in it, if there is any.
    pub until: Instant,
    /// When its turn begins, if that is to be counted by the clock.
    pub counted_from: Option<Instant>,
}

impl Provided {
    /// What a thread without a limit is to run on.
    pub const fn common(budget: Budget) -> Self {
        Self { budget, until: Instant::NEVER, counted_from: None }
    }
}

impl Limit {
    /// A period has begun. Those that nobody ran in are not made up for.
    const fn begin(&mut self, now: u64) {
        let late = now - self.next;
        self.next = if late < self.period { self.next + self.period } else { now + self.period };
        if let Keeper::Clock(left) = &mut self.keeper {
            *left = self.ticks;
        }
    }

    fn provided(&self, now: u64) -> Option<Provided> {
        let (budget, end) = (self.budget, Instant(self.next));
        match self.keeper {
            Keeper::Kernel | Keeper::Policy => Some(Provided { budget, until: end, counted_from: None }),
            Keeper::Clock(0) => None,
            Keeper::Clock(left) => {
                let until = end.min(Instant(now).after(Duration(left)));
                Some(Provided { budget, until, counted_from: Some(Instant(now)) })
            }
        }
    }
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
        *place = Some(Limit { thread, budget, ticks, period, next: 0, keeper: Keeper::Kernel });
        Ok(())
    }

    /// Notes what the own thread of a scheduler below runs on, which is there already, and who sees to its budget. Without a share of
    /// its own it has no end.
    ///
    /// # Errors
    ///
    /// [`SchedError::TooLarge`].
    pub fn add_scheduler(
        &mut self,
        thread: Thread,
        budget: Budget,
        parameters: Parameters,
        keeper: Keeper,
    ) -> Result<()> {
        let place = self.all.iter_mut().find(|place| place.is_none()).ok_or(SchedError::TooLarge)?;
        let (ticks, period) = (parameters.budget.0, parameters.period.0);
        let keeper = if ticks == 0 { Keeper::Kernel } else { keeper };
        let next = if ticks == 0 || keeper == Keeper::Policy { u64::MAX } else { 0 };
        *place = Some(Limit { thread, budget, ticks, period, next, keeper });
        Ok(())
    }

    /// Whether a thread has a limit.
    pub fn has(&self, thread: Thread) -> bool {
        // They stand at the front, and stay.
        self.all.iter().map_while(Option::as_ref).any(|limit| limit.thread == thread)
    }

    /// A thread has had the core for so long on its time, by the clock.
    pub fn charge(&mut self, thread: Thread, length: Duration) {
        if let Some(Limit { keeper: Keeper::Clock(left), .. }) = self.of(thread) {
            *left = left.saturating_sub(length.0);
        }
    }

    /// What a thread is to run on; filled, if a period has begun. `None` if it has had its time in this one.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn provide(&mut self, machine: &impl Machine, thread: Thread) -> Result<Option<Provided>> {
        let Some(limit) = self.of(thread) else { return Ok(Some(Provided::common(machine.time()))) };
        let now = machine.now();
        let begins = limit.next <= now;
        match limit.keeper {
            Keeper::Kernel if begins => machine.fill(limit.budget, limit.ticks)?,
            Keeper::Kernel => {}
            Keeper::Clock(_) | Keeper::Policy => machine.fill(limit.budget, limit.ticks.saturating_mul(PLENTY))?,
        }
        if begins {
            limit.begin(now);
        }
        Ok(limit.provided(now))
    }

    fn of(&mut self, thread: Thread) -> Option<&mut Limit> {
        self.all.iter_mut().flatten().find(|limit| limit.thread == thread)
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
