//! A scheduler, its clients, and what it is told of them.

use abi::plan::{Client, FIRST_CORE, HEADER_WORDS, Own, Parameters};
use abi::record::RecordKind;

use super::*;

const GRAPH: &str = r#"
[system]
description = "a test"
[[components]]
name = "booter"
constructor = "kernel"
[[components]]
name = "sched"
implements = [{ interface = "sched" }]
[[components]]
name = "files"
implements = [{ interface = "files" }]
deps = [{ srv = "sched", interface = "sched" }]
threads = [{ priority = 4 }]
[[components]]
name = "user"
deps = [{ srv = "files", interface = "files" }, { srv = "sched", interface = "sched" }]
priority = 3
threads = [{}, { priority = 31 }]
[[components]]
name = "free"
"#;

const SCHED: &str = "yield_now()->()\n";
const FILES: &str = "open()->()\n";

fn fixtures() -> [Fixture; 5] {
    [
        Fixture::empty(),
        Fixture::empty().export("sched", SCHED).record(RecordKind::Plan as u16, "", ""),
        Fixture::empty().export("files", FILES).import("sched", SCHED),
        Fixture::empty().import("files", FILES).import("sched", SCHED),
        Fixture::empty(),
    ]
}

fn composed() -> Composed {
    compose(GRAPH, &fixtures()).unwrap()
}

/// The words at the scheduler's address `at`.
fn words(composed: &Composed, at: u64, count: usize) -> Vec<u64> {
    let bytes = composed.bound.components[1].memory.bytes(at, 8 * count as u64).unwrap();
    bytes.chunks(8).map(|word| u64::from_le_bytes(word.try_into().unwrap())).collect()
}

fn plan(composed: &Composed) -> u64 {
    // The third record's word.
    words(composed, DEFAULT_BASE + word(2), 1)[0]
}

#[test]
fn the_bundle_says_who_schedules_whom() {
    let composed = composed();
    let bundle = Bundle::parse(&composed.bundle).unwrap();
    let schedulers: Vec<_> = bundle.components().map(|component| component.scheduler).collect();
    assert_eq!(schedulers, [0, 0, 1, 1, 0]);
}

#[test]
fn a_scheduler_holds_what_it_schedules() {
    let composed = composed();
    let room = composed.layout.components[1].scheduling.as_ref().unwrap();
    let grants = [
        (8, Grant::Receive(1)),
        (9, Grant::Thread(1)),
        (10, Grant::Component(2)),
        (11, Grant::Thread(2)),
        (12, Grant::Component(3)),
        (13, Grant::Thread(3)),
        // Free slots for three threads, and behind them what makes sure that they are there.
        (17, Grant::Table(1)),
        (0, Grant::Untyped { address: room.untyped, frames: 3 }),
    ];
    let grants = grants.map(|(slot, grant)| Capability { slot, grant });
    assert_eq!(composed.capabilities.components[1].capabilities, grants);
    assert_eq!(composed.capabilities.components[4].capabilities, []);
}

#[test]
fn the_plan_says_what_a_scheduler_needs_to_know() {
    let composed = composed();
    let room = composed.layout.components[1].scheduling.clone().unwrap();
    let plan = plan(&composed);
    assert_eq!(plan, room.plan);
    let reach = (HEADER_WORDS + 2 * Client::WORDS) as u64;
    let header = words(&composed, plan, HEADER_WORDS);
    let (first, own) = header.split_at(FIRST_CORE);
    let cores = FIRST_CORE as u64;
    assert_eq!(first, [17, 0, 14, room.untyped, 3, 2, 0, reach + 2, 1, reach, cores, 0, 0, reach + 2]);
    assert_eq!(own[..4], [8, 9, 0, 0]);
    assert!(own[4..].iter().all(|word| *word == 0), "it runs on one core");
    let client = |at: usize| words(&composed, plan + 8 * (HEADER_WORDS + at * Client::WORDS) as u64, Client::WORDS);
    let expected = [
        Client {
            token: 3,
            component: 10,
            thread: 11,
            thread_index: 2,
            start: DEFAULT_BASE + 0x10,
            first_created: 5,
            created: 1,
            time: 0,
            core: 0,
            created_cores: 0,
        },
        Client {
            token: 4,
            component: 12,
            thread: 13,
            thread_index: 3,
            start: DEFAULT_BASE + 0x10,
            first_created: 6,
            created: 2,
            time: 0,
            core: 0,
            created_cores: 0,
        },
    ];
    assert_eq!([0, 1].map(|at| Client::from_words(&client(at)).unwrap()), expected);
    let priorities = |at: usize| [0, 1, 2].map(|thread| client(at)[Client::PARAMETERS + thread * Parameters::WORDS]);
    assert_eq!([priorities(0), priorities(1)], [[16, 4, 0], [3, 3, 31]]);
    // Threads of both can come into the first; of the second, only its own run there.
    assert_eq!(words(&composed, plan + 8 * reach, 2), [0b11, 0b10]);
}

