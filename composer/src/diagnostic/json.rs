//! Complaints as JSON, for editors and scripts.

use serde::Serialize;

use super::{Diagnostic, Diagnostics, Severity, Source};

/// Version of the document.
const FORMAT: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    format: u32,
    file: String,
    errors: usize,
    diagnostics: Vec<Complaint<'a>>,
}

#[derive(Serialize)]
struct Complaint<'a> {
    severity: &'static str,
    code: &'a str,
    message: &'a str,
    labels: Vec<Place<'a>>,
    help: Option<&'a str>,
}

/// Where; lines and columns count from 1, columns in characters. The end is behind the last character.
#[derive(Serialize)]
struct Place<'a> {
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    text: &'a str,
}

impl Diagnostics {
    /// All complaints as a JSON document.
    pub fn json(&self, source: &Source) -> String {
        let diagnostics = self.iter().map(|diagnostic| complaint(diagnostic, source)).collect();
        let file = source.path.to_string_lossy().into_owned();
        let document = Document { format: FORMAT, file, errors: self.errors(), diagnostics };
        serde_json::to_string_pretty(&document).unwrap_or_default()
    }
}

fn complaint<'a>(diagnostic: &'a Diagnostic, source: &Source) -> Complaint<'a> {
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let place = |label: &'a super::Label| {
        let (line, column) = position(&source.text, label.span.start);
        let (end_line, end_column) = position(&source.text, label.span.end.max(label.span.start));
        Place { line, column, end_line, end_column, text: &label.text }
    };
    Complaint {
        severity,
        code: diagnostic.code,
        message: &diagnostic.message,
        labels: diagnostic.labels.iter().map(place).collect(),
        help: diagnostic.help.as_deref(),
    }
}

/// Line and column of a place in bytes, both from 1, the column in characters.
pub fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..super::floor(text, at)).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters_from_one() {
        assert_eq!(position("a\nbé=1", 0), (1, 1));
        assert_eq!(position("a\nbé=1", 2), (2, 1));
        assert_eq!(position("a\nbé=1", 5), (2, 3));
        assert_eq!(position("a", 99), (1, 2));
    }
}
