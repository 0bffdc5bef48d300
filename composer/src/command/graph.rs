//! `composer graph`: draws the graph as a picture.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::code::UNWRITABLE;
use crate::diagnostic::{Diagnostic, Source};
use crate::{Failure, LoadOptions, draw, load};

/// What `graph` is told.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// The graph file
    file: PathBuf,
    /// Write the picture to this file instead of the standard output
    #[arg(short, long, value_name = "FILE.svg")]
    output: Option<PathBuf>,
}

/// Draws the graph. Its component crates need not exist.
///
/// # Errors
///
/// All complaints, if the graph is not sound; the picture cannot be written.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let loaded = load(&arguments.file, LoadOptions { graph_only: true })?;
    loaded.warnings.print(&loaded.source);
    let picture = draw::draw(&loaded.graph);
    match &arguments.output {
        Some(path) => std::fs::write(path, picture).map_err(|error| unwritable(path, &error)),
        None => io::stdout().write_all(picture.as_bytes()).or_else(|error| match error.kind() {
            // Whoever reads has seen enough.
            io::ErrorKind::BrokenPipe => Ok(()),
            _ => Err(unwritable(Path::new("standard output"), &error)),
        }),
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    let complaint = Diagnostic::error(UNWRITABLE, format!("cannot write the picture: {error}"));
    Failure { source: Source { path: path.into(), text: String::new() }, diagnostics: complaint.into() }
}
