//! `composer timeline`: draws what a graph's declared threads will do.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::code::{UNDRAWABLE, UNSCHEDULABLE, UNWRITABLE};
use crate::diagnostic::{Diagnostic, Source};
use crate::pass::parse;
use crate::timeline::{self, Nothing};
use crate::{Failure, LoadOptions, judge_all_but, print, schedulability};

/// What `timeline` is told.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// The graph file
    file: PathBuf,
    /// Write the picture to this file, and print what the analysis says; without, the picture is printed
    #[arg(short, long, visible_alias = "out", value_name = "FILE.svg")]
    output: Option<PathBuf>,
    /// How much time to show; some of the longest periods if left out
    #[arg(short, long, value_name = "MICROSECONDS", value_parser = clap::value_parser!(u64).range(1..=3_600_000_000))]
    length: Option<u64>,
}

/// Draws what the graph's declared threads will do. Its component crates need not exist.
///
/// # Errors
///
/// All complaints, if the graph is not sound, other than that threads may be late: that is shown. Nothing is declared; the
/// picture cannot be written.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let source = parse::read(&arguments.file)?;
    let loaded = judge_all_but(source, LoadOptions { graph_only: true }, &[UNSCHEDULABLE])?;
    loaded.warnings.print(&loaded.source);
    let graph = &loaded.graph;
    let timeline = timeline::of(graph, arguments.length).map_err(|nothing| undrawable(&loaded.source, nothing))?;
    let picture = timeline::draw(graph, &timeline);
    let Some(path) = &arguments.output else {
        return io::stdout().write_all(picture.as_bytes()).or_else(|error| match error.kind() {
            // Whoever reads has seen enough.
            io::ErrorKind::BrokenPipe => Ok(()),
            _ => Err(unwritable(Path::new("standard output"), &error)),
        });
    };
    std::fs::write(path, picture).map_err(|error| unwritable(path, &error))?;
    let drawn = timeline.processors.iter().map(|processor| &processor.analysis);
    for analysis in drawn.chain(&timeline.left_out) {
        print::line(format_args!("{}", schedulability::render(graph, analysis).trim_end()));
    }
    Ok(())
}

fn undrawable(source: &Source, nothing: Nothing) -> Failure {
    let (message, help) = match nothing {
        Nothing::NoScheduler => (
            "the graph has no scheduler that schedules anybody",
            "give a component a scheduler: deps = [{ srv = \"sched\", interface = \"sched\" }]",
        ),
        Nothing::NothingDeclared => (
            "the graph says of no thread how much work it has",
            "give some threads a `period`, and a `budget` or a `cost`",
        ),
        Nothing::NobodysCore => (
            "the schedulers of threads that say how much work they have share their cores with others",
            "nobody can say when they have time: `composer report` has what is sure",
        ),
        Nothing::TooManyThreads => ("there are more threads than can be simulated", "draw a part of the graph"),
        Nothing::TooLong => ("more would happen than a picture can show", "show less time: --length 10000"),
    };
    let complaint = Diagnostic::error(UNDRAWABLE, message).help(help);
    Failure { source: source.clone(), diagnostics: complaint.into() }
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    let complaint = Diagnostic::error(UNWRITABLE, format!("cannot write the picture: {error}"));
    Failure { source: Source { path: path.into(), text: String::new() }, diagnostics: complaint.into() }
}
