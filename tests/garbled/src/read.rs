//! Reading an input as the composer does.

use std::path::{Path, PathBuf};

use abi::bundle::Bundle;
use composer::diagnostic::Source;
use composer::elf::{Image, strip};
use composer::stack;

use crate::{answered, dump, log};

/// What an input is meant to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A graph file.
    Graph,
    /// A component's ELF file, with its records.
    Image,
    /// A bundle, which kernel and booter read.
    Bundle,
    /// A memory dump.
    Dump,
    /// What the emulator logs of a system.
    Log,
}

impl Kind {
    /// All of them.
    const ALL: [Self; 5] = [Self::Graph, Self::Image, Self::Bundle, Self::Dump, Self::Log];

    /// The end of the name of a file that is one.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Graph => "graph",
            Self::Image => "image",
            Self::Bundle => "bundle",
            Self::Dump => "dump",
            Self::Log => "log",
        }
    }

    /// What a file is meant to be, by its name: a graph is one as users name it, too, and what has no end is an image or a bundle.
    pub fn of(path: &Path) -> Self {
        let name = path.extension().or(path.file_name()).unwrap_or_default();
        let named = Self::ALL.into_iter().find(|kind| name == kind.extension());
        named.unwrap_or(if name == "toml" { Self::Graph } else { Self::Image })
    }

    /// Whether it is lines of text.
    pub const fn is_text(self) -> bool {
        matches!(self, Self::Graph | Self::Log)
    }
}

/// Reads an input. Whether it is accepted; if not, why is written out.
pub fn read(kind: Kind, bytes: &[u8]) -> bool {
    match kind {
        Kind::Graph => graph(bytes),
        Kind::Image => image(bytes),
        Kind::Bundle => bundle(bytes),
        Kind::Dump => dump::is_seen(bytes),
        Kind::Log => log::is_one_history(bytes),
    }
}

fn graph(bytes: &[u8]) -> bool {
    let Ok(text) = String::from_utf8(bytes.to_vec()) else { return false };
    let source = Source { path: PathBuf::from("graph.toml"), text };
    answered::is_sound(source)
}

fn image(bytes: &[u8]) -> bool {
    _ = strip::strip(bytes);
    match Image::read(bytes) {
        Ok(image) => match stack::bounds(bytes, &image, Some(2)) {
            Ok(bounds) => bounds.entry(image.entry).is_some_and(|entry| !entry.most.path.is_empty()),
            Err(problems) => problems.iter().all(|problem| problem.to_string().is_empty()),
        },
        Err(defects) => defects.iter().all(|defect| defect.to_string().is_empty()),
    }
}

/// As the kernel and the booter read it, which have no words for what is wrong. Of the tables alone, no sum guards against changes.
fn bundle(bytes: &[u8]) -> bool {
    _ = Bundle::parse(bytes);
    let Ok(bundle) = Bundle::parse_tables(bytes) else { return false };
    bundle.components().all(|component| {
        let contents: usize = bundle.segments(&component).map(|segment| segment.rights as usize).sum();
        contents + bundle.capabilities(&component).count() + bundle.stacks(&component).count() < usize::MAX
    })
}
