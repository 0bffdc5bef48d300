//! Graphs in files: each bad one gets exactly its complaints, each good one its order.
//!
//! `UPDATE_SNAPSHOTS=1 cargo test -p composer --test graphs` writes what is said now beside each graph; the difference is
//! then for review.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test, its helpers too, may panic")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use composer::graph::{Component, Graph};
use composer::{Failure, LoadOptions, Loaded, load};

fn graphs(directory: &str) -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(directory);
    let files = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut graphs: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|extension| extension == "toml")).collect();
    graphs.sort();
    graphs
}

fn judge(path: &Path) -> Result<Loaded, Failure> {
    load(path, LoadOptions { graph_only: true })
}

/// The complaints, under the file's name alone: they do not depend on where the repository lies.
fn complaints(failure: &mut Failure, path: &Path) -> String {
    failure.source.path = path.file_name().unwrap().into();
    failure.diagnostics.render(&failure.source)
}

/// Compares with the snapshot beside `path`, or writes it. Returns what is wrong.
fn compare(path: &Path, extension: &str, now: &str) -> Option<String> {
    let snapshot = path.with_extension(extension);
    match std::env::var_os("UPDATE_SNAPSHOTS") {
        Some(_) if now.is_empty() => _ = std::fs::remove_file(&snapshot),
        Some(_) => std::fs::write(&snapshot, now).unwrap(),
        None => {}
    }
    let before = std::fs::read_to_string(&snapshot).unwrap_or_default();
    (before != now).then(|| format!("{}\n--- before\n{before}\n--- now\n{now}", snapshot.display()))
}

fn assert_none(differences: Vec<String>) {
    assert!(differences.is_empty(), "UPDATE_SNAPSHOTS=1 accepts these:\n{}", differences.join("\n"));
}

#[test]
fn bad_graphs_get_their_complaints() {
    let graphs = graphs("bad");
    assert!(graphs.len() > 40);
    assert_none(
        graphs
            .iter()
            .filter_map(|path| {
                let mut failure = judge(path).err().unwrap_or_else(|| panic!("{} is bad", path.display()));
                compare(path, "stderr", &complaints(&mut failure, path))
            })
            .collect(),
    );
}

#[test]
fn good_graphs_are_ordered() {
    assert_none(
        graphs("good")
            .iter()
            .filter_map(|path| {
                let loaded =
                    judge(path).unwrap_or_else(|failure| panic!("{}", failure.diagnostics.render(&failure.source)));
                compare(path, "order", &order(&loaded.graph))
            })
            .collect(),
    );
}

#[test]
fn what_is_odd_is_said() {
    let said = |path: &PathBuf| {
        let mut loaded = judge(path).unwrap();
        loaded.source.path = path.file_name().unwrap().into();
        loaded.warnings.render(&loaded.source)
    };
    // Where nothing is odd, there is no file, which is as an empty one.
    let differ = graphs("good").into_iter().filter_map(|path| compare(&path, "stderr", &said(&path)));
    assert_none(differ.collect());
}

#[test]
fn good_graphs_are_drawn() {
    assert_none(
        graphs("good")
            .iter()
            .filter_map(|path| {
                let picture = composer::draw::draw(&judge(path).unwrap().graph);
                compare(path, "svg", &picture)
            })
            .collect(),
    );
}

fn order(graph: &Graph) -> String {
    let mut text = format!("{:?}\n{:?}\n", graph.machine, graph.expect);
    for component in &graph.components {
        _ = writeln!(text, "{}", describe(component));
        for dep in &component.deps {
            let server = &graph.components[dep.server].name.value;
            let methods =
                dep.methods.as_ref().map(|methods| methods.iter().map(|m| m.value.as_str()).collect::<Vec<_>>());
            let (variant, import) = (dep.variant.as_ref().map(|v| &v.value), dep.import.as_ref().map(|i| &i.value));
            _ = writeln!(
                text,
                "    calls {server} {}, variant {variant:?}, methods {methods:?}, {:?}, import {import:?}",
                dep.interface.value, dep.trust
            );
        }
        if let Some(handler) = &component.fault {
            let (name, variant) =
                (&graph.components[handler.server].name.value, handler.variant.as_ref().map(|v| &v.value));
            _ = writeln!(text, "    has its faults handled by {name}, variant {variant:?}");
        }
    }
    text
}

