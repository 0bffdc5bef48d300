//! Shares in proportion to weights, and how far they can be off.
#![allow(clippy::unwrap_used, reason = "this is how a test fails")]

use proptest::prelude::*;
use sched_sl::Parameters;
use simulator::analysis::Demand;
use simulator::analysis::demand::check;
use simulator::analysis::shares::{Share, response_times};
use simulator::random::{HYPERPERIOD, Random, tasks};
use simulator::{Arrivals, Simulation, Task};

fn shares(quantum: u64) -> Simulation {
    Simulation { quantum, ..Simulation::of("proportional-share") }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1_000, ..ProptestConfig::default() })]

    /// Between any two points, what two greedy threads had, each divided by its weight, differs by no more than a turn of
    /// each, divided by its weight; whatever others do.
    #[test]
    fn nobody_is_further_ahead_than_a_turn(
        seed: u64,
        weights in prop::collection::vec(1u32..=20, 2..6),
        others in 0usize..4,
        quantum in 1u64..50,
    ) {
        let mut random = Random::new(seed);
        let greedy = weights.len();
        let mut tasks: Vec<Task> = weights.iter().map(|weight| Task::greedy(*weight)).collect();
        for _ in 0..others {
            let mut release = 0;
            let jobs = (0..50).map(|_| { release += random.between(1, 200); (release, random.between(1, 40)) }).collect();
            tasks.push(Task::greedy(random.between(1, 20) as u32).with_arrivals(Arrivals::Listed(jobs)));
        }
        let trace = shares(quantum).run(&tasks, 5_000).unwrap();
        for _ in 0..20 {
            let from = random.between(0, 4_000);
            let to = random.between(from, 5_000);
            let (left, right) = (random.between(0, greedy as u64 - 1) as usize, random.between(0, greedy as u64 - 1) as usize);
            let had = |at: usize| trace.time_of(at, from, to) as f64 / f64::from(weights[at]);
            let turn = |at: usize| quantum as f64 / f64::from(weights[at]);
            let (ahead, bound) = ((had(left) - had(right)).abs(), turn(left) + turn(right));
            prop_assert!(ahead <= bound + 0.01, "{} and {}: {} > {} in {}..{}", left, right, ahead, bound, from, to);
        }
    }
}

#[test]
fn over_a_long_run_the_shares_are_the_weights() {
    let trace = shares(10).run(&[1, 2, 5].map(Task::greedy), 80_000).unwrap();
    let had = [0, 1, 2].map(|at| trace.time_of(at, 0, 80_000));
    for (had, share) in had.into_iter().zip([10_000, 20_000, 50_000u64]) {
        assert!(had.abs_diff(share) <= 20, "{had} instead of {share}");
    }
}

#[test]
fn time_asleep_earns_nothing() {
    let sleeper = Task::greedy(1).with_arrivals(Arrivals::Listed(vec![(0, 10), (10_000, u64::MAX)]));
    let trace = shares(10).run(&[Task::greedy(1), sleeper], 12_000).unwrap();
    let since = trace.time_of(1, 10_000, 12_000);
    assert!(since.abs_diff(1_000) <= 10, "half of the time since it is up, not all: {since}");
}

#[test]
fn a_moments_sleep_gains_nothing() {
    // It sleeps for a tick whenever it has had a turn: and has no more than its share of the time.
    let jobs = (0..2_000).map(|job| (job * 11, 10)).collect();
    let sly = Task::greedy(1).with_arrivals(Arrivals::Listed(jobs));
    let trace = shares(10).run(&[Task::greedy(4), sly], 10_000).unwrap();
    let had = trace.time_of(1, 0, 10_000);
    assert!(had <= 2_000 + 20, "{had}");
}

#[test]
fn without_a_weight_a_thread_is_refused() {
    let refused = shares(1).run(&[Task::greedy(1), Task::greedy(0), Task::greedy(1)], 1);
    assert_eq!(refused, Err(simulator::Refused::BadTask(1)));
    assert!(shares(1).run(&[Task::greedy(1025)], 1).is_err());
}

