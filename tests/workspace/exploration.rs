//! The tests that need a build of their own, because what they stand on must not get into any other.

use std::collections::BTreeSet;

use crate::{Outcome, cargo, target};

/// What a page's models are, by the steps of a call's life.
const OF_A_PAGE: &str = include_str!("../../syscall-page/tests/loom/main.rs");

/// Of blockpoints, locks and cores.
const OF_THREADS: [&str; 2] =
    ["who_waits_at_a_blockpoint_is_never_forgotten", "on_its_way_between_cores_and_not_before"];

/// Every step has its models, and every model its step.
#[test]
fn the_syscall_page_is_explored() -> Outcome {
    let listed: BTreeSet<_> = OF_A_PAGE
        .lines()
        .filter(|line| line.starts_with("//! |"))
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .collect();
    let printed = explore("syscall-page")?;
    let explored: BTreeSet<_> = printed
        .lines()
        .filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... ok"))
        .map(|name| name.trim_end_matches(" - should panic"))
        .collect();
    assert_eq!(explored, listed);
    Ok(())
}

#[test]
fn blockpoints_locks_and_the_critical_section_are_explored() -> Outcome {
    let printed = explore("sched-sl")?;
    let missing: Vec<_> = OF_THREADS.iter().filter(|model| !printed.contains(&format!("{model} ... ok"))).collect();
    assert!(missing.is_empty(), "{missing:?} in: {printed}");
    Ok(())
}

/// Explores the models of a package; answers what is said of each.
fn explore(package: &str) -> Result<String, String> {
    let arguments = ["test", "--locked", "--package", package, "--test", "loom", "--target-dir"];
    cargo(|cargo| {
        let cargo = cargo.args(arguments).arg(target("loom"));
        cargo.env("RUSTFLAGS", "--cfg loom").env_remove("CARGO_ENCODED_RUSTFLAGS")
    })
}
