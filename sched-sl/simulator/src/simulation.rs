//! Lets tasks run under the scheduler, event by event.

use sched_sl::policy::BadParameters;
use sched_sl::{
    AnyPolicy, CreateError, Decision, Duration, HeapTimers, Instant, Parameters, Scheduler, ThreadId, Timers,
};

use crate::task::Task;
use crate::trace::{Job, Trace};

/// Tasks that there is room for.
pub const PLACES: usize = 128;

type Threads<M> = Scheduler<usize, AnyPolicy<PLACES>, M, PLACES>;

/// How tasks are scheduled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Simulation {
    /// The name of the policy.
    pub policy: String,
    /// How long a turn is.
    pub quantum: u64,
    /// The cycle of the partitions: whose slot, and how long it is.
    pub slots: Vec<(Option<u8>, u64)>,
    /// How long it takes to switch to another task; that one's time is used for it.
    pub switch: u64,
    /// Whether tasks have their budgets from the kernel, as the scheduler component has it: under the policies that keep none themselves.
    pub limited: bool,
}

/// Why there is nothing to simulate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// There is no such policy.
    NoSuchPolicy,
    /// The policy does not take a task like this one, by its number.
    BadTask(usize),
    /// The policy does not take a slot like this one, by its number.
    BadSlot(usize),
    /// There are more tasks than [`PLACES`].
    TooManyTasks,
    /// The policy chose somebody who is not ready, or decides again and again without letting anybody run.
    Defect,
}

impl Simulation {
    /// Tasks under this policy; a switch costs nothing.
    pub fn of(policy: &str) -> Self {
        Self { policy: policy.into(), quantum: 1, slots: Vec::new(), switch: 0, limited: false }
    }

    /// Lets the tasks run from 0 to `end`.
    ///
    /// # Errors
    ///
    /// [`Refused`].
    pub fn run(&self, tasks: &[Task], end: u64) -> Result<Trace, Refused> {
        self.run_with(HeapTimers::new, tasks, end)
    }

    /// The same with timers of another kind.
    ///
    /// # Errors
    ///
    /// [`Refused`].
    pub fn run_with<M: Timers<PLACES>>(
        &self,
        timers: impl Fn() -> M,
        tasks: &[Task],
        end: u64,
    ) -> Result<Trace, Refused> {
        let threads = Scheduler::new(self.policy()?, timers(), timers());
        let mut run = Run::new(self, threads, tasks, end)?;
        let most = 4 * tasks.len() + 16;
        let mut steps = 0;
        while run.now < end {
            let before = run.now;
            run.step()?;
            steps = if run.now == before { steps + 1 } else { 0 };
            if steps > most {
                return Err(Refused::Defect);
            }
        }
        Ok(run.finish())
    }

    fn policy(&self) -> Result<AnyPolicy<PLACES>, Refused> {
        let mut policy = AnyPolicy::new(Duration(1));
        policy.change_to(&self.policy, Duration(self.quantum)).map_err(|BadParameters| Refused::NoSuchPolicy)?;
        for (at, (partition, length)) in self.slots.iter().enumerate() {
            policy.add_slot(*partition, Duration(*length)).map_err(|BadParameters| Refused::BadSlot(at))?;
        }
        Ok(policy)
    }
}

/// A task in the course of a run.
struct Doing<'a> {
    task: &'a Task,
    id: ThreadId,
    /// The number of its job.
    number: u64,
    /// What is left of that.
    left: u64,
    /// What it may run, if there is an end to that.
    limit: Option<Limit>,
}

/// A budget of the kernel's, filled as the scheduler component does it.
struct Limit {
    budget: u64,
    period: u64,
    left: u64,
    /// When the next period starts.
    next: u64,
}

impl Limit {
    fn of(parameters: Parameters) -> Option<Self> {
        let (budget, period) = (parameters.budget.0, parameters.period.0);
        (budget > 0).then_some(Self { budget, period, left: 0, next: 0 })
    }

    fn fill(&mut self, now: u64) {
        if self.next <= now {
            let late = now - self.next;
            self.left = self.budget;
            self.next = if late < self.period { self.next + self.period } else { now + self.period };
        }
    }
}

struct Run<'a, M> {
    switch: u64,
    limited: bool,
    tasks: Vec<Doing<'a>>,
    threads: Threads<M>,
    now: u64,
    end: u64,
    last: Option<usize>,
    trace: Trace,
}

