//! Whether declared threads meet their deadlines: the analysis of the crate `simulator`, one scheduler and core at a time.
//!
//! A thread is declared if the graph says how much work it has in each `period`: its `cost`, or else its `budget`. What it
//! calls is part of that, as a thread that calls runs in the server itself. How long it may have to wait there for a lock that a less
//! urgent thread has is counted beside it, see `blocking`. What switches and decisions take is not: leave room for it.
//!
//! Who has a budget runs for it at the end of a period and again at the start of the next, if it likes: twice with nothing between.
//! A scheduler below another has what that one promises it: its budget in each period, or nothing that is sure. What it has given to its
//! threads it can save; a scheduler that has the core for itself stops it by the clock all the same, others cannot.

mod blocking;
mod complaints;
mod elsewhere;
mod supply;
mod text;

pub use blocking::{Blocking, Holder};
pub use complaints::complaints;
pub use supply::{Supply, Unsure, turn};
pub use text::{render, supplied};

use std::collections::BTreeSet;

use sched_sl::policy::any::NAMES;
pub use sched_sl::policy::earliest_deadline_first::NAME as EARLIEST_DEADLINE;
pub use sched_sl::policy::fixed_priority_round_robin::NAME as FIXED_PRIORITY;
pub use sched_sl::policy::proportional_share::NAME as PROPORTIONAL_SHARE;
pub use sched_sl::policy::time_partitions::NAME as TIME_PARTITIONS;
use sched_sl::{Duration, Parameters};
use serde::Serialize;
use simulator::analysis::demand::Late;
use simulator::analysis::shares::{self, Share};
use simulator::analysis::{Demand, demand, fixed_priority, partitions, periodic_resource};

use crate::graph::{self, Graph};

/// What one scheduler does on one core.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Analysis {
    /// The scheduler, as an index into [`Graph::components`].
    pub scheduler: usize,
    /// The core.
    pub core: u64,
    /// The name of the policy.
    pub policy: &'static str,
    /// What it has of the core.
    #[serde(skip)]
    pub supply: Supply,
    /// The threads that it schedules there.
    pub threads: Vec<Timed>,
    /// Those of its other cores that can come there.
    #[serde(skip)]
    pub visitors: Vec<Timed>,
    /// If deadlines can be missed although no single thread is to blame: why.
    #[serde(skip)]
    pub late: Option<Late>,
}

/// A thread, and what it is promised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Timed {
    /// The component, as an index into [`Graph::components`].
    pub component: usize,
    /// Which of its threads: 0 is its own, then those that it may create.
    pub number: usize,
    /// Microseconds of work in each period; 0 if the graph does not say.
    pub work: u64,
    /// Microseconds that it is to have in each period: its work, or its budget if the policy promises that; 0 for nothing.
    pub cost: u64,
    /// Microseconds of a period; 0 if the graph does not say.
    pub period: u64,
    /// Microseconds until that is done.
    pub deadline: u64,
    /// How long it may have to wait for less urgent threads that have locks of servers.
    pub blocking: Blocking,
    /// What the policy is told of it, in microseconds.
    #[serde(skip)]
    pub parameters: Parameters,
    /// Why nobody knows how long it runs there, if what the graph says is not enough.
    #[serde(skip)]
    pub doubt: Option<Doubt>,
    /// What the analysis says.
    pub promise: Promise,
}

/// Why nobody knows how long a thread keeps others from a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// The graph does not say.
    Undeclared,
    /// It is one of another core, and can come when it likes.
    Visits,
    /// It can use at once what it, or whom it schedules, has saved.
    Saves,
}

/// What a thread is promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Promise {
    /// Its work is done so many microseconds after it came, at the latest.
    Within(u64),
    /// Its work is done by its deadline.
    ByDeadline,
    /// Its work may be late.
    Late,
    /// Nothing can be said: it waits for this many threads of which nothing is said.
    Unknown(usize),
    /// Nothing can be said, or it may be late for that alone: it may find a lock of a server taken.
    Blocked(Holder),
    /// Nothing can be said: its scheduler has no time of which anything is sure.
    Unsupplied,
    /// Nothing is said of it.
    Undeclared,
}

