//! Graph file in, checked and explained system image out.
//!
//! The composer is a pipeline. Each pass takes the result of the one before, never changes it, and reports all that it
//! finds wrong; errors end the pipeline after `order` at the latest, so that one run shows all of them.

#![cfg_attr(not(test), deny(clippy::indexing_slicing))]

pub mod address_space;
pub mod authority;
pub mod cargo;
pub mod code;
pub mod command;
pub mod diagnostic;
pub mod draw;
pub mod elf;
pub mod faults;
pub mod fresh;
pub mod gdb;
pub mod graph;
pub mod inspect;
pub mod keys;
pub mod locate;
pub mod manage;
pub mod output;
pub mod pass;
pub mod print;
pub mod progress;
pub mod schedulability;
pub mod schedule;
pub mod sparse;
pub mod stack;
pub mod suggest;
pub mod svg;
pub mod temporary;
pub mod text;
pub mod timeline;
pub mod trace;
pub mod verdict;

use std::path::Path;

use diagnostic::{Diagnostic, Diagnostics, Source};
use graph::Graph;
use locate::{Located, Search};
use pass::defaults::Defaults;
use pass::{check, files, order, parse, resolve};

/// What `load` looks at.
#[derive(Clone, Copy, Debug, Default)]
pub struct LoadOptions {
    /// Judge the graph alone: nothing is asked about its images, which need not exist.
    pub graph_only: bool,
}

/// A graph that may be composed.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The graph.
    pub graph: Graph,
    /// Where its images are built; `None` if only the graph was judged.
    pub located: Option<Located>,
    /// The file, for complaints of later passes.
    pub source: Source,
    /// What is worth saying all the same.
    pub warnings: Diagnostics,
}

/// A graph that must not be composed, and all reasons why.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The file.
    pub source: Source,
    /// The complaints, at least one of them an error.
    pub diagnostics: Diagnostics,
}

impl Failure {
    /// Prints the complaints to the standard error output.
    pub fn print(&self) {
        self.diagnostics.print(&self.source);
    }

    /// Prints the complaints as a JSON document to the standard output.
    pub fn print_json(&self) {
        print::line(format_args!("{}", self.diagnostics.json(&self.source)));
    }
}

/// Reads the graph file at `path` and judges it.
///
/// # Errors
///
/// All complaints, if the graph must not be composed.
pub fn load(path: &Path, options: LoadOptions) -> Result<Loaded, Failure> {
    let source = parse::read(path)?;
    judge(source, options)
}

/// Judges a graph file that was read.
///
/// # Errors
///
/// All complaints, if the graph must not be composed.
pub fn judge(source: Source, options: LoadOptions) -> Result<Loaded, Failure> {
    judge_all_but(source, options, &[])
}

/// The same, but that complaints with these codes are warnings: for whoever shows what is wrong.
///
/// # Errors
///
/// All complaints, if there are others.
pub fn judge_all_but(source: Source, options: LoadOptions, tolerated: &[&str]) -> Result<Loaded, Failure> {
    let mut all = Diagnostics::default();
    let passed = run(&source, options, &mut all);
    let tolerate = |it: Diagnostic| if tolerated.contains(&it.code) { it.tolerated() } else { it };
    let mut found = Diagnostics::default();
    found.extend(all.into_iter().map(tolerate));
    found.sort();
    match passed {
        Some((graph, located)) if !found.has_errors() => Ok(Loaded { graph, located, source, warnings: found }),
        _ => Err(Failure { source, diagnostics: found }),
    }
}

/// A graph that may be wrong, and what is.
#[derive(Clone, Debug)]
pub struct Sketch {
    /// The graph, as far as it can be made out.
    pub graph: Graph,
    /// What is wrong with it.
    pub complaints: Diagnostics,
}

/// Makes out as much of a graph as there is, for whoever draws it. `None` if the file is no TOML.
pub fn sketch(source: &Source) -> Option<Sketch> {
    let mut found = Diagnostics::default();
    let draft = parse::parse(&source.text, |_, _| None, &mut found)?;
    let graph = resolve::resolve(&draft, &mut found);
    check::check(&graph, &draft, &mut found);
    let graph = order::order(&graph, &mut found).unwrap_or_else(|| order::order_anyhow(&graph));
    found.sort();
    Some(Sketch { graph, complaints: found })
}

/// The passes that judge a graph. They go on after errors: one run shows all of them.
fn run(source: &Source, options: LoadOptions, found: &mut Diagnostics) -> Option<(Graph, Option<Located>)> {
    let mut complaints = Diagnostics::default();
    let mut search = None;
    let mut beside = Defaults::default();
    // Looked for when the first one is asked for: a file that is no TOML asks for none.
    let mut search_in = || (!options.graph_only).then(|| Search::new(&source.path, &mut complaints)).flatten();
    let draft = parse::parse(
        &source.text,
        |image, found| {
            let search = search.get_or_insert_with(&mut search_in).as_ref()?;
            beside.of(image, &search.crate_directory(&image.value)?, found)
        },
        found,
    )?;
    let mut graph = resolve::resolve(&draft, found);
    if !options.graph_only {
        files::read(&mut graph, source.path.parent().unwrap_or(Path::new("")), found);
    }
    check::check(&graph, &draft, found);
    let ordered = order::order(&graph, found);
    if let Some(ordered) = &ordered {
        check::depth::check(ordered, found);
        check::unused::check(ordered, found);
    }
    // Without an order, still for its complaints.
    let search = search.get_or_insert_with(search_in).as_mut();
    let located = search.and_then(|search| locate::locate(ordered.as_ref().unwrap_or(&graph), search, found));
    found.extend(complaints);
    Some((ordered?, located))
}
