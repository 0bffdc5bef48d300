//! Earliest deadline first against processor demand, and what servers promise each other.
#![allow(clippy::unwrap_used, reason = "this is how a test fails")]

use proptest::prelude::*;
use simulator::analysis::Demand;
use simulator::analysis::demand::{Late, check};
use simulator::random::{HYPERPERIOD, Random, tasks};
use simulator::{Arrivals, Simulation, Task};

fn earliest(switch: u64) -> Simulation {
    Simulation { switch, ..Simulation::of("earliest-deadline") }
}

fn demands(tasks: &[Task], switch: u64) -> Vec<Demand> {
    tasks.iter().map(|task| Demand::of(task).unwrap().with_switches(switch)).collect()
}

/// Nobody's budget ends a job.
fn unlimited(tasks: &mut [Task]) {
    for task in tasks {
        task.parameters.budget = task.parameters.deadline;
    }
}

/// Jobs of any length at any time.
fn unruly(random: &mut Random, jobs: usize) -> Arrivals {
    let mut release = 0;
    let next = |_| {
        release += random.between(0, 200);
        (release, random.between(1, 150))
    };
    Arrivals::Listed((0..jobs).map(next).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2_000, ..ProptestConfig::default() })]

    /// The analysis is exact: what it accepts is never late, and what it does not is late when all come at once.
    #[test]
    fn the_analysis_is_exact(seed: u64, count in 1usize..8, load in 0.5f64..1.1) {
        let mut tasks = tasks(&mut Random::new(seed), count, load);
        let verdict = check(&demands(&tasks, 0));
        let kept = earliest(0).run(&tasks, 2 * HYPERPERIOD).unwrap();
        unlimited(&mut tasks);
        let free = earliest(0).run(&tasks, 2 * HYPERPERIOD).unwrap();
        match verdict {
            Ok(()) => prop_assert_eq!((kept.late().next(), free.late().next()), (None, None), "{:?}", tasks),
            Err(Late::Undecided) => prop_assert!(false, "such small sets are decided"),
            Err(_) => prop_assert!(free.late().count() > 0, "{:?}", tasks),
        }
    }

    /// A switch costs something, and each job pays for two.
    #[test]
    fn what_the_demand_bound_accepts_is_never_late(seed: u64, count in 1usize..8, load in 0.2f64..1.0, switch in 0u64..4) {
        let mut tasks = tasks(&mut Random::new(seed), count, load);
        let verdict = check(&demands(&tasks, switch));
        // What a budget is to be, if it is to pay for the switches of all that interrupt it, is another question.
        unlimited(&mut tasks);
        let trace = earliest(switch).run(&tasks, 2 * HYPERPERIOD).unwrap();
        prop_assert!(verdict.is_err() || trace.late().next().is_none(), "{:?}", tasks);
    }

    /// Whatever some servers do, and those in the background, the others have their budgets before their deadlines.
    #[test]
    fn no_greedy_thread_harms_others(seed: u64, well in 1usize..5, ill in 1usize..4, load in 0.5f64..1.0) {
        let mut random = Random::new(seed);
        let mut all = tasks(&mut random, well + ill, load);
        for task in &mut all {
            task.deadline = task.parameters.period.0;
            task.parameters.deadline = task.parameters.period;
        }
        prop_assume!(check(&demands(&all, 0)).is_ok());
        for task in all.iter_mut().take(ill) {
            task.arrivals = unruly(&mut random, 60);
        }
        all.push(Task::greedy(1));
        let trace = earliest(0).run(&all, 4 * HYPERPERIOD).unwrap();
        let late = trace.late().find(|job| (ill..ill + well).contains(&job.task));
        prop_assert_eq!(late, None, "{:?}", all);
        // And who asks for too much has no more than its share, to within a budget.
        for (at, task) in all.iter().enumerate().take(ill) {
            let (budget, period) = (task.parameters.budget.0, task.parameters.period.0);
            let had = trace.time_of(at, 0, 4 * HYPERPERIOD);
            prop_assert!(had * period <= (4 * HYPERPERIOD + period) * budget, "task {}: {} in {:?}", at, had, all);
        }
    }

    /// The same where deadlines are earlier than periods: demand is what counts then.
    #[test]
    fn nor_where_deadlines_are_short(seed: u64, well in 1usize..5, ill in 1usize..4, load in 0.3f64..0.9) {
        let mut random = Random::new(seed);
        let mut all = tasks(&mut random, well + ill, load);
        prop_assume!(check(&demands(&all, 0)).is_ok());
        for task in all.iter_mut().take(ill) {
            let greedy = || Arrivals::Listed(vec![(100, u64::MAX)]);
            task.arrivals = if random.between(0, 3) == 0 { greedy() } else { unruly(&mut random, 60) };
        }
        let trace = earliest(0).run(&all, 4 * HYPERPERIOD).unwrap();
        let late = trace.late().find(|job| (ill..ill + well).contains(&job.task));
        prop_assert_eq!(late, None, "{:?}", all);
    }
}

#[test]
fn a_greedy_server_has_its_budget_in_each_period_and_no_more() {
    let greedy = Task::periodic(30, 100).with_arrivals(Arrivals::Listed(vec![(0, u64::MAX)]));
    let trace = earliest(0).run(&[greedy, Task::greedy(1)], 1_000).unwrap();
    for period in 0..10 {
        let ran = |at| trace.time_of(at, period * 100, period * 100 + 100);
        assert_eq!((ran(0), ran(1)), (30, 70), "in period {period}");
    }
}

#[test]
fn a_server_alone_that_has_used_its_budget_up_leaves_the_processor_idle() {
    let greedy = Task::periodic(30, 100).with_arrivals(Arrivals::Listed(vec![(0, u64::MAX)]));
    let trace = earliest(0).run(&[greedy], 1_000).unwrap();
    assert_eq!((trace.time_of(0, 0, 1_000), trace.spans.len()), (300, 20));
}

#[test]
fn a_server_without_a_deadline_it_can_keep_is_refused() {
    let impossible = Task::periodic(50, 100).with_deadline(40);
    assert_eq!(earliest(0).run(&[Task::periodic(1, 2), impossible], 1), Err(simulator::Refused::BadTask(1)));
}
