//! Both kinds of timers against a list that is searched.
#![allow(clippy::unwrap_used, reason = "this is how a test fails")]

use proptest::prelude::*;
use sched_sl::{HeapTimers, Instant, Timers, WheelTimers};

const PLACES: usize = 9;

#[derive(Clone, Debug)]
enum Operation {
    Set(usize, u64),
    Cancel(usize),
    Expire(u64),
}

/// Times near each other, far from each other, and at the end of time.
fn time() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => 0u64..30,
        2 => 60u64..70,
        2 => 4_090u64..4_200,
        1 => 0u64..1 << 40,
        1 => u64::MAX - 70..=u64::MAX,
    ]
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        4 => (0..PLACES, time()).prop_map(|(place, at)| Operation::Set(place, at)),
        1 => (0..PLACES).prop_map(Operation::Cancel),
        2 => time().prop_map(Operation::Expire),
    ]
}

/// Timers in the order in which they were set.
#[derive(Default)]
struct List(Vec<(usize, u64)>);

impl Timers<PLACES> for List {
    fn set(&mut self, place: usize, at: Instant) {
        self.cancel(place);
        self.0.push((place, at.0));
    }

    fn cancel(&mut self, place: usize) {
        self.0.retain(|timer| timer.0 != place);
    }

    fn next(&self) -> Option<Instant> {
        self.0.iter().map(|timer| Instant(timer.1)).min()
    }

    fn expire(&mut self, now: Instant) -> Option<(usize, Instant)> {
        let (place, at) = self.0.iter().copied().min_by_key(|timer| timer.1).filter(|timer| timer.1 <= now.0)?;
        self.cancel(place);
        Some((place, Instant(at)))
    }
}

fn apply(timers: &mut impl Timers<PLACES>, operation: &Operation) -> Option<(usize, Instant)> {
    match *operation {
        Operation::Set(place, at) => timers.set(place, Instant(at)),
        Operation::Cancel(place) => timers.cancel(place),
        Operation::Expire(now) => return timers.expire(Instant(now)),
    }
    None
}

/// Every answer is the list's.
fn agree(mut timers: impl Timers<PLACES>, operations: &[Operation]) {
    let mut list = List::default();
    for operation in operations {
        assert_eq!(apply(&mut timers, operation), apply(&mut list, operation), "{operation:?}");
        assert_eq!(timers.next(), list.next(), "after {operation:?}");
    }
    while let Some(place) = list.expire(Instant::NEVER) {
        assert_eq!(timers.expire(Instant::NEVER), Some(place));
    }
    assert_eq!((timers.next(), timers.expire(Instant::NEVER)), (None, None));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn the_heap_does_what_a_list_does(operations in prop::collection::vec(operation(), 0..200)) {
        agree(HeapTimers::new(), &operations);
    }

    #[test]
    fn the_wheels_do_what_a_list_does(operations in prop::collection::vec(operation(), 0..200)) {
        agree(WheelTimers::new(), &operations);
    }
}
