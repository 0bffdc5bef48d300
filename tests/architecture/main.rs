//! What ARCHITECTURE.md says is fixed, against what the code says.

#![allow(clippy::panic, reason = "a document without what is looked for should fail")]

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The number behind `pub const NAME: …` in a source file.
fn constant(path: &str, name: &str) -> String {
    let source = read(path);
    let start = format!("pub const {name}:");
    let line = source.lines().find(|line| line.starts_with(&start)).unwrap_or_else(|| panic!("no {name} in {path}"));
    let (_, value) = line.split_once("= ").unwrap_or_else(|| panic!("{name} has no value"));
    value.trim_end_matches(';').to_owned()
}

/// The second cell of the table row whose first cell starts with `name`.
fn version_of(page: &str, name: &str) -> String {
    let row =
        page.lines().find(|line| line.starts_with(&format!("| {name}"))).unwrap_or_else(|| panic!("no row {name}"));
    row.split('|').nth(2).map(|cell| cell.trim().to_owned()).unwrap_or_default()
}

#[test]
fn format_versions_are_those_of_the_code() {
    let page = read("ARCHITECTURE.md");
    for (name, path, constant_name) in [
        ("bundle:", "kernel/abi/src/bundle.rs", "VERSION"),
        ("interface record:", "kernel/abi/src/record.rs", "VERSION"),
        ("graph file", "composer/src/keys.rs", "FORMAT"),
    ] {
        assert_eq!(version_of(&page, name), constant(path, constant_name), "{name}");
    }
}

#[test]
fn every_row_of_the_benchmark_is_listed() {
    let page = read("ARCHITECTURE.md");
    let rows = tests::bench::row::ROWS.iter().map(|row| row.name);
    for name in rows.chain(tests::bench::derived::FIGURES.iter().map(|figure| figure.name)) {
        assert!(page.contains(&format!("`{name}`")), "ARCHITECTURE.md does not name the row `{name}`");
    }
}

#[test]
fn every_package_outside_the_tests_room_is_listed() {
    let (page, workspace) = (read("ARCHITECTURE.md"), read("Cargo.toml"));
    let members = workspace.lines().filter_map(|line| line.trim().strip_prefix('"')?.strip_suffix("\","));
    for member in members.filter(|member| !member.starts_with("tests/") && !member.contains('*')) {
        let manifest = read(&format!("{member}/Cargo.toml"));
        let name = manifest.lines().find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
        let name = name.unwrap_or_else(|| panic!("{member} has no name"));
        assert!(page.contains(&format!("`{name}`")), "ARCHITECTURE.md does not name the package `{name}`");
    }
}

#[test]
fn the_crossing_is_the_one_that_is_described() {
    let page = read("ARCHITECTURE.md");
    let capabilities = abi::crossing::CAPABILITIES;
    let grouped = format!("{},{:03} capabilities", capabilities / 1000, capabilities % 1000);
    for text in [
        grouped,
        format!("A slot is {} bytes", abi::crossing::SLOT_BYTES),
        format!("a root of {} leaves, {} slots each", abi::crossing::TABLE_LEAVES, abi::crossing::LEAF_SLOTS),
        format!("at most {}, a mask", abi::crossing::METHODS),
        format!("sets RFLAGS to {:#x}", abi::crossing::EXIT_FLAGS),
    ] {
        assert!(page.contains(&text), "ARCHITECTURE.md does not say `{text}`");
    }
}