impl<'a, M: Timers<PLACES>> Run<'a, M> {
    fn new(simulation: &Simulation, threads: Threads<M>, tasks: &'a [Task], end: u64) -> Result<Self, Refused> {
        let trace = Trace { end, ..Trace::default() };
        let (switch, limited) = (simulation.switch, simulation.limited);
        let mut run = Self { switch, limited, tasks: Vec::new(), threads, now: 0, end, last: None, trace };
        for task in tasks {
            run.add(task)?;
        }
        Ok(run)
    }

    fn add(&mut self, task: &'a Task) -> Result<(), Refused> {
        let at = self.tasks.len();
        let id = self.threads.create(at, task.parameters).map_err(|error| match error {
            CreateError::Exhausted => Refused::TooManyTasks,
            _ => Refused::BadTask(at),
        })?;
        let limit = self.limited.then(|| Limit::of(task.parameters)).flatten();
        self.tasks.push(Doing { task, id, number: 0, left: 0, limit });
        self.wait_for_job(at)
    }

    /// One decision, and what follows from it.
    fn step(&mut self) -> Result<(), Refused> {
        match self.threads.decide(Instant(self.now)).map_err(|_| Refused::Defect)? {
            Decision::Idle { until } => {
                self.spend(None, until);
                Ok(())
            }
            Decision::Run { name, until, .. } => self.run_task(name, until),
        }
    }

    fn run_task(&mut self, at: usize, until: Option<Instant>) -> Result<(), Refused> {
        let Some(end) = self.provide(at)? else { return Ok(()) };
        if self.last.replace(at) != Some(at) {
            let switched = Instant(self.now).after(Duration(self.switch));
            self.spend(Some(at), Some(switched));
        }
        let Some(left) = self.tasks.get(at).map(|doing| doing.left) else { return Err(Refused::Defect) };
        let done = Instant(self.now).after(Duration(left));
        let used = self.spend(Some(at), Some(until.map_or(done, |until| until.min(done)).min(end)));
        let Some(doing) = self.tasks.get_mut(at) else { return Err(Refused::Defect) };
        doing.left -= used;
        doing.limit.iter_mut().for_each(|limit| limit.left -= used);
        if doing.left > 0 {
            return Ok(());
        }
        self.finish_job(at);
        self.wait_for_job(at)
    }

    /// When a task loses the processor for its budget's sake; `None` if it has none left, and is not ready before it has.
    fn provide(&mut self, at: usize) -> Result<Option<Instant>, Refused> {
        let now = self.now;
        let Some(Doing { id, limit: Some(limit), .. }) = self.tasks.get_mut(at) else {
            return Ok(Some(Instant::NEVER));
        };
        limit.fill(now);
        if limit.left > 0 {
            return Ok(Some(Instant(limit.next.min(now.saturating_add(limit.left)))));
        }
        let (id, next) = (*id, Instant(limit.next));
        self.threads.retract(Instant(now));
        self.threads.exhaust(id, next).map_err(|_| Refused::Defect)?;
        Ok(None)
    }

    /// Lets time pass, up to a point or the end; answers how much.
    fn spend(&mut self, task: Option<usize>, until: Option<Instant>) -> u64 {
        let to = until.map_or(self.end, |until| until.0).min(self.end).max(self.now);
        let from = core::mem::replace(&mut self.now, to);
        self.trace.spend(task, from, to);
        to - from
    }

    fn finish_job(&mut self, at: usize) {
        let now = self.now;
        let job = self.trace.jobs.iter_mut().rev().find(|job| job.task == at);
        if let Some(job) = job {
            job.done = Some(now);
        }
    }

    /// A thread sleeps until its next job comes, even if that has come already: as any periodic thread does. One that has no
    /// more jobs ends.
    fn wait_for_job(&mut self, at: usize) -> Result<(), Refused> {
        let now = Instant(self.now);
        let Some(doing) = self.tasks.get_mut(at) else { return Err(Refused::Defect) };
        let Some((release, work)) = doing.task.arrivals.job(doing.number) else {
            return self.threads.exit(doing.id).map_err(|_| Refused::Defect);
        };
        doing.number += 1;
        doing.left = work;
        let deadline = release.saturating_add(doing.task.deadline);
        self.trace.jobs.push(Job { task: at, release, deadline, done: None });
        self.threads.sleep_until(doing.id, Instant(release), now).map_err(|_| Refused::Defect)
    }

    fn finish(mut self) -> Trace {
        let end = self.end;
        self.trace.jobs.retain(|job| job.release < end);
        self.trace
    }
}
