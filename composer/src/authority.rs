//! Authority: what each component of a graph may do, item by item, each with the line that grants it.
//!
//! Two graphs are compared by it, and it is what an explanation walks along. Memory and time are held by capabilities as
//! everything else is, so that they are authority, too; [`Kind`] tells them apart.

mod calls;
mod extent;
mod machine;
mod memory;
mod time;

use std::ops::Range;

use serde::Serialize;

use crate::diagnostic::position;
use crate::graph::Graph;

pub use extent::Extent;

/// Version of what is said of authority in JSON.
pub const FORMAT: u32 = 2;

/// What an item is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Whom a component reaches, and how.
    Authority,
    /// How much memory there is for it.
    Memory,
    /// How much time, where, and how soon.
    Time,
    /// What it is made of.
    Code,
}

/// Something that a component may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The component, as an index into [`Graph::components`]; the number of those for the machine.
    pub at: usize,
    /// Its name.
    pub holder: String,
    /// What it may do, without how much: two items of one holder and one of these are about the same.
    pub what: String,
    /// What that is about.
    pub kind: Kind,
    /// How much of it.
    pub extent: Extent,
    /// The component that it is about, if it is about one.
    pub about: Option<usize>,
    /// Whether what that one may do can be brought about by it.
    pub leads: bool,
    /// What else it is about: an interface, a device, `memory` or `time`.
    pub resource: Option<String>,
    /// The line that grants it.
    pub span: Range<usize>,
}

/// An item, for programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Grant {
    /// The component.
    pub holder: String,
    /// What that is about.
    pub kind: Kind,
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
    /// All of `what`, held by the component at `at`.
    fn new(graph: &Graph, at: usize, span: &Range<usize>, what: String) -> Self {
        let holder = name(graph, at).to_owned();
        let (kind, extent) = (Kind::Authority, Extent::Whole);
        Self { at, holder, what, kind, extent, about: None, leads: false, resource: None, span: span.clone() }
    }

    /// So much of it.
    fn of(self, extent: Extent) -> Self {
        Self { extent, ..self }
    }

    /// It is about the component at `about`.
    fn about(self, about: usize) -> Self {
        Self { about: Some(about), ..self }
    }

    /// It leads to the component at `to`.
    fn to(self, to: usize) -> Self {
        Self { about: Some(to), leads: true, ..self }
    }

    /// It is about this as well.
    fn with(self, resource: &str) -> Self {
        Self { resource: Some(resource.to_owned()), ..self }
    }

    /// It is memory.
    fn memory(self) -> Self {
        Self { kind: Kind::Memory, ..self.with("memory") }
    }

    /// It is time.
    fn time(self) -> Self {
        Self { kind: Kind::Time, ..self.with("time") }
    }

    /// The item for programs; `text` is the graph file.
    pub fn grant(&self, text: &str) -> Grant {
        let (line, column) = position(text, self.span.start);
        let (holder, what) = (self.holder.clone(), self.what.clone());
        Grant { holder, kind: self.kind, what, extent: self.extent.describe(), line, column }
    }
}

/// Everything that the components of a graph may do, component by component.
#[derive(Clone, Debug)]
pub struct Authority {
    items: Vec<Item>,
}

impl Authority {
    /// What those of `graph` may do.
    pub fn of(graph: &Graph) -> Self {
        let parts = [calls::items(graph), machine::items(graph), memory::items(graph), time::items(graph)];
        let mut items: Vec<Item> = Vec::new();
        let mut all = parts.concat();
        // Those of one holder that are about the same come together, in the order of the first of them.
        all.sort_by_key(|item| item.at);
        for item in all {
            let held = items.iter_mut().rev().take_while(|held| held.at == item.at);
            match held.into_iter().find(|held| held.what == item.what) {
                Some(held) => held.extent.add(item.extent),
                None => items.push(item),
            }
        }
        Self { items }
    }

    /// All of it.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// What the component at `index` may do.
    pub fn held_by(&self, index: usize) -> &[Item] {
        let start = self.items.partition_point(|item| item.at < index);
        let end = self.items.partition_point(|item| item.at <= index);
        self.items.get(start..end).unwrap_or_default()
    }
}

/// The component at `at` by its name, or the machine.
fn name(graph: &Graph, at: usize) -> &str {
    graph.components.get(at).map_or("the machine", |component| &component.name.value)
}

#[cfg(test)]
mod tests;
