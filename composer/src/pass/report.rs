//! The report: what was composed, for people (`report.txt`) and for programs (`report.json`).

mod base;
mod html;
mod lines;
mod map;
mod pages;
mod spaces;
mod text;
mod threads;
mod words;

use abi::bundle::Grant;
use abi::layout::{EXECUTE, PAGE, WRITE};
use serde::Serialize;

use super::bind::{Bound, Ready};
use super::capabilities::{Capabilities, Table, device_capabilities, token};
use super::layout::{Layout, Space};
use super::schema::{Bindings, Schema};
use crate::graph::{self, Graph};
use crate::schedulability;

pub use html::render as render_html;
pub use map::Region;
pub use pages::Role;
pub use text::render;

use super::stack::Stacks;
use crate::graph::Machine;
use lines::Lines;

/// Version of the report's JSON.
pub const FORMAT: u32 = 5;

/// A whole system.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// [`FORMAT`].
    pub format: u32,
    /// The graph's own line about it.
    pub description: String,
    /// Bytes of the bundle.
    pub bundle_bytes: u64,
    /// Bytes of the kernel's file.
    pub kernel_bytes: u64,
    /// The disk image.
    pub disk: Disk,
    /// Bytes of memory of the machine that the graph declares.
    pub machine_bytes: u64,
    /// Bytes of memory that all components start with, by use.
    pub memory: Memory,
    /// Bytes that components may have at run time beside that, all together.
    pub quota_bytes: u64,
    /// The address spaces that components share; every other component has one of its own.
    pub address_spaces: Vec<spaces::AddressSpace>,
    /// All threads that there can be.
    pub threads: Vec<threads::Entry>,
    /// The components, in the order of initialisation; the first is the one that constructs the others.
    pub components: Vec<Component>,
    /// What analyses found out, each a section of its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub analyses: Vec<Analysis>,
}

/// What an analysis found out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Analysis {
    /// What it is about.
    pub title: String,
    /// Its findings, as text of several lines.
    pub text: String,
}

/// The disk image, by which GRUB boots the system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Disk {
    /// There is one, of so many bytes.
    Bytes(u64),
    /// There is none, for this reason.
    Missing(String),
}

/// A component.
#[derive(Clone, Debug, Serialize)]
pub struct Component {
    /// Its name.
    pub name: String,
    /// The crate of its image, as the graph names it.
    pub image: String,
    /// Bytes of its image's file, without what only a debugger reads.
    pub file_bytes: u64,
    /// Its place in the bundle, and the index of its own thread.
    pub index: usize,
    /// The core on which it runs.
    pub core: u64,
    /// If it is a scheduler on several cores, the further ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub further_cores: Vec<u64>,
    /// The word by which its servers know it.
    pub token: u64,
    /// Where its thread starts.
    pub entry: u64,
    /// What it serves.
    pub serves: Vec<String>,
    /// Who schedules it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduling: Option<Scheduling>,
    /// What it uses, in bytes.
    pub memory: Memory,
    /// Bytes that it may have at run time beside that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quota_bytes: Option<u64>,
    /// The components to which it may give memory at run time, as regions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gives_memory_to: Vec<String>,
    /// Its image in memory.
    pub segments: Vec<Segment>,
    /// Everything in its address space, by address.
    pub map: Vec<Region>,
    /// The threads that can run in it, and their stacks.
    pub stacks: Vec<Stack>,
    /// Bytes of a stack that a thread can use at most, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack_bound: Option<u64>,
    /// The chain of invocations that uses so much, a line for each level, the thread's own component first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stack_chain: Vec<String>,
    /// The syscall pages that it has a part in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pages: Vec<pages::Page>,
    /// Its capability table: what it can reach. There is nothing else.
    pub capabilities: Vec<Capability>,
    /// Words that the graph sets.
    pub parameters: Vec<Parameter>,
}

/// How the threads of a component are scheduled.
#[derive(Clone, Debug, Serialize)]
pub struct Scheduling {
    /// The component that schedules them.
    pub scheduler: String,
    /// Priority of its own thread; lower goes first.
    pub priority: u64,
    /// How long its own thread may run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share: Option<Share>,
    /// The threads that it may create.
    pub threads: Vec<Thread>,
}

/// A thread that a component may create.
#[derive(Clone, Debug, Serialize)]
pub struct Thread {
    /// Its index.
    pub thread: u64,
    /// The core on which it is created.
    pub core: u64,
    /// Its priority.
    pub priority: u64,
    /// How long it may run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share: Option<Share>,
}

