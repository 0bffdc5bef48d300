//! What components are granted.

use super::{Entry, INTERRUPT_LINES, is_user_range};
use crate::crossing::CAPABILITIES;
use crate::kind::Kind;
use crate::layout::{PAGE, is_user};

/// A capability that a component starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capability {
    /// The slot it goes to.
    pub slot: u64,
    /// What it refers to.
    pub grant: Grant,
}

/// What a component is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// An entry point of another component.
    Invocation {
        /// The server, as an index into the bundle's components.
        server: u64,
        /// Address of the entry.
        entry: u64,
        /// The word by which the server knows the edge.
        token: u64,
        /// Bit n permits method n.
        methods: u64,
    },
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
    /// A device's registers in memory, mapped for the component as well.
    Registers {
        /// Their physical address.
        physical: u64,
        /// Number of pages.
        pages: u64,
        /// Where the component finds them.
        address: u64,
    },
    /// The capability table of a component: an index into the bundle's components.
    Table(u64),
    /// The page table of a component.
    PageTable(u64),
    /// A component, to make threads in.
    Component(u64),
    /// A component, to make invocations of.
    Server(u64),
    /// The thread of a component.
    Thread(u64),
    /// The receive end-point of a component's thread.
    Receive(u64),
    /// The right to send to a component's thread.
    Send(u64),
    /// The level whose fault or system call the component handles.
    HandledLevel,
    /// The temporal capability that all cycles come from, to run threads on and to give cycles from.
    Time,
    /// The temporal capability of a component's thread, to run it on and to move cycles to it.
    Fill(u64),
    /// The temporal capability of a component's thread, to run threads on and to give cycles from.
    Spend(u64),
    /// Untyped frames of its own, named in its page table. Takes no slot: the slot's number is 0.
    Untyped {
        /// Name of the first.
        address: u64,
        /// How many.
        frames: u64,
    },
    /// The bundle's tables, and the segments of the components that it constructs, mapped read-only where the booter
    /// has them. Takes no slot.
    Bundle,
}

impl Capability {
    /// Words of an entry.
    pub const WORDS: usize = 6;

    const INVOCATION: u64 = Kind::Invocation as u64;
    const PORTS: u64 = Kind::Ports as u64;
    const INTERRUPT: u64 = Kind::Interrupt as u64;
    const REGISTERS: u64 = Kind::PhysicalRange as u64;
    const TABLE: u64 = Kind::CapabilityTable as u64;
    const PAGE_TABLE: u64 = Kind::PageTable as u64;
    const COMPONENT: u64 = Kind::Component as u64;
    const THREAD: u64 = Kind::Thread as u64;
    const RECEIVE: u64 = Kind::Receive as u64;
    const SEND: u64 = Kind::Send as u64;
    const HANDLED_LEVEL: u64 = Kind::HandledLevel as u64;
    const TIME: u64 = Kind::TemporalCapability as u64;
    /// No kind of capability: untyped memory is named in page tables.
    const UNTYPED: u64 = 0x100;
    /// A component, with other rights.
    const SERVER: u64 = 0x101;
    /// Memory.
    const BUNDLE: u64 = 0x102;
    /// Temporal capabilities, with some rights each.
    const FILL: u64 = 0x103;
    const SPEND: u64 = 0x104;

    /// The entry's words.
    pub fn to_words(&self) -> [u64; Self::WORDS] {
        let (kind, [a, b, c, d]) = match self.grant {
            Grant::Invocation { server, entry, token, methods } => (Self::INVOCATION, [server, entry, token, methods]),
            Grant::Ports { first, count } => (Self::PORTS, [first, count, 0, 0]),
            Grant::Interrupt { line } => (Self::INTERRUPT, [line, 0, 0, 0]),
            Grant::Registers { physical, pages, address } => (Self::REGISTERS, [physical, pages, address, 0]),
            Grant::Table(of) => (Self::TABLE, [of, 0, 0, 0]),
            Grant::PageTable(of) => (Self::PAGE_TABLE, [of, 0, 0, 0]),
            Grant::Server(of) => (Self::SERVER, [of, 0, 0, 0]),
            Grant::Component(of) => (Self::COMPONENT, [of, 0, 0, 0]),
            Grant::Thread(of) => (Self::THREAD, [of, 0, 0, 0]),
            Grant::Receive(of) => (Self::RECEIVE, [of, 0, 0, 0]),
            Grant::Send(of) => (Self::SEND, [of, 0, 0, 0]),
            Grant::HandledLevel => (Self::HANDLED_LEVEL, [0; 4]),
            Grant::Time => (Self::TIME, [0; 4]),
            Grant::Fill(of) => (Self::FILL, [of, 0, 0, 0]),
            Grant::Spend(of) => (Self::SPEND, [of, 0, 0, 0]),
            Grant::Untyped { address, frames } => (Self::UNTYPED, [address, frames, 0, 0]),
            Grant::Bundle => (Self::BUNDLE, [0; 4]),
        };
        [self.slot, kind, a, b, c, d]
    }

