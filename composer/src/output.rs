//! Writing what was asked for: to a file, or to the standard output.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use crate::Failure;
use crate::code::UNWRITABLE;
use crate::diagnostic::{Diagnostic, Source};

/// Writes `text` to `file`, or to the standard output without one.
///
/// # Errors
///
/// It cannot be written.
pub fn write(file: Option<&Path>, text: &str) -> Result<(), Failure> {
    match file {
        Some(path) => std::fs::write(path, text).map_err(|error| unwritable(path, &error)),
        None => io::stdout().write_all(text.as_bytes()).or_else(|error| match error.kind() {
            // Whoever reads has seen enough.
            io::ErrorKind::BrokenPipe => Ok(()),
            _ => Err(unwritable(Path::new("standard output"), &error)),
        }),
    }
}

/// Says beforehand whether `file` can be written, for what takes long to find out. What is there is not changed, and no file is left.
///
/// # Errors
///
/// It cannot be written.
pub fn may_write(file: Option<&Path>) -> Result<(), Failure> {
    let Some(path) = file else { return Ok(()) };
    let is_there = path.exists();
    OpenOptions::new().append(true).create(true).open(path).map_err(|error| unwritable(path, &error))?;
    match is_there {
        true => Ok(()),
        false => std::fs::remove_file(path).map_err(|error| unwritable(path, &error)),
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    let complaint = Diagnostic::error(UNWRITABLE, format!("cannot write the output: {error}"));
    Failure { source: Source { path: path.into(), text: String::new() }, diagnostics: complaint.into() }
}
