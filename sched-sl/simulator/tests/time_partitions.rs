//! Time partitions: nobody runs in another's slot, and what the analysis of supply accepts is never late.
#![allow(clippy::unwrap_used, reason = "this is how a test fails")]

use proptest::prelude::*;
use simulator::analysis::Demand;
use simulator::analysis::partitions::response_times;
use simulator::analysis::periodic_resource::{self, Share};
use simulator::random::{Random, tasks};
use simulator::{Refused, Simulation, Span, Task, Trace};

type Slots = Vec<(Option<u8>, u64)>;

fn partitions(slots: &Slots) -> Simulation {
    Simulation { slots: slots.clone(), quantum: 10, ..Simulation::of("time-partitions") }
}

fn slots(random: &mut Random) -> Slots {
    let slot = |random: &mut Random| (Some(random.between(0, 3) as u8).filter(|it| *it < 3), random.between(1, 30));
    (0..random.between(1, 6)).map(|_| slot(random)).collect()
}

/// Whose slot it is.
fn owner(slots: &Slots, at: u64) -> Option<u8> {
    let mut left = at % slots.iter().map(|slot| slot.1).sum::<u64>();
    let slot = slots.iter().find(|slot| {
        let is_here = left < slot.1;
        left = left.saturating_sub(slot.1);
        is_here
    });
    slot.unwrap().0
}

fn who(trace: &Trace, at: u64) -> Option<usize> {
    trace.spans.iter().find(|span| span.from <= at && at < span.to).and_then(|span| span.task)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn nobody_runs_in_the_slot_of_another(seed: u64, count in 1usize..8) {
        let mut random = Random::new(seed);
        let slots = slots(&mut random);
        let of = |task: Task, random: &mut Random| task.in_partition(random.between(0, 2) as u8);
        let tasks: Vec<Task> = tasks(&mut random, count, 0.9).into_iter().map(|task| of(task, &mut random)).collect();
        let trace = partitions(&slots).run(&tasks, 2_000).unwrap();
        for at in 0..2_000 {
            if let Some(task) = who(&trace, at) {
                prop_assert_eq!(tasks[task].parameters.partition, owner(&slots, at), "at {}", at);
            }
        }
    }

    /// Other partitions can ask for whatever they like: not a tick changes.
    #[test]
    fn a_partition_runs_as_if_it_were_alone(seed: u64, count in 1usize..5, others in 1usize..5) {
        let mut random = Random::new(seed);
        let slots = slots(&mut random);
        let own: Vec<Task> = tasks(&mut random, count, 0.7).into_iter().map(|task| task.in_partition(0)).collect();
        let mut all = own.clone();
        all.extend(tasks(&mut random, others, 1.5).into_iter().map(|task| task.in_partition(1)));
        let of = |trace: Trace| -> Vec<Span> {
            trace.spans.into_iter().filter(|span| span.task.is_some_and(|task| task < count)).collect()
        };
        let alone = of(partitions(&slots).run(&own, 2_000).unwrap());
        prop_assert_eq!(alone, of(partitions(&slots).run(&all, 2_000).unwrap()));
    }

    #[test]
    fn what_the_analysis_accepts_is_never_late_in_partitions(seed: u64, count in 1usize..5, load in 0.05f64..0.6, offset in 0u64..100) {
        let mut random = Random::new(seed);
        let slots = slots(&mut random);
        let mut tasks: Vec<Task> = tasks(&mut random, count, load).into_iter().map(|task| task.in_partition(0)).collect();
        let demands: Vec<Demand> = tasks.iter().map(|task| Demand::of(task).unwrap()).collect();
        for task in &mut tasks {
            if let simulator::Arrivals::Periodic { offset: first, .. } = &mut task.arrivals {
                *first = offset;
            }
        }
        let trace = partitions(&slots).run(&tasks, 10_000).unwrap();
        for (at, response) in response_times(&demands, &slots, 0).iter().enumerate() {
            prop_assert!(response.is_none() || trace.longest_response(at) <= *response, "{:?} {:?}", slots, tasks);
        }
    }
}

