//! The graph after resolution: what the file says, with every name looked up and every default filled in.
//!
//! [`Graph`] is what the passes after `resolve` read. It is never changed after that.

use abi::plan::{Parameters, Slot};
use serde::Serialize;
use std::fmt;
use std::ops::Range;

/// A value and where it stands in the graph file, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Its place in the file; for a default, the place of the table that it completes.
    pub span: Range<usize>,
}

/// A whole system.
#[derive(Clone, Debug)]
pub struct Graph {
    /// One line about the system.
    pub description: String,
    /// The machine that it runs on unless the command line says otherwise.
    pub machine: Machine,
    /// What it prints and how it ends.
    pub expect: Expect,
    /// The components: the base constructor first, then the others in the order of initialisation
    /// (a server before its clients; otherwise as in the file).
    pub components: Vec<Component>,
    /// The address spaces that components share; see [`Component::space`].
    pub spaces: Vec<AddressSpace>,
}

/// `[[address_spaces]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressSpace {
    /// Its name.
    pub name: Spanned<String>,
    /// The one around it, as an index into [`Graph::spaces`].
    pub parent: Option<usize>,
}

/// `[system] machine`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Number of virtual processors.
    pub smp: u32,
    /// Memory in bytes.
    pub memory: u64,
    /// Seconds until a run is given up.
    pub timeout: u64,
    /// Whether time is counted in instructions.
    pub icount: bool,
}

/// `[system] expect`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expect {
    /// Lines that must appear, in this order; `*` stands for any text within a line.
    pub output: Vec<String>,
    /// The status with which the system ends.
    pub status: u64,
    /// Names of the components that fault at least once. A fault of any other is a failure.
    pub faults: Vec<String>,
}

/// `[[components]]`.
#[derive(Clone, Debug)]
pub struct Component {
    /// Its name, unique in the graph, at most 32 bytes.
    pub name: Spanned<String>,
    /// The component crate: a package name, or a path if it holds a slash.
    pub img: Spanned<String>,
    /// Whether the kernel constructs it; the base constructor constructs the others.
    pub is_base_constructor: bool,
    /// The address space that it shares with others, as an index into [`Graph::spaces`], and where that says so; `None` if it
    /// has one of its own.
    pub space: Option<Spanned<usize>>,
    /// The component that constructs it at run time instead, as an index into [`Graph::components`].
    pub constructor: Option<usize>,
    /// Where the graph says who constructs it; where it is named, if it does not.
    pub constructor_span: Range<usize>,
    /// What it serves.
    pub implements: Vec<Implements>,
    /// What it calls.
    pub deps: Vec<Dependency>,
    /// Who handles its faults: an edge like those of `deps`, but that the kernel alone takes it.
    pub fault: Option<Dependency>,
    /// Who serves its system calls, if it is foreign: an edge of the same kind.
    pub personality: Option<Dependency>,
    /// What its handler is to do.
    pub policy: Policy,
    /// Words to set before it starts.
    pub params: Vec<Parameter>,
    /// Constants to set before it starts.
    pub constants: Vec<Parameter>,
    /// The files that it starts with.
    pub initfs: Option<Files>,
    /// Devices that it drives.
    pub devices: Vec<Device>,
    /// Where its image starts, if the graph says so.
    pub baseaddr: Option<Spanned<u64>>,
    /// Bytes of each of its stacks, a whole number of pages.
    pub stack: Spanned<u64>,
    /// Whether `stack` is held against what its image can use.
    pub stack_check: bool,
    /// How deep calls in a circle go in its image, if the graph says so.
    pub recursion: Option<Spanned<u32>>,
    /// The core that its own thread runs on, if the graph says so, and those on which a scheduler has more threads of its
    /// own; see [`Graph::core`], [`Graph::cores`].
    pub cores: Vec<Spanned<u64>>,
    /// Its own thread.
    pub own: Thread,
    /// How it schedules the threads of its clients, if it does.
    pub scheduling: Scheduling,
    /// The threads that it may create.
    pub threads: Vec<Thread>,
    /// Bytes that it may have at once from its memory manager.
    pub memory: Option<Spanned<u64>>,
}

impl Component {
    /// The number of the address space that it shares with others.
    pub fn shared_space(&self) -> Option<usize> {
        self.space.as_ref().map(|space| space.value)
    }

    /// One of its threads: 0 is its own, then those that it may create.
    pub fn thread(&self, number: usize) -> Option<&Thread> {
        number.checked_sub(1).map_or(Some(&self.own), |created| self.threads.get(created))
    }

    /// The edges over which a thread leaves the component: what it calls, and who handles its faults and system calls.
    pub fn edges(&self) -> impl Iterator<Item = &Dependency> {
        self.deps.iter().chain(&self.fault).chain(&self.personality)
    }
}

