//! The page that lists every complaint: made of the codes' own documentation and of the graphs that these tests are about.
//!
//! `UPDATE_SNAPSHOTS=1 cargo test -p composer --test diagnostics` writes `docs/diagnostics.md` anew.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test, its helpers too, may panic")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use composer::diagnostic::{Diagnostics, Source};
use composer::{LoadOptions, load};

/// Lines of an example that is shown; of a longer one, only where it is.
const LINES: usize = 40;

const HEAD: &str = "# Diagnostics

Every complaint of the composer has a code, which keeps its meaning for ever. Here they all are, each with the smallest
graph of the tests that gets it and what is then said of it. Where images count, comments say what they have. What no graph
alone can cause is shown as it is typed, in an empty directory. `E0803` alone has no example: the smallest is a graph of
thirty thousand lines, which a test makes.

This page is made of `composer/src/code.rs` and the graphs and sessions in `composer/tests`, and held
against them by a test. `UPDATE_SNAPSHOTS=1 cargo test -p composer --test diagnostics` writes it anew.
";

/// What the hundreds of codes are about.
const CHAPTERS: [(&str, &str); 11] = [
    ("E00", "Reading the file"),
    ("E01", "Shape"),
    ("E02", "Components"),
    ("E03", "Edges and threads"),
    ("E04", "Devices and parameters"),
    ("E05", "Component crates"),
    ("E06", "Images"),
    ("E07", "Graph and images"),
    ("E08", "Layout, stacks, memory"),
    ("E09", "Output"),
    ("E10", "Systems that run"),
];

/// A code, and what it means.
struct Code {
    code: String,
    meaning: String,
}

fn codes() -> Vec<Code> {
    let (mut codes, mut meaning) = (Vec::new(), String::new());
    for line in include_str!("../src/code.rs").lines() {
        if let Some(text) = line.strip_prefix("///") {
            meaning += text.trim_start();
            meaning.push(' ');
        } else if let Some(code) = line.strip_prefix("pub const ").and_then(|rest| rest.split('"').nth(1)) {
            codes.push(Code { code: code.into(), meaning: plain(&std::mem::take(&mut meaning)) });
        }
    }
    codes.sort_by(|one, other| one.code.cmp(&other.code));
    codes
}

/// Without links to code.
fn plain(text: &str) -> String {
    text.trim().replace("[`", "`").replace("`]", "`")
}

/// A graph that gets complaints.
struct Example {
    name: String,
    text: String,
    /// What is said, by code.
    said: BTreeMap<String, String>,
}

fn examples() -> Vec<Example> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let files = ["bad", "good", "crates", "images", "commands"]
        .iter()
        .flat_map(|directory| std::fs::read_dir(tests.join(directory)).unwrap());
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml" || extension == "console"));
    files.sort();
    files.iter().map(|path| example(path, &tests)).collect()
}

fn example(path: &Path, tests: &Path) -> Example {
    let name = path.strip_prefix(tests).unwrap().display().to_string();
    if name.starts_with("images") {
        return with_images(path, name);
    }
    if name.starts_with("commands") {
        return session(path, name);
    }
    let (mut source, found) = match load(path, LoadOptions { graph_only: !name.starts_with("crates") }) {
        Ok(loaded) => (loaded.source, loaded.warnings),
        Err(failure) => (failure.source, failure.diagnostics),
    };
    source.path = "graph.toml".into();
    let said = found.iter().map(|one| (one.code.to_owned(), said_by(&source, &found, one.code))).collect();
    Example { name, text: source.text, said }
}

/// What is said with images at hand lies beside the graph: the tests of the passes hold it against what they say.
fn with_images(path: &Path, name: String) -> Example {
    let read = |path: &Path| std::fs::read_to_string(path).unwrap();
    let (text, all) = (read(path), without_sum(&read(&path.with_extension("stderr"))));
    let all = all.replace(&*path.file_name().unwrap().to_string_lossy(), "graph.toml");
    Example { said: codes_in(&all).map(|code| (code, all.clone())).collect(), name, text }
}

/// What is typed and said is one text, which another test holds against what is said now.
fn session(path: &Path, name: String) -> Example {
    let text = std::fs::read_to_string(path).unwrap();
    Example { said: codes_in(&text).map(|code| (code, String::new())).collect(), name, text }
}

fn codes_in(said: &str) -> impl Iterator<Item = String> {
    said.split("[E").skip(1).filter_map(|rest| rest.split_once(']')).map(|(code, _)| format!("E{code}"))
}

/// The complaints with this code.
fn said_by(source: &Source, found: &Diagnostics, code: &str) -> String {
    let mut own = Diagnostics::default();
    own.extend(found.iter().filter(|found| found.code == code).cloned());
    without_sum(&own.render(source))
}

/// Complaints without the last line, which says how many there are.
fn without_sum(said: &str) -> String {
    said.rsplit_once("\n\n").map_or(said, |(complaints, _)| complaints).trim_end().to_owned()
}

/// The smallest one that gets the code, rather one that gets no other.
fn smallest<'e>(examples: &'e [Example], code: &str) -> Option<&'e Example> {
    let gets = examples.iter().filter(|example| example.said.contains_key(code));
    gets.min_by_key(|example| (example.said.len() > 1, example.text.len(), &example.name))
}

fn page() -> String {
    let (codes, examples) = (codes(), examples());
    let mut page = HEAD.to_owned();
    for (start, title) in CHAPTERS {
        _ = write!(page, "\n## {title}\n");
        for code in codes.iter().filter(|code| code.code.starts_with(start)) {
            _ = write!(page, "\n### {}\n\n{}\n", code.code, code.meaning);
            page += &smallest(&examples, &code.code).map(|example| shown(example, &code.code)).unwrap_or_default();
        }
    }
    page
}

fn shown(example: &Example, code: &str) -> String {
    let said = example.said.get(code).map_or("", String::as_str);
    let text = example.text.replace('\r', "").trim_end().to_owned();
    match text.lines().count() {
        _ if example.name.starts_with("commands") => format!("\n```console\n{text}\n```\n"),
        0 => format!("\n```text\n{said}\n```\n"),
        lines if lines > LINES => {
            format!("\nThe graph is `composer/tests/{}`.\n\n```text\n{said}\n```\n", example.name)
        }
        _ => format!("\n```toml\n{text}\n```\n\n```text\n{said}\n```\n"),
    }
}

#[test]
fn the_page_is_what_the_composer_says() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/diagnostics.md");
    let now = page();
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&file, &now).unwrap();
    }
    let before = std::fs::read_to_string(&file).unwrap_or_default();
    let differs = before.lines().zip(now.lines()).find(|(before, now)| before != now);
    assert!(before == now, "docs/diagnostics.md is not what is said now, from here on: {differs:?}");
}

#[test]
fn every_code_is_in_a_chapter() {
    for code in codes() {
        assert!(CHAPTERS.iter().any(|(start, _)| code.code.starts_with(start)), "{}", code.code);
        assert!(!code.meaning.is_empty(), "{}", code.code);
    }
}