fn describe(component: &Component) -> String {
    let implements: Vec<_> =
        component.implements.iter().map(|i| (&i.interface.value, i.variant.as_ref().map(|v| &v.value))).collect();
    let params: Vec<_> = component.params.iter().map(|p| (&p.key.value, p.value.value.to_string())).collect();
    let devices: Vec<_> = component.devices.iter().map(|d| (&d.name.value, d.resource)).collect();
    format!(
        "{}{}: image {}, base {:?}, stack {}, priority {}, threads {:?}, implements {implements:?}, params {params:?}, devices {devices:?}",
        component.name.value,
        if component.is_base_constructor { " (base constructor)" } else { "" },
        component.img.value,
        component.baseaddr.as_ref().map(|address| address.value),
        component.stack.value,
        component.own.parameters.priority,
        component.threads,
    )
}

#[test]
fn shipped_graphs_are_sound() {
    let graphs = graphs("../../systems");
    assert!(!graphs.is_empty());
    for path in graphs {
        judge(&path).unwrap_or_else(|failure| panic!("{}", failure.diagnostics.render(&failure.source)));
    }
}

/// What is said once it is known which crates there are.
fn with_crates(path: &Path) -> Failure {
    load(path, LoadOptions { graph_only: false }).err().unwrap_or_else(|| panic!("{} is bad", path.display()))
}

/// What is kept of what was said, in the files beside graphs and in the sessions of a directory.
fn kept(directory: &str) -> Vec<String> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(directory);
    let mut files: Vec<PathBuf> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "stderr" || extension == "console"));
    files.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

#[test]
fn graphs_with_bad_crates_get_their_complaints() {
    let said = |path: PathBuf| compare(&path, "stderr", &complaints(&mut with_crates(&path), &path));
    assert_none(graphs("crates").into_iter().filter_map(said).collect());
}

/// What is shown by no file: a test of the passes makes the graph, which has thirty thousand lines.
const TOO_LONG_TO_SHOW: [&str; 1] = ["E0803"];

#[test]
fn every_code_has_an_example() {
    let codes = include_str!("../src/code.rs").lines().filter_map(|line| line.strip_prefix("pub const "));
    let codes: Vec<&str> = codes.filter_map(|line| line.split('"').nth(1)).collect();
    // What is only odd is not refused: those graphs are among the good ones.
    let warnings = graphs("good").into_iter().flat_map(|path| judge(&path).unwrap().warnings);
    let errors = graphs("bad").into_iter().flat_map(|path| judge(&path).unwrap_err().diagnostics);
    let crates = graphs("crates").into_iter().flat_map(|path| with_crates(&path).diagnostics);
    let seen: Vec<_> = errors.chain(warnings).chain(crates).map(|d| d.code).collect();
    // What is said of these is held by the tests of the passes, and by `transcripts.rs`.
    let said: String = ["images", "commands"].iter().flat_map(|directory| kept(directory)).collect();
    let seen = |code: &str| seen.contains(&code) || said.contains(&format!("[{code}]"));
    let unseen: Vec<_> = codes.iter().copied().filter(|code| !seen(code)).collect();
    assert_eq!(unseen, TOO_LONG_TO_SHOW);
}

#[test]
fn every_label_lies_in_the_file() {
    for path in graphs("bad") {
        let failure = judge(&path).unwrap_err();
        for label in failure.diagnostics.iter().flat_map(|diagnostic| &diagnostic.labels) {
            assert!(failure.source.text.get(label.span.clone()).is_some(), "{}: {label:?}", path.display());
        }
    }
}

#[test]
fn a_picture_is_the_same_twice() {
    for path in graphs("good") {
        let draw = || composer::draw::draw(&judge(&path).unwrap().graph);
        assert_eq!(draw(), draw());
    }
}
