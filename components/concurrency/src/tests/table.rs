//! The table of behaviours (`BEHAVIOURS.md`) against those that there are: both runs are of the same list.

use super::{of_std, ours};
use std::collections::BTreeSet;
use std::string::{String, ToString};
use std::vec::Vec;

const TABLE: &str = include_str!("../../BEHAVIOURS.md");

const PROPERTIES: [&str; 6] = ["contention", "timeouts", "drop", "panic while held", "many threads", "fairness"];

const PRIMITIVES: [&str; 20] = [
    "thread::spawn",
    "thread::scope",
    "thread::Builder",
    "thread::park, unpark",
    "thread::sleep",
    "thread::yield_now",
    "JoinHandle",
    "Mutex",
    "RwLock",
    "Condvar",
    "Once",
    "OnceLock",
    "LazyLock",
    "Barrier",
    "Semaphore",
    "mpsc",
    "Channel",
    "Instant, Duration",
    "EventSet",
    "thread_local!",
];

/// What a cell says where there is no case is at least so long.
const REASON: usize = 12;

/// The rows of the table, cell by cell.
fn rows() -> Vec<Vec<&'static str>> {
    let lines = TABLE.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    lines.map(|line| line.split(" | ").map(str::trim).collect()).collect()
}

/// The names in backquotes.
fn names(cell: &'static str) -> impl Iterator<Item = &'static str> {
    cell.split('`').skip(1).step_by(2)
}

#[test]
fn each_property_of_each_primitive_is_shown_or_said_to_be_none() {
    let rows = rows();
    let (head, body) = rows.split_first().unwrap();
    assert_eq!(head[1..], PROPERTIES);
    let primitives: Vec<_> = body.iter().map(|row| row[0].replace('`', "")).collect();
    assert_eq!(primitives, PRIMITIVES);
    for row in body {
        assert_eq!(row.len(), 1 + PROPERTIES.len(), "{}", row[0]);
        for (cell, property) in row[1..].iter().zip(PROPERTIES) {
            let is_reason = cell.strip_prefix("– ").is_some_and(|reason| reason.len() >= REASON);
            assert!(is_reason || names(cell).next().is_some(), "{}: {property}: {cell}", row[0]);
        }
    }
}

#[test]
fn what_the_table_names_is_tried_on_both_sides_and_all_that_is_tried_is_in_it() {
    let own = include_str!("../tests.rs");
    let is_own = |name: &str| own.contains(&std::format!("fn {name}()"));
    let named: BTreeSet<_> =
        rows().into_iter().skip(1).flat_map(|row| row.into_iter().skip(1).flat_map(names)).collect();
    let of = |all: Vec<&'static str>| -> BTreeSet<String> { all.into_iter().map(str::to_string).collect() };
    let tried = of(ours::suite::ALL.iter().map(|behaviour| behaviour.name).collect());
    assert_eq!(tried, of(of_std::suite::ALL.iter().map(|behaviour| behaviour.name).collect()));
    let unknown: Vec<_> = named.iter().filter(|name| !tried.contains(**name) && !is_own(name)).collect();
    assert!(unknown.is_empty(), "nobody tries {unknown:?}");
    let missing: Vec<_> = tried.iter().filter(|name| !named.contains(name.as_str())).collect();
    assert!(missing.is_empty(), "the table does not name {missing:?}");
    let of_both = ours::suite::ALL.iter().map(|behaviour| behaviour.text);
    let texts: BTreeSet<_> = of_both.chain(of_std::suite::ALL.iter().map(|behaviour| behaviour.text)).collect();
    assert_eq!(texts.len(), tried.len(), "each says what it is, alike on both sides");
    let booted = [
        include_str!("../../../../tests/systems/behaviour.toml"),
        include_str!("../../../../tests/systems/behaviour-cores.toml"),
        include_str!("../../../../tests/systems/behaviour-polling.toml"),
    ];
    let all = std::format!("behaviour: all {} behave", tried.len());
    assert!(booted.iter().all(|graph| graph.contains(&all)), "and so do booted systems");
}
