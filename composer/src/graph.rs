//! The graph after resolution: what the file says, with every name looked up and every default filled in.
//!
//! [`Graph`] is what the passes after `resolve` read. It is never changed after that.

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
    /// Whether the kernel constructs it; the base constructor constructs all others.
    pub is_base_constructor: bool,
    /// What it serves.
    pub implements: Vec<Implements>,
    /// What it calls.
    pub deps: Vec<Dependency>,
    /// Who handles its faults: an edge like those of `deps`, but that the kernel alone takes it.
    pub fault: Option<Dependency>,
    /// Words to set before it starts.
    pub params: Vec<Parameter>,
    /// Devices that it drives.
    pub devices: Vec<Ports>,
    /// Where its image starts, if the graph says so.
    pub baseaddr: Option<Spanned<u64>>,
    /// Bytes of each of its stacks, a whole number of pages.
    pub stack: Spanned<u64>,
    /// Priority of its own thread, if it has a scheduler; lower goes first.
    pub priority: u64,
    /// Priorities of the threads that it may create.
    pub threads: Vec<u64>,
}

impl Component {
    /// The edges over which a thread leaves the component: what it calls, and who handles its faults.
    pub fn edges(&self) -> impl Iterator<Item = &Dependency> {
        self.deps.iter().chain(&self.fault)
    }
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
    /// The server, as an index into [`Graph::components`].
    pub server: usize,
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
    /// The name of the import in the client's image, if it has several of this interface.
    pub import: Option<Spanned<String>>,
    /// How calls travel.
    pub via: Via,
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

/// A parameter of a component: a key of its image and the word that it gets.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// The key.
    pub key: Spanned<String>,
    /// The word; a boolean is 0 or 1.
    pub value: Spanned<u64>,
}

/// A range of I/O ports.
#[derive(Clone, Debug)]
pub struct Ports {
    /// What the image calls it.
    pub name: Spanned<String>,
    /// First port.
    pub first: u64,
    /// Number of ports.
    pub count: u64,
    /// The whole grant.
    pub span: Range<usize>,
}
