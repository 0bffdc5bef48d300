//! `component.toml`, beside a component's crate.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test, its helpers too, may panic")]

use std::fs;
use std::path::Path;

use composer::diagnostic::Source;
use composer::graph::Setting;
use composer::{LoadOptions, Loaded, judge};

const GRAPH: &str = "[system]
description = \"a test\"
[[components]]
name = \"booter\"
constructor = \"kernel\"
[[components]]
name = \"first\"
img = \"./mine\"
[[components]]
name = \"second\"
img = \"./mine\"
stack = \"8KiB\"
";

/// A crate `mine` in `directory`, with this beside it.
fn workspace(directory: &Path, defaults: &str) {
    let place = directory.join("mine");
    fs::create_dir_all(place.join("src")).unwrap();
    fs::write(place.join("src/main.rs"), "fn main() {}").unwrap();
    fs::write(place.join("Cargo.toml"), "[package]\nname = \"mine\"\nedition = \"2024\"\n[workspace]\n").unwrap();
    fs::write(place.join("component.toml"), defaults).unwrap();
}

fn judged(directory: &Path) -> Result<Loaded, String> {
    judged_as(directory, GRAPH)
}

fn judged_as(directory: &Path, graph: &str) -> Result<Loaded, String> {
    let source = Source { path: directory.join("graph.toml"), text: graph.into() };
    let judged = judge(source, LoadOptions { graph_only: false });
    judged.map_err(|failure| failure.diagnostics.render(&failure.source))
}

#[test]
fn defaults_lie_beside_the_crate() {
    let place = temp_dir::TempDir::new().unwrap();
    workspace(place.path(), "stack = \"32KiB\"\nrecursion = 3\nparams = [{ key = \"rounds\", value = 5 }]\n");
    let loaded = judged(place.path()).unwrap();
    let [_, first, second] = loaded.graph.components.as_slice() else { panic!("three components") };
    assert_eq!((first.stack.value, second.stack.value), (32 << 10, 8 << 10), "what the graph says counts more");
    assert_eq!(second.recursion.as_ref().map(|recursion| recursion.value), Some(3));
    assert_eq!(first.params.first().map(|word| word.value.value.clone()), Some(Setting::Integer(5)));
}

#[test]
fn defaults_say_nothing_of_others() {
    let place = temp_dir::TempDir::new().unwrap();
    workspace(place.path(), "deps = []\nstakc = \"8KiB\"\n");
    let complaints = judged(place.path()).unwrap_err();
    for part in ["error[E0505]", "a component.toml cannot say `deps`", "unknown key `stakc`", "did you mean `stack`?"] {
        assert!(complaints.contains(part), "`{part}` is not in:\n{complaints}");
    }
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let place = temp_dir::TempDir::new().unwrap();
    workspace(place.path(), "");
    let complaints = judged_as(place.path(), &format!("{GRAPH}initfs = \"nowhere\"\n")).unwrap_err();
    assert!(complaints.contains("error[E0506]") && complaints.contains("`nowhere`"), "{complaints}");
}
