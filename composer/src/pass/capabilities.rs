//! What goes into each component's capability table, slot by slot.

use abi::bundle::{Capability, Grant, Time};
use abi::crossing::{CAPABILITIES, FAULT_HANDLER, FIRST_GRANT as FREE, HANDLED_LEVEL, PERSONALITY};
use abi::fault;
use abi::layout::PAGE;
use abi::page::SERVE_ONLY;
use abi::plan::Own;

use super::layout::{Layout, Room};
use super::manage;
use super::pages::Page;
use super::schema::{Bindings, Handler, Schema};
use crate::code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::{self, Component, Graph, Resource};

/// The capability tables.
#[derive(Clone, Debug)]
pub struct Capabilities {
    /// In the order of [`Graph::components`].
    pub components: Vec<Table>,
}

/// A component's capability table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// One for each of the component's edges, then those for each of its devices, then those by which it
    /// schedules, then those for pages.
    pub capabilities: Vec<Capability>,
    /// The one by which the kernel invokes its fault handler.
    pub fault: Option<Capability>,
    /// The one by which the kernel invokes its personality.
    pub personality: Option<Capability>,
    /// The one by which it reaches what it handles, if it handles faults or system calls.
    pub handled: Option<Capability>,
    /// How many of `capabilities` are for edges.
    pub edges: usize,
    /// How many of them are for devices.
    pub devices: usize,
    /// How many of the last are for flushing the pages of its own edges.
    pub flushes: usize,
    /// How many of the last, behind those, are for serving the pages of the clients that it schedules.
    pub serves: usize,
    /// How many of the last, behind those, are for its workers, which run what its own pages' clients have posted.
    pub works: usize,
    /// Where a scheduler finds its own.
    pub scheduling: Option<Scheduling>,
    /// What a manager of others holds, behind all of these.
    pub managing: Option<manage::Held>,
}

/// The slots of what a scheduler holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scheduling {
    /// What it has on each of its cores.
    pub cores: Vec<(u64, Own)>,
    /// Of each thread of [`Graph::scheduled_threads`], the component, the thread, and if that is a scheduler's what it runs on.
    pub clients: Vec<Slots>,
    /// The first slot for threads that it creates.
    pub free: u64,
    /// Its own capability table. It comes last, so that there are leaves for the free slots before it.
    pub table: u64,
}

/// The slots of what a scheduler holds of a thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slots {
    /// Its component.
    pub component: u64,
    /// The thread.
    pub thread: u64,
    /// What it runs on, if it is a scheduler's; else 0.
    pub time: u64,
}

impl Table {
    /// All of it.
    pub fn all(&self) -> impl Iterator<Item = &Capability> {
        self.fixed().chain(&self.capabilities).chain(self.managing.iter().flat_map(|held| &held.capabilities))
    }

    /// Those in slots of their own.
    fn fixed(&self) -> impl Iterator<Item = &Capability> {
        self.fault.iter().chain(&self.personality).chain(&self.handled)
    }

    /// The capabilities for edges.
    pub fn invocations(&self) -> &[Capability] {
        self.capabilities.get(..self.edges).unwrap_or_default()
    }

    /// The capabilities for devices, those of one behind those of the one before: see [`device_capabilities`].
    pub fn devices(&self) -> &[Capability] {
        self.capabilities.get(self.edges..self.edges + self.devices).unwrap_or_default()
    }

    /// The capabilities by which it schedules.
    pub fn scheduled(&self) -> &[Capability] {
        self.capabilities.get(self.edges + self.devices..self.pages()).unwrap_or_default()
    }

    /// The capabilities by which it flushes the pages of its own edges.
    pub fn flushes(&self) -> &[Capability] {
        self.capabilities.get(self.pages()..self.pages() + self.flushes).unwrap_or_default()
    }

    /// The capabilities by which it serves the pages of the clients that it schedules.
    pub fn serves(&self) -> &[Capability] {
        let first = self.pages() + self.flushes;
        self.capabilities.get(first..first + self.serves).unwrap_or_default()
    }

