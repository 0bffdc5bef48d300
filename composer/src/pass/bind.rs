//! Binding: every image is moved to its base, and every word that the composer owes it is filled in.

use abi::crossing::CapabilityWord;
use abi::record::CLEAR_REGISTERS;

use super::capabilities::{Capabilities, Table};
use super::layout::{Layout, Space};
use super::schema::{Bindings, Schema};
use crate::elf::Memory;

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
    /// Its memory at its final place.
    pub memory: Memory,
}

/// Binds all images.
pub fn bind(schema: &Schema, layout: &Layout, capabilities: &Capabilities) -> Bound {
    let parts = schema.components.iter().zip(&layout.components).zip(&capabilities.components);
    Bound { components: parts.map(|((bindings, space), table)| ready(bindings, space, table)).collect() }
}

fn ready(bindings: &Bindings, space: &Space, table: &Table) -> Ready {
    let mut memory = bindings.image.memory.clone();
    for address in &bindings.image.relocations {
        let moved = memory.update(*address, |word| word.wrapping_add(space.shift));
        debug_assert!(moved.is_some(), "reading the image applied this relocation");
    }
    for (address, value) in words(bindings, space, table) {
        let filled = memory.update(address, |_| value);
        debug_assert!(filled.is_some(), "reading the image checked this word");
    }
    for segment in &mut memory.segments {
        segment.address = segment.address.wrapping_add(space.shift);
    }
    Ready { entry: bindings.image.entry.wrapping_add(space.shift), memory }
}

/// All words that the composer fills, by the addresses for which the image was linked.
fn words(bindings: &Bindings, space: &Space, table: &Table) -> Vec<(u64, u64)> {
    let mut words = vec![(bindings.stacks, space.first_stack_end)];
    for (edge, capability) in bindings.edges.iter().zip(table.invocations()) {
        words.push((edge.slot, number(capability.slot)));
        words.push((edge.slot + 8, if edge.clears_registers { CLEAR_REGISTERS } else { 0 }));
    }
    for ((address, _), capability) in bindings.ports.iter().zip(table.ports()) {
        words.push((*address, number(capability.slot)));
    }
    words.extend(&bindings.parameters);
    words
}

/// A capability's number where the crossing wants it, with method 0.
fn number(slot: u64) -> u64 {
    CapabilityWord::new(slot as u32, 0).0
}
