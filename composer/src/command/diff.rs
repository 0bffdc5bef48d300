//! `composer diff`: what a change of a graph lets components do that they could not do before, and the reverse.

use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::path::PathBuf;

use serde::Serialize;

use super::check::Format;
use crate::authority::{self, Authority, Item, Kind};
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

/// Prints what was gained, with a `+`, what was lost, with a `-`, and what is neither more nor less, with a `~`. Answers
/// whether anything was gained.
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
    /// What is otherwise than before, and neither more nor less.
    pub changed: Vec<Difference>,
}

/// One of the differences.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The component.
    pub holder: String,
    /// What that is about.
    pub kind: Kind,
    /// What it may do.
    pub what: String,
    /// How much more of it, or less; empty for all.
    pub extent: String,
}

impl Change {
    /// What `new` permits that `old` did not, and the reverse.
    pub fn between(old: &Graph, new: &Graph) -> Self {
        let (old, new) = (Authority::of(old), Authority::of(new));
        let (old, new) = (Items::of(&old), Items::of(&new));
        let (gained, lost) = (new.beyond(&old), old.beyond(&new));
        Self { format: authority::FORMAT, gained, lost, changed: new.beside(&old) }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for (sign, lines) in [('+', &self.gained), ('-', &self.lost), ('~', &self.changed)] {
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

/// Items, and by whose and what they are.
struct Items<'a> {
    all: &'a [Item],
    found: HashMap<(&'a str, &'a str), &'a Item>,
}

impl<'a> Items<'a> {
    fn of(authority: &'a Authority) -> Self {
        let all = authority.items();
        Self { all, found: all.iter().map(|item| ((item.holder.as_str(), item.what.as_str()), item)).collect() }
    }

    /// The same of these.
    fn same(&self, item: &Item) -> Option<&'a Item> {
        self.found.get(&(item.holder.as_str(), item.what.as_str())).copied()
    }

    /// What these have that `others` have not.
    fn beyond(&self, others: &Self) -> Vec<Difference> {
        let more = |item: &Item| match others.same(item) {
            Some(other) => item.extent.beyond(&other.extent),
            None => Some(item.extent.describe()),
        };
        self.differences(more)
    }

    /// What these have in another way than `others`.
    fn beside(&self, others: &Self) -> Vec<Difference> {
        self.differences(|item| item.extent.beside(&others.same(item)?.extent))
    }

    fn differences(&self, extent: impl Fn(&Item) -> Option<String>) -> Vec<Difference> {
        let difference = |item: &Item, extent| {
            let (holder, what) = (item.holder.clone(), item.what.clone());
            Difference { holder, kind: item.kind, what, extent }
        };
        self.all.iter().filter_map(|item| Some(difference(item, extent(item)?))).collect()
    }
}