    /// The capabilities by which its workers run calls that may block, each as its client's direct calls come in.
    pub fn works(&self) -> &[Capability] {
        self.capabilities.get(self.pages() + self.flushes + self.serves..).unwrap_or_default()
    }

    /// Where those for pages start.
    fn pages(&self) -> usize {
        self.capabilities.len().saturating_sub(self.flushes + self.serves + self.works)
    }

    /// Slots that it takes, the free ones among them included.
    fn slots(&self) -> usize {
        let last = self.all().map(|capability| capability.slot).max();
        last.map_or(0, |last| (last + 1).saturating_sub(FREE.into()) as usize)
    }

    fn add_pages(&mut self, index: usize, schema: &Schema, layout: &Layout) {
        let invocation = |page: &Page, entry: u64, token, methods| {
            let shift = layout.components.get(page.server).map_or(0, |space| space.shift);
            Grant::Invocation { server: page.server as u64, entry: entry.wrapping_add(shift), token, methods }
        };
        let serve = |(_, page): (usize, &Page)| invocation(page, page.ends.batch, page.row as u64, SERVE_ONLY);
        let work = |(_, page): (usize, &Page)| {
            let methods = page.edge_of(schema).map_or(0, |edge| edge.methods);
            invocation(page, page.ends.work.unwrap_or(0), token(page.client), methods)
        };
        let pages = &layout.pages;
        let (flushes, serves) = (pages.of_client(index).map(serve), pages.of_scheduler(index).map(serve));
        let grants: Vec<Grant> = flushes.chain(serves).chain(pages.of_workers(index).map(work)).collect();
        (self.flushes, self.works) = (pages.of_client(index).count(), pages.of_workers(index).count());
        self.serves = grants.len() - self.flushes - self.works;
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
        let mut cores = Vec::new();
        let own_threads = graph.own_threads(index);
        for own in &own_threads {
            let entry = own.entry as u64;
            let (receive, thread) = (grant(all, Grant::Receive(entry)), grant(all, Grant::Thread(entry)));
            let time = graph.gives_time(index).then(|| match graph.time_source(index, own.core) {
                Some(source) => Grant::Spend(source.entry as u64),
                None => Grant::Time,
            });
            let send = (own_threads.len() > 1).then_some(Grant::Send(entry));
            let [time, send] = [time, send].map(|granted| granted.map_or(0, |granted| grant(all, granted)));
            cores.push((own.core, Own { receive, thread, time, send }));
        }
        let mut clients = Vec::new();
        for client in graph.scheduled_threads(index) {
            let component = grant(all, Grant::Component(client.of as u64));
            let thread = grant(all, Grant::Thread(client.entry as u64));
            let time = match graph.time(client) {
                Time::Given => grant(all, Grant::Fill(client.entry as u64)),
                _ if graph.is_scheduler(client.of) => {
                    cores.iter().find(|(core, _)| *core == client.core).map_or(0, |(_, own)| own.time)
                }
                _ => 0,
            };
            clients.push(Slots { component, thread, time });
        }
        let (free, table) = (slot, slot + room.frames);
        all.push(Capability { slot: table, grant: Grant::Table(index as u64) });
        if room.frames > 0 {
            all.push(Capability { slot: 0, grant: Grant::Untyped { address: room.untyped, frames: room.frames } });
        }
        self.scheduling = Some(Scheduling { cores, clients, free, table });
    }
}

/// The word by which a server knows the edges of the client at `index`.
pub fn token(index: usize) -> u64 {
    index as u64 + 1
}

/// The word by which a handler knows whose fault it is, and what the graph wants done.
fn fault_token(index: usize, component: &Component) -> fault::Token {
    let graph::Policy { policy, limit, back_off } = component.policy;
    fault::Token { component: token(index) as u16, policy, limit, back_off }
}