/// How long a thread may run, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Share {
    /// In each period.
    pub budget: u64,
    /// A period.
    pub period: u64,
}

/// Bytes of memory, by use.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Memory {
    /// May be executed.
    pub code: u64,
    /// May only be read.
    pub constants: u64,
    /// May be written.
    pub data: u64,
    /// Frames of pages that it shares with others.
    pub shared: u64,
    /// All of these: what it has, whoever calls it.
    pub without_stacks: u64,
    /// Stacks.
    pub stacks: u64,
    /// All of it.
    pub total: u64,
}

impl std::iter::Sum for Memory {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            code: sum.code + one.code,
            constants: sum.constants + one.constants,
            data: sum.data + one.data,
            shared: sum.shared + one.shared,
            without_stacks: sum.without_stacks + one.without_stacks,
            stacks: sum.stacks + one.stacks,
            total: sum.total + one.total,
        })
    }
}

/// A run of pages.
#[derive(Clone, Debug, Serialize)]
pub struct Segment {
    /// First address.
    pub address: u64,
    /// Bytes of address space.
    pub bytes: u64,
    /// `r--`, `rw-` or `r-x`.
    pub rights: &'static str,
}

/// A stack.
#[derive(Clone, Debug, Serialize)]
pub struct Stack {
    /// The component whose thread it is for.
    pub thread_of: String,
    /// The thread's index.
    pub thread: u64,
    /// Where it ends; it grows down from there.
    pub end: u64,
    /// Bytes of memory.
    pub bytes: u64,
}

/// A capability.
#[derive(Clone, Debug, Serialize)]
pub struct Capability {
    /// Its slot.
    pub slot: u64,
    /// The line of the graph file that grants it.
    #[serde(rename = "graph_line", skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// What it refers to.
    #[serde(flatten)]
    pub grant: Granted,
}

/// What a capability refers to.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Granted {
    /// An interface of another component.
    Invocation {
        /// The server.
        server: String,
        /// The interface, with its variant.
        interface: String,
        /// The methods that may be called.
        methods: Vec<String>,
        /// Bit n permits method n.
        mask: u64,
        /// Address of the server's entry.
        entry: u64,
        /// Whether the client clears its registers for the server.
        client_clears: bool,
        /// Whether the server clears its registers for the client.
        server_clears: bool,
        /// Whose interface it is, if the server is an interposer on the way there.
        #[serde(skip_serializing_if = "Option::is_none")]
        interposed: Option<String>,
    },
    /// The entry at which the kernel invokes the component that handles its faults.
    Fault {
        /// The handler.
        handler: String,
        /// The interface, with its variant.
        interface: String,
        /// Address of the handler's entry.
        entry: u64,
    },
    /// The entry at which the kernel invokes the component that serves its system calls.
    Personality {
        /// The handler.
        handler: String,
        /// The interface, with its variant.
        interface: String,
        /// Address of the handler's entry.
        entry: u64,
    },
    /// The level whose fault or system call it handles.
    HandledLevel,
    /// A range of I/O ports.
    Ports {
        /// What the image calls it.
        device: String,
        /// First port.
        first: u64,
        /// Number of ports.
        count: u64,
    },
    /// An interrupt line.
    Interrupt {
        /// What the image calls it.
        device: String,
        /// Its number.
        line: u64,
    },
    /// Registers of a device in memory.
    Registers {
        /// What the image calls it.
        device: String,
        /// Where they are.
        physical: u64,
        /// How many bytes.
        bytes: u64,
        /// Where the component finds them.
        address: u64,
    },
    /// The batch entry of a server, to have the component's own calls served that it has posted to a page.
    Flush {
        /// The server.
        server: String,
        /// The interface, with its variant.
        interface: String,
    },
    /// The same for the page of a component that it schedules.
    Serve {
        /// The server.
        server: String,
        /// The interface, with its variant.
        interface: String,
        /// Whose page.
        client: String,
    },
    /// The component's own entry, for workers that run calls which may block.
    Work {
        /// The interface, with its variant.
        interface: String,
        /// Whose calls.
        client: String,
    },
    /// The capability table of a component.
    Table {
        /// Of which.
        component: String,
    },
    /// The page table of a component.
    #[serde(rename = "page table")]
    PageTable {
        /// Of which.
        component: String,
    },
    /// A component, to make invocations of.
    Server {
        /// Which.
        component: String,
    },
    /// The tables of the bundle, and the segments of the components that it constructs.
    Bundle,
    /// A component, to make threads in.
    Component {
        /// Which.
        component: String,
    },
    /// The thread of a component.
    Thread {
        /// Of which.
        component: String,
    },
    /// The end-point at which the thread of a component receives.
    Receive {
        /// Of which.
        component: String,
    },
    /// The right to send to the thread of a component.
    Send {
        /// To which.
        component: String,
    },
    /// The time of its core, to run threads on and to fill budgets from.
    Time,
    /// The time of a scheduler, to run threads on and to fill budgets from.
    Spend {
        /// Whose.
        component: String,
    },
    /// The time of a scheduler below, to run it on and to fill it.
    Fill {
        /// Whose.
        component: String,
    },
    /// Untyped frames.
    Untyped {
        /// Name of the first.
        address: u64,
        /// How many.
        frames: u64,
    },
    /// A component, to do with it whatever can be done.
    Made {
        /// Which.
        component: String,
    },
    /// A part of the machine, which the kernel gives to the base constructor.
    Machine {
        /// Which.
        part: String,
    },
}

