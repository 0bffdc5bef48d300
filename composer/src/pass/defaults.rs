//! The defaults of a component: what `component.toml`, beside its crate, says for every graph that does not say otherwise.
//!
//! It says what the component needs wherever it is used. Who it is, and with whom it has to do, is the graph's to say.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use super::shape::{self, Fields};
use crate::code::BAD_DEFAULTS;
use crate::diagnostic::{Diagnostic, Diagnostics, Source};
use crate::graph::Spanned;
use crate::text::quote;

/// The file's name.
const FILE: &str = "component.toml";

/// Keys of a component that it can say nothing of.
pub const NOT_ITS: [&str; 10] =
    ["name", "img", "constructor", "implements", "deps", "devices", "initfs", "template", "count", "personality"];

/// The files that have been read, by their directories.
#[derive(Debug, Default)]
pub struct Defaults {
    read: HashMap<PathBuf, Option<Fields>>,
}

impl Defaults {
    /// What lies in `directory` for `image`, if anything does.
    pub fn of(&mut self, image: &Spanned<String>, directory: &Path, found: &mut Diagnostics) -> Option<Fields> {
        self.read.entry(directory.into()).or_insert_with(|| read(image, directory, found)).clone()
    }
}

fn read(image: &Spanned<String>, directory: &Path, found: &mut Diagnostics) -> Option<Fields> {
    let source = match super::parse::read(&directory.join(FILE)) {
        Ok(source) => source,
        Err(_) if !directory.join(FILE).exists() => return None,
        Err(failure) => return refuse(image, &failure.source, failure.diagnostics, found),
    };
    let mut complaints = Diagnostics::default();
    let (table, errors) = DeTable::parse_recoverable(&source.text);
    complaints.extend(errors.iter().map(super::parse::syntax));
    let fields = shape::of_defaults(table.get_ref(), &mut complaints);
    complaints.extend(fields.keys().filter(|(key, _)| NOT_ITS.contains(key)).map(|(key, span)| {
        let message = format!("a {FILE} cannot say `{key}`");
        Diagnostic::error(BAD_DEFAULTS, message).label(span, "the graph says this")
    }));
    if complaints.has_errors() { refuse(image, &source, complaints, found) } else { Some(fields) }
}

/// The complaints about the file, as one about the graph that needs it.
fn refuse(
    image: &Spanned<String>,
    source: &Source,
    mut complaints: Diagnostics,
    found: &mut Diagnostics,
) -> Option<Fields> {
    complaints.sort();
    let source = Source { path: FILE.into(), text: source.text.clone() };
    let message = format!("the {FILE} of {} says what it cannot say", quote(&image.value));
    let complaint = Diagnostic::error(BAD_DEFAULTS, message).label(&image.span, "its defaults are needed here");
    found.push(complaint.help(complaints.render(&source).trim_end().to_owned()));
    None
}
