//! Schedulers below each other, and on several cores: what each holds, and is told.

use abi::bundle::{Bundle, Grant, Time};
use abi::plan::{Client, FIRST_CORE, HEADER_WORDS, Own};
use abi::record::RecordKind;

use super::{Composed, Fixture, compose};

const SCHED: &str = "block()->()\n";

const GRAPH: &str = r#"
[system]
description = "three levels, the upper two on two cores"
machine = { smp = 2 }
[[components]]
name = "booter"
constructor = "kernel"
[[components]]
name = "first"
implements = [{ interface = "sched" }]
cores = [0, 1]
[[components]]
name = "second"
implements = [{ interface = "sched" }]
cores = [0, 1]
budget = 500
period = 1000
deps = [{ srv = "first", interface = "sched" }]
[[components]]
name = "third"
implements = [{ interface = "sched" }]
deps = [{ srv = "second", interface = "sched" }]
[[components]]
name = "client"
cores = [1]
threads = [{ cores = [0] }, {}]
deps = [{ srv = "second", interface = "sched" }]
[[components]]
name = "leaf"
budget = 50
period = 1000
deps = [{ srv = "third", interface = "sched" }]
"#;

fn composed() -> Composed {
    let scheduler = || Fixture::empty().export("sched", SCHED).record(RecordKind::Plan as u16, "", "");
    // The fourth record is the optional import: it says its own word twice.
    let below = || {
        let own = crate::elf::fixture::word(3);
        scheduler().import("sched", SCHED).at(own, own)
    };
    let client = || Fixture::empty().import("sched", SCHED);
    compose(GRAPH, &[Fixture::empty(), below(), below(), below(), client(), client()]).unwrap()
}

/// What the component at `index` schedules with.
fn held(composed: &Composed, index: usize) -> Vec<(u64, Grant)> {
    composed.capabilities.components[index].scheduled().iter().map(|held| (held.slot, held.grant)).collect()
}

#[test]
fn a_scheduler_that_nobody_schedules_needs_no_scheduler() {
    assert!(composed().capabilities.components[1].invocations().is_empty());
}

#[test]
fn who_is_below_has_time_that_those_above_fill() {
    let composed = composed();
    let first = [
        (8, Grant::Receive(1)),
        (9, Grant::Thread(1)),
        (10, Grant::Time),
        (11, Grant::Send(1)),
        (12, Grant::Receive(6)),
        (13, Grant::Thread(6)),
        (14, Grant::Spend(6)),
        (15, Grant::Send(6)),
        (16, Grant::Component(2)),
        (17, Grant::Thread(2)),
        (18, Grant::Fill(2)),
        (19, Grant::Component(2)),
        (20, Grant::Thread(7)),
        (21, Grant::Fill(7)),
        (22, Grant::Table(1)),
    ];
    assert_eq!(held(&composed, 1), first);
    let spent = |index: usize| -> Vec<Grant> {
        let is_time = |grant: &Grant| matches!(grant, Grant::Time | Grant::Spend(_) | Grant::Fill(_));
        held(&composed, index).into_iter().map(|(_, grant)| grant).filter(is_time).collect()
    };
    assert_eq!(spent(2), [Grant::Spend(2), Grant::Spend(7)], "its own, on each core");
    assert_eq!(spent(3), [Grant::Spend(2)], "without a share, that of the one above");
    assert!(spent(4).is_empty() && spent(5).is_empty());
}

#[test]
fn the_bundle_says_where_further_threads_run_and_who_runs_them() {
    let composed = composed();
    let bundle = Bundle::parse(&composed.bundle).unwrap();
    let entries: Vec<_> =
        bundle.components().map(|entry| (entry.of, entry.core, entry.thread, entry.scheduler)).collect();
    assert_eq!(entries[..3], [(0, 0, 0, 0), (0, 0, 1, 0), (0, 0, 2, 1)]);
    assert_eq!(entries[6..], [(1, 1, 8, 0), (2, 1, 9, 1)]);
    let times: Vec<_> = bundle.components().map(|entry| entry.time).collect();
    use Time::{Endless, Given, None};
    assert_eq!(times, [None, None, Given, None, None, None, Endless, Given]);
    let stacks: Vec<_> = composed.layout.components[1].stacks.iter().map(|stack| stack.thread).collect();
    assert_eq!(stacks, [1, 2, 3, 4, 5, 6, 7, 8, 9], "all that come to it, and its own");
}

#[test]
fn the_plan_says_on_which_core_everybody_is() {
    let composed = composed();
    let room = composed.layout.components[2].scheduling.clone().unwrap();
    let count = HEADER_WORDS + 2 * Client::WORDS;
    let bytes = composed.bound.components[2].memory.bytes(room.plan, 8 * count as u64).unwrap();
    let words: Vec<_> = bytes.chunks(8).map(|word| u64::from_le_bytes(word.try_into().unwrap())).collect();
    assert_eq!((words[1], words[5], words[8]), (1, 2, 0b11), "it is scheduled, has two clients, and is on two cores");
    let own = |core: usize| Own::from_words(*words[FIRST_CORE + core * Own::WORDS..].first_chunk().unwrap());
    assert_eq!(own(0), Own { receive: 9, thread: 10, time: 11, send: 12 });
    assert_eq!(own(1), Own { receive: 13, thread: 14, time: 15, send: 16 });
    let client = |at: usize| Client::from_words(&words[HEADER_WORDS + at * Client::WORDS..]).unwrap();
    assert_eq!((client(0).thread_index, client(0).core, client(0).time), (3, 0, 11));
    assert_eq!((client(1).thread_index, client(1).core, client(1).time), (4, 1, 0));
    assert_eq!([0, 1].map(|at| client(1).created_core(at)), [0, 1]);
}

#[test]
fn the_report_shows_levels_and_cores() {
    let composed = composed();
    let text = crate::pass::report::render(&super::report_of(&composed));
    super::says(
        &text,
        &[
            "first, image `first`, thread 1, cores 0, 1",
            "  slot 18: the time of second, to fill",
            "  slot 21: the time of second on core 1, to fill",
            "  scheduled by second at priority 16",
            "  may create thread 6 at priority 16",
            "  may create thread 7 on core 1 at priority 16",
        ],
    );
}
