//! What `diff` says: of each key that gives a component more or less, and nothing of a graph beside itself.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test, its helpers too, may panic")]

use std::path::{Path, PathBuf};

use composer::command::diff::{Change, Difference};
use composer::diagnostic::Source;
use composer::graph::Graph;
use composer::keys::{KEYS, Place};
use composer::{LoadOptions, judge, load};

use Place::{
    AddressSpace, Component, Constant, Dependency, Device, Expect, Fault, File, Implements, Machine, Parameter,
    Personality, Slot, System, Thread,
};

const GRAPH: &str = r#"
[system]
description = "a graph to be changed"
machine = { smp = 4, memory = "256MiB" }
[[address_spaces]]
name = "house"
components = ["filter"]
[[address_spaces]]
name = "room"
components = ["lodger"]
[[components]]
name = "booter"
constructor = "kernel"
[[components]]
name = "memory"
implements = [{ interface = "memory" }]
[[components]]
name = "sched"
implements = [{ interface = "sched" }]
cores = [0, 1]
[[components]]
name = "second"
img = "sched"
implements = [{ interface = "sched" }]
[[components]]
name = "plain"
deps = [{ srv = "second", interface = "sched" }]
[[components]]
name = "slotted"
img = "sched"
implements = [{ interface = "sched" }]
policy = "time-partitions"
slots = [{ partition = "a", length = 300 }, { partition = "b", length = 700 }]
[[components]]
name = "shares"
img = "sched"
implements = [{ interface = "sched" }]
policy = "proportional-share"
[[components]]
name = "server"
implements = [{ interface = "files", variant = "flat" }, { interface = "files", variant = "deep" }, { interface = "fault", variant = "mild" }, { interface = "fault", variant = "strict" }]
deps = [{ srv = "memory", interface = "memory" }, { srv = "sched", interface = "sched" }]
threads = [{}, {}]
devices = [{ name = "serial", ports = 0x3f8, count = 8 }, { name = "clock", interrupt = 4 }, { name = "card", memory = "0xfea0_0000", bytes = "8KiB" }]
[[components]]
name = "filter"
implements = [{ interface = "files", variant = "flat" }]
deps = [{ srv = "server", interface = "files", variant = "flat", trust = "none" }]
[[components]]
name = "lodger"
img = "filter"
[[components]]
name = "maker"
implements = [{ interface = "capabilities" }]
deps = [{ srv = "memory", interface = "memory" }]
[[components]]
name = "supervisor"
implements = [{ interface = "fault" }]
deps = [{ srv = "maker", interface = "capabilities" }]
[[components]]
name = "made"
constructor = "maker"
fault = { handler = "supervisor", policy = "recreate", limit = 3, backoff = 100 }
deps = [{ srv = "memory", interface = "memory" }]
memory = "64KiB"
[[components]]
name = "client"
stack = "16KiB"
cores = [0]
deps = [
    { srv = "sched", interface = "sched" },
    { srv = "memory", interface = "memory" },
    { srv = "server", interface = "files", variant = "flat", methods = ["open", "read"] },
]
fault = { handler = "server", variant = "mild" }
memory = "32KiB"
priority = 9
budget = 300
period = 1000
threads = [{ priority = 8, budget = 30, period = 1000, cores = [0] }, { priority = 8 }]
[[components]]
name = "foreign"
personality = { handler = "server", variant = "mild" }
[[components]]
name = "timely"
deps = [{ srv = "slotted", interface = "sched" }]
partition = "a"
threads = [{ partition = "a", cost = 10, period = 2000, deadline = 1500 }]
cost = 100
period = 2000
deadline = 1800
[[components]]
name = "weighty"
deps = [{ srv = "shares", interface = "sched" }]
weight = 3
threads = [{ weight = 3 }]
"#;

