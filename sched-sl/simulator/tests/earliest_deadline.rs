//! Earliest deadline first against processor demand, and what servers promise each other.
#![allow(clippy::unwrap_used, reason = "this is how a test fails")]

use std::ops::Range;

use proptest::prelude::*;
use sched_sl::Duration;
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

/// Jobs of any length at any time: few long ones, or many short ones.
fn unruly(random: &mut Random, jobs: usize) -> Arrivals {
    let (gap, work) = if random.between(0, 1) == 0 { (200, 150) } else { (25, 25) };
    let mut release = 0;
    let next = |_| {
        release += random.between(0, gap);
        (release, random.between(1, work))
    };
    Arrivals::Listed((0..jobs).map(next).collect())
}

/// Gives tasks as much to do as the analysis lets them have, so that nothing is left that would hide what is wrong.
fn fill_up(tasks: &mut [Task], which: Range<usize>, switch: u64) {
    for at in which {
        while with_more(tasks, at).is_some_and(|more| check(&demands(&more, switch)).is_ok()) {
            tasks[at] = with_more(tasks, at).unwrap().swap_remove(at);
        }
    }
}

/// The same tasks, one of them with a tick more to do, if it has time for that.
fn with_more(tasks: &[Task], at: usize) -> Option<Vec<Task>> {
    let mut more = tasks.to_vec();
    let task = &mut more[at];
    let Arrivals::Periodic { cost, .. } = &mut task.arrivals else { return None };
    *cost += 1;
    task.parameters.budget = Duration(*cost);
    (*cost <= task.deadline).then_some(more)
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
        if verdict.is_ok() {
            fill_up(&mut tasks, 0..count, switch);
        }
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
        fill_up(&mut all, ill..ill + well, 0);
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
        fill_up(&mut all, ill..ill + well, 0);
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

/// The time of a task comes while the processor is on its way to another: what it has waited must not count for its period, or it
/// comes too early for the next one and waits there again.
#[test]
fn a_release_that_is_seen_late_is_no_later_release() {
    let urgent = Task::periodic(22, 50).with_deadline(28);
    let mut tasks = [urgent, Task::periodic(1, 70), Task::periodic(30, 131)];
    assert_eq!(check(&demands(&tasks, 3)), Ok(()));
    unlimited(&mut tasks);
    let trace = earliest(3).run(&tasks, 50 * 70 * 131).unwrap();
    assert_eq!(trace.late().next(), None);
}

/// A server that waits in the midst of its budget must not have it anew at once, where another has less time than a period: what that
/// one was let in for is only free as long as nobody asks for more than a budget in a period.
#[test]
fn a_server_that_waits_early_leaves_those_with_short_deadlines_what_they_were_let_in_for() {
    let ill = Task::periodic(20, 40).with_arrivals(Arrivals::Listed(vec![(0, 1), (3, 100)]));
    let well = Task::periodic(39, 300).with_deadline(59);
    assert_eq!(check(&demands(&[Task::periodic(20, 40), well.clone()], 0)), Ok(()));
    let trace = earliest(0).run(&[ill, well], 300).unwrap();
    assert_eq!(trace.late().find(|job| job.task == 1), None);
}
