//! Devices, and the machine as a whole, which the base constructor has from the kernel; who makes and manages whom.

use super::{Extent, Item, Kind, name};
use crate::graph::{Component, Device, Graph, Resource};

/// What components hold of the machine and of each other.
pub fn items(graph: &Graph) -> Vec<Item> {
    let components = graph.components.iter().enumerate();
    components.flat_map(|(at, component)| of(graph, at, component)).collect()
}

fn of(graph: &Graph, at: usize, component: &Component) -> Vec<Item> {
    let image = Item::new(graph, at, &component.img.span, "is made of the image".to_owned());
    let image = Item { kind: Kind::Code, ..image.of(Extent::Way(component.img.value.clone())) };
    let devices = component.devices.iter().map(|device| drives(graph, at, device));
    let parts = [vec![image], devices.collect(), makes(graph, at, component), manages(graph, at), reaches(graph, at)];
    parts.concat()
}

fn drives(graph: &Graph, at: usize, device: &Device) -> Item {
    let name = &device.name.value;
    let item = |what| Item::new(graph, at, &device.span, what).with(name);
    let range = |first: u64, count: u64| Extent::Addresses(first..first.saturating_add(count));
    match device.resource {
        Resource::Ports { first, count } => item(format!("drives `{name}`: I/O ports")).of(range(first, count)),
        Resource::Interrupt { line } => item(format!("drives `{name}`: interrupt line {line}")),
        Resource::Registers { address, bytes } => item(format!("drives `{name}`: registers")).of(range(address, bytes)),
    }
}

/// Whom it constructs. The base constructor has all there is from the kernel, and gives each its part.
fn makes(graph: &Graph, at: usize, component: &Component) -> Vec<Item> {
    let is_base = component.is_base_constructor;
    let all = is_base.then(|| {
        let what = "has the whole machine from the kernel: ports, interrupt lines, memory, time, power".to_owned();
        Item::new(graph, at, &component.constructor_span, what)
    });
    let is_made = |made: &Component| match made.constructor {
        Some(constructor) => constructor == at,
        None => is_base && !made.is_base_constructor,
    };
    let made = graph.components.iter().enumerate().filter(|(_, made)| is_made(made));
    let made = made.flat_map(|(index, made)| {
        let span = &made.constructor_span;
        let makes = Item::new(graph, at, span, format!("makes and ends `{}`", made.name.value)).to(index);
        let lodged = made.memory_manager().filter(|_| !is_base).map(|manager| {
            let what = format!("hands `{}` the page table of `{}`", name(graph, manager), made.name.value);
            Item::new(graph, at, span, what).about(manager)
        });
        std::iter::once(makes).chain(lodged)
    });
    all.into_iter().chain(made).collect()
}

fn manages(graph: &Graph, at: usize) -> Vec<Item> {
    let provided = graph.provided_by(at).filter_map(|of| Some((of, graph.components.get(of)?)));
    let maps = |(index, of): (usize, &Component)| {
        Item::new(graph, at, &of.name.span, format!("maps memory of `{}`", of.name.value)).about(index)
    };
    provided.map(maps).collect()
}

/// Who shares an address space, or is within another's, reaches the memory there.
fn reaches(graph: &Graph, at: usize) -> Vec<Item> {
    let Some(space) = graph.components.get(at).and_then(|component| component.space.as_ref()) else {
        return Vec::new();
    };
    let reached = graph.within_reach(at).into_iter();
    let item =
        |to| Item::new(graph, at, &space.span, format!("reads and writes the memory of `{}`", name(graph, to))).to(to);
    reached.map(item).collect()
}