/// A key, what stands in the graph and what is to stand there, and what is said of that.
#[rustfmt::skip]
const TOLD: &[(Place, &str, &str, &str, &[&str])] = &[
    (File, "components", "[[components]]\nname = \"foreign\"\npersonality = { handler = \"server\", variant = \"mild\" }\n", "", &[
        "- booter makes and ends `foreign`",
        "- server handles the system calls of `foreign`",
        "- foreign has its system calls served by `server.mild`",
        "- foreign is made of the image: foreign",
        "- foreign has stacks, each: 16KiB",
        "- foreign runs its own thread on core 0",
    ]),
    (File, "address_spaces", "[[components]]\nname = \"booter\"", "[[address_spaces]]\nname = \"flat\"\ncomponents = [\"timely\", \"weighty\"]\n[[components]]\nname = \"booter\"", &[
        "+ timely reads and writes the memory of `weighty`",
        "+ weighty reads and writes the memory of `timely`",
    ]),
    (Machine, "smp", "smp = 4", "smp = 2", &["- the machine has processors: 4 instead of 2"]),
    (Machine, "memory", "memory = \"256MiB\"", "memory = \"512MiB\"", &["+ the machine has memory: 512MiB instead of 256MiB"]),
    (Component, "img", "img = \"filter\"", "img = \"other\"", &["~ lodger is made of the image: other instead of filter"]),
    (Component, "constructor", "constructor = \"maker\"\nfault = { handler = \"supervisor\", policy = \"recreate\", limit = 3, backoff = 100 }\n", "", &[
        "+ booter makes and ends `made`",
        "- maker makes and ends `made`",
        "- maker hands `memory` the page table of `made`",
        "- supervisor handles the faults of `made`",
        "- made has its faults handled by `supervisor`: it is made anew, 3 times, after 100 microseconds at first",
    ]),
    (Component, "deps", "deps = [{ srv = \"slotted\", interface = \"sched\" }]", "deps = [{ srv = \"slotted\", interface = \"sched\" }, { srv = \"server\", interface = \"files\", variant = \"flat\" }]", &["+ timely calls `server` by `files.flat`"]),
    (Component, "devices", ", { name = \"clock\", interrupt = 4 }", "", &["- server drives `clock`: interrupt line 4"]),
    (Component, "stack", "stack = \"16KiB\"", "stack = \"8KiB\"", &["- client has stacks, each: 16KiB instead of 8KiB"]),
    (Component, "priority", "priority = 9", "priority = 1", &["+ client has its own thread at priority: 1 instead of 9"]),
    (Component, "fault", "fault = { handler = \"server\", variant = \"mild\" }\n", "", &[
        "- server handles the faults of `client`",
        "- client has its faults handled by `server.mild`: as the handler likes",
    ]),
    (Component, "personality", "personality = { handler = \"server\", variant = \"mild\" }\n", "", &[
        "- server handles the system calls of `foreign`",
        "- foreign has its system calls served by `server.mild`",
    ]),
    (Component, "weight", "weight = 3\nthreads", "weight = 2\nthreads", &["- weighty has its own thread at weight: 3 instead of 2"]),
    (Component, "partition", "partition = \"a\"\nthreads", "partition = \"b\"\nthreads", &["~ timely has its own thread in the partition: b instead of a"]),
    (Component, "budget", "budget = 300\nperiod = 1000\n", "", &["+ client runs its own thread on core 0: no limit instead of 300 of 1000 microseconds"]),
    (Component, "period", "budget = 300\nperiod = 1000\n", "budget = 600\nperiod = 2000\n", &["~ client runs its own thread on core 0: 600 of 2000 microseconds instead of 300 of 1000 microseconds"]),
    (Component, "deadline", "deadline = 1800", "deadline = 1900", &["- timely has the work of its own thread due after: 1800 microseconds instead of 1900 microseconds"]),
    (Component, "policy", "name = \"second\"\n", "name = \"second\"\npolicy = \"earliest-deadline\"\n", &[
        "- plain has its own thread at priority: 16",
        "~ second decides who runs: earliest-deadline instead of fixed-priority",
    ]),
    (Component, "slots", "{ partition = \"b\", length = 700 }", "{ partition = \"b\", length = 700 }, { length = 50 }", &["~ slotted decides who runs: time-partitions, a 300, b 700, nobody 50 instead of time-partitions, a 300, b 700"]),
    (Component, "threads", ", { priority = 8 }]", "]", &[
        "- client runs its thread 2 on core 0",
        "- client has its thread 2 at priority: 8",
    ]),
    (Component, "memory", "memory = \"64KiB\"", "memory = \"128KiB\"", &["+ made has memory at run time: 128KiB instead of 64KiB"]),
    (Component, "cores", "cores = [0]\ndeps", "cores = [1]\ndeps", &[
        "+ client runs its own thread on core 1: 300 of 1000 microseconds",
        "+ client runs its thread 2 on core 1",
        "- client runs its own thread on core 0: 300 of 1000 microseconds",
        "- client runs its thread 2 on core 0",
    ]),
    (Dependency, "srv", "{ srv = \"server\", interface = \"files\", variant = \"flat\", methods = [\"open\", \"read\"] }", "{ srv = \"filter\", interface = \"files\", methods = [\"open\", \"read\"] }", &[
        "+ client calls `filter` by `files`: open, read",
        "- client calls `server` by `files.flat`: open, read",
    ]),
    (Dependency, "interface", "deps = [{ srv = \"server\", interface = \"files\", variant = \"flat\", trust = \"none\" }]", "deps = [{ srv = \"server\", interface = \"fault\", variant = \"mild\", trust = \"none\" }]", &[
        "+ filter calls `server` by `fault.mild`",
        "- filter calls `server` by `files.flat`",
    ]),
    (Dependency, "variant", "{ srv = \"server\", interface = \"files\", variant = \"flat\", methods", "{ srv = \"server\", interface = \"files\", variant = \"deep\", methods", &[
        "+ client calls `server` by `files.deep`: open, read",
        "- client calls `server` by `files.flat`: open, read",
    ]),
    (Dependency, "methods", ", methods = [\"open\", \"read\"]", "", &["+ client calls `server` by `files.flat`: all methods but open, read"]),
    (Dependency, "methods", "methods = [\"open\", \"read\"]", "methods = [\"open\"]", &["- client calls `server` by `files.flat`: read"]),
    (Dependency, "trust", "trust = \"none\"", "trust = \"server\"", &["+ server sees what `filter` leaves in registers"]),
    (Dependency, "trust", "trust = \"none\"", "trust = \"client\"", &["+ filter sees what `server` leaves in registers"]),
    (Dependency, "regions", "methods = [\"open\", \"read\"] }", "methods = [\"open\", \"read\"], regions = \"client\" }", &[
        "+ server maps what `client` gives it",
        "+ client gives memory to `server`",
    ]),
    (Dependency, "via", "methods = [\"open\", \"read\"] }", "methods = [\"open\", \"read\"], via = \"page\" }", &[
        "+ sched has `server` serve the page of `client` for `files`",
        "+ client shares a page with `server` for `files`",
    ]),
    (Dependency, "core", "methods = [\"open\", \"read\"] }", "methods = [\"open\", \"read\"], via = \"page\", core = 0 }", &[
        "+ sched has `server` serve the page of `client` for `files`",
        "+ client shares a page with `server` for `files`",
        "+ client has its page with `server` for `files` served on a core of its own: core 0",
    ]),
    (Dependency, "workers", "methods = [\"open\", \"read\"] }", "methods = [\"open\", \"read\"], via = \"page\", workers = 2 }", &[
        "+ sched has `server` serve the page of `client` for `files`",
        "+ client shares a page with `server` for `files`",
        "+ client has threads of `server` to itself for its calls of `files` that block: 2",
    ]),
    (Dependency, "interposers", "methods = [\"open\", \"read\"] }", "methods = [\"open\", \"read\"], interposers = [\"filter\"] }", &[
        "+ client calls `filter` by `files.flat`, on the way to `server`: open, read",
        "- client calls `server` by `files.flat`: open, read",
    ]),
    (Device, "name", "name = \"card\"", "name = \"cards\"", &[
        "+ server drives `cards`: registers: 0xfea00000-0xfea01fff",
        "- server drives `card`: registers: 0xfea00000-0xfea01fff",
    ]),
    (Device, "ports", "ports = 0x3f8", "ports = 0x3f0", &[
        "+ server drives `serial`: I/O ports: 0x3f0-0x3f7 instead of 0x3f8-0x3ff",
        "- server drives `serial`: I/O ports: 0x3f8-0x3ff instead of 0x3f0-0x3f7",
    ]),
    (Device, "count", "count = 8", "count = 4", &["- server drives `serial`: I/O ports: 0x3f8-0x3ff instead of 0x3f8-0x3fb"]),
    (Device, "interrupt", "interrupt = 4", "interrupt = 5", &[
        "+ server drives `clock`: interrupt line 5",
        "- server drives `clock`: interrupt line 4",
    ]),
    (Device, "memory", "memory = \"0xfea0_0000\"", "memory = \"0xfeb0_0000\"", &[
        "+ server drives `card`: registers: 0xfeb00000-0xfeb01fff instead of 0xfea00000-0xfea01fff",
        "- server drives `card`: registers: 0xfea00000-0xfea01fff instead of 0xfeb00000-0xfeb01fff",
    ]),
    (Device, "bytes", "bytes = \"8KiB\"", "bytes = \"4KiB\"", &["- server drives `card`: registers: 0xfea00000-0xfea01fff instead of 0xfea00000-0xfea00fff"]),
    (Thread, "priority", "{ priority = 8, budget", "{ priority = 7, budget", &["+ client has its thread 1 at priority: 7 instead of 8"]),
    (Thread, "weight", "[{ weight = 3 }]", "[{ weight = 4 }]", &["+ weighty has its thread 1 at weight: 4 instead of 3"]),
    (Thread, "partition", "{ partition = \"a\", cost", "{ partition = \"b\", cost", &["~ timely has its thread 1 in the partition: b instead of a"]),
    (Thread, "budget", "budget = 30,", "budget = 40,", &["+ client runs its thread 1 on core 0: 40 of 1000 microseconds instead of 30 of 1000 microseconds"]),
    (Thread, "period", "budget = 30, period = 1000", "budget = 30, period = 3000", &["- client runs its thread 1 on core 0: 30 of 1000 microseconds instead of 30 of 3000 microseconds"]),
    (Thread, "deadline", "deadline = 1500", "deadline = 1400", &["+ timely has the work of its thread 1 due after: 1400 microseconds instead of 1500 microseconds"]),
    (Thread, "cores", "cores = [0] }", "cores = [1] }", &[
        "+ client runs its thread 1 on core 1: 30 of 1000 microseconds",
        "- client runs its thread 1 on core 0: 30 of 1000 microseconds",
    ]),
    (Slot, "partition", "{ partition = \"b\", length = 700 }", "{ length = 700 }", &["~ slotted decides who runs: time-partitions, a 300, nobody 700 instead of time-partitions, a 300, b 700"]),
    (Slot, "length", "length = 300", "length = 400", &["~ slotted decides who runs: time-partitions, a 400, b 700 instead of time-partitions, a 300, b 700"]),
    (Fault, "handler", "fault = { handler = \"server\", variant = \"mild\" }", "fault = { handler = \"supervisor\" }", &[
        "+ supervisor handles the faults of `client`",
        "+ client has its faults handled by `supervisor`: as the handler likes",
        "- server handles the faults of `client`",
        "- client has its faults handled by `server.mild`: as the handler likes",
    ]),
    (Fault, "variant", "fault = { handler = \"server\", variant = \"mild\"", "fault = { handler = \"server\", variant = \"strict\"", &[
        "+ client has its faults handled by `server.strict`: as the handler likes",
        "- client has its faults handled by `server.mild`: as the handler likes",
    ]),
    (Fault, "policy", "policy = \"recreate\", limit = 3, backoff = 100", "policy = \"end\"", &["~ made has its faults handled by `supervisor`: it ends instead of it is made anew, 3 times, after 100 microseconds at first"]),
    (Fault, "limit", "limit = 3", "limit = 4", &["~ made has its faults handled by `supervisor`: it is made anew, 4 times, after 100 microseconds at first instead of it is made anew, 3 times, after 100 microseconds at first"]),
    (Fault, "backoff", "backoff = 100", "backoff = 200", &["~ made has its faults handled by `supervisor`: it is made anew, 3 times, after 200 microseconds at first instead of it is made anew, 3 times, after 100 microseconds at first"]),
    (Personality, "handler", "personality = { handler = \"server\", variant = \"mild\" }", "personality = { handler = \"supervisor\" }", &[
        "+ supervisor handles the system calls of `foreign`",
        "+ foreign has its system calls served by `supervisor`",
        "- server handles the system calls of `foreign`",
        "- foreign has its system calls served by `server.mild`",
    ]),
    (Personality, "variant", "personality = { handler = \"server\", variant = \"mild\" }", "personality = { handler = \"server\", variant = \"strict\" }", &[
        "+ foreign has its system calls served by `server.strict`",
        "- foreign has its system calls served by `server.mild`",
    ]),
    (AddressSpace, "components", "components = [\"lodger\"]", "components = [\"lodger\", \"timely\"]", &[
        "+ lodger reads and writes the memory of `timely`",
        "+ timely reads and writes the memory of `lodger`",
    ]),
    (AddressSpace, "parent", "components = [\"lodger\"]", "components = [\"lodger\"]\nparent = \"house\"", &["+ lodger reads and writes the memory of `filter`"]),
];

