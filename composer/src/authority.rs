//! Authority: what each component of a graph may do, item by item, each with the line that grants it.
//!
//! Two graphs are compared by it, and it is what an explanation walks along.

use std::collections::BTreeSet;
use std::ops::Range;

use serde::Serialize;

use crate::diagnostic::position;
use crate::graph::{Component, Dependency, Device, Graph, Resource, Via};
use crate::text::size;

/// Version of what is said of authority in JSON.
pub const FORMAT: u32 = 1;

/// Something that a component may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The component.
    pub holder: String,
    /// What it may do, without how much: two items of one holder and one of these are about the same.
    pub what: String,
    /// How much of it.
    pub extent: Extent,
    /// The component that it leads to.
    pub to: Option<usize>,
    /// The line that grants it.
    pub span: Range<usize>,
}

/// An item, for programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Grant {
    /// The component.
    pub holder: String,
    /// What it may do.
    pub what: String,
    /// How much of it; empty for all.
    pub extent: String,
    /// The line of the graph file that grants it, from 1.
    pub line: usize,
    /// The column there, in characters from 1.
    pub column: usize,
}

impl Item {
    /// The item for programs; `text` is the graph file.
    pub fn grant(&self, text: &str) -> Grant {
        let (line, column) = position(text, self.span.start);
        let (holder, what) = (self.holder.clone(), self.what.clone());
        Grant { holder, what, extent: self.extent.describe(), line, column }
    }
}

/// How much of something a component may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    Whole,
    /// Some methods.
    Methods(BTreeSet<String>),
    /// So many bytes.
    Bytes(u64),
    /// So many.
    Number(u64),
}

impl Extent {
    /// What `self` has that `other` has not, in words; `None` if that is nothing.
    pub fn beyond(&self, other: &Self) -> Option<String> {
        match (self, other) {
            (Self::Whole, Self::Whole) | (Self::Methods(_), Self::Whole) => None,
            (Self::Whole, _) => Some("all methods".into()),
            (Self::Methods(ours), Self::Methods(theirs)) => {
                let more: Vec<_> = ours.difference(theirs).map(String::as_str).collect();
                (!more.is_empty()).then(|| more.join(", "))
            }
            (Self::Bytes(ours), Self::Bytes(theirs)) => {
                (ours > theirs).then(|| format!("{} instead of {}", size(*ours), size(*theirs)))
            }
            (Self::Number(ours), Self::Number(theirs)) => {
                (ours > theirs).then(|| format!("{ours} instead of {theirs}"))
            }
            _ => Some(self.describe()),
        }
    }

    /// In words.
    pub fn describe(&self) -> String {
        match self {
            Self::Whole => String::new(),
            Self::Methods(methods) => methods.iter().map(String::as_str).collect::<Vec<_>>().join(", "),
            Self::Bytes(bytes) => size(*bytes),
            Self::Number(number) => number.to_string(),
        }
    }
}

/// Everything that the components of `graph` may do, component by component.
pub fn items(graph: &Graph) -> Vec<Item> {
    (0..graph.components.len()).flat_map(|index| of(graph, index)).collect()
}

/// What the component at `index` may do.
pub fn of(graph: &Graph, index: usize) -> Vec<Item> {
    let Some(component) = graph.components.get(index) else { return Vec::new() };
    let item = |what: String, extent, to, span: &Range<usize>| Item {
        holder: component.name.value.clone(),
        what,
        extent,
        to,
        span: span.clone(),
    };
    let calls = component.deps.iter().map(|dep| item(call(dep), methods(dep), Some(dep.server), &dep.span));
    let pages = component.deps.iter().filter(|dep| dep.via == Via::Page);
    let pages = pages
        .map(|dep| item(format!("shares a page with `{}`", dep.srv.value), Extent::Whole, Some(dep.server), &dep.span));
    let regions = regions(graph, index).map(|(what, to, span)| item(what, Extent::Whole, to, span));
    let handlers = handlers(graph, index).map(|(what, span)| item(what, Extent::Whole, None, span));
    let devices = component.devices.iter().map(|device| item(drives(device), Extent::Whole, None, &device.span));
    let made = graph.constructed_by(index).filter_map(|made| Some((made, graph.components.get(made)?)));
    let made = made.map(|(at, made)| {
        item(format!("makes and ends `{}`", made.name.value), Extent::Whole, Some(at), &made.constructor_span)
    });
    let lodged = named(graph, graph.constructed_by(index)).filter_map(|made| Some((made, made.memory_manager()?)));
    let lodged = lodged.filter_map(|(made, manager)| Some((made, graph.components.get(manager)?)));
    let made = made.chain(lodged.map(|(made, manager)| {
        let what = format!("hands `{}` the page table of `{}`", manager.name.value, made.name.value);
        item(what, Extent::Whole, None, &made.constructor_span)
    }));
    let managed = named(graph, graph.provided_by(index))
        .map(|of| item(format!("maps memory of `{}`", of.name.value), Extent::Whole, None, &of.name.span));
    let scheduled = graph.scheduled_by(index).filter_map(|at| Some((at, graph.components.get(at)?)));
    // A scheduler has those below it run others.
    let scheduled = scheduled.map(|(at, of)| {
        let to = Some(at).filter(|at| graph.is_scheduler(*at));
        item(format!("schedules the threads of `{}`", of.name.value), Extent::Whole, to, &of.name.span)
    });
    let time = Some(&component.own).filter(|own| own.parameters.is_limited() && graph.is_scheduler(index));
    let time = time.map(|own| {
        let what = format!("gives time, so many in {} microseconds", own.parameters.period);
        item(what, Extent::Number(own.parameters.budget), None, &component.name.span)
    });
    let memory = component
        .memory
        .iter()
        .map(|memory| item("has memory at run time".into(), Extent::Bytes(memory.value), None, &memory.span));
    let shared =
        component.space.iter().flat_map(|space| graph.within_reach(index).into_iter().map(move |to| (to, space)));
    let shared = shared.filter_map(|(to, space)| Some((to, graph.components.get(to)?, &space.span)));
    let shared = shared.map(|(to, of, span)| {
        item(format!("reads and writes the memory of `{}`", of.name.value), Extent::Whole, Some(to), span)
    });
    let threads = Some(component.threads.len() as u64).filter(|threads| *threads > 0);
    let threads =
        threads.map(|threads| item("creates threads".into(), Extent::Number(threads), None, &component.name.span));
    let parts: [Vec<Item>; 10] = [
        calls.collect(),
        pages.collect(),
        regions.collect(),
        handlers.collect(),
        devices.collect(),
        made.collect(),
        managed.collect(),
        scheduled.chain(time).collect(),
        memory.chain(threads).collect(),
        shared.collect(),
    ];
    parts.into_iter().flatten().collect()
}

