//! Which kind of timers a scheduler has makes no difference to anybody.
#![allow(clippy::unwrap_used, reason = "this is how a test fails")]

use proptest::prelude::*;
use sched_sl::policy::any::NAMES;
use sched_sl::{HeapTimers, WheelTimers};
use simulator::Simulation;
use simulator::random::{HYPERPERIOD, Random, tasks};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_heap_and_wheels_lead_to_the_same(seed: u64, count in 1usize..10, load in 0.3f64..1.2, switch in 0u64..3) {
        let mut tasks = tasks(&mut Random::new(seed), count, load);
        for (at, task) in tasks.iter_mut().enumerate() {
            task.parameters.partition = Some((at % 2) as u8);
        }
        for policy in NAMES {
            let slots = if policy == "time-partitions" { vec![(Some(0), 20), (None, 5), (Some(1), 30)] } else { vec![] };
            let simulation = Simulation { slots, switch, quantum: 7, ..Simulation::of(policy) };
            let heap = simulation.run_with(HeapTimers::new, &tasks, 2 * HYPERPERIOD).unwrap();
            let wheels = simulation.run_with(WheelTimers::new, &tasks, 2 * HYPERPERIOD).unwrap();
            prop_assert_eq!(heap, wheels, "{}", policy);
        }
    }
}