/// Fills all tables. `None` if one has too few slots.
pub fn capabilities(graph: &Graph, schema: &Schema, layout: &Layout, found: &mut Diagnostics) -> Option<Capabilities> {
    let before = found.errors();
    let mut components = Vec::new();
    for (client, (component, bindings)) in graph.components.iter().zip(&schema.components).enumerate() {
        let mut table = table(client, component, bindings, layout);
        if let Some(room) = layout.components.get(client).and_then(|space| space.scheduling.as_ref()) {
            table.add_scheduling(graph, client, room);
        }
        table.add_pages(client, schema, layout);
        table.handled =
            graph.handles(client).then_some(Capability { slot: HANDLED_LEVEL.into(), grant: Grant::HandledLevel });
        if bindings.management.is_some() {
            let first = u64::from(FREE) + table.slots() as u64;
            table.managing = Some(manage::Parts { graph, schema, layout }.held(client, first));
        }
        let wanted = table.slots();
        let free = (CAPABILITIES - FREE) as usize;
        if wanted > free {
            let message =
                format!("`{}` needs {wanted} capabilities, its table has room for {free}", component.name.value);
            found.push(Diagnostic::error(code::TOO_MANY_CAPABILITIES, message).label(&component.name.span, ""));
        }
        components.push(table);
    }
    manage::introduce(graph, &mut components);
    (found.errors() == before).then_some(Capabilities { components })
}

/// Capabilities that a device needs: an interrupt's are the line, where its driver receives, and the right to send there.
pub const fn device_capabilities(resource: Resource) -> usize {
    match resource {
        Resource::Interrupt { .. } => 3,
        Resource::Ports { .. } | Resource::Registers { .. } => 1,
    }
}

fn devices(client: usize, bindings: &Bindings, layout: &Layout) -> Vec<Grant> {
    let mut grants = Vec::new();
    let mut registers = layout.components.get(client).into_iter().flat_map(|space| &space.registers);
    for (_, device) in &bindings.devices {
        match device.resource {
            Resource::Ports { first, count } => grants.push(Grant::Ports { first, count }),
            Resource::Interrupt { line } => {
                let own = client as u64;
                grants.extend([Grant::Interrupt { line }, Grant::Receive(own), Grant::Send(own)]);
            }
            Resource::Registers { address: physical, bytes } => {
                let address = registers.next().copied().unwrap_or(0);
                grants.push(Grant::Registers { physical, pages: bytes / PAGE, address });
            }
        }
    }
    grants
}

fn table(client: usize, component: &Component, bindings: &Bindings, layout: &Layout) -> Table {
    let invocations = bindings.edges.iter().map(|edge| {
        let shift = layout.components.get(edge.server).map_or(0, |space| space.shift);
        Grant::Invocation {
            server: edge.server as u64,
            entry: edge.entry.wrapping_add(shift),
            token: token(client),
            methods: edge.methods,
        }
    });
    let devices: Vec<Grant> = devices(client, bindings, layout);
    let device_count = devices.len();
    let slots = u64::from(FREE)..;
    let grants = slots.zip(invocations.chain(devices));
    let capabilities = grants.map(|(slot, grant)| Capability { slot, grant }).collect();
    let invocation = |handler: &Handler, slot: u32, token| Capability {
        slot: slot.into(),
        grant: Grant::Invocation {
            server: handler.server as u64,
            entry: handler.entry.wrapping_add(layout.components.get(handler.server).map_or(0, |space| space.shift)),
            token,
            methods: 1 << abi::fault::METHOD,
        },
    };
    let fault_token = fault_token(client, component).to_word();
    let fault = bindings.fault.as_ref().map(|handler| invocation(handler, FAULT_HANDLER, fault_token));
    let personality = bindings.personality.as_ref().map(|handler| invocation(handler, PERSONALITY, token(client)));
    Table { capabilities, fault, personality, edges: bindings.edges.len(), devices: device_count, ..Table::default() }
}
