//! How the time of a check grows with the graph: as the number of components and edges does, nearly.

#![allow(clippy::unwrap_used, reason = "a test, its helpers too, may panic")]

#[path = "shared/generated.rs"]
mod generated;

use std::path::PathBuf;
use std::time::Duration;

use composer::diagnostic::Source;
use composer::{LoadOptions, judge};
use nix::sys::resource::{UsageWho, getrusage};

/// Time of the processor that this thread has taken at user level, whatever else the host does.
fn taken() -> Duration {
    let used = getrusage(UsageWho::RUSAGE_THREAD).unwrap().user_time();
    Duration::new(used.tv_sec() as u64, 1_000 * used.tv_usec() as u32)
}

/// The least time of three checks of a graph of so many components.
fn check(components: usize) -> Duration {
    let (text, edges) = generated::graph(components);
    assert!(edges > 4 * components);
    let once = |_| {
        let source = Source { path: PathBuf::from("generated.toml"), text: text.clone() };
        let before = taken();
        // A graph of more components than there can be is checked as any other.
        _ = judge(source, LoadOptions { graph_only: true });
        taken() - before
    };
    (0..3).map(once).min().unwrap()
}

/// Eight times as many components take eight times as long, and not sixty-four times. What is between is what a host's caches do.
#[test]
fn a_check_takes_nearly_linear_time() {
    let (small, large) = (check(250), check(2_000));
    assert!(large < 22 * small, "{small:?} for 250 components, and {large:?} for 2,000");
}
