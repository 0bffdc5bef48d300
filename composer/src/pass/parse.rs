//! Pass 1: the file becomes a [`Draft`]: known keys with values of the right type, each with its place.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use super::draft::Draft;
use super::expand;
use super::shape::{self, Fields};
use crate::code::{NOT_TEXT, SYNTAX, TOO_LARGE, UNREADABLE};
use crate::diagnostic::{Diagnostic, Diagnostics, Source};
use crate::graph::Spanned;
use crate::{Failure, suggest};

/// Bytes that a graph file may have. The largest systems have a thousandth of it.
pub const LIMIT: u64 = 16 << 20;

/// Syntax errors beyond which a file is not one with mistakes, but no TOML at all.
const SYNTAX_ERRORS: usize = 1000;

/// Reads the file at `path`.
///
/// # Errors
///
/// It cannot be read, is too large, or is not text.
pub fn read(path: &Path) -> Result<Source, Failure> {
    let text = read_bytes(path).and_then(into_text);
    let source = |text| Source { path: path.into(), text };
    match text {
        Ok(text) => Ok(source(text)),
        Err(complaint) => Err(Failure { source: source(String::new()), diagnostics: complaint.into() }),
    }
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, Diagnostic> {
    let unreadable = |error: io::Error| {
        let complaint = Diagnostic::error(UNREADABLE, format!("cannot read the graph file: {error}"));
        let help = match error.kind() {
            io::ErrorKind::NotFound => named_alike(path).map(|other| format!("did you mean `{}`?", other.display())),
            _ => path.is_dir().then(|| "give the path of a graph file, not of a directory".to_owned()),
        };
        complaint.maybe_help(help)
    };
    let mut bytes = Vec::new();
    // Not the file's length: it may be a pipe, or grow.
    let file = File::open(path).map_err(unreadable)?;
    file.take(LIMIT + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LIMIT {
        let message = format!("the graph file has more than {}", crate::text::size(LIMIT));
        return Err(Diagnostic::error(TOO_LARGE, message));
    }
    Ok(bytes)
}

/// A graph file in the same directory that is called nearly the same.
fn named_alike(path: &Path) -> Option<PathBuf> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = std::fs::read_dir(directory).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut graphs: Vec<String> = entries.filter(|name| name.ends_with(".toml")).collect();
    graphs.sort();
    let wanted = path.file_name()?.to_str()?;
    // Someone may have left out the end.
    let wanted = wanted.strip_suffix(".toml").unwrap_or(wanted);
    let stems = graphs.iter().filter_map(|name| name.strip_suffix(".toml"));
    let stem = stems.clone().find(|stem| *stem == wanted).or_else(|| suggest::nearest(wanted, stems))?;
    Some(path.with_file_name(format!("{stem}.toml")))
}

fn into_text(bytes: Vec<u8>) -> Result<String, Diagnostic> {
    let not_text = |before: &[u8], why: &str| {
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        Diagnostic::error(NOT_TEXT, format!("the graph file is not text: line {line} {why}"))
    };
    let before_nul = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    if before_nul.len() < bytes.len() {
        return Err(not_text(before_nul, "has a nul byte"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let before = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        not_text(before, "is not UTF-8").help("save the file as UTF-8")
    })
}

/// Parses `text`, or returns `None` if it is not TOML.
///
/// What is of the wrong shape is left out of the draft. A file that is not TOML is judged no further: what a
/// broken line swallowed would be complained about as missing.
///
/// `defaults` knows what lies beside the crate of an image.
pub fn parse(
    text: &str,
    defaults: impl FnMut(&Spanned<String>, &mut Diagnostics) -> Option<Fields>,
    found: &mut Diagnostics,
) -> Option<Draft> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        found.extend(errors.iter().take(SYNTAX_ERRORS).map(syntax));
        return None;
    }
    let mut file = shape::of_file(table.get_ref(), found);
    expand::expand(&mut file, defaults, found);
    Some(Draft::new(&file))
}

pub(super) fn syntax(error: &toml::de::Error) -> Diagnostic {
    let complaint = Diagnostic::error(SYNTAX, format!("this is not TOML: {}", error.message()));
    complaint.label(&error.span().unwrap_or_default(), "")
}
