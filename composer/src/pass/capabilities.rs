//! What goes into each component's capability table, slot by slot.

use abi::boot::slot::FREE;
use abi::bundle::{Capability, Grant};
use abi::crossing::{CAPABILITIES, FAULT_HANDLER};
use abi::page::SERVE_ONLY;

use super::layout::{Layout, Room};
use super::pages::Page;
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
    /// One for each of the component's edges, then one for each of its port ranges, then those by which it
    /// schedules, then those for pages.
    pub capabilities: Vec<Capability>,
    /// The one by which the kernel invokes its fault handler.
    pub fault: Option<Capability>,
    /// How many of `capabilities` are for edges.
    pub edges: usize,
    /// How many of them are for port ranges.
    pub ports: usize,
    /// How many of the last are for flushing the pages of its own edges.
    pub flushes: usize,
    /// How many of the last, behind those, are for serving the pages of the clients that it schedules.
    pub serves: usize,
    /// Where a scheduler finds its own.
    pub scheduling: Option<Scheduling>,
}

/// The slots of what a scheduler holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scheduling {
    /// The end-point of its own thread.
    pub receive: u64,
    /// Its own thread.
    pub thread: u64,
    /// Each client's component, and its thread.
    pub clients: Vec<(u64, u64)>,
    /// The first slot for threads that it creates.
    pub free: u64,
    /// Its own capability table. It comes last, so that there are leaves for the free slots before it.
    pub table: u64,
}

impl Table {
    /// All of it.
    pub fn all(&self) -> impl Iterator<Item = &Capability> {
        self.fault.iter().chain(&self.capabilities)
    }

    /// The capabilities for edges.
    pub fn invocations(&self) -> &[Capability] {
        self.capabilities.get(..self.edges).unwrap_or_default()
    }

    /// The capabilities for port ranges.
    pub fn ports(&self) -> &[Capability] {
        self.capabilities.get(self.edges..self.edges + self.ports).unwrap_or_default()
    }

    /// The capabilities by which it schedules.
    pub fn scheduled(&self) -> &[Capability] {
        self.capabilities.get(self.edges + self.ports..self.pages()).unwrap_or_default()
    }

    /// The capabilities by which it flushes the pages of its own edges.
    pub fn flushes(&self) -> &[Capability] {
        self.capabilities.get(self.pages()..self.pages() + self.flushes).unwrap_or_default()
    }

    /// The capabilities by which it serves the pages of the clients that it schedules.
    pub fn serves(&self) -> &[Capability] {
        self.capabilities.get(self.pages() + self.flushes..).unwrap_or_default()
    }

    /// Where those for pages start.
    fn pages(&self) -> usize {
        self.capabilities.len().saturating_sub(self.flushes + self.serves)
    }

    /// Slots that it takes, the free ones among them included.
    fn slots(&self) -> usize {
        let last = self.capabilities.iter().map(|capability| capability.slot).max();
        last.map_or(0, |last| (last + 1).saturating_sub(FREE.into()) as usize)
    }

    fn add_pages(&mut self, index: usize, layout: &Layout) {
        let grant = |(_, page): (usize, &Page)| Grant::Invocation {
            server: page.server as u64,
            entry: page.ends.batch.wrapping_add(layout.components.get(page.server).map_or(0, |space| space.shift)),
            token: page.row as u64,
            methods: SERVE_ONLY,
        };
        let (flushes, serves) = (layout.pages.of_client(index), layout.pages.of_scheduler(index));
        let grants: Vec<Grant> = flushes.chain(serves).map(grant).collect();
        self.flushes = layout.pages.of_client(index).count();
        self.serves = grants.len() - self.flushes;
        let slots = u64::from(FREE) + self.slots() as u64..;
        self.capabilities.extend(slots.zip(grants).map(|(slot, grant)| Capability { slot, grant }));
    }

    fn add_scheduling(&mut self, graph: &Graph, index: usize, room: &Room) {
        let mut slot = u64::from(FREE) + self.capabilities.len() as u64;
        let mut grant = |capabilities: &mut Vec<Capability>, grant| {
            capabilities.push(Capability { slot, grant });
            slot += 1;
            slot - 1
        };
        let all = &mut self.capabilities;
        let own = index as u64;
        let (receive, thread) = (grant(all, Grant::Receive(own)), grant(all, Grant::Thread(own)));
        let clients = graph.scheduled_by(index).map(|client| client as u64);
        let clients =
            clients.map(|client| (grant(all, Grant::Component(client)), grant(all, Grant::Thread(client)))).collect();
        let (free, table) = (slot, slot + room.frames);
        all.push(Capability { slot: table, grant: Grant::Table });
        if room.frames > 0 {
            all.push(Capability { slot: 0, grant: Grant::Untyped { address: room.untyped, frames: room.frames } });
        }
        self.scheduling = Some(Scheduling { receive, thread, clients, free, table });
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
        let mut table = table(client, bindings, layout);
        if let Some(room) = layout.components.get(client).and_then(|space| space.scheduling.as_ref()) {
            table.add_scheduling(graph, client, room);
        }
        table.add_pages(client, layout);
        let wanted = table.slots();
        let free = (CAPABILITIES - FREE) as usize;
        if wanted > free {
            let message =
                format!("`{}` needs {wanted} capabilities, its table has room for {free}", component.name.value);
            found.push(Diagnostic::error(code::TOO_MANY_CAPABILITIES, message).label(&component.name.span, ""));
        }
        components.push(table);
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
    let fault = bindings.fault.as_ref().map(|handler| Capability {
        slot: FAULT_HANDLER.into(),
        grant: Grant::Invocation {
            server: handler.server as u64,
            entry: handler.entry.wrapping_add(layout.components.get(handler.server).map_or(0, |space| space.shift)),
            token: token(client),
            methods: 1 << abi::fault::METHOD,
        },
    });
    Table { capabilities, fault, edges: bindings.edges.len(), ports: bindings.ports.len(), ..Table::default() }
}
