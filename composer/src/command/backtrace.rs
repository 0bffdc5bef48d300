//! `composer backtrace`: what a system printed, with functions and source lines behind its faults and panics, as `run` shows it.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::build;
use crate::code::UNREADABLE;
use crate::diagnostic::{Diagnostic, Source};
use crate::faults::Annotated;
use crate::{Failure, LoadOptions, load};

/// What `backtrace` is told.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// The graph file of the system, with the sources as they were
    file: PathBuf,
    /// What it printed; without, the standard input
    log: Option<PathBuf>,
}

/// Composes the system in memory, and explains what it printed.
///
/// # Errors
///
/// All complaints about the graph and its images; what it printed cannot be read.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let loaded = load(&arguments.file, LoadOptions { graph_only: false })?;
    let mut printed = open(arguments.log.as_deref())?;
    let examined = build::examine(&loaded)?;
    let programs = examined.programs(&loaded.graph);
    match io::copy(&mut printed, &mut Annotated::new(&programs, io::stdout().lock())) {
        // Whoever reads may have seen enough.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(unreadable(arguments.log.as_deref(), &error)),
        _ => Ok(()),
    }
}

fn open(log: Option<&Path>) -> Result<Box<dyn Read>, Failure> {
    match log {
        Some(path) => Ok(Box::new(File::open(path).map_err(|error| unreadable(log, &error))?)),
        None => Ok(Box::new(io::stdin().lock())),
    }
}

fn unreadable(log: Option<&Path>, error: &io::Error) -> Failure {
    let complaint = Diagnostic::error(UNREADABLE, format!("cannot read what was printed: {error}"));
    let path = log.unwrap_or(Path::new("standard input")).to_owned();
    Failure { source: Source { path, text: String::new() }, diagnostics: complaint.into() }
}
