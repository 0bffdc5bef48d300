//! What a graph's declared threads will do: a simulation of their schedulers, and a picture of it.
//!
//! Each thread has its whole `cost` to do at the start of each of its periods, all of which begin at 0: the worst that can come together.
//! Who runs when is decided by the library that the scheduler component links. Switches cost nothing here.
//!
//! A scheduler that has not a core of its own is left out: nobody can say when the one above gives it its share.

mod picture;

pub use picture::draw;

use simulator::{Arrivals, Job, Refused, Simulation, Span, Task};

use crate::graph::Graph;
use crate::schedulability::{self, Analysis, EARLIEST_DEADLINE, PROPORTIONAL_SHARE, Supply, Timed};

/// Microseconds of the shortest turn that there is.
const SHORTEST_TURN: u64 = 10;

/// Microseconds that are shown if no thread has a period.
const SHORTEST: u64 = 20_000;

/// Jobs, and pieces of time, that are shown at most.
const MOST: usize = 20_000;

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    /// Each scheduler that has a core of its own, on each of its cores.
    pub processors: Vec<Processor>,
    /// What the analysis says of the others that schedule declared threads.
    pub left_out: Vec<Analysis>,
    /// Microseconds from the start to the end.
    pub length: u64,
}

/// What happens on a core under a scheduler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Processor {
    /// What the analysis says.
    pub analysis: Analysis,
    /// Whose each part of the time is, under time partitions: from, to, the partition's name.
    pub slots: Vec<(u64, u64, Option<String>)>,
    /// The threads, as in the analysis.
    pub lanes: Vec<Lane>,
}

/// What happens to a thread.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lane {
    /// When it runs.
    pub spans: Vec<Span>,
    /// What it has to do; nothing if it always has something.
    pub jobs: Vec<Job>,
}

/// Why there is nothing to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nothing {
    /// The graph has no scheduler with clients.
    NoScheduler,
    /// The graph says of no thread how much work it has.
    NothingDeclared,
    /// No scheduler that has declared threads has a core of its own.
    NobodysCore,
    /// There are more threads than the simulator has room for.
    TooManyThreads,
    /// More would happen than a picture can show.
    TooLong,
}

/// What happens to the declared threads of a graph within so many microseconds; if that is `None`, within some of their periods.
///
/// # Errors
///
/// [`Nothing`].
pub fn of(graph: &Graph, length: Option<u64>) -> Result<Timeline, Nothing> {
    let all = schedulability::analyse(graph);
    if all.is_empty() {
        return Err(Nothing::NoScheduler);
    }
    let declares = |analysis: &Analysis| analysis.threads.iter().any(|thread| task(analysis, thread).is_some());
    let (shown, left_out): (Vec<Analysis>, Vec<Analysis>) =
        all.into_iter().filter(declares).partition(|analysis| can_be_drawn(graph, analysis));
    if shown.is_empty() {
        return Err(if left_out.is_empty() { Nothing::NothingDeclared } else { Nothing::NobodysCore });
    }
    let length = length.unwrap_or_else(|| some_periods(&shown));
    let processors = shown.into_iter().map(|analysis| processor(graph, analysis, length));
    Ok(Timeline { processors: processors.collect::<Result<_, _>>()?, left_out, length })
}

/// Whether it is known when a scheduler has the core, and how long its turns are.
fn can_be_drawn(graph: &Graph, analysis: &Analysis) -> bool {
    analysis.supply == Supply::Core && schedulability::turn(graph, analysis.scheduler).is_some()
}

/// Until all that happens happens again, if that is not too long to look at.
fn some_periods(all: &[Analysis]) -> u64 {
    let periods = all.iter().flat_map(|analysis| &analysis.threads).filter(|it| it.is_declared()).map(|it| it.period);
    let longest = periods.clone().max().unwrap_or(SHORTEST / 2);
    let together = periods.fold(1, |all: u64, period| (all / gcd(all, period)).saturating_mul(period));
    together.clamp(longest.saturating_mul(2), longest.saturating_mul(4)).min(u64::MAX / 2)
}

const fn gcd(mut left: u64, mut right: u64) -> u64 {
    while right != 0 {
        (left, right) = (right, left % right);
    }
    left
}

fn processor(graph: &Graph, analysis: Analysis, length: u64) -> Result<Processor, Nothing> {
    let scheduling = graph.components.get(analysis.scheduler).map(|it| it.scheduling.clone()).unwrap_or_default();
    let slots = schedulability::slots(&scheduling);
    let limited = analysis.policy != EARLIEST_DEADLINE;
    let quantum = schedulability::turn(graph, analysis.scheduler).unwrap_or(SHORTEST_TURN);
    let simulation = Simulation { quantum, slots: slots.clone(), limited, ..Simulation::of(analysis.policy) };
    let tasks: Vec<(usize, Task)> =
        analysis.threads.iter().enumerate().filter_map(|(at, thread)| Some((at, task(&analysis, thread)?))).collect();
    let bare: Vec<Task> = tasks.iter().map(|(_, task)| task.clone()).collect();
    if bare.iter().map(|task| jobs_within(task, length)).sum::<u64>() > MOST as u64 {
        return Err(Nothing::TooLong);
    }
    let trace = simulation.run(&bare, length).map_err(|refused| match refused {
        Refused::TooManyTasks => Nothing::TooManyThreads,
        // What a policy refuses is complained of before.
        _ => Nothing::NothingDeclared,
    })?;
    let mut lanes = vec![Lane::default(); analysis.threads.len()];
    for (number, (at, task)) in tasks.iter().enumerate() {
        let Some(lane) = lanes.get_mut(*at) else { continue };
        lane.spans = trace.spans.iter().filter(|span| span.task == Some(number)).copied().collect();
        let is_periodic = matches!(task.arrivals, Arrivals::Periodic { .. });
        lane.jobs = trace.jobs.iter().filter(|job| job.task == number && is_periodic).copied().collect();
    }
    if trace.spans.len() > MOST {
        return Err(Nothing::TooLong);
    }
    Ok(Processor { analysis, slots: named_slots(&slots, &scheduling.partitions, length)?, lanes })
}

const fn jobs_within(task: &Task, length: u64) -> u64 {
    match task.arrivals {
        Arrivals::Periodic { period, .. } => length.div_ceil(if period == 0 { 1 } else { period }),
        Arrivals::Listed(_) => length / SHORTEST_TURN,
    }
}

/// What a thread has to do, if anything is known of that.
fn task(analysis: &Analysis, thread: &Timed) -> Option<Task> {
    let of = thread.parameters;
    if thread.is_declared() {
        let cost = thread.work;
        let mut task = Task::periodic(cost, thread.period).with_deadline(thread.deadline);
        task.parameters = of;
        return Some(task);
    }
    (analysis.policy == PROPORTIONAL_SHARE).then(|| Task { parameters: of, ..Task::greedy(1) })
}

fn named_slots(
    slots: &[(Option<u8>, u64)],
    names: &[String],
    length: u64,
) -> Result<Vec<(u64, u64, Option<String>)>, Nothing> {
    let (mut named, mut from) = (Vec::new(), 0);
    for (partition, slot) in slots.iter().cycle() {
        if from >= length {
            break;
        }
        if named.len() > MOST {
            return Err(Nothing::TooLong);
        }
        let to = (from + slot).min(length);
        named.push((from, to, partition.and_then(|partition| names.get(usize::from(partition)).cloned())));
        from = to;
    }
    Ok(named)
}
