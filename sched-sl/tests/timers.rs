//! The heap of timers against a list that is searched.
#![allow(clippy::unwrap_used, reason = "this is how a test fails")]

use proptest::prelude::*;
use sched_sl::{HeapTimers, Instant, Timers};

const PLACES: usize = 9;

#[derive(Clone, Debug)]
enum Operation {
    Set(usize, u64),
    Cancel(usize),
    Expire(u64),
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        4 => (0..PLACES, 0u64..30).prop_map(|(place, at)| Operation::Set(place, at)),
        1 => (0..PLACES).prop_map(Operation::Cancel),
        2 => (0u64..30).prop_map(Operation::Expire),
    ]
}

fn apply(heap: &mut HeapTimers<PLACES>, list: &mut Vec<(usize, u64)>, operation: &Operation) {
    match *operation {
        Operation::Set(place, at) => {
            heap.set(place, Instant(at));
            list.retain(|timer| timer.0 != place);
            list.push((place, at));
        }
        Operation::Cancel(place) => {
            heap.cancel(place);
            list.retain(|timer| timer.0 != place);
        }
        Operation::Expire(now) => {
            let first = list.iter().copied().min_by_key(|timer| timer.1).filter(|timer| timer.1 <= now);
            list.retain(|timer| Some(*timer) != first);
            assert_eq!(heap.expire(Instant(now)), first.map(|timer| timer.0));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_heap_does_what_a_list_does(operations in prop::collection::vec(operation(), 0..200)) {
        let (mut heap, mut list) = (HeapTimers::new(), Vec::new());
        for operation in &operations {
            apply(&mut heap, &mut list, operation);
            let next = list.iter().map(|timer| Instant(timer.1)).min();
            prop_assert_eq!(heap.next(), next);
        }
    }
}