impl Graph {
    /// Whether the component at `index` handles the faults or system calls of any other.
    pub fn handles(&self, index: usize) -> bool {
        let handlers =
            self.components.iter().flat_map(|component| component.fault.iter().chain(&component.personality));
        handlers.into_iter().any(|handler| handler.server == index)
    }
}

/// A thread: a component's own, or one that it may create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    /// What its scheduler's policy is told of it.
    pub parameters: Parameters,
    /// Microseconds of work that it has in each period at most; 0 if the graph does not say.
    pub cost: u64,
    /// The core that it is created on, if the graph says so; see [`Graph::created_core`].
    pub core: Option<Spanned<u64>>,
    /// Whether the graph says that its work is to be done by a deadline, and not only how long it may run.
    pub has_deadline: bool,
    /// The part of the graph that says most about it.
    pub span: Range<usize>,
}

/// How a scheduler schedules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scheduling {
    /// The policy.
    pub policy: usize,
    /// The names of its partitions; their numbers start at 1.
    pub partitions: Vec<String>,
    /// The cycle of its partitions.
    pub slots: Vec<Slot>,
}

/// What is done about a component's faults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// What it is.
    pub policy: abi::fault::Policy,
    /// How often the component is made anew, 0 for always.
    pub limit: u8,
    /// Microseconds until it is made anew for the first time.
    pub back_off: u32,
}

/// An interface that a component serves.
#[derive(Clone, Debug)]
pub struct Implements {
    /// The interface's name.
    pub interface: Spanned<String>,
    /// Which of the image's implementations, if it has several.
    pub variant: Option<Spanned<String>>,
}

/// An edge from a component to one that it calls.
#[derive(Clone, Debug)]
pub struct Dependency {
    /// Where calls arrive, as an index into [`Graph::components`]: the server, or the first interposer.
    pub server: usize,
    /// The components on the way, and the server for the last one; empty if there are none.
    pub chain: Vec<usize>,
    /// Where the server is named.
    pub srv: Spanned<String>,
    /// The interface called.
    pub interface: Spanned<String>,
    /// Which of the server's implementations.
    pub variant: Option<Spanned<String>>,
    /// The methods that the edge permits; all of them if `None`.
    pub methods: Option<Vec<Spanned<String>>>,
    /// Who trusts whom not to look at leftover registers.
    pub trust: Trust,
    /// Whose memory the other end may be given.
    pub regions: Regions,
    /// The name of the import in the client's image, if it has several of this interface.
    pub import: Option<Spanned<String>>,
    /// How calls travel.
    pub via: Via,
    /// The core on which the page is served, if not where the client is.
    pub core: Option<Spanned<u64>>,
    /// How many of the server's threads may run calls of the page that may block at once, if the graph says so.
    pub workers: Option<Spanned<u64>>,
    /// The whole dependency.
    pub span: Range<usize>,
}

/// How the calls of an edge travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Via {
    /// By invocations alone.
    #[default]
    Call,
    /// By a page of its own as well, which is served in batches.
    Page,
}

/// Who trusts whom on an edge: the trusting side leaves its registers as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// The client trusts the server.
    pub server: bool,
    /// The server trusts the client.
    pub client: bool,
}

/// Whose memory at run time the other end of an edge may be given: lent, to be read or written, or for good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Regions {
    /// The client's.
    pub client: bool,
    /// The server's.
    pub server: bool,
}

impl Regions {
    /// Whether anybody's is.
    pub const fn any(self) -> bool {
        self.client || self.server
    }
}

/// A parameter of a component: a key of its image and what it gets.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// The key.
    pub key: Spanned<String>,
    /// What it gets.
    pub value: Spanned<Setting>,
}

/// What the graph sets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Setting {
    /// An integer.
    Integer(i128),
    /// A boolean.
    Boolean(bool),
    /// A text.
    Text(String),
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(number) => number.fmt(f),
            Self::Boolean(value) => value.fmt(f),
            Self::Text(text) => write!(f, "{text:?}"),
        }
    }
}

/// The files that a component starts with.
#[derive(Clone, Debug)]
pub struct Files {
    /// The path, as the graph gives it.
    pub path: Spanned<String>,
    /// The files, by name, if they have been read.
    pub files: Vec<(String, Vec<u8>)>,
}

/// A resource of a device, which one component drives.
#[derive(Clone, Debug)]
pub struct Device {
    /// What the image calls the device.
    pub name: Spanned<String>,
    /// Which resource of the machine it is.
    pub resource: Resource,
    /// The whole grant.
    pub span: Range<usize>,
}

/// A resource of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// A range of I/O ports.
    Ports {
        /// First port.
        first: u64,
        /// Number of ports.
        count: u64,
    },
    /// An interrupt line.
    Interrupt {
        /// Its number.
        line: u64,
    },
    /// Registers in memory.
    Registers {
        /// Physical address of the first.
        address: u64,
        /// Bytes, a whole number of pages.
        bytes: u64,
    },
}