/// A word or a text that the graph sets.
#[derive(Clone, Debug, Serialize)]
pub struct Parameter {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: graph::Setting,
}

/// What the report is about.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The graph.
    pub graph: &'a Graph,
    /// Its file.
    pub text: &'a str,
    /// Its edges.
    pub schema: &'a Schema,
    /// What its stacks need, if that is known.
    pub stacks: Option<&'a Stacks>,
    /// Its addresses.
    pub layout: &'a Layout,
    /// Its capability tables.
    pub capabilities: &'a Capabilities,
    /// Its memory.
    pub bound: &'a Bound,
    /// Bytes of the bundle.
    pub bundle_bytes: usize,
    /// Bytes of the kernel's file.
    pub kernel_bytes: usize,
    /// Bytes of the components' files, without what only a debugger reads.
    pub file_bytes: &'a [u64],
    /// The disk image.
    pub disk: &'a Disk,
}

/// The report about `subject`.
pub fn report(subject: Subject<'_>) -> Report {
    let lines = Lines::new(subject.graph, subject.text);
    let parts = subject.graph.components.iter().zip(&subject.schema.components);
    let parts =
        parts.zip(&subject.layout.components).zip(&subject.capabilities.components).zip(&subject.bound.components);
    let components = parts.enumerate().map(|(index, ((((component, bindings), space), table), ready))| {
        describe(
            subject.graph,
            index,
            component,
            &Parts {
                schema: subject.schema,
                stacks: subject.stacks,
                file_bytes: subject.file_bytes.get(index).copied().unwrap_or(0),
                layout: subject.layout,
                lines: &lines,
                bindings,
                space,
                table,
                ready,
            },
        )
    });
    let components: Vec<_> = components.collect();
    let Machine { memory: machine_bytes, .. } = subject.graph.machine;
    Report {
        format: FORMAT,
        description: subject.graph.description.clone(),
        bundle_bytes: subject.bundle_bytes as u64,
        kernel_bytes: subject.kernel_bytes as u64,
        disk: subject.disk.clone(),
        machine_bytes,
        memory: components.iter().map(|component| component.memory).sum(),
        quota_bytes: components.iter().filter_map(|component| component.quota_bytes).sum(),
        address_spaces: spaces::spaces(subject.graph),
        threads: threads::threads(subject),
        components,
        analyses: schedulability(subject.graph).into_iter().collect(),
    }
}

/// What the analysis says of threads of which the graph says how much work they have.
fn schedulability(graph: &Graph) -> Option<Analysis> {
    let analyses = schedulability::analyse(graph);
    let declared = analyses.iter().filter(|analysis| analysis.threads.iter().any(schedulability::Timed::is_declared));
    let text: String = declared.map(|analysis| schedulability::render(graph, analysis)).collect();
    (!text.is_empty()).then(|| Analysis { title: "Deadlines".into(), text })
}

struct Parts<'a> {
    schema: &'a Schema,
    stacks: Option<&'a Stacks>,
    file_bytes: u64,
    layout: &'a Layout,
    lines: &'a Lines<'a>,
    bindings: &'a Bindings,
    space: &'a Space,
    table: &'a Table,
    ready: &'a Ready,
}

