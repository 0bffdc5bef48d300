//! `composer diff`: what a change of a graph lets components do that they could not do before, and the reverse.

use std::fmt::{self, Write as _};
use std::path::PathBuf;

use serde::Serialize;

use super::check::Format;
use crate::authority::{self, Item};
use crate::graph::Graph;
use crate::{Failure, LoadOptions, load, print};

/// What `diff` is told.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// The graph file as it was
    old: PathBuf,
    /// The graph file as it is to be
    new: PathBuf,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// Prints what was gained, with a `+`, and what was lost, with a `-`. Answers whether anything was gained.
///
/// # Errors
///
/// All complaints, if one of the graphs is not sound.
pub fn run(arguments: &Arguments) -> Result<bool, Failure> {
    let graph = |path| Ok(load(path, LoadOptions { graph_only: true })?.graph);
    let change = Change::between(&graph(&arguments.old)?, &graph(&arguments.new)?);
    match arguments.format {
        Format::Text => print::line(format_args!("{}", change.text().trim_end())),
        Format::Json => print::line(format_args!("{}", serde_json::to_string_pretty(&change).unwrap_or_default())),
    }
    Ok(!change.gained.is_empty())
}

/// What differs between two graphs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Change {
    /// [`authority::FORMAT`].
    pub format: u32,
    /// What could not be done before.
    pub gained: Vec<Difference>,
    /// What can be done no more.
    pub lost: Vec<Difference>,
}

/// One of the differences.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The component.
    pub holder: String,
    /// What it may do.
    pub what: String,
    /// How much more of it, or less; empty for all.
    pub extent: String,
}

impl Change {
    /// What `new` permits that `old` did not, and the reverse.
    pub fn between(old: &Graph, new: &Graph) -> Self {
        let (old, new) = (authority::items(old), authority::items(new));
        Self { format: authority::FORMAT, gained: beyond(&new, &old), lost: beyond(&old, &new) }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for (sign, lines) in [('+', &self.gained), ('-', &self.lost)] {
            lines.iter().for_each(|line| _ = writeln!(text, "{sign} {line}"));
        }
        if text.is_empty() { "no component may do more or less than before".into() } else { text }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.extent.as_str() {
            "" => write!(f, "{} {}", self.holder, self.what),
            extent => write!(f, "{} {}: {extent}", self.holder, self.what),
        }
    }
}

/// What `items` have that `others` have not.
fn beyond(items: &[Item], others: &[Item]) -> Vec<Difference> {
    let difference = |item: &Item, extent| Difference { holder: item.holder.clone(), what: item.what.clone(), extent };
    let more = |item: &Item| {
        let same = others.iter().find(|other| (&other.holder, &other.what) == (&item.holder, &item.what));
        match same {
            Some(other) => item.extent.beyond(&other.extent).map(|extent| difference(item, extent)),
            None => Some(difference(item, item.extent.describe())),
        }
    };
    items.iter().filter_map(more).collect()
}
