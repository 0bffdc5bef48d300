//! `composer check`: is this graph one that can be composed?

use std::path::PathBuf;

use super::build;
use crate::{Failure, LoadOptions, load, print};

/// What `check` is told.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// The graph file
    file: PathBuf,
    /// Judge the graph alone, without building its component crates, which need not exist
    #[arg(long)]
    graph_only: bool,
}

/// Says that the graph is sound.
///
/// # Errors
///
/// All complaints, if it is not.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let options = LoadOptions { graph_only: arguments.graph_only };
    let loaded = load(&arguments.file, options)?;
    loaded.warnings.print(&loaded.source);
    build::judge_images(&loaded)?;
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
