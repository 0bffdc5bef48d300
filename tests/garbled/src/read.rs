//! Reading an input as the composer does.

use std::path::PathBuf;

use composer::diagnostic::Source;
use composer::elf::{Image, strip};
use composer::stack;

use crate::answered;

/// What an input is meant to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A graph file.
    Graph,
    /// A component's ELF file, with its records.
    Image,
}

/// Reads an input. Whether it is accepted; if not, why is written out.
pub fn read(kind: Kind, bytes: &[u8]) -> bool {
    match kind {
        Kind::Graph => graph(bytes),
        Kind::Image => image(bytes),
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
