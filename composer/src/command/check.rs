//! `composer check`: is this graph one that can be composed?

use std::path::PathBuf;

use super::build::{self, Strictness};
use crate::{Failure, LoadOptions, load, print};

/// What `check` is told.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// The graph file
    file: PathBuf,
    /// Judge the graph alone, without building its component crates, which need not exist
    #[arg(long)]
    graph_only: bool,
    /// Point out edges, too, that permit all methods and whose client never calls some
    #[arg(long, conflicts_with = "graph_only")]
    strict: bool,
    /// How complaints are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// How complaints are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// For editors and scripts: one JSON document, to the standard output; complaints, too
    Json,
}

/// Says that the graph is sound.
///
/// # Errors
///
/// All complaints, if it is not.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let options = LoadOptions { graph_only: arguments.graph_only };
    let loaded = load(&arguments.file, options)?;
    let warnings = build::judge_images(&loaded, if arguments.strict { Strictness::Strict } else { Strictness::Usual })?;
    if arguments.format == Format::Json {
        print::line(format_args!("{}", warnings.json(&loaded.source)));
        return Ok(());
    }
    warnings.print(&loaded.source);
    let components = &loaded.graph.components;
    let edges: usize = components.iter().map(|component| component.deps.len()).sum();
    print::line(format_args!(
        "{}: sound: {}, {}",
        arguments.file.display(),
        crate::text::count(components.len(), "component"),
        crate::text::count(edges, "dependency"),
    ));
    Ok(())
}
