//! What goes into each component's capability table, slot by slot.

use abi::boot::slot::FREE;
use abi::bundle::{Capability, Grant};
use abi::crossing::CAPABILITIES;

use super::layout::Layout;
use super::schema::{Bindings, Schema};
use crate::code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::Graph;

/// The capability tables.
#[derive(Clone, Debug)]
pub struct Capabilities {
    /// In the order of [`Graph::components`].
    pub components: Vec<Table>,
}

/// A component's capability table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// One for each of the component's edges, then one for each of its port ranges.
    pub capabilities: Vec<Capability>,
    /// How many of them are for edges.
    pub edges: usize,
}

impl Table {
    /// The capabilities for edges.
    pub fn invocations(&self) -> &[Capability] {
        self.capabilities.get(..self.edges).unwrap_or_default()
    }

    /// The capabilities for port ranges.
    pub fn ports(&self) -> &[Capability] {
        self.capabilities.get(self.edges..).unwrap_or_default()
    }
}

/// The word by which a server knows the edges of the client at `index`.
pub fn token(index: usize) -> u64 {
    index as u64 + 1
}

/// Fills all tables. `None` if one has too few slots.
pub fn capabilities(graph: &Graph, schema: &Schema, layout: &Layout, found: &mut Diagnostics) -> Option<Capabilities> {
    let before = found.errors();
    let mut components = Vec::new();
    for (client, (component, bindings)) in graph.components.iter().zip(&schema.components).enumerate() {
        let wanted = bindings.edges.len() + bindings.ports.len();
        let free = (CAPABILITIES - FREE) as usize;
        if wanted > free {
            let message =
                format!("`{}` needs {wanted} capabilities, its table has room for {free}", component.name.value);
            found.push(Diagnostic::error(code::TOO_MANY_CAPABILITIES, message).label(&component.name.span, ""));
        }
        components.push(table(client, bindings, layout));
    }
    (found.errors() == before).then_some(Capabilities { components })
}

fn table(client: usize, bindings: &Bindings, layout: &Layout) -> Table {
    let invocations = bindings.edges.iter().map(|edge| {
        let shift = layout.components.get(edge.server).map_or(0, |space| space.shift);
        Grant::Invocation {
            server: edge.server as u64,
            entry: edge.entry.wrapping_add(shift),
            token: token(client),
            methods: edge.methods,
        }
    });
    let ports = bindings.ports.iter().map(|(_, ports)| Grant::Ports { first: ports.first, count: ports.count });
    let slots = u64::from(FREE)..;
    let grants = slots.zip(invocations.chain(ports));
    let capabilities = grants.map(|(slot, grant)| Capability { slot, grant }).collect();
    Table { capabilities, edges: bindings.edges.len() }
}
