//! `cargo bench --package composer`: how long the composer takes, as whole processes, by this host's clock.
//!
//! The least of several runs counts, since what else the host does only makes it longer; and beside the time that passed is the
//! processor's, which is nearly the same on a host that does nothing else. No test depends on these figures.

#![allow(clippy::unwrap_used, reason = "nobody depends on it")]

#[path = "../tests/shared/generated.rs"]
mod generated;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use generated::{DEPENDENCIES, graph};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;

/// Components of the graphs, the base constructor included, and the milliseconds that a check of them is to take at most.
const SIZES: [(usize, Option<u64>); 8] = [
    (5, Some(5)),
    (60, Some(13)),
    (250, None),
    (500, None),
    (1_000, Some(100)),
    (2_000, None),
    (5_000, None),
    (10_000, Some(2_000)),
];

/// A system whose images are built.
struct System {
    /// Instances of a server and of a client; it has two components more.
    servers: usize,
    clients: usize,
    /// The milliseconds that a check of it is to take at most, images, capabilities and stacks included.
    check: u64,
    /// The milliseconds that an image of it is to take at most.
    build: u64,
}

const SYSTEMS: [System; 2] =
    [System { servers: 2, clients: 1, check: 5, build: 20 }, System { servers: 29, clients: 29, check: 13, build: 50 }];

/// Milliseconds in which a system that has not changed is composed again.
const UNCHANGED: u64 = 1_000;

/// Runs of which the shortest counts.
const RUNS: usize = 20;

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let place = temp_dir::TempDir::new().unwrap();
    check(place.path());
    build(place.path());
}

/// Graphs of growing size. The exponent says how the time grows from the size before: 1 is linear, 2 quadratic.
fn check(place: &Path) {
    println!(
        "composer check --graph-only: a whole process, {DEPENDENCIES} dependencies of each component, and a scheduler"
    );
    println!("{} {:>8} {:>13} {:>9}", Taken::HEAD, "edges", "us/component", "exponent");
    let mut before: Option<(usize, Taken)> = None;
    for (components, target) in SIZES {
        let (text, edges) = graph(components);
        let file = place.join(format!("{components}.toml"));
        std::fs::write(&file, text).unwrap();
        let taken = Taken::by(&["check", "--graph-only"], &file);
        let exponent = before.map(|(fewer, less)| {
            (taken.processor.as_secs_f64() / less.processor.as_secs_f64()).ln()
                / (components as f64 / fewer as f64).ln()
        });
        println!(
            "{} {edges:>8} {:>13.2} {:>9}",
            taken.line(&components.to_string(), target),
            1e6 * taken.processor.as_secs_f64() / components as f64,
            exponent.map_or_else(String::new, |exponent| format!("{exponent:.2}")),
        );
        before = Some((components, taken));
    }
}

/// Systems whose components are built already: their images are read, and kernel, bundle, disk image and reports are made and put
/// in place.
fn build(place: &Path) {
    // In the repository, so that its crates are found.
    let generated = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let systems = SYSTEMS.map(|system| {
        let name = format!("{}", system.servers + system.clients + 2);
        let graph = generated.join(format!("{name}.toml"));
        std::fs::write(&graph, instances(system.servers, system.clients)).unwrap();
        (name, graph, system)
    });
    for (name, graph, _) in &systems {
        built(place, name, graph, UNCHANGED);
    }
    println!("\ncomposer check of systems that are built: a whole process, images included\n{}", Taken::HEAD);
    for (name, graph, system) in &systems {
        println!("{}", Taken::by(&["check"], graph).line(name, Some(system.check)));
    }
    println!("\ncomposer build of systems that are built: a whole process\n{}", Taken::HEAD);
    for (name, graph, system) in &systems {
        println!("{}", built(place, name, graph, system.build));
    }
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../systems");
    for name in ["pingpong", "quickstart", "managers"] {
        println!("{}", built(place, name, &shipped.join(format!("{name}.toml")), UNCHANGED));
    }
}

fn built(place: &Path, name: &str, graph: &Path, target: u64) -> String {
    let output = place.join(name);
    Taken::by(&["build", "--output", output.to_str().unwrap()], graph).line(name, Some(target))
}

/// A system of so many servers and clients, of four images.
fn instances(servers: usize, clients: usize) -> String {
    format!(
        r#"[system]
description = "many instances of few images"
[[components]]
name = "booter"
constructor = "kernel"
[[components]]
name = "console"
implements = [{{ interface = "console" }}]
devices = [{{ name = "serial", ports = 0x3f8, count = 8 }}]
[[components]]
name = "pong-{{n}}"
img = "pong"
count = {servers}
implements = [{{ interface = "pong" }}]
[[components]]
name = "ping-{{n}}"
img = "ping"
count = {clients}
deps = [{{ srv = "pong-{{n}}", interface = "pong" }}, {{ srv = "console", interface = "console" }}]
"#
    )
}

/// A graph of more components than the kernel has room for is judged as any other, and refused.
const REFUSED: i32 = 2;

/// What a process took.
#[derive(Clone, Copy, Debug)]
struct Taken {
    /// Time that passed.
    passed: Duration,
    /// The processor's, at user level and in the kernel.
    processor: Duration,
}

impl Taken {
    const HEAD: &str = "components    ms passed   ms of CPU   at most   met";

    /// The least of some runs.
    fn by(arguments: &[&str], file: &Path) -> Self {
        // The first one fills caches, of files and of what was built.
        Self::once(arguments, file);
        let runs = (0..RUNS).map(|_| Self::once(arguments, file));
        let least = |one: Self, other: Self| Self {
            passed: one.passed.min(other.passed),
            processor: one.processor.min(other.processor),
        };
        runs.reduce(least).unwrap()
    }

    fn once(arguments: &[&str], file: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_composer"));
        let (start, before) = (Instant::now(), of_children());
        let ended = command.args(arguments).arg(file).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        let taken = Self { passed: start.elapsed(), processor: of_children() - before };
        assert!(matches!(ended.code(), Some(0 | REFUSED)), "composer {arguments:?} {}: {ended}", file.display());
        taken
    }

    fn line(self, name: &str, target: Option<u64>) -> String {
        let [passed, processor] = [self.passed, self.processor].map(|time| 1e3 * time.as_secs_f64());
        let at_most = target.map_or_else(String::new, |target| target.to_string());
        let met = target.map_or("", |target| if passed <= target as f64 { "yes" } else { "NO" });
        format!("{name:>10} {passed:>12.2} {processor:>11.2} {at_most:>9} {met:>5}")
    }
}

/// What all processes took that were started here and have ended.
fn of_children() -> Duration {
    let used = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    let time = |time: TimeVal| Duration::new(time.tv_sec() as u64, 1_000 * time.tv_usec() as u32);
    time(used.user_time()) + time(used.system_time())
}
