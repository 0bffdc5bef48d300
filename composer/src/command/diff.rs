//! `composer diff`: what a change of a graph lets components do that they could not do before, and the reverse.

use std::fmt::Write as _;
use std::path::PathBuf;

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
}

/// Prints what was gained, with a `+`, and what was lost, with a `-`. Answers whether anything was gained.
///
/// # Errors
///
/// All complaints, if one of the graphs is not sound.
pub fn run(arguments: &Arguments) -> Result<bool, Failure> {
    let graph = |path| Ok(load(path, LoadOptions { graph_only: true })?.graph);
    let change = Change::between(&graph(&arguments.old)?, &graph(&arguments.new)?);
    print::line(format_args!("{}", change.text().trim_end()));
    Ok(!change.gained.is_empty())
}

/// What differs between two graphs, a line each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// What could not be done before.
    pub gained: Vec<String>,
    /// What can be done no more.
    pub lost: Vec<String>,
}

impl Change {
    /// What `new` permits that `old` did not, and the reverse.
    pub fn between(old: &Graph, new: &Graph) -> Self {
        let (old, new) = (authority::items(old), authority::items(new));
        Self { gained: beyond(&new, &old), lost: beyond(&old, &new) }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for (sign, lines) in [('+', &self.gained), ('-', &self.lost)] {
            lines.iter().for_each(|line| _ = writeln!(text, "{sign} {line}"));
        }
        if text.is_empty() { "no component may do more or less than before".into() } else { text }
    }
}

/// What `items` have that `others` have not.
fn beyond(items: &[Item], others: &[Item]) -> Vec<String> {
    let line = |item: &Item, how: &str| match how {
        "" => format!("{} {}", item.holder, item.what),
        how => format!("{} {}: {how}", item.holder, item.what),
    };
    let more = |item: &Item| {
        let same = others.iter().find(|other| (&other.holder, &other.what) == (&item.holder, &item.what));
        match same {
            Some(other) => item.extent.beyond(&other.extent).map(|how| line(item, &how)),
            None => Some(line(item, &item.extent.describe())),
        }
    };
    items.iter().filter_map(more).collect()
}
