//! The campaign `simulator`: random sets of tasks under each policy, simulated, and held against analysis.
//!
//! What the analysis accepts must not be late; what it does not accept must be late, where the analysis is exact. And what no policy can do
//! must be late under each. Sets that the analysis accepts are those that succeeded.

use indicatif::ProgressBar;
use simulator::analysis::shares::{self, Share};
use simulator::analysis::{Demand, demand, fixed_priority, partitions};
use simulator::random::{HYPERPERIOD, Random, tasks};
use simulator::{Simulation, Task, Trace};

use super::Order;
use super::counts::Counts;
use super::error::CampaignError;

/// Sets between two looks at the bar.
const PART: u64 = 1_000;

/// Failures that are listed.
const LISTED: usize = 10;

/// Runs the campaign.
///
/// # Errors
///
/// None: there is nothing to build or start.
pub fn run(order: &Order, bar: &ProgressBar) -> Result<Counts, CampaignError> {
    let mut counts = Counts::default();
    for number in 0..order.count {
        let seed = order.seed.wrapping_add(number);
        counts.tried += 1;
        match case(seed) {
            Ok(true) => counts.succeeded += 1,
            Ok(false) => counts.errors += 1,
            Err(failure) => counts.failures.push(format!("--count 1 --seed {seed}: {failure}")),
        }
        if counts.failures.len() >= LISTED {
            break;
        }
        if number % PART == 0 {
            bar.set_position(number);
        }
    }
    Ok(counts)
}

/// One set of tasks. Answers whether the analysis accepts it.
fn case(seed: u64) -> Result<bool, String> {
    let mut random = Random::new(seed);
    let (count, load) = (random.between(1, 12) as usize, 0.4 + 0.7 * random.unit());
    match random.between(0, 3) {
        0 => by_priority(tasks(&mut random, count, load)),
        1 => by_deadline(tasks(&mut random, count, load)),
        2 => {
            let count = count.div_ceil(2);
            let tasks = tasks(&mut random, count, load * 0.8);
            by_share(weighted(&mut random, tasks), random.between(1, 12))
        }
        _ => {
            let slots = slots(&mut random);
            by_partition(tasks(&mut random, count, load / 2.0), slots)
        }
    }
}

/// The cycle of three partitions, of which the first has a slot at least.
fn slots(random: &mut Random) -> Vec<(Option<u8>, u64)> {
    let slot = |random: &mut Random| (Some(random.between(0, 2) as u8), random.between(1, 30));
    let others = random.between(0, 5);
    std::iter::once((Some(0), random.between(1, 30))).chain((0..others).map(|_| slot(random))).collect()
}

/// The same tasks with weights by what they need, more or less, and now and then one that always has work.
fn weighted(random: &mut Random, tasks: Vec<Task>) -> Vec<Task> {
    let mut all = tasks;
    for task in &mut all {
        let need = Demand::of(task).map_or(1, |demand| 100 * demand.cost / demand.deadline.max(1));
        task.parameters.weight = (need + random.between(1, 20)) as u32;
    }
    all.extend((random.between(0, 3) == 0).then(|| Task::greedy(random.between(1, 20) as u32)));
    all
}

fn demands(tasks: &[Task]) -> Vec<Demand> {
    tasks.iter().filter_map(Demand::of).collect()
}

/// Response times are exact: each task's longest response is what is promised, or it is late.
fn by_priority(tasks: Vec<Task>) -> Result<bool, String> {
    let trace = simulate(&Simulation::of("fixed-priority"), &tasks)?;
    let promised = fixed_priority::response_times(&demands(&tasks));
    for (at, promised) in promised.iter().enumerate() {
        let longest = trace.longest_response(at);
        let is_late = trace.late().any(|job| job.task == at);
        if promised.map_or(!is_late, |_| longest != *promised) {
            return Err(format!("task {at}: {promised:?} is promised, {longest:?} is what it takes: {tasks:?}"));
        }
    }
    Ok(promised.iter().all(Option::is_some))
}

