//! Binding: every image is moved to its base, and every word that the composer owes it is filled in.

mod pages;

use abi::bundle::{Capability, Grant};
use abi::crossing::CapabilityWord;
use abi::layout::{EXECUTE, PAGE};
use abi::record::CLEAR_REGISTERS;

use super::capabilities::{Capabilities, Table, device_capabilities};
use super::files;
use super::layout::{Layout, Space};
use super::manage;
use super::plan;
use super::schema::{Bindings, Edge, Schema, identity};
use crate::elf::Memory;
use crate::graph::Graph;

/// The components, ready to be mapped.
#[derive(Clone, Debug)]
pub struct Bound {
    /// In the order of the graph's components.
    pub components: Vec<Ready>,
}

/// A component that is ready to be mapped.
#[derive(Clone, Debug)]
pub struct Ready {
    /// Where its thread starts.
    pub entry: u64,
    /// Whether it initialises on each of its cores.
    pub initialises_in_parallel: bool,
    /// Its memory at its final place.
    pub memory: Memory,
    /// Frames that it shares with others.
    pub shared: Vec<Shared>,
}

/// A frame that components share: mapped read-write in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shared {
    /// Where it lies in this one.
    pub address: u64,
    /// Which it is.
    pub frame: usize,
}

/// Binds all images.
pub fn bind(graph: &Graph, schema: &Schema, layout: &Layout, capabilities: &Capabilities) -> Bound {
    let parts = schema.components.iter().zip(&layout.components).zip(&capabilities.components);
    let plans = plan::Parts { graph, schema, layout };
    let managed = manage::Parts { graph, schema, layout };
    let ready = |(index, ((bindings, space), table))| {
        let pages = pages::Parts { schema, layout, index, space };
        let mut ready = ready(bindings, space, table, &pages);
        ready.memory.segments.extend(plans.segment(index, table));
        ready.memory.segments.extend(managed.segment(index, table));
        ready
            .memory
            .segments
            .extend(graph.components.get(index).and_then(|component| files::segment(component, space)));
        ready.memory.segments.extend(pages.segments(table));
        ready
    };
    Bound { components: parts.enumerate().map(ready).collect() }
}

fn ready(bindings: &Bindings, space: &Space, table: &Table, pages: &pages::Parts<'_>) -> Ready {
    let mut memory = bindings.image.memory.clone();
    for address in &bindings.image.relocations {
        let moved = memory.update(*address, |word| word.wrapping_add(space.shift));
        debug_assert!(moved.is_some(), "reading the image applied this relocation");
    }
    for (address, value) in words(bindings, space, table, pages) {
        let filled = memory.update(address, |_| value);
        debug_assert!(filled.is_some(), "reading the image checked this word");
    }
    for segment in &mut memory.segments {
        segment.address = segment.address.wrapping_add(space.shift);
    }
    Ready {
        entry: bindings.image.entry.wrapping_add(space.shift),
        initialises_in_parallel: bindings.initialises_in_parallel,
        memory,
        shared: pages.shared(),
    }
}

/// All words that the composer fills, by the addresses for which the image was linked.
fn words(bindings: &Bindings, space: &Space, table: &Table, pages: &pages::Parts<'_>) -> Vec<(u64, u64)> {
    let mut words = vec![(bindings.stacks, space.first_stack_end)];
    for (edge, capability) in bindings.edges.iter().zip(table.invocations()) {
        words.push((edge.slot, import_word(edge, capability)));
    }
    words.extend(devices(bindings, table));
    words.extend(&bindings.parameters);
    words.extend(says_panics(bindings, table));
    words.extend(code(bindings, space));
    words.extend(pages.words(bindings, table));
    if let (Some(word), Some((address, bytes))) = (bindings.files, space.files) {
        words.extend([(word, address), (word + 8, bytes)]);
    }
    words.extend(bindings.management.zip(space.management));
    words.extend(bindings.plan.zip(space.scheduling.as_ref().map(|room| room.plan)));
    words
}

/// What an import slot receives.
fn import_word(edge: &Edge, capability: &Capability) -> u64 {
    number(capability.slot) | if edge.clears_registers { CLEAR_REGISTERS } else { 0 }
}

/// The console of an image that panics, if it has one.
fn says_panics(bindings: &Bindings, table: &Table) -> Option<(u64, u64)> {
    let (at, slot) = bindings.says_panics?;
    let (edge, capability) = bindings.edges.iter().zip(table.invocations()).nth(at)?;
    Some((slot, import_word(edge, capability)))
}

/// Where an image's code lies, for one that asks.
fn code(bindings: &Bindings, space: &Space) -> Vec<(u64, u64)> {
    let Some(record) = identity::record(&bindings.image) else { return Vec::new() };
    let segments = bindings.image.memory.segments.iter();
    let code = segments.filter(|segment| segment.rights & EXECUTE != 0);
    let ends = code.fold(None, |ends: Option<(u64, u64)>, segment| {
        let (start, end) = ends.unwrap_or((segment.address, segment.end()));
        Some((start.min(segment.address), end.max(segment.end())))
    });
    let (start, end) = ends.unwrap_or_default();
    vec![(record.first + 8, start.wrapping_add(space.shift)), (record.first + 16, end.wrapping_add(space.shift))]
}

/// What images are told of their devices.
fn devices(bindings: &Bindings, table: &Table) -> Vec<(u64, u64)> {
    let mut words = Vec::new();
    let mut capabilities = table.devices();
    for (word, device) in &bindings.devices {
        let (own, others) = capabilities.split_at_checked(device_capabilities(device.resource)).unwrap_or_default();
        capabilities = others;
        match own {
            [Capability { grant: Grant::Registers { pages, address, .. }, .. }] => {
                words.extend([(*word, *address), (*word + 8, pages * PAGE)]);
            }
            own => words.extend((*word..).step_by(8).zip(own.iter().map(|capability| number(capability.slot)))),
        }
    }
    words
}

/// A capability's number where the crossing wants it, with method 0.
fn number(slot: u64) -> u64 {
    CapabilityWord::new(slot as u32, 0).0
}
