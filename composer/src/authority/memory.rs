//! How much memory there is.

use super::{Extent, Item};
use crate::graph::{Component, Graph};

/// The memory of components, and of the machine.
pub fn items(graph: &Graph) -> Vec<Item> {
    let components = graph.components.iter().enumerate();
    let machine = [
        machine(graph, "has memory", Extent::Bytes(graph.machine.memory)),
        machine(graph, "has processors", Extent::Number(graph.machine.smp.into())),
    ];
    components.flat_map(|(at, component)| of(graph, at, component)).chain(machine).collect()
}

fn machine(graph: &Graph, what: &str, extent: Extent) -> Item {
    Item::new(graph, graph.components.len(), &(0..0), what.to_owned()).of(extent).memory()
}

fn of(graph: &Graph, at: usize, component: &Component) -> Vec<Item> {
    let quota = component.memory.as_ref().map(|memory| (memory, "has memory at run time"));
    let stacks = Some((&component.stack, "has stacks, each"));
    let item = |(size, what): (&crate::graph::Spanned<u64>, &str)| {
        Item::new(graph, at, &size.span, what.to_owned()).of(Extent::Bytes(size.value)).memory()
    };
    quota.into_iter().chain(stacks).map(item).collect()
}
