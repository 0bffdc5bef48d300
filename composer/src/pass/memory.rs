//! Memory that cannot fit: what the components are made of, beside what the machine has.

use abi::layout::PAGE;

use super::layout::Layout;
use super::schema::Schema;
use crate::code::MEMORY_EXCEEDED;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::{Component, Graph};
use crate::text;

/// Complains if the components' images, stacks, quotas and frames for threads are more than the machine's memory.
pub fn check(graph: &Graph, schema: &Schema, layout: &Layout, found: &mut Diagnostics) {
    let parts = graph.components.iter().zip(&schema.components).zip(&layout.components);
    let needs: Vec<(&Component, u64)> = parts
        .map(|((component, bindings), space)| {
            let image: u64 = bindings.image.memory.segments.iter().map(|segment| segment.memory_bytes).sum();
            let stacks: u64 = space.stacks.iter().map(|stack| stack.bytes).sum();
            let frames = space.scheduling.as_ref().map_or(0, |room| room.frames * PAGE);
            let quota = component.memory.as_ref().map_or(0, |quota| quota.value);
            let files = space.files.map_or(0, |(_, bytes)| bytes);
            (component, [image, stacks, frames, quota, files].into_iter().fold(0, u64::saturating_add))
        })
        .collect();
    let all = needs.iter().fold(0, |sum: u64, (_, bytes)| sum.saturating_add(*bytes));
    if let (true, Some((largest, bytes))) = (all > graph.machine.memory, needs.iter().max_by_key(|(_, bytes)| *bytes)) {
        let (needed, has) = (text::size(all.next_multiple_of(1 << 20)), text::size(graph.machine.memory));
        let message = format!("the components need about {needed} of memory, and the machine has {has}");
        let place = largest.memory.as_ref().map_or(&largest.name.span, |memory| &memory.span);
        let label = format!("`{}` needs most: {}", largest.name.value, text::size(bytes.next_multiple_of(1 << 20)));
        let complaint = Diagnostic::error(MEMORY_EXCEEDED, message).label(place, label);
        found.push(
            complaint
                .help(format!("give the machine more: machine = {{ memory = \"{needed}\" }}, or the components less")),
        );
    }
}
