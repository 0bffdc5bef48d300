//! `composer graph`: draws the graph as a picture.

use std::path::{Path, PathBuf};

use crate::draw::{self, Costs, Notes};
use crate::pass::parse;
use crate::{Failure, LoadOptions, judge, output, sketch};

/// What `graph` is told.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// The graph file
    file: PathBuf,
    /// Write the picture to this file instead of the standard output; its name's end tells the format
    #[arg(short, long, visible_alias = "out", value_name = "FILE.svg")]
    output: Option<PathBuf>,
    /// What the picture is: SVG, or a page for a browser in which edges can be followed, or text in the language DOT
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Leave out what calls cost, as the benchmark recorded last
    #[arg(long)]
    no_costs: bool,
}

/// What a picture is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// A picture
    Svg,
    /// A page for a browser, which needs nothing else
    Html,
    /// Text in the language DOT, for other programs to draw
    Dot,
}

impl Format {
    /// What a file of this name is to hold.
    fn of(file: &Path) -> Option<Self> {
        match file.extension()?.to_str()? {
            "html" | "htm" => Some(Self::Html),
            "dot" | "gv" => Some(Self::Dot),
            "svg" => Some(Self::Svg),
            _ => None,
        }
    }
}

/// Draws the graph, and in red what is wrong with it. Its component crates need not exist.
///
/// # Errors
///
/// All complaints, if the graph is not sound; the picture was written all the same, unless the file is no TOML.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let source = parse::read(&arguments.file)?;
    let Some(sketch) = sketch(&source) else {
        return judge(source, LoadOptions { graph_only: true }).map(|_| ());
    };
    let costs = Costs::recorded().filter(|_| !arguments.no_costs);
    let notes = Notes { complaints: Some(&sketch.complaints), costs: costs.as_ref() };
    let named = arguments.output.as_deref().and_then(Format::of);
    let picture = match arguments.format.or(named).unwrap_or(Format::Svg) {
        Format::Svg => draw::draw_with(&sketch.graph, notes),
        Format::Html => draw::draw_page(&sketch.graph, notes),
        Format::Dot => draw::dot(&sketch.graph, notes),
    };
    output::write(arguments.output.as_deref(), &picture)?;
    if sketch.complaints.has_errors() {
        return Err(Failure { source, diagnostics: sketch.complaints });
    }
    sketch.complaints.print(&source);
    Ok(())
}