#[test]
fn the_plan_is_read_only_and_lies_clear_of_all_else() {
    let composed = composed();
    let bundle = Bundle::parse(&composed.bundle).unwrap();
    let sched = bundle.components().nth(1).unwrap();
    let plan = plan(&composed);
    let segment = bundle.segments(&sched).find(|segment| segment.address == plan).unwrap();
    assert_eq!(segment.rights, READ);
    let space = &composed.layout.components[1];
    let room = space.scheduling.as_ref().unwrap();
    let image_end = bundle.segments(&sched).filter(|s| s.address != plan).map(|s| s.address + s.memory_bytes).max();
    assert!(image_end.unwrap() < plan && plan + segment.memory_bytes < room.untyped);
    let first_stack = space.stacks.iter().map(|stack| stack.end - STACK_SPAN).min().unwrap();
    assert!(room.untyped + room.frames * PAGE <= first_stack);
}

#[test]
fn created_threads_have_stacks_wherever_they_can_come() {
    let composed = composed();
    let threads =
        |at: usize| -> Vec<u64> { composed.layout.components[at].stacks.iter().map(|stack| stack.thread).collect() };
    assert_eq!(threads(3), [3, 6, 7]);
    assert_eq!(threads(2), [2, 3, 5, 6, 7]);
    assert_eq!(threads(1), [1, 2, 3, 5, 6, 7]);
    assert_eq!(threads(4), [4]);
}

#[test]
fn the_report_says_who_schedules_whom_and_by_what() {
    let composed = composed();
    let text = report::render(&report_of(&composed));
    says(
        &text,
        &[
            "  scheduled by sched at priority 3\n",
            "  may create thread 6 at priority 3\n",
            "  may create thread 7 at priority 31\n",
            "KiB, stack of thread 7 (user)",
            "  slot 8: where the thread of sched receives [line ",
            "  slot 12: user, to create threads in [line ",
            "  slot 13: the thread of user [line ",
            "  slot 17: the capability table of sched [line ",
            "  untyped frames, named from 0x",
        ],
    );
    let json = serde_json::to_value(report_of(&composed)).unwrap();
    assert_eq!(json["components"][3]["scheduling"]["scheduler"], "sched");
    assert_eq!(json["components"][1]["capabilities"][4]["component"], "user");
}

#[test]
fn a_scheduler_without_clients_has_a_plan_that_says_so() {
    let [booter, sched, ..] = fixtures();
    let graph = GRAPH.split("[[components]]\nname = \"files\"").next().unwrap();
    let composed = compose(graph, &[booter, sched]).unwrap();
    assert_eq!(words(&composed, plan(&composed), HEADER_WORDS)[5], 0);
}

#[test]
fn who_serves_sched_is_a_scheduler() {
    let [booter, _, files, user, free] = fixtures();
    let complaints = compose(GRAPH, &[booter, Fixture::empty().export("sched", SCHED), files, user, free]).unwrap_err();
    says(&complaints, &["[E0709]", "`sched` serves `sched`, but its image is not a scheduler's", "runtime::plan!"]);
}

#[test]
fn there_are_only_so_many_threads() {
    let client = |at: usize| {
        format!(
            "[[components]]\nname = \"c{at}\"\ndeps = [{{ srv = \"sched\", interface = \"sched\" }}]\nthreads = [{}]\n",
            "{}, ".repeat(8)
        )
    };
    let graph = |clients: usize| {
        let start = GRAPH.split("[[components]]\nname = \"files\"").next().unwrap();
        let clients: String = (0..clients).map(client).collect();
        let source = Source { path: "test.toml".into(), text: format!("{start}{clients}") };
        judge(source, LoadOptions { graph_only: true }).map_err(|failure| failure.diagnostics.render(&failure.source))
    };
    // Two components, and nine threads for each client.
    assert!(graph(113).is_ok());
    says(&graph(114).unwrap_err(), &["[E0804]", "the graph has 1028 threads, more than the 1024 there can be"]);
}

#[test]
fn budgets_are_in_the_plan_with_the_time_to_fill_them() {
    let graph = GRAPH.replace("priority = 3\n", "priority = 3\nbudget = 300\nperiod = 1000\n");
    let graph = graph.replace("{ priority = 31 }", "{ priority = 31, budget = 50, period = 500 }");
    let composed = compose(&graph, &fixtures()).unwrap();
    let time = composed.capabilities.components[1].capabilities.iter().find(|held| held.grant == Grant::Time).unwrap();
    let plan = plan(&composed);
    let own = words(&composed, plan, HEADER_WORDS)[FIRST_CORE..].first_chunk().map(|words| Own::from_words(*words));
    assert_eq!(own.unwrap().time, time.slot);
    let room = composed.layout.components[1].scheduling.clone().unwrap();
    assert_eq!(room.frames, 5, "three threads, and two budgets");
    let client = |at: usize| words(&composed, plan + 8 * (HEADER_WORDS + at * Client::WORDS) as u64, Client::WORDS);
    let of = |at: usize, thread: usize| client(at)[Client::PARAMETERS + thread * Parameters::WORDS..][..6].to_vec();
    assert_eq!([of(0, 0), of(0, 1)], [[16, 1, 0, 0, 0, 0], [4, 1, 0, 0, 0, 0]]);
    assert_eq!(
        [of(1, 0), of(1, 1), of(1, 2)],
        [[3, 1, 0, 300, 1000, 1000], [3, 1, 0, 0, 0, 0], [31, 1, 0, 50, 500, 500]]
    );
}