fn describe(graph: &Graph, index: usize, component: &graph::Component, parts: &Parts<'_>) -> Component {
    let parameter = |parameter: &graph::Parameter| Parameter {
        key: parameter.key.value.clone(),
        value: parameter.value.value.clone(),
    };
    let need = parts.stacks.filter(|_| component.stack_check).and_then(|stacks| stacks.components.get(index));
    Component {
        name: component.name.value.clone(),
        image: component.img.value.clone(),
        file_bytes: parts.file_bytes,
        index,
        core: graph.core(index),
        further_cores: graph.cores(index).into_iter().skip(1).collect(),
        token: token(index),
        entry: parts.ready.entry,
        serves: component.implements.iter().map(serves).collect(),
        scheduling: scheduling(graph, index, component),
        memory: memory(parts),
        quota_bytes: component.memory.as_ref().map(|memory| memory.value),
        gives_memory_to: gives_memory_to(graph, index),
        segments: parts.ready.memory.segments.iter().map(segment).collect(),
        map: map::map(graph, parts),
        stacks: stacks(graph, parts),
        stack_bound: need.map(|need| need.bytes),
        stack_chain: need.map(|need| need.chain(graph).lines().map(str::to_owned).collect()).unwrap_or_default(),
        pages: pages::pages(graph, index, parts),
        capabilities: capabilities(graph, index, parts),
        parameters: component.params.iter().map(parameter).collect(),
    }
}

fn gives_memory_to(graph: &Graph, index: usize) -> Vec<String> {
    let all = graph.components.iter().enumerate();
    all.filter(|(to, _)| graph.may_give(index, *to)).map(|(_, component)| component.name.value.clone()).collect()
}

fn serves(implements: &graph::Implements) -> String {
    match &implements.variant {
        Some(variant) => format!("{}.{}", implements.interface.value, variant.value),
        None => implements.interface.value.clone(),
    }
}

fn memory(parts: &Parts<'_>) -> Memory {
    let mut memory = Memory::default();
    for segment in &parts.ready.memory.segments {
        let part = match (segment.rights & EXECUTE != 0, segment.rights & WRITE != 0) {
            (true, _) => &mut memory.code,
            (_, true) => &mut memory.data,
            _ => &mut memory.constants,
        };
        *part += segment.memory_bytes;
    }
    memory.shared = PAGE * parts.ready.shared.len() as u64;
    memory.stacks = parts.space.stacks.iter().map(|stack| stack.bytes).sum();
    memory.without_stacks = memory.code + memory.constants + memory.data + memory.shared;
    memory.total = memory.without_stacks + memory.stacks;
    memory
}

fn segment(segment: &crate::elf::Segment) -> Segment {
    Segment { address: segment.address, bytes: segment.memory_bytes, rights: map::rights(segment.rights) }
}

fn stacks(graph: &Graph, parts: &Parts<'_>) -> Vec<Stack> {
    let owner = |thread: u64| graph.owner(thread as usize).map_or_else(String::new, |owner| name(graph, owner as u64));
    let stacks = parts.space.stacks.iter();
    stacks
        .map(|stack| Stack { thread_of: owner(stack.thread), thread: stack.thread, end: stack.end, bytes: stack.bytes })
        .collect()
}

fn capabilities(graph: &Graph, index: usize, parts: &Parts<'_>) -> Vec<Capability> {
    let deps = graph.components.get(index).map(|component| component.deps.as_slice()).unwrap_or_default();
    let edges =
        parts.table.invocations().iter().zip(&parts.bindings.edges).zip(deps).map(|((capability, edge), dep)| {
            let entry = match capability.grant {
                Grant::Invocation { entry, .. } => entry,
                _ => 0,
            };
            let server = graph.components.get(edge.server).map_or_else(String::new, |server| server.name.value.clone());
            let grant = Granted::Invocation {
                server,
                interface: edge.interface.clone(),
                methods: edge.method_names.clone(),
                mask: edge.methods,
                entry,
                client_clears: edge.clears_registers,
                server_clears: edge.server_clears_registers,
                interposed: dep.chain.last().map(|server| name(graph, *server as u64)),
            };
            Capability { slot: capability.slot, line: Some(parts.lines.number(&dep.span)), grant }
        });
    let names = parts
        .bindings
        .devices
        .iter()
        .flat_map(|(_, device)| std::iter::repeat_n(&device.name.value, device_capabilities(device.resource)));
    let devices = parts.table.devices().iter().zip(names).filter_map(|(capability, device)| {
        let grant = granted_device(capability, device).or_else(|| granted(graph, capability))?;
        Some(held(capability.slot, grant))
    });
    let managing = parts.table.managing.iter().flat_map(|held| &held.capabilities);
    let scheduled = parts.table.scheduled().iter().chain(managing);
    let scheduled = scheduled.filter_map(|capability| Some(held(capability.slot, granted(graph, capability)?)));
    let handled = parts.table.handled.map(|capability| held(capability.slot, Granted::HandledLevel));
    let all = fault(graph, parts)
        .into_iter()
        .chain(personality(graph, parts))
        .chain(handled)
        .chain(edges)
        .chain(devices)
        .chain(scheduled)
        .chain(pages::capabilities(graph, index, parts))
        .chain(base::capabilities(graph, index, parts.lines));
    all.map(|it| Capability { line: it.line.or_else(|| parts.lines.of(index, &it.grant)), ..it }).collect()
}

