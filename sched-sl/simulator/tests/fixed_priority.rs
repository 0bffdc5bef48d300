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

/// Jobs that come whenever they like and are as long as they like, and some that end just before a period does.
fn unruly(random: &mut Random, period: u64) -> Arrivals {
    let mut release = random.between(0, period);
    let mut next = || {
        let job = (release, random.between(1, 2 * period));
        release += random.between(1, 3 * period);
        job
    };
    Arrivals::Listed((0..60).map(|_| next()).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2_000, ..ProptestConfig::default() })]

    /// Whatever those do that have a budget of the kernel's, in whichever part of their periods, and whenever jobs of the others come.
    #[test]
    fn what_the_analysis_accepts_is_never_late_beside_budgets(seed: u64, well in 1usize..5, ill in 1usize..4, load in 0.2f64..1.0) {
        let mut random = Random::new(seed);
        let tasks = tasks(&mut random, well + ill, load);
        let is_limited: Vec<bool> = (0..tasks.len()).map(|at| at < ill || random.between(0, 1) == 0).collect();
        let with_budget = |(demand, limited): (Demand, &bool)| demand.with_budget(if *limited { demand.cost } else { 0 });
        let demands: Vec<Demand> = demands(&tasks, 0).into_iter().zip(&is_limited).map(with_budget).collect();
        let mut all = sporadic(&mut random, &tasks);
        for (task, limited) in all.iter_mut().zip(&is_limited) {
            if !limited {
                task.parameters.budget = sched_sl::Duration(0);
            }
        }
        for task in all.iter_mut().take(ill) {
            task.arrivals = unruly(&mut random, task.parameters.period.0);
        }
        let trace = Simulation { limited: true, ..fixed(0) }.run(&all, 20_000).unwrap();
        for (at, response) in response_times(&demands).iter().enumerate().skip(ill) {
            let longest = trace.longest_response(at).unwrap_or(0);
            prop_assert!(response.is_none_or(|response| longest <= response), "task {}: {} > {:?} in {:?}", at, longest, response, all);
        }
    }
}

/// A budget at the end of a period and the next at the start of another hold up whoever comes between by both.
#[test]
fn a_budget_of_the_kernels_can_be_had_twice_with_nothing_between() {
    let early = Task::periodic(300, 1_000).with_arrivals(Arrivals::Listed(vec![(0, 1), (700, 600), (1_999, 1)]));
    let mut late = Task::periodic(500, 4_000).with_priority(1).with_arrivals(Arrivals::Listed(vec![(700, 500)]));
    late.parameters.budget = sched_sl::Duration(0);
    let trace = Simulation { limited: true, ..fixed(0) }.run(&[early, late], 4_000).unwrap();
    let demand = |cost, period, priority| Demand { cost, period, deadline: period, priority, budget: 0 };
    let analysed = response_times(&[demand(300, 1_000, 0).with_budget(300), demand(500, 4_000, 1)]);
    assert_eq!((trace.longest_response(1), analysed[1]), (Some(1_099), Some(1_100)));
    assert_eq!(trace.time_of(0, 700, 1_300), 599, "twice its budget, but for what it had before");
    assert_eq!(trace.time_of(0, 0, 1_000), 300, "and in no period more than its budget");
}

/// Who is held up for one job finds its budget used for that in the period of the next.
#[test]
fn who_has_a_budget_can_have_to_wait_for_it() {
    let jobs = |of: [(u64, u64); 3]| Arrivals::Listed(of.to_vec());
    let before = Task::periodic(200, 1_100).with_arrivals(jobs([(5_000, 200), (6_100, 200), (7_200, 200)]));
    let own = Task::periodic(300, 1_000).with_arrivals(jobs([(5_000, 300), (6_000, 300), (7_000, 300)]));
    let trace = Simulation { limited: true, ..fixed(0) }.run(&[before, own.with_priority(1)], 8_000).unwrap();
    let demand = |cost, period, priority| Demand { cost, period, deadline: period, priority, budget: 0 };
    let (before, own) = (demand(200, 1_100, 0), demand(300, 1_000, 1));
    assert_eq!(response_times(&[before, own])[1], Some(500), "without a budget");
    assert_eq!((trace.longest_response(1), response_times(&[before, own.with_budget(300)])[1]), (Some(700), Some(700)));
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
