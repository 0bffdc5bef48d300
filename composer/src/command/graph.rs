//! `composer graph`: draws the graph as a picture.

use std::path::{Path, PathBuf};

use super::build::{Strictness, judge_images};
use crate::code::UNWRITABLE;
use crate::diagnostic::{Diagnostic, Source};
use crate::draw::{self, Costs, Notes};
use crate::pass::parse;
use crate::{Failure, LoadOptions, Sketch, judge, output, sketch};

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
    /// Build the images, too, and draw in red what does not fit them
    #[arg(long)]
    images: bool,
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

impl Arguments {
    /// What the picture is to be: as is said, or as its file's name says.
    fn format(&self) -> Result<Format, Failure> {
        let named = self.output.as_deref().filter(|file| file.extension().is_some());
        match (self.format, named) {
            (Some(format), _) => Ok(format),
            (None, None) => Ok(Format::Svg),
            (None, Some(file)) => Format::of(file).ok_or_else(|| unknown_format(file)),
        }
    }
}

fn unknown_format(file: &Path) -> Failure {
    let complaint = Diagnostic::error(UNWRITABLE, "no picture is written to a file whose name ends like this");
    let complaint = complaint.help("let it end in .svg, .html or .dot, or say which it is to be: --format svg");
    Failure { source: Source { path: file.into(), text: String::new() }, diagnostics: complaint.into() }
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

/// Draws the graph, and in red what is wrong with it. Its component crates need not exist, unless it is to be held against them.
///
/// # Errors
///
/// All complaints, if the graph is not sound; the picture was written all the same, unless the file is no TOML.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let source = parse::read(&arguments.file)?;
    let Some(mut sketch) = sketch(&source) else {
        return judge(source, LoadOptions { graph_only: true }).map(|_| ());
    };
    if arguments.images && !sketch.complaints.has_errors() {
        sketch = with_images(source.clone(), sketch);
    }
    let costs = Costs::recorded().filter(|_| !arguments.no_costs);
    let notes = Notes { complaints: Some(&sketch.complaints), costs: costs.as_ref() };
    let picture = match arguments.format()? {
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

/// The same with all that is wrong and odd about the images.
fn with_images(source: Source, sketch: Sketch) -> Sketch {
    match judge(source, LoadOptions { graph_only: false }) {
        Ok(loaded) => {
            let complaints = judge_images(&loaded, Strictness::Usual).unwrap_or_else(|failure| failure.diagnostics);
            Sketch { graph: loaded.graph, complaints }
        }
        Err(failure) => Sketch { complaints: failure.diagnostics, ..sketch },
    }
}
