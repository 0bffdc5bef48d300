//! Fixed priorities against response-time analysis.
#![allow(clippy::unwrap_used, reason = "this is how a test fails")]

use proptest::prelude::*;
use simulator::analysis::fixed_priority::response_times;
use simulator::analysis::{Demand, is_overloaded};
use simulator::random::{HYPERPERIOD, Random, tasks};
use simulator::{Arrivals, Simulation, Task};

fn fixed(switch: u64) -> Simulation {
    Simulation { switch, ..Simulation::of("fixed-priority") }
}

fn demands(tasks: &[Task], switch: u64) -> Vec<Demand> {
    tasks.iter().map(|task| Demand::of(task).unwrap().with_switches(switch)).collect()
}

/// The same tasks with jobs that come as late as they like, and are as short as they like.
fn sporadic(random: &mut Random, tasks: &[Task]) -> Vec<Task> {
    let jobs = |random: &mut Random, task: &Task| {
        let Demand { period, cost, .. } = Demand::of(task).unwrap();
        let mut release = random.between(0, period);
        let mut next = || {
            let job = (release, random.between(1, cost));
            release += period + random.between(0, period / 2);
            job
        };
        (0..40).map(|_| next()).collect()
    };
    tasks.iter().map(|task| task.clone().with_arrivals(Arrivals::Listed(jobs(random, task)))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2_000, ..ProptestConfig::default() })]

    /// When all come at once, the first job of each takes exactly as long as the analysis says, and none ever longer.
    #[test]
    fn the_longest_response_is_what_the_analysis_says(seed: u64, count in 1usize..8, load in 0.3f64..1.1) {
        let tasks = tasks(&mut Random::new(seed), count, load);
        let trace = fixed(0).run(&tasks, 2 * HYPERPERIOD).unwrap();
        let responses = response_times(&demands(&tasks, 0));
        for (at, response) in responses.iter().enumerate() {
            match response {
                Some(_) => prop_assert_eq!(trace.longest_response(at), *response, "task {} of {:?}", at, tasks),
                None => prop_assert!(trace.late().any(|job| job.task == at), "task {} of {:?}", at, tasks),
            }
        }
        if is_overloaded(&demands(&tasks, 0)) {
            prop_assert!(trace.late().count() > 0);
        }
    }

    /// Whatever the analysis accepts is never late, whenever jobs come, and whatever a switch costs.
    #[test]
    fn what_the_analysis_accepts_is_never_late(seed: u64, count in 1usize..8, load in 0.2f64..1.0, switch in 0u64..4) {
        let mut random = Random::new(seed);
        let tasks = tasks(&mut random, count, load);
        let responses = response_times(&demands(&tasks, switch));
        let sporadic = sporadic(&mut random, &tasks);
        let trace = fixed(switch).run(&sporadic, 20_000).unwrap();
        for (at, response) in responses.iter().enumerate().filter_map(|(at, response)| Some((at, (*response)?))) {
            let longest = trace.longest_response(at).unwrap_or(0);
            prop_assert!(longest <= response, "task {}: {} > {} in {:?}", at, longest, response, sporadic);
        }
    }

    /// Tasks of one priority take turns, and none is later than if each of the others went first.
    #[test]
    fn equals_are_analysed_too(seed: u64, count in 2usize..6, load in 0.2f64..1.0, quantum in 1u64..30) {
        let mut tasks = tasks(&mut Random::new(seed), count, load);
        for task in &mut tasks {
            task.parameters.priority /= 2;
        }
        let trace = Simulation { quantum, ..fixed(0) }.run(&tasks, 2 * HYPERPERIOD).unwrap();
        for (at, response) in response_times(&demands(&tasks, 0)).iter().enumerate() {
            prop_assert!(response.is_none() || trace.longest_response(at) <= *response, "{:?}", tasks);
        }
    }
}

#[test]
fn most_sets_are_accepted_when_there_is_room_and_few_when_there_is_none() {
    let accepted = |load: f64| {
        let of = |seed| response_times(&demands(&tasks(&mut Random::new(seed), 5, load), 0));
        (0..500).filter(|seed| of(*seed).iter().all(Option::is_some)).count()
    };
    let (some, many) = (accepted(0.5), accepted(0.95));
    assert!(
        some > 450 && many < 150,
        "{some}, {many}: the sets are of the kind that makes the other tests mean something"
    );
}