/// What each scheduler does on each core.
pub fn analyse(graph: &Graph) -> Vec<Analysis> {
    let schedulers: BTreeSet<usize> = (0..graph.components.len()).filter_map(|at| graph.scheduler(at)).collect();
    let cores = schedulers.iter().flat_map(|at| graph.cores(*at).into_iter().map(move |core| (*at, core)));
    // Who schedules a scheduler comes before it, as every server before its clients.
    cores.fold(Vec::new(), |mut analysed, (scheduler, core)| {
        let supply = Supply::of(graph, (scheduler, core), &schedulers, &analysed);
        analysed.push(of_core(graph, (scheduler, core), &schedulers, supply));
        analysed
    })
}

/// The name of a scheduler's policy.
fn policy(graph: &Graph, scheduler: usize) -> &'static str {
    let number = graph.components.get(scheduler).map(|it| it.scheduling.policy);
    number.and_then(|number| NAMES.get(number)).copied().unwrap_or_default()
}

fn of_core(graph: &Graph, (scheduler, core): (usize, u64), all: &BTreeSet<usize>, supply: Supply) -> Analysis {
    let policy = policy(graph, scheduler);
    let has_budget_only = |component| policy == EARLIEST_DEADLINE || all.contains(&component);
    let mut threads = threads(graph, scheduler, core, &has_budget_only);
    let above = graph.scheduler(scheduler);
    let is_deep = above.is_some_and(|above| graph.scheduler(above).is_some());
    if above.is_some() {
        let can_save = |it: &&mut Timed| all.contains(&it.component) || is_deep && it.has_budget();
        threads.iter_mut().filter(can_save).for_each(|thread| thread.doubt = Some(Doubt::Saves));
    }
    let mut analysis = Analysis { scheduler, core, policy, supply, threads, visitors: Vec::new(), late: None };
    analysis.visitors = elsewhere::visitors(graph, &analysis, all);
    if analysis.threads.iter().any(Timed::is_contradictory) {
        return analysis;
    }
    analysis.count_blocking(graph);
    match (supply, policy) {
        (Supply::Share(share), _) => {
            analysis.promise_by(|_| true, |demands| periodic_resource::response_times(demands, share));
        }
        (_, FIXED_PRIORITY) => analysis.promise_by(|_| true, fixed_priority::response_times),
        (_, EARLIEST_DEADLINE) => analysis.promise_by_demand(),
        (_, TIME_PARTITIONS) => {
            let scheduling = graph.components.get(scheduler).map(|it| it.scheduling.clone()).unwrap_or_default();
            analysis.promise_by_partition(&scheduling);
        }
        (_, PROPORTIONAL_SHARE) => {
            turn(graph, scheduler).into_iter().for_each(|turn| analysis.promise_by_shares(turn));
        }
        _ => {}
    }
    if matches!(supply, Supply::Unsure(_)) {
        analysis.promise_nothing(|_| true);
    } else if is_deep {
        // What there is when their periods begin may be less than their budgets.
        analysis.promise_nothing(Timed::has_budget);
    }
    analysis
}

/// What a policy is told, in microseconds.
fn parameters(of: abi::plan::Parameters) -> Parameters {
    Parameters {
        priority: u8::try_from(of.priority).unwrap_or(u8::MAX),
        weight: u32::try_from(of.weight).unwrap_or(u32::MAX),
        partition: partition(of.partition),
        budget: Duration(of.budget),
        period: Duration(of.period),
        deadline: Duration(of.deadline),
    }
}

/// A partition's number, which is from 1 in a plan; 0 is none.
fn partition(number: u64) -> Option<u8> {
    u8::try_from(number).ok()?.checked_sub(1)
}

/// The cycle of a scheduler's partitions, as the simulator has it.
pub fn slots(scheduling: &graph::Scheduling) -> Vec<(Option<u8>, u64)> {
    scheduling.slots.iter().map(|slot| (partition(slot.partition), slot.length)).collect()
}