/// A capability whose line follows from what it is.
fn held(slot: u64, grant: Granted) -> Capability {
    Capability { slot, line: None, grant }
}

fn fault(graph: &Graph, parts: &Parts<'_>) -> Option<Capability> {
    let (capability, handler) = (parts.table.fault.as_ref()?, parts.bindings.fault.as_ref()?);
    let Grant::Invocation { server, entry, .. } = capability.grant else { return None };
    let grant = Granted::Fault { handler: name(graph, server), interface: handler.interface.clone(), entry };
    Some(held(capability.slot, grant))
}

fn personality(graph: &Graph, parts: &Parts<'_>) -> Option<Capability> {
    let (capability, handler) = (parts.table.personality.as_ref()?, parts.bindings.personality.as_ref()?);
    let Grant::Invocation { server, entry, .. } = capability.grant else { return None };
    let grant = Granted::Personality { handler: name(graph, server), interface: handler.interface.clone(), entry };
    Some(held(capability.slot, grant))
}

/// A capability to a resource of the machine.
fn granted_device(capability: &abi::bundle::Capability, device: &str) -> Option<Granted> {
    let device = device.to_owned();
    Some(match capability.grant {
        Grant::Ports { first, count } => Granted::Ports { device, first, count },
        Grant::Interrupt { line } => Granted::Interrupt { device, line },
        Grant::Registers { physical, pages, address } => {
            Granted::Registers { device, physical, bytes: pages * PAGE, address }
        }
        _ => return None,
    })
}

/// A capability by which a scheduler schedules. `None` for those of edges and devices.
fn granted(graph: &Graph, capability: &abi::bundle::Capability) -> Option<Granted> {
    let name = |component: u64| name(graph, component);
    Some(match capability.grant {
        Grant::Invocation { .. } | Grant::HandledLevel => return None,
        Grant::Ports { .. } | Grant::Interrupt { .. } | Grant::Registers { .. } => return None,
        Grant::Table(of) => Granted::Table { component: name(of) },
        Grant::PageTable(of) => Granted::PageTable { component: name(of) },
        Grant::Server(of) => Granted::Server { component: name(of) },
        Grant::Bundle => Granted::Bundle,
        Grant::Component(of) => Granted::Component { component: name(of) },
        Grant::Thread(of) => Granted::Thread { component: name(of) },
        Grant::Receive(of) => Granted::Receive { component: name(of) },
        Grant::Send(of) => Granted::Send { component: name(of) },
        Grant::Untyped { address, frames } => Granted::Untyped { address, frames },
        Grant::Time => Granted::Time,
        Grant::Spend(of) => Granted::Spend { component: name(of) },
        Grant::Fill(of) => Granted::Fill { component: name(of) },
    })
}

fn name(graph: &Graph, component: u64) -> String {
    let further = || graph.further_threads().into_iter().find(|own| own.entry as u64 == component);
    let named = |at: usize| graph.components.get(at).map(|component| component.name.value.clone());
    let on_core = || further().and_then(|own| Some(format!("{} on core {}", named(own.of)?, own.core)));
    named(component as usize).or_else(on_core).unwrap_or_default()
}

fn scheduling(graph: &Graph, index: usize, component: &graph::Component) -> Option<Scheduling> {
    let threads = graph.created_threads(index).zip(&component.threads);
    Some(Scheduling {
        scheduler: name(graph, graph.scheduler(index)? as u64),
        priority: component.own.parameters.priority,
        share: share(&component.own),
        threads: threads
            .enumerate()
            .map(|(at, (thread, of))| Thread {
                thread: thread as u64,
                core: graph.created_core(index, at),
                priority: of.parameters.priority,
                share: share(of),
            })
            .collect(),
    })
}

fn share(thread: &graph::Thread) -> Option<Share> {
    let of = thread.parameters;
    of.is_limited().then_some(Share { budget: of.budget, period: of.period })
}
