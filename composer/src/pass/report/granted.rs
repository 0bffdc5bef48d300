//! A capability as the report shows it, and what it refers to.

use abi::bundle::Grant;
use abi::layout::PAGE;
use serde::Serialize;

use super::name;
use crate::graph::Graph;

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
        /// Those that the client's code never calls, as far as that can be seen.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        unused: Vec<String>,
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

/// A capability whose line follows from what it is.
pub(super) fn held(slot: u64, grant: Granted) -> Capability {
    Capability { slot, line: None, grant }
}

/// A capability to a resource of the machine.
pub(super) fn granted_device(capability: &abi::bundle::Capability, device: &str) -> Option<Granted> {
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
pub(super) fn granted(graph: &Graph, capability: &abi::bundle::Capability) -> Option<Granted> {
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