/// The threads of a scheduler on a core. Of some components, what their own threads may run is all that is known.
fn threads(graph: &Graph, scheduler: usize, core: u64, has_budget_only: &dyn Fn(usize) -> bool) -> Vec<Timed> {
    let all = graph.scheduled_by(scheduler).flat_map(|component| {
        let of = graph.components.get(component).into_iter();
        let threads = of.flat_map(|of| std::iter::once(&of.own).chain(&of.threads)).enumerate();
        let has_budget_only = has_budget_only(component);
        threads
            .filter(move |(number, _)| is_there(graph, component, *number, core))
            .map(move |(number, thread)| Timed::of(component, number, thread, has_budget_only))
    });
    all.collect()
}

/// Whether a thread runs on this core. A scheduler's own thread is one on each of its cores.
fn is_there(graph: &Graph, component: usize, number: usize, core: u64) -> bool {
    match number.checked_sub(1) {
        None => graph.cores(component).contains(&core),
        Some(created) => graph.created_core(component, created) == core,
    }
}

impl Timed {
    fn of(component: usize, number: usize, thread: &graph::Thread, has_budget_only: bool) -> Self {
        let of = thread.parameters;
        Self {
            component,
            number,
            work: thread.cost,
            cost: if has_budget_only { of.budget } else { thread.cost },
            period: of.period,
            deadline: of.deadline,
            blocking: Blocking::default(),
            parameters: parameters(of),
            doubt: None,
            promise: Promise::Undeclared,
        }
    }

    /// Whether it asks for what cannot be: that is complained of elsewhere.
    const fn is_contradictory(&self) -> bool {
        self.is_declared() && (self.cost > self.deadline || self.deadline > self.period)
    }

    /// Whether the graph says how much work it has, and when.
    pub const fn is_declared(&self) -> bool {
        self.cost > 0 && self.period > 0
    }

    /// Why nobody knows how long it keeps others from the core, if nobody does.
    pub fn doubt(&self) -> Option<Doubt> {
        self.doubt.or((!self.is_declared()).then_some(Doubt::Undeclared))
    }

    /// Whether it may run only so long in each period.
    const fn has_budget(&self) -> bool {
        self.parameters.budget.0 > 0
    }

    /// Microseconds of work of a job.
    const fn job(&self) -> u64 {
        if self.work > 0 { self.work } else { self.cost }
    }

    /// Whether it is another thread than this one, with no lower a priority.
    fn goes_before(&self, thread: &Self) -> bool {
        let is_other = (self.component, self.number) != (thread.component, thread.number);
        is_other && self.parameters.priority <= thread.parameters.priority
    }

    /// What it is promised instead of `promise`, for those that can have locks that it waits for: it lends them its time, so that there has
    /// to be enough of that, too. `in_time` says whether they leave it enough to be in time.
    fn unless_blocked(&self, promise: Promise, in_time: bool) -> Promise {
        let Blocking { time, by, unbounded } = self.blocking;
        let budget = self.parameters.budget.0;
        let is_enough = in_time && (budget == 0 || self.job().saturating_add(time) <= budget);
        match (unbounded, by) {
            (Some(holder), _) => Promise::Blocked(holder),
            (None, Some(holder)) if !is_enough => Promise::Blocked(holder),
            _ => promise,
        }
    }

    fn demand(&self) -> Demand {
        let Self { cost, period, deadline, .. } = *self;
        Demand { cost, period, deadline, priority: self.parameters.priority, budget: self.parameters.budget.0 }
    }
}

impl Analysis {
    /// Promises the declared ones of some threads what these response times say.
    fn promise_by(&mut self, is_meant: impl Fn(&Timed) -> bool, times: impl Fn(&[Demand]) -> Vec<Option<u64>>) {
        let declared = |thread: &&mut Timed| thread.is_declared() && is_meant(thread);
        let all = self.threads.iter().chain(&self.visitors);
        let unknown: Vec<Timed> = all.filter(|it| it.doubt().is_some() && is_meant(it)).cloned().collect();
        let demands: Vec<Demand> = self.threads.iter_mut().filter(declared).map(|thread| thread.demand()).collect();
        let alone = times(&demands);
        for (at, (thread, time)) in self.threads.iter_mut().filter(declared).zip(alone).enumerate() {
            let before = unknown.iter().filter(|other| other.goes_before(thread)).count();
            thread.promise = match (time, before) {
                (None, _) => Promise::Late,
                (Some(time), 0) => {
                    let blocked = blocked(&demands, at, thread.blocking.time, &times).unwrap_or(Some(time));
                    thread.unless_blocked(Promise::Within(blocked.unwrap_or(time)), blocked.is_some())
                }
                (Some(_), before) => Promise::Unknown(before),
            };
        }
    }

