//! Shares in proportion to weights, and how far they can be off.
#![allow(clippy::unwrap_used, reason = "this is how a test fails")]

use proptest::prelude::*;
use simulator::random::Random;
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