/// Processor demand is exact, if nobody's budget ends a job.
fn by_deadline(mut tasks: Vec<Task>) -> Result<bool, String> {
    let promised = demand::check(&demands(&tasks));
    for task in &mut tasks {
        task.parameters.budget = task.parameters.deadline;
    }
    let late = simulate(&Simulation::of("earliest-deadline"), &tasks)?.late().count();
    if promised.is_ok() != (late == 0) {
        return Err(format!("{promised:?} is promised, {late} are late: {tasks:?}"));
    }
    Ok(promised.is_ok())
}

/// Shares are sufficient: nobody takes longer than is promised, whatever the others do.
fn by_share(tasks: Vec<Task>, quantum: u64) -> Result<bool, String> {
    let share = |task: &Task| Share { weight: task.parameters.weight, demand: Demand::of(task) };
    let promised = shares::response_times(&tasks.iter().map(share).collect::<Vec<_>>(), quantum);
    let trace = simulate(&Simulation { quantum, ..Simulation::of("proportional-share") }, &tasks)?;
    not_longer_than(&promised, &trace, &tasks)?;
    late_if_it_must_be(&trace, &tasks)?;
    Ok(promised.iter().zip(&tasks).all(|(promised, task)| promised.is_some() || Demand::of(task).is_none()))
}

/// Supply is sufficient: nobody takes longer than is promised.
fn by_partition(tasks: Vec<Task>, slots: Vec<(Option<u8>, u64)>) -> Result<bool, String> {
    let promised = partitions::response_times(&demands(&tasks), &slots, 0);
    let tasks: Vec<Task> = tasks.into_iter().map(|task| task.in_partition(0)).collect();
    let trace = simulate(&Simulation { slots, ..Simulation::of("time-partitions") }, &tasks)?;
    not_longer_than(&promised, &trace, &tasks)?;
    late_if_it_must_be(&trace, &tasks)?;
    Ok(promised.iter().all(Option::is_some))
}

fn not_longer_than(promised: &[Option<u64>], trace: &Trace, tasks: &[Task]) -> Result<(), String> {
    let is_longer = |at: usize, promised: u64| trace.longest_response(at) > Some(promised);
    match (0..).zip(promised).find(|(at, promised)| promised.is_some_and(|promised| is_longer(*at, promised))) {
        Some((at, promised)) => Err(format!("task {at}: {promised:?} is promised, and it takes longer: {tasks:?}")),
        None => Ok(()),
    }
}

/// What cannot be done, whoever decides, is late under each policy.
fn late_if_it_must_be(trace: &Trace, tasks: &[Task]) -> Result<(), String> {
    match demand::check(&demands(tasks)) {
        Err(late) if trace.late().next().is_none() => Err(format!("{late:?}, and nobody is late: {tasks:?}")),
        _ => Ok(()),
    }
}

fn simulate(simulation: &Simulation, tasks: &[Task]) -> Result<Trace, String> {
    simulation.run(tasks, 2 * HYPERPERIOD).map_err(|refused| format!("{refused:?}: {tasks:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_all_kinds_are_accepted_and_refused_and_none_fails() {
        let counts = run(&Order { count: 600, seed: 1 }, &ProgressBar::hidden()).unwrap();
        assert_eq!((counts.tried, counts.failures), (600, vec![]));
        assert!(counts.succeeded > 100 && counts.errors > 100, "{} and {}", counts.succeeded, counts.errors);
    }

    #[test]
    fn a_promise_that_is_not_kept_is_told() {
        // The policy of deadlines, with a deadline that it is not told of.
        let mut late = Task::periodic(10, 100).with_deadline(20);
        let long = Task::periodic(30, 100);
        late.parameters.deadline = late.parameters.period;
        assert!(by_deadline(vec![long, late]).is_err());
    }
}
