//! Graph file in, checked and explained system image out.
//!
//! The composer is a pipeline. Each pass takes the result of the one before, never changes it, and reports all that it
//! finds wrong; errors end the pipeline after `order` at the latest, so that one run shows all of them.

pub mod authority;
pub mod cargo;
pub mod code;
pub mod command;
pub mod diagnostic;
pub mod draw;
pub mod elf;
pub mod faults;
pub mod graph;
pub mod keys;
pub mod locate;
pub mod manage;
pub mod pass;
pub mod print;
pub mod progress;
pub mod schedule;
pub mod suggest;
pub mod temporary;
pub mod text;
pub mod verdict;

use std::path::Path;

use diagnostic::{Diagnostics, Source};
use graph::Graph;
use locate::Located;
use pass::{check, order, parse, resolve};

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
    let mut found = Diagnostics::default();
    let passed = run(&source, options, &mut found);
    found.sort();
    match passed {
        Some((graph, located)) if !found.has_errors() => Ok(Loaded { graph, located, source, warnings: found }),
        _ => Err(Failure { source, diagnostics: found }),
    }
}

/// The passes that judge a graph. They go on after errors: one run shows all of them.
fn run(source: &Source, options: LoadOptions, found: &mut Diagnostics) -> Option<(Graph, Option<Located>)> {
    let draft = parse::parse(&source.text, found)?;
    let graph = resolve::resolve(&draft, found);
    check::check(&graph, &draft, found);
    let ordered = order::order(&graph, found);
    let mut complaints = Diagnostics::default();
    let located = if options.graph_only {
        None
    } else {
        // Without an order, still for its complaints.
        locate::locate(ordered.as_ref().unwrap_or(&graph), &source.path, &mut complaints)
    };
    found.extend(complaints);
    Some((ordered?, located))
}