/// Keys of which nothing is said, and why.
#[rustfmt::skip]
const UNTOLD: &[(&str, &[(Place, &str)])] = &[
    ("of the system's description, and of how a run of it is judged, nobody gets anything", &[(File, "system"), (System, "description"), (System, "format"), (System, "expect"), (System, "machine"), (Expect, "output"), (Expect, "status"), (Expect, "faults"), (Machine, "timeout"), (Machine, "icount")]),
    ("they stand for other components and keys, of which something is said", &[(File, "templates"), (Component, "template"), (Component, "count")]),
    ("another name is another component", &[(Component, "name"), (AddressSpace, "name")]),
    ("who serves may do no more for it; who calls may", &[(Component, "implements"), (Implements, "interface"), (Implements, "variant")]),
    ("they tell a component something, and give it nothing", &[(Component, "params"), (Component, "constants"), (Component, "initfs"), (Parameter, "key"), (Parameter, "value"), (Parameter, "at"), (Constant, "variable"), (Constant, "value"), (Dependency, "import")]),
    ("they say where something lies, or what a check is to take for granted", &[(Component, "baseaddr"), (Component, "stack_check"), (Component, "recursion"), (Component, "cost"), (Thread, "cost")]),
];

fn graph(text: &str) -> Graph {
    let source = Source { path: "graph.toml".into(), text: text.into() };
    let judged = judge(source, LoadOptions { graph_only: true });
    judged.unwrap_or_else(|failure| panic!("{}", failure.diagnostics.render(&failure.source))).graph
}

