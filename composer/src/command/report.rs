//! `composer report`: what a system is made of, and who holds what by which line of its graph.

use std::path::PathBuf;

use super::build;
use crate::pass::report::{self, Report};
use crate::{Failure, LoadOptions, Loaded, draw, load, output};

/// What `report` is told.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// The graph file
    file: PathBuf,
    /// How the report is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Write the report to this file instead of the standard output
    #[arg(short, long, visible_alias = "out", value_name = "FILE")]
    output: Option<PathBuf>,
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// For programs
    Json,
    /// For a browser: one page that needs nothing else
    Html,
}

/// Composes the system in memory and says what it is made of.
///
/// # Errors
///
/// All complaints about the graph and its images; the report cannot be written.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let loaded = load(&arguments.file, LoadOptions { graph_only: false })?;
    loaded.warnings.print(&loaded.source);
    let report = build::report(&loaded)?;
    output::write(arguments.output.as_deref(), &render(arguments.format, &report, &loaded))
}

/// The report in this format.
fn render(format: Format, report: &Report, loaded: &Loaded) -> String {
    match format {
        Format::Text => report::render(report),
        // A report has no maps with keys that JSON does not know: it can always be written.
        Format::Json => serde_json::to_string_pretty(report).unwrap_or_default() + "\n",
        Format::Html => report::render_html(report, &draw::draw(&loaded.graph), &loaded.source.text),
    }
}