    /// Promises the declared threads what their weights are worth, whatever the others do.
    fn promise_by_shares(&mut self, turn: u64) {
        let share = |thread: &Timed| {
            let demand = thread.doubt().is_none().then(|| thread.demand());
            Share { weight: thread.parameters.weight, demand }
        };
        let all: Vec<Share> = self.threads.iter().chain(&self.visitors).map(share).collect();
        for (thread, time) in self.threads.iter_mut().zip(shares::response_times(&all, turn)) {
            if thread.is_declared() {
                thread.promise = time.map_or(Promise::Late, |time| thread.unless_blocked(Promise::Within(time), true));
            }
        }
    }

    /// Promises the declared threads of each partition what its slots supply.
    fn promise_by_partition(&mut self, scheduling: &graph::Scheduling) {
        let slots = slots(scheduling);
        for partition in (0..).take(scheduling.partitions.len()) {
            let times = |demands: &[Demand]| partitions::response_times(demands, &slots, partition);
            self.promise_by(|thread| thread.parameters.partition == Some(partition), times);
        }
    }

    /// Says that nothing is sure of the declared ones of some threads that would be in time on a core of their own.
    fn promise_nothing(&mut self, is_meant: impl Fn(&Timed) -> bool) {
        let in_time = |it: &&mut Timed| it.is_declared() && it.promise != Promise::Late && is_meant(it);
        self.threads.iter_mut().filter(in_time).for_each(|thread| thread.promise = Promise::Unsupplied);
    }

    /// Promises all servers their deadlines, or none.
    fn promise_by_demand(&mut self) {
        let servers: Vec<Demand> = self.threads.iter().filter(|it| it.is_declared()).map(Timed::demand).collect();
        self.late = demand::check(&servers).err();
        let in_time = self.is_in_time_if_blocked(servers);
        for thread in self.threads.iter_mut().filter(|it| it.is_declared()) {
            thread.promise = match self.late {
                None => thread.unless_blocked(Promise::ByDeadline, in_time),
                Some(_) => Promise::Late,
            };
        }
    }

    /// Whether all are in time if what the longest wait for locks takes has to be done once by the first deadline, beside all else.
    fn is_in_time_if_blocked(&self, mut servers: Vec<Demand>) -> bool {
        /// Twelve days: as good as once.
        const ONCE: u64 = 1 << 40;
        let cost = self.threads.iter().map(|thread| thread.blocking.time).max().unwrap_or(0);
        let deadline = servers.iter().map(|it| it.deadline).min().unwrap_or(0);
        servers.push(Demand { cost, period: ONCE, deadline, priority: 0, budget: 0 });
        cost == 0 || demand::check(&servers).is_ok()
    }

    /// Thousandths of the core that declared threads ask for.
    pub fn utilisation(&self) -> u64 {
        let of = |thread: &Timed| thread.cost.saturating_mul(1_000).checked_div(thread.period).unwrap_or(0);
        self.threads.iter().filter(|thread| thread.is_declared()).map(of).sum()
    }
}

/// How long jobs of the task number `at` take at worst if each has to wait so long besides, for others that go behind it; none if it
/// has not to.
fn blocked(
    demands: &[Demand],
    at: usize,
    wait: u64,
    times: impl Fn(&[Demand]) -> Vec<Option<u64>>,
) -> Option<Option<u64>> {
    let mut waiting = demands.to_vec();
    let own = waiting.get_mut(at).filter(|_| wait > 0)?;
    own.cost = own.cost.saturating_add(wait);
    Some(times(&waiting).get(at).copied().flatten())
}

impl Graph {
    /// What a thread is called: after its component, with a number if it is created.
    pub fn thread_name(&self, component: usize, number: usize) -> String {
        let name = self.components.get(component).map_or("", |component| component.name.value.as_str());
        if number == 0 { name.to_owned() } else { format!("{name}[{}]", number - 1) }
    }
}
