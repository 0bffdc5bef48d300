//! The tests that need a build of their own, because what they stand on must not get into any other.

use std::collections::BTreeSet;

use crate::{Outcome, cargo, target};

/// What a page's models are, by the steps of a call's life.
const OF_A_PAGE: &str = include_str!("../../syscall-page/tests/loom/main.rs");

/// Those of blockpoints, locks, the critical section and cores, by who meets.
const OF_THREADS: &str = include_str!("../../sched-sl/tests/loom/main.rs");

#[test]
fn the_syscall_page_is_explored() -> Outcome {
    all_are_explored("syscall-page", OF_A_PAGE)
}

#[test]
fn blockpoints_locks_and_the_critical_section_are_explored() -> Outcome {
    all_are_explored("sched-sl", OF_THREADS)
}

/// The models of a package are those of the table at the beginning of their file, where a model stands behind its module or its module in
/// an earlier cell, and each was gone through.
fn all_are_explored(package: &str, file: &str) -> Outcome {
    let listed: BTreeSet<_> = file.lines().filter(|line| line.starts_with("//! |")).flat_map(models_of).collect();
    let printed = explore(package)?;
    let explored: BTreeSet<_> = printed
        .lines()
        .filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... ok"))
        .map(|name| name.trim_end_matches(" - should panic").to_string())
        .collect();
    assert_eq!(explored, listed);
    Ok(())
}

/// The models that a line of such a table names.
fn models_of(line: &str) -> Vec<String> {
    let names = line.split('`').skip(1).step_by(2);
    let module = names.clone().next().filter(|first| !first.contains("::"));
    match module {
        Some(module) => names.skip(1).map(|name| format!("{module}::{name}")).collect(),
        None => names.map(str::to_string).collect(),
    }
}

/// Explores the models of a package; answers what is said of each.
fn explore(package: &str) -> Result<String, String> {
    let arguments = ["test", "--locked", "--package", package, "--test", "loom", "--target-dir"];
    cargo(|cargo| {
        let cargo = cargo.args(arguments).arg(target("loom"));
        cargo.env("RUSTFLAGS", "--cfg loom").env_remove("CARGO_ENCODED_RUSTFLAGS")
    })
}