fn named(graph: &Graph, indices: impl Iterator<Item = usize>) -> impl Iterator<Item = &Component> {
    indices.filter_map(|at| graph.components.get(at))
}

/// Whose faults and system calls a component handles: it can change their registers and memory.
fn handlers(graph: &Graph, index: usize) -> impl Iterator<Item = (String, &Range<usize>)> {
    let handled = graph.components.iter().flat_map(|component| {
        let faults = component.fault.iter().map(move |edge| ("faults", component, edge));
        faults.chain(component.personality.iter().map(move |edge| ("system calls", component, edge)))
    });
    let own = handled.filter(move |(_, _, edge)| edge.server == index);
    own.map(|(what, component, edge)| (format!("handles the {what} of `{}`", component.name.value), &edge.span))
}

/// To whom a component may give memory of its own, and whose it may be given.
fn regions(graph: &Graph, index: usize) -> impl Iterator<Item = (String, Option<usize>, &Range<usize>)> {
    let edges = graph.components.iter().enumerate();
    let edges = edges.flat_map(|(client, component)| component.deps.iter().map(move |dep| (client, dep)));
    let given = edges.flat_map(|(client, dep)| {
        let ends = [(dep.regions.client, client, dep.server), (dep.regions.server, dep.server, client)];
        ends.into_iter().filter(|(may, ..)| *may).map(move |(_, from, to)| (from, to, &dep.span))
    });
    given.filter_map(move |(from, to, span)| {
        let name = |at: usize| graph.components.get(at).map(|component| component.name.value.as_str());
        match index {
            _ if index == from => Some((format!("gives memory to `{}`", name(to)?), Some(to), span)),
            _ if index == to => Some((format!("maps what `{}` gives it", name(from)?), None, span)),
            _ => None,
        }
    })
}

fn call(dep: &Dependency) -> String {
    let variant = dep.variant.as_ref().map_or_else(String::new, |variant| format!(".{}", variant.value));
    format!("calls `{}` by `{}{variant}`", dep.srv.value, dep.interface.value)
}

fn methods(dep: &Dependency) -> Extent {
    let names =
        |methods: &Vec<crate::graph::Spanned<String>>| methods.iter().map(|method| method.value.clone()).collect();
    dep.methods.as_ref().map_or(Extent::Whole, |methods| Extent::Methods(names(methods)))
}

fn drives(device: &Device) -> String {
    let name = &device.name.value;
    match device.resource {
        Resource::Ports { first, count } => {
            format!("drives `{name}`: I/O ports {first:#x}-{:#x}", first.saturating_add(count.saturating_sub(1)))
        }
        Resource::Interrupt { line } => format!("drives `{name}`: interrupt line {line}"),
        Resource::Registers { address, bytes } => {
            format!("drives `{name}`: registers at {address:#x}, {}", size(bytes))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(methods: &[&str]) -> Extent {
        Extent::Methods(methods.iter().map(|method| (*method).to_owned()).collect())
    }

    #[test]
    fn less_is_never_beyond_more() {
        let cases = [
            (Extent::Whole, Extent::Whole, None),
            (some(&["add"]), Extent::Whole, None),
            (Extent::Whole, some(&["add"]), Some("all methods")),
            (some(&["add", "call"]), some(&["add"]), Some("call")),
            (some(&["add"]), some(&["add", "call"]), None),
            (Extent::Bytes(8192), Extent::Bytes(4096), Some("8KiB instead of 4KiB")),
            (Extent::Bytes(4096), Extent::Bytes(8192), None),
            (Extent::Number(3), Extent::Number(2), Some("3 instead of 2")),
        ];
        for (one, other, beyond) in cases {
            assert_eq!(one.beyond(&other).as_deref(), beyond, "{one:?} beyond {other:?}");
        }
    }
}