    /// Whether its fields go together in a bundle of so many components.
    pub(super) fn is_sound(&self, components: u64) -> bool {
        let takes_a_slot = !matches!(self.grant, Grant::Bundle | Grant::Untyped { .. });
        let slot = if takes_a_slot { 0 < self.slot && self.slot < u64::from(CAPABILITIES) } else { self.slot == 0 };
        slot && self.grant.is_sound(components)
    }
}

impl Grant {
    fn is_sound(&self, components: u64) -> bool {
        let exists = |component: u64| component < components;
        match *self {
            Self::Invocation { server, entry, .. } => exists(server) && is_user(entry),
            Self::Ports { first, count } => count > 0 && first.checked_add(count).is_some_and(|end| end <= 0x1_0000),
            Self::Interrupt { line } => line < INTERRUPT_LINES,
            Self::Registers { physical, pages, address } => are_registers(physical, pages, address),
            Self::Table(of) | Self::PageTable(of) | Self::Component(of) | Self::Server(of) => exists(of),
            Self::Thread(of) | Self::Receive(of) | Self::Send(of) => exists(of),
            Self::Fill(of) | Self::Spend(of) => exists(of),
            Self::HandledLevel | Self::Time | Self::Bundle => true,
            Self::Untyped { address, frames } => address.is_multiple_of(PAGE) && are_pages(address, frames),
        }
    }
}

/// Whether a device's registers can lie there, and be mapped there.
fn are_registers(physical: u64, pages: u64, address: u64) -> bool {
    let aligned = (physical | address).is_multiple_of(PAGE);
    let end = pages.checked_mul(PAGE).and_then(|bytes| physical.checked_add(bytes));
    aligned && end.is_some() && are_pages(address, pages)
}

/// Whether so many pages, at least one, have room at `address`.
fn are_pages(address: u64, pages: u64) -> bool {
    pages.checked_mul(PAGE).is_some_and(|bytes| bytes > 0 && is_user_range(address, bytes))
}

impl Entry for Capability {
    const WORDS: usize = Capability::WORDS;

    fn from_words(w: &[u64]) -> Option<Self> {
        let grant = match w[1] {
            Self::INVOCATION => Grant::Invocation { server: w[2], entry: w[3], token: w[4], methods: w[5] },
            Self::PORTS => Grant::Ports { first: w[2], count: w[3] },
            Self::INTERRUPT => Grant::Interrupt { line: w[2] },
            Self::REGISTERS => Grant::Registers { physical: w[2], pages: w[3], address: w[4] },
            Self::TABLE => Grant::Table(w[2]),
            Self::PAGE_TABLE => Grant::PageTable(w[2]),
            Self::SERVER => Grant::Server(w[2]),
            Self::COMPONENT => Grant::Component(w[2]),
            Self::THREAD => Grant::Thread(w[2]),
            Self::RECEIVE => Grant::Receive(w[2]),
            Self::SEND => Grant::Send(w[2]),
            Self::HANDLED_LEVEL => Grant::HandledLevel,
            Self::TIME => Grant::Time,
            Self::UNTYPED => Grant::Untyped { address: w[2], frames: w[3] },
            Self::BUNDLE => Grant::Bundle,
            Self::FILL => Grant::Fill(w[2]),
            Self::SPEND => Grant::Spend(w[2]),
            _ => return None,
        };
        Some(Self { slot: w[0], grant })
    }
}
