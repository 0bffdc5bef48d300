//! What the composer has to say about a graph: errors and warnings with their place in the file.
//!
//! A pass takes a `&mut Diagnostics`, adds *all* that it finds, and goes on where it can. [`crate::Failure`] carries
//! them, with the source, to whoever prints them.

mod json;

pub use json::position;

use std::io::{IsTerminal, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::text::count;

/// A graph file, as it was read.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// Where it was read from, as the user wrote it.
    pub path: PathBuf,
    /// Its text; empty if it could not be read.
    pub text: String,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The graph is not composed.
    Error,
    /// The graph is composed, but may not do what was meant.
    Warning,
    /// Nothing is wrong: an answer to a question.
    Note,
}

/// A remark at a place in the graph file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place, in bytes.
    pub span: Range<usize>,
    /// The remark; empty to only underline.
    pub text: String,
}

/// One complaint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// One of [`crate::code`].
    pub code: &'static str,
    /// What is wrong, in one line.
    pub message: String,
    /// Where: the first label is the place to look at, the others explain.
    pub labels: Vec<Label>,
    /// What to do about it.
    pub help: Option<String>,
    /// How bad it is.
    pub severity: Severity,
}

impl Diagnostic {
    /// An error without labels or help.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), labels: Vec::new(), help: None, severity: Severity::Error }
    }

    /// A warning without labels or help.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// A note without labels.
    pub fn note(message: impl Into<String>) -> Self {
        Self { severity: Severity::Note, ..Self::error("", message) }
    }

    /// The same as a warning.
    #[must_use]
    pub fn tolerated(self) -> Self {
        Self { severity: Severity::Warning, ..self }
    }

    /// The same with one more label.
    #[must_use]
    pub fn label(mut self, span: &Range<usize>, text: impl Into<String>) -> Self {
        self.labels.push(Label { span: span.clone(), text: text.into() });
        self
    }

    /// The same with this help.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// The same with this help, if there is any.
    #[must_use]
    pub fn maybe_help(mut self, text: Option<String>) -> Self {
        self.help = text.or(self.help);
        self
    }

    /// Whether it keeps the graph from being composed.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    fn start(&self) -> usize {
        self.labels.first().map_or(0, |label| label.span.start)
    }

    fn render(&self, source: &Source, renderer: &Renderer) -> String {
        let title = match self.severity {
            Severity::Error => Level::ERROR.primary_title(self.message.as_str()).id(self.code),
            Severity::Warning => Level::WARNING.primary_title(self.message.as_str()).id(self.code),
            Severity::Note => Level::NOTE.primary_title(self.message.as_str()),
        };
        let path = source.path.to_string_lossy();
        let mut group = Group::with_title(title);
        group = match Excerpt::of(source, &self.labels) {
            Some(excerpt) => group.element(excerpt.snippet(&path)),
            None => group.element(Origin::path(path.as_ref())),
        };
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        renderer.render(&[group])
    }
}

/// The lines of a source that some labels touch. Rendering works on these alone: a huge file costs nothing extra.
struct Excerpt<'a> {
    text: &'a str,
    first_line: usize,
    labels: Vec<(Range<usize>, &'a str)>,
}

impl<'a> Excerpt<'a> {
    fn of(source: &'a Source, labels: &'a [Label]) -> Option<Self> {
        let text = source.text.as_str();
        let first = labels.iter().map(|label| label.span.start).min()?;
        let last = labels.iter().map(|label| label.span.end.max(label.span.start)).max()?;
        let start = text.get(..floor(text, first))?.rfind('\n').map_or(0, |at| at + 1);
        let rest = floor(text, last);
        let end = text.get(rest..)?.find('\n').map_or(text.len(), |at| rest + at);
        let lines = text.get(start..end)?;
        // The last line has lost its line feed; a carriage return before that belongs to it.
        let lines = lines.strip_suffix('\r').unwrap_or(lines);
        let inside = |at: usize| floor(text, at).saturating_sub(start).min(lines.len());
        let inside = |span: &Range<usize>| inside(span.start)..inside(span.end.max(span.start));
        Some(Self {
            text: lines,
            first_line: text.get(..start)?.matches('\n').count() + 1,
            labels: labels.iter().map(|label| (inside(&label.span), label.text.as_str())).collect(),
        })
    }

    fn snippet(self, path: &'a str) -> Snippet<'a, Annotation<'a>> {
        let kinds = std::iter::once(AnnotationKind::Primary).chain(std::iter::repeat(AnnotationKind::Context));
        let annotations = self
            .labels
            .into_iter()
            .zip(kinds)
            .map(|((span, text), kind)| kind.span(span).label(Some(text).filter(|text| !text.is_empty())));
        Snippet::source(self.text).path(path).line_start(self.first_line).annotations(annotations)
    }
}

/// The last boundary between characters that is not after `at`.
fn floor(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// All complaints about one graph.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics(Vec<Diagnostic>);

/// Complaints printed before the rest is only counted.
const SHOWN: usize = 100;

impl Diagnostics {
    /// Adds a complaint.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// The same without the complaints of this code.
    #[must_use]
    pub fn without(mut self, code: &str) -> Self {
        self.0.retain(|diagnostic| diagnostic.code != code);
        self
    }

    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Number of errors.
    pub fn errors(&self) -> usize {
        self.iter().filter(|diagnostic| diagnostic.is_error()).count()
    }

    /// Whether the graph must not be composed.
    pub fn has_errors(&self) -> bool {
        self.errors() > 0
    }

    /// The complaints.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }

    /// Puts the most severe complaints first, and those of one severity in the order of the file.
    pub fn sort(&mut self) {
        self.0.sort_by_key(|diagnostic| (diagnostic.severity, diagnostic.start(), diagnostic.code));
    }

    /// All complaints as plain text.
    pub fn render(&self, source: &Source) -> String {
        self.render_with(source, &Renderer::plain())
    }

    /// Prints all complaints to the standard error output, in colour if that is a terminal.
    pub fn print(&self, source: &Source) {
        let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        // Whoever reads may have seen enough and be gone; that is no reason to fail.
        _ = std::io::stderr().write_all(self.render_with(source, &renderer).as_bytes());
    }

    fn render_with(&self, source: &Source, renderer: &Renderer) -> String {
        let mut text = String::new();
        for diagnostic in self.iter().take(SHOWN) {
            text += &diagnostic.render(source, renderer);
            text += "\n\n";
        }
        if let Some(summary) = self.summary(&source.path) {
            text += &summary;
            text += "\n";
        }
        text
    }

    fn summary(&self, path: &Path) -> Option<String> {
        let errors = self.errors();
        let warnings = self.iter().filter(|diagnostic| diagnostic.severity == Severity::Warning).count();
        let counts = [(errors, "error"), (warnings, "warning")].into_iter().filter(|(number, _)| *number > 0);
        let counts: Vec<_> = counts.map(|(number, noun)| count(number, noun)).collect();
        let hidden = match self.0.len().saturating_sub(SHOWN) {
            0 => String::new(),
            hidden => format!(" ({hidden} of them not shown)"),
        };
        (!counts.is_empty()).then(|| format!("{}: {}{hidden}", path.display(), counts.join(", ")))
    }
}

impl Extend<Diagnostic> for Diagnostics {
    fn extend<I: IntoIterator<Item = Diagnostic>>(&mut self, diagnostics: I) {
        self.0.extend(diagnostics);
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self(vec![diagnostic])
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
