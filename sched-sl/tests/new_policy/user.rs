//! Chooses the new policy by its name, as whatever reads a graph does.

use sched_sl::policy::any::{KEYS, NAMES};
use sched_sl::{AnyPolicy, Decision, Duration, HeapTimers, Instant, Parameters, Scheduler};

fn main() {
    let number = NAMES.iter().position(|name| *name == "lowest-place").unwrap();
    assert_eq!((number, NAMES.len(), KEYS[number].len()), (4, 5, 0));
    let mut policy = AnyPolicy::<4>::new(Duration(1));
    policy.change_to(NAMES[number], Duration(1)).unwrap();
    let mut threads = Scheduler::<_, _, _, 4>::new(policy, HeapTimers::new(), HeapTimers::new());
    let ids = [20, 10].map(|priority| threads.create(priority, Parameters::with_priority(priority)).unwrap());
    for (at, expected) in [20, 10].into_iter().enumerate() {
        let Ok(Decision::Run { name, .. }) = threads.decide(Instant(1)) else { panic!("somebody is ready") };
        assert_eq!(name, expected, "by places, and not by priorities");
        threads.exit(ids[at]).unwrap();
    }
    println!("chosen");
}
