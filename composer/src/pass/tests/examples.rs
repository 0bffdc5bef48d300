//! The smallest graphs that get complaints once there are images: each file in `tests/images` says in comments what its
//! images have, and beside it lies what is said of it. They are the examples of `docs/diagnostics.md`.
//!
//! A comment `# its image: PART; PART` belongs to the component above it. Images without one have nothing.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use abi::record::RecordKind;

use super::*;
use crate::graph::Graph;
use crate::pass::stack::{Unused, needs, recursion, regions, unknown, unused};
use crate::stack::{self, Bounds, Problem};

/// What a comment says of an image.
#[derive(Clone, Debug)]
struct Made {
    fixture: Fixture,
    /// Bytes that its code uses of a stack.
    uses: u64,
    /// What keeps that from being known.
    problem: Option<Problem>,
}

impl Default for Made {
    fn default() -> Self {
        Self { fixture: Fixture::empty(), uses: 100, problem: None }
    }
}

impl Made {
    /// As the parts say: a text in quotes has no end of a part in it.
    fn of(parts: &str) -> Self {
        let mut quoted = false;
        let is_end = |c: char| {
            quoted ^= c == '"';
            c == ';' && !quoted
        };
        parts.split(is_end).map(str::trim).fold(Self::default(), Self::with)
    }

    fn with(self, part: &str) -> Self {
        let words: Vec<&str> = part.splitn(3, ' ').collect();
        let schema =
            |text: &str| text.trim_matches('"').split("; ").map(|method| format!("{method}\n")).collect::<String>();
        let record = |kind: RecordKind, name: &str, text: &str| self.fixture.clone().record(kind as u16, name, text);
        let fixture = match *words.as_slice() {
            ["calls", "itself"] => {
                let circle = vec!["count".to_owned(), "count".to_owned()];
                return Self { problem: Some(Problem::Recursion { circle }), ..self };
            }
            ["without", "symbols"] => return Self { problem: Some(Problem::NoSymbols), ..self },
            ["uses", bytes, _] => return Self { uses: bytes.parse().unwrap(), ..self },
            ["linked", ..] => Fixture { kind: 2, ..self.fixture.clone() },
            ["calls", name, text] => record(RecordKind::Import, name, &schema(text)),
            ["serves", name, text] => record(RecordKind::Export, name, &schema(text)),
            ["parameter", name, kind] => record(RecordKind::Parameter, name, kind),
            ["text", name] => record(RecordKind::Text, name, ""),
            ["constant", name, kind] => record(RecordKind::Constant, name, kind),
            ["drives", name] => record(RecordKind::Ports, name, ""),
            ["plan"] => record(RecordKind::Plan, "", ""),
            ["parallel"] => record(RecordKind::ParallelInitialise, "", ""),
            ["manager"] => record(RecordKind::Management, "", ""),
            _ => panic!("what is `{part}`?"),
        };
        Self { fixture, ..self }
    }
}

/// What the comments of a graph say of images, by the name of the component above.
fn images(text: &str) -> HashMap<&str, Made> {
    let (mut component, mut images) = ("", HashMap::new());
    for line in text.lines() {
        component = line.strip_prefix("name = ").map_or(component, |name| name.trim_matches('"'));
        if let Some(parts) = line.strip_prefix("# its image: ") {
            images.insert(component, Made::of(parts));
        }
    }
    images
}

/// Everything that is said of the graph in this file, by all passes that there are before something is written.
fn said(file: &Path) -> String {
    let text = std::fs::read_to_string(file).unwrap();
    let source = Source { path: file.file_name().unwrap().into(), text };
    let loaded = judge(source.clone(), LoadOptions { graph_only: true }).unwrap();
    let images = images(&source.text);
    let made = |name: &String| images.get(name.as_str()).cloned().unwrap_or_default();
    let made: Vec<Made> = loaded.graph.components.iter().map(|component| made(&component.name.value)).collect();
    let mut found = Diagnostics::default();
    let is_strict = source.text.starts_with("# cargo composer check --strict\n");
    judge_made(&loaded.graph, &made, is_strict, &mut found);
    found.render(&source)
}

fn judge_made(graph: &Graph, made: &[Made], is_strict: bool, found: &mut Diagnostics) -> Option<()> {
    let components = made.iter().map(|made| made.fixture.build().into()).collect();
    let schema = schema(graph, &Images { kernel: Default::default(), components }, found)?;
    for (component, made) in graph.components.iter().zip(made) {
        found.extend(made.problem.iter().map(|problem| unknown(component, problem)));
    }
    let bounds = |(made, bindings): (&Made, &crate::pass::schema::Bindings)| {
        let entries = [bindings.image.entry, TRUSTED, CLEARING];
        Bounds::fixed(&entries.map(|address| (address, made.uses, None)))
    };
    let bounds: Vec<Bounds> = made.iter().zip(&schema.components).map(bounds).collect();
    recursion::check(graph, &bounds, found);
    unused::check(graph, &schema, &bounds, found);
    if is_strict {
        unused::check_wide(graph, &schema, &Unused::of(graph, &schema, &bounds), found);
    }
    regions::check(graph, &schema, &bounds, found);
    needs(graph, &schema, &bounds, found);
    let layout = layout(graph, &schema, found)?;
    fit(graph, &schema, &layout, &[], found).map(|_| ())
}

fn files() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/images");
    let mut files: Vec<PathBuf> = std::fs::read_dir(directory).unwrap().map(|file| file.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    files
}

#[test]
fn graphs_with_bad_images_get_their_complaints() {
    let files = files();
    assert!(files.len() > 15);
    for file in files {
        let now = said(&file);
        let snapshot = file.with_extension("stderr");
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
            std::fs::write(&snapshot, &now).unwrap();
        }
        assert!(now.contains("[E0"), "{} is bad", file.display());
        let before = std::fs::read_to_string(&snapshot).unwrap_or_default();
        assert_eq!(before, now, "UPDATE_SNAPSHOTS=1 accepts what is said of {}", file.display());
    }
}

#[test]
fn an_image_without_symbols_has_that_problem() {
    let file = Fixture::empty().build();
    let image = crate::elf::Image::read(&file).unwrap();
    assert_eq!(stack::bounds(&file, &image, None).unwrap_err(), [Problem::NoSymbols]);
}