fn said(change: &Change) -> Vec<String> {
    let lines = |sign: &'static str, lines: &[Difference]| -> Vec<String> {
        lines.iter().map(|line| format!("{sign} {line}")).collect()
    };
    [lines("+", &change.gained), lines("-", &change.lost), lines("~", &change.changed)].concat()
}

fn mirrored(line: &str) -> String {
    line.replacen(['+', '-'], if line.starts_with('+') { "-" } else { "+" }, 1)
}

#[test]
fn each_key_that_gives_more_or_less_is_told() {
    let before = graph(GRAPH);
    let mut wrong = Vec::new();
    for (place, key, from, to, expected) in TOLD {
        assert!(GRAPH.contains(from), "{from}");
        let after = graph(&GRAPH.replacen(from, to, 1));
        let now = said(&Change::between(&before, &after));
        if now != *expected {
            wrong.push(format!("{place:?} {key}: {now:#?}"));
        }
        let back = Change::between(&after, &before);
        let gained: Vec<_> = back.gained.iter().map(|line| mirrored(&format!("+ {line}"))).collect();
        let lost: Vec<_> = back.lost.iter().map(|line| mirrored(&format!("- {line}"))).collect();
        let there: Vec<_> = now.iter().filter(|line| !line.starts_with('~')).cloned().collect();
        assert_eq!([lost, gained].concat(), there, "{place:?} {key}: the way back is the reverse");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_key_is_told_or_has_a_reason() {
    let told = TOLD.iter().map(|(place, key, ..)| (*place, *key));
    let untold = UNTOLD.iter().flat_map(|(_, keys)| keys.iter().copied());
    let mut known: Vec<_> = told.chain(untold).map(|key| format!("{key:?}")).collect();
    let mut keys: Vec<_> = KEYS.iter().map(|key| format!("{:?}", (key.place, key.name))).collect();
    known.sort();
    known.dedup();
    keys.sort();
    assert_eq!(known, keys);
}

#[test]
fn a_graph_beside_itself_is_no_difference() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let files = ["composer/tests/good", "systems", "tests/systems"].iter().flat_map(|directory| {
        std::fs::read_dir(root.join(directory)).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>()
    });
    let graphs: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|it| it == "toml")).collect();
    assert!(graphs.len() > 90, "{}", graphs.len());
    for path in graphs {
        let Ok(loaded) = load(&path, LoadOptions { graph_only: true }) else { panic!("{}", path.display()) };
        assert_eq!(said(&Change::between(&loaded.graph, &loaded.graph)), [""; 0], "{}", path.display());
    }
}
