//! What an image is told of itself, for the case that it panics.

use abi::record::RecordKind;

use super::settings::{room, text_words};
use super::{Edge, records};
use crate::elf::{Image, Record};
use crate::graph::Component;

/// The record that asks for it. An image that panics in its own way has none.
pub fn record(image: &Image) -> Option<&Record> {
    records(image, RecordKind::Identity).next()
}

/// The words that receive the component's name, and as much of it as there is room for.
pub fn words(component: &Component, image: &Image) -> Vec<(u64, u64)> {
    let name = &component.name.value;
    let words = |record: &Record| text_words(record.second, shortened(name, room(image, record.second)));
    record(image).into_iter().flat_map(words).collect()
}

fn shortened(name: &str, room: u64) -> &str {
    let room = usize::try_from(room).unwrap_or(usize::MAX);
    name.get(..name.floor_char_boundary(room)).unwrap_or(name)
}

/// The edge to a console that the image knows how to write to, as an index, and the slot for it.
pub fn console(image: &Image, edges: &[Edge], images: &[Image]) -> Option<(usize, u64)> {
    let record = record(image)?;
    let is_console = |edge: &Edge| {
        let mut exports = images.get(edge.server).into_iter().flat_map(|image| records(image, RecordKind::Export));
        let is_known = exports.any(|export| export.name == edge.interface && export.schema.starts_with(&record.schema));
        is_known && is_of(&edge.interface, &record.name) && edge.methods & 1 != 0
    };
    Some((edges.iter().position(is_console)?, record.first))
}

/// Whether an export of this name, which may have a variant, is one of `interface`.
fn is_of(export: &str, interface: &str) -> bool {
    export.split('.').next() == Some(interface)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_cut_between_letters() {
        assert_eq!(shortened("visitor", 48), "visitor");
        assert_eq!(shortened("visitor", 5), "visit");
        assert_eq!(shortened("mütze", 2), "m");
    }

    #[test]
    fn a_variant_is_of_its_interface() {
        assert!(is_of("console.loud", "console") && is_of("console", "console") && !is_of("consoles", "console"));
    }
}
