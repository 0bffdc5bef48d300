//! `cargo bench --package composer`: how long the composer takes, as whole processes, by this host's clock.
//!
//! Graphs are generated: each component but the first few calls five that come before it. The least of several runs counts, since
//! what else the host does only makes it longer. No test depends on these figures.

#![allow(clippy::unwrap_used, reason = "nobody depends on it")]

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

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

/// Dependencies of each component.
const DEPENDENCIES: usize = 5;

/// Runs of which the shortest counts.
const RUNS: usize = 10;

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let place = temp_dir::TempDir::new().unwrap();
    let mut before: Option<(usize, Duration)> = None;
    println!("composer check --graph-only, whole processes");
    println!(
        "{:>10} {:>8} {:>10} {:>14} {:>9} {:>8}",
        "components", "edges", "ms", "us/component", "exponent", "at most"
    );
    for (components, target) in SIZES {
        let (text, edges) = graph(components);
        let file = place.path().join(format!("{components}.toml"));
        std::fs::write(&file, text).unwrap();
        let taken = shortest(&["check", "--graph-only"], &file);
        // How taken time grows with the number: 1 is linear, 2 quadratic.
        let exponent = before.map(|(fewer, less)| {
            (taken.as_secs_f64() / less.as_secs_f64()).ln() / (components as f64 / fewer as f64).ln()
        });
        println!(
            "{components:>10} {edges:>8} {:>10.2} {:>14.2} {:>9} {:>8}",
            1e3 * taken.as_secs_f64(),
            1e6 * taken.as_secs_f64() / components as f64,
            exponent.map_or_else(String::new, |exponent| format!("{exponent:.2}")),
            target.map_or_else(String::new, |target| target.to_string()),
        );
        before = Some((components, taken));
    }
    println!("\ncomposer build of systems that are built");
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let shipped =
        ["pingpong", "quickstart", "managers"].map(|name| (name, repository.join(format!("systems/{name}.toml"))));
    // In the repository, so that its crates are found.
    let instances = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sixty.toml");
    std::fs::write(&instances, INSTANCES).unwrap();
    for (name, graph) in shipped.into_iter().chain([("60", instances)]) {
        let output = place.path().join(name);
        let taken = shortest(&["build", "--output", output.to_str().unwrap()], &graph);
        println!("{name:>10} {:>10.2} ms", 1e3 * taken.as_secs_f64());
    }
}

/// 60 components of four images.
const INSTANCES: &str = r#"[system]
description = "60 components"
[[components]]
name = "booter"
constructor = "kernel"
[[components]]
name = "console"
implements = [{ interface = "console" }]
devices = [{ name = "serial", ports = 0x3f8, count = 8 }]
[[components]]
name = "pong-{n}"
img = "pong"
count = 29
implements = [{ interface = "pong" }]
[[components]]
name = "ping-{n}"
img = "ping"
count = 29
deps = [{ srv = "pong-{n}", interface = "pong" }, { srv = "console", interface = "console" }]
"#;

/// The shortest of some runs.
fn shortest(arguments: &[&str], file: &PathBuf) -> Duration {
    let run = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_composer"));
        let start = Instant::now();
        command.args(arguments).arg(file).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        start.elapsed()
    };
    // The first one fills caches, of files and of what was built.
    run();
    (0..RUNS).map(|_| run()).min().unwrap_or_default()
}

/// A graph of so many components, and the number of its edges.
fn graph(components: usize) -> (String, usize) {
    let mut text = String::from(
        "[system]\ndescription = \"generated\"\n[[components]]\nname = \"booter\"\nconstructor = \"kernel\"\n",
    );
    let (mut edges, mut random) = (0, 1_u64);
    for at in 0..components.saturating_sub(1) {
        _ = writeln!(
            text,
            "[[components]]\nname = \"c{at}\"\nimg = \"ping\"\nimplements = [{{ interface = \"pong\" }}]"
        );
        let servers: BTreeSet<usize> = (0..DEPENDENCIES.min(at)).map(|_| below(at, &mut random)).collect();
        edges += servers.len();
        let deps: Vec<_> =
            servers.iter().map(|server| format!("{{ srv = \"c{server}\", interface = \"pong\" }}")).collect();
        _ = writeln!(text, "deps = [{}]", deps.join(", "));
    }
    (text, edges)
}

/// A number below `bound`, by a generator that always gives the same row (Knuth's, as in MMIX).
fn below(bound: usize, state: &mut u64) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) as usize % bound
}