/// Threads with jobs, and how much of the time each is to have: in hundredths.
fn shared(random: &mut Random, count: usize, load: f64) -> Vec<Task> {
    let weigh = |task: Task, random: &mut Random| {
        let Arrivals::Periodic { cost, .. } = task.arrivals else { return task };
        let weight = (100 * cost).div_ceil(task.deadline) + random.between(0, 30);
        Task { parameters: Parameters { weight: weight as u32, ..task.parameters }, ..task }
    };
    tasks(random, count, load).into_iter().map(|task| weigh(task, random)).collect()
}

fn declared(tasks: &[Task]) -> Vec<Share> {
    tasks.iter().map(|task| Share { weight: task.parameters.weight, demand: Demand::of(task) }).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2_000, ..ProptestConfig::default() })]

    /// Whatever the analysis accepts is never late, whatever others do that have weights as well.
    #[test]
    fn what_the_analysis_of_shares_accepts_is_never_late(
        seed: u64,
        count in 1usize..6,
        load in 0.05f64..0.7,
        greedy in prop::collection::vec(1u32..=30, 0..3),
        quantum in 1u64..12,
    ) {
        let mut random = Random::new(seed);
        let mut all = shared(&mut random, count, load);
        all.extend(greedy.into_iter().map(Task::greedy));
        let promised = response_times(&declared(&all), quantum);
        let trace = shares(quantum).run(&all, 4 * HYPERPERIOD).unwrap();
        for (at, promised) in promised.into_iter().enumerate().filter_map(|(at, promised)| Some((at, promised?))) {
            let longest = trace.longest_response(at).unwrap_or(0);
            prop_assert!(longest <= promised, "task {}: {} > {} in {:?}", at, longest, promised, all);
            prop_assert!(trace.late().all(|job| job.task != at), "task {} of {:?}", at, all);
        }
    }

    /// Nor beside those, and of those, that have budgets of the kernel's.
    #[test]
    fn what_the_analysis_of_shares_accepts_is_never_late_by_budgets(
        seed: u64, count in 1usize..6, load in 0.05f64..0.4, greedy in prop::collection::vec(1u32..=30, 0..3), quantum in 1u64..6,
    ) {
        let mut random = Random::new(seed);
        let mut all = shared(&mut random, count, load);
        let mut shares_of = declared(&all);
        for (task, share) in all.iter_mut().zip(&mut shares_of) {
            if random.between(0, 1) == 0 {
                share.demand = share.demand.map(|demand| demand.with_budget(demand.cost));
            } else {
                task.parameters.budget = sched_sl::Duration(0);
            }
            let Arrivals::Periodic { offset, .. } = &mut task.arrivals else { continue };
            *offset = random.between(0, 500);
        }
        let greedy: Vec<Task> = greedy.into_iter().map(Task::greedy).collect();
        shares_of.extend(declared(&greedy));
        all.extend(greedy);
        let trace = Simulation { limited: true, ..shares(quantum) }.run(&all, 4 * HYPERPERIOD).unwrap();
        for (at, promised) in response_times(&shares_of, quantum).into_iter().enumerate() {
            let longest = trace.longest_response(at).unwrap_or(0);
            prop_assert!(promised.is_none_or(|promised| longest <= promised), "task {}: {} > {:?} in {:?}", at, longest, promised, all);
        }
    }

    /// What no policy can do is reported here, too: then somebody is late.
    #[test]
    fn who_asks_for_more_than_there_is_is_late_by_shares(seed: u64, count in 1usize..6, load in 0.8f64..1.3, quantum in 1u64..12) {
        let all = shared(&mut Random::new(seed), count, load);
        let demands: Vec<Demand> = all.iter().filter_map(Demand::of).collect();
        let trace = shares(quantum).run(&all, 2 * HYPERPERIOD).unwrap();
        prop_assert!(check(&demands).is_ok() || trace.late().count() > 0, "{:?}", all);
    }
}

/// The bound is not far from what happens: who comes just after the others have begun their turns waits for those, and for its share.
#[test]
fn a_response_comes_near_to_what_the_analysis_says() {
    let own = Task { parameters: Parameters { weight: 10, ..Task::greedy(1).parameters }, ..Task::periodic(20, 100) };
    let all = [own, Task::greedy(10), Task::greedy(10)];
    let promised = response_times(&declared(&all), 10)[0].unwrap();
    let longest = shares(10).run(&all, 10_000).unwrap().longest_response(0).unwrap();
    assert!(longest <= promised && longest * 2 >= promised, "{longest} of {promised}");
}