/// A cycle of so many periods, each of which has the whole budget for the first partition somewhere.
fn slots_of(random: &mut Random, share: Share) -> Slots {
    let in_a_period = |random: &mut Random| {
        let (rest, first) = (share.period - share.budget, random.between(0, share.budget));
        let [from, to] = [random.between(0, rest), random.between(0, rest)];
        let (before, between) = (from.min(to), from.max(to) - from.min(to));
        let pieces = [(1, before), (0, first), (1, between), (0, share.budget - first), (1, rest - before - between)];
        pieces.map(|(whose, length)| (Some(whose), length))
    };
    let periods = (0..6).flat_map(|_| in_a_period(random));
    periods.filter(|(_, length)| *length > 0).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1_000, ..ProptestConfig::default() })]

    /// Whenever in each period the share is there, and whenever jobs come.
    #[test]
    fn what_the_analysis_accepts_is_never_late_on_a_share(seed: u64, count in 1usize..5, load in 0.05f64..0.6, offset in 0u64..100) {
        let mut random = Random::new(seed);
        let period = random.between(2, 40);
        let share = Share { budget: random.between(1, period), period };
        let slots = slots_of(&mut random, share);
        let mut tasks: Vec<Task> = tasks(&mut random, count, load).into_iter().map(|task| task.in_partition(0)).collect();
        let demands: Vec<Demand> = tasks.iter().map(|task| Demand::of(task).unwrap()).collect();
        for task in &mut tasks {
            if let simulator::Arrivals::Periodic { offset: first, .. } = &mut task.arrivals {
                *first = offset;
            }
        }
        let trace = partitions(&slots).run(&tasks, 10_000).unwrap();
        for (at, response) in periodic_resource::response_times(&demands, share).iter().enumerate() {
            prop_assert!(response.is_none() || trace.longest_response(at) <= *response, "{:?} {:?} {:?}", share, slots, tasks);
        }
    }
}

#[test]
fn the_worst_that_a_share_can_be_is_what_the_analysis_says() {
    let slots = vec![(Some(0), 30), (Some(1), 140), (Some(0), 30)];
    let share = Share { budget: 30, period: 100 };
    let task = Task::periodic(25, 200).in_partition(0).with_arrivals(simulator::Arrivals::Listed(vec![(30, 25)]));
    let demand = Demand { cost: 25, period: 200, deadline: 200, priority: 0, budget: 0 };
    let trace = partitions(&slots).run(&[task], 200).unwrap();
    let analysed = periodic_resource::response_times(&[demand], share);
    assert_eq!((trace.longest_response(0), analysed[0]), (Some(140 + 25), Some(140 + 25)));
}

#[test]
fn the_analysis_is_exact_for_a_job_that_just_misses_its_slot() {
    let slots = vec![(Some(0), 10), (Some(1), 30)];
    let demand = Demand { cost: 12, period: 200, deadline: 200, priority: 0, budget: 0 };
    assert_eq!(response_times(&[demand], &slots, 0), [Some(30 + 10 + 30 + 2)]);
}

#[test]
fn a_slot_in_which_nobody_runs_does_not_wake_the_processor() {
    let slots = vec![(Some(0), 10), (Some(1), 10), (Some(2), 10)];
    let task = Task::periodic(1, 1_000).in_partition(1);
    let trace = partitions(&slots).run(&[task], 1_000).unwrap();
    assert_eq!(
        trace.spans.iter().map(|span| (span.task, span.to)).collect::<Vec<_>>(),
        [(None, 10), (Some(0), 11), (None, 1_000)]
    );
}

#[test]
fn who_belongs_nowhere_is_refused_and_so_is_a_slot_of_nothing() {
    let slots = vec![(Some(0), 10)];
    assert_eq!(partitions(&slots).run(&[Task::periodic(1, 10)], 1), Err(Refused::BadTask(0)));
    assert_eq!(partitions(&slots).run(&[Task::periodic(1, 10).in_partition(8)], 1), Err(Refused::BadTask(0)));
    assert_eq!(partitions(&vec![(None, 1), (Some(0), 0)]).run(&[], 1), Err(Refused::BadSlot(1)));
    assert_eq!(partitions(&vec![(Some(8), 1)]).run(&[], 1), Err(Refused::BadSlot(0)));
}
