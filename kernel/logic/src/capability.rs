//! Capabilities and the slots that hold them.
//!
//! A slot is one cache line of eight words. The lowest byte of word 0 is the [`Kind`], and above it are the
//! [`rights`](abi::rights). The other words belong to whoever owns the
//! slot's state: they are written while word 0 says [`CLAIMED`](slot::CLAIMED), and the
//! capability exists from the moment in which word 0 gets its kind. In an empty slot the lowest byte is 0, and above it
//! is the epoch in which the slot was emptied: other cores may still be reading the words, so it is not filled
//! again before that is past everywhere.
//!
//! | kind | 1 | 2 | 3 | 4 | 5 |
//! |---|---|---|---|---|---|
//! | invocation | descriptor offset | epoch | entry | token | methods |
//! | component | address of the object | its life | descriptor offset | epoch | place of the life |
//! | capability table, page table | address of the root | its life | | | place of the life |
//! | thread, receive and send end-point | address of the thread | its life | | | place of the life |
//! | temporal capability | address of the object | its life | | | place of the life |
//! | ports | first | count | | | |
//! | interrupt | first line | count | | | |
//! | physical range | first frame | count | | | |
//! | debug console, power | | | | | |
//!
//! The [life](crate::frame::life) of an object is compared with the retype table, at the place that the slot says, at every use: when the object ends, every
//! capability to it, wherever it is, is [`Revoked`](Error::Revoked) at once. So nobody counts capabilities.

use crate::component::Reference;
use crate::frame::{self, Frame};
use crate::interrupt::Lines;
use crate::physical_range::PhysicalRange;
use crate::slot;
use crate::store::Store;
use abi::error::Error;
use abi::kind::Kind;
use core::sync::atomic::AtomicU64;

/// The words of a slot.
pub type Slot = [AtomicU64; 8];

/// Offsets of what a slot holds, in words. From `DESCRIPTOR` on they are those of an invocation.
pub mod word {
    /// Kind, and above it the rights.
    pub const KIND: usize = 0;
    /// Address of the object.
    pub const OBJECT: usize = 1;
    /// Life of the object.
    pub const LIFE: usize = 2;
    /// Where the object's life is compared, see [`life_place`](crate::store::Store::life_place).
    pub const PLACE: usize = 5;
    /// Of a component: its descriptor offset.
    pub const COMPONENT: usize = 3;
    /// Of a component: its epoch.
    pub const COMPONENT_EPOCH: usize = 4;
    /// Descriptor offset of the server.
    pub const DESCRIPTOR: usize = 1;
    /// Epoch of the server.
    pub const EPOCH: usize = 2;
    /// Address of the entry.
    pub const ENTRY: usize = 3;
    /// Token.
    pub const TOKEN: usize = 4;
    /// Permitted methods, a bit each.
    pub const METHODS: usize = 5;
}

/// What a slot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capability {
    /// The right to invoke some methods of an entry.
    Invocation(Invocation),
    /// A capability table, by its root.
    CapabilityTable(Frame),
    /// A page table, by its root.
    PageTable(Frame),
    /// A component.
    Component(Reference),
    /// A thread.
    Thread(Frame),
    /// I/O ports.
    Ports(Ports),
    /// The kernel's console.
    DebugConsole,
    /// The end of the system.
    Power,
    /// The receive end-point of a thread.
    Receive(Frame),
    /// The right to send to a thread.
    Send(Frame),
    /// Interrupt lines.
    Interrupt(Lines),
    /// Physical memory of devices.
    PhysicalRange(PhysicalRange),
    /// The level that its holder handles.
    HandledLevel,
    /// Time of a core.
    TemporalCapability(Frame),
}

/// What an invocation capability says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// The server.
    pub server: Reference,
    /// Where the server is entered.
    pub entry: u64,
    /// The word by which the server knows the capability.
    pub token: u64,
    /// Bit n permits method n.
    pub methods: u64,
}

/// A range of I/O ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// First port.
    pub first: u16,
    /// Number of ports, at most 2^16.
    pub count: u32,
}

impl Capability {
    /// Its kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Invocation(_) => Kind::Invocation,
            Self::CapabilityTable(_) => Kind::CapabilityTable,
            Self::PageTable(_) => Kind::PageTable,
            Self::Component(_) => Kind::Component,
            Self::Thread(_) => Kind::Thread,
            Self::Ports(_) => Kind::Ports,
            Self::DebugConsole => Kind::DebugConsole,
            Self::Power => Kind::Power,
            Self::Receive(_) => Kind::Receive,
            Self::Send(_) => Kind::Send,
            Self::Interrupt(_) => Kind::Interrupt,
            Self::PhysicalRange(_) => Kind::PhysicalRange,
            Self::HandledLevel => Kind::HandledLevel,
            Self::TemporalCapability(_) => Kind::TemporalCapability,
        }
    }

    fn to_words(self, store: &impl Store) -> [u64; 5] {
        let object = |frame: Frame| [frame.address(), frame::life(store, frame), store.life_place(frame)];
        match self {
            Self::Invocation(i) => [i.server.offset(), i.server.epoch, i.entry, i.token, i.methods],
            Self::Component(reference) => {
                let none = || [0, frame::NO_LIFE, store.life_place(Frame::at(0))];
                let [address, life, place] = reference.object(store).map_or_else(none, object);
                [address, life, reference.offset(), reference.epoch, place]
            }
            Self::CapabilityTable(f)
            | Self::PageTable(f)
            | Self::Thread(f)
            | Self::Receive(f)
            | Self::Send(f)
            | Self::TemporalCapability(f) => {
                let [address, life, place] = object(f);
                [address, life, 0, 0, place]
            }
            Self::Ports(ports) => [u64::from(ports.first), u64::from(ports.count), 0, 0, 0],
            Self::Interrupt(lines) => [u64::from(lines.first), u64::from(lines.count), 0, 0, 0],
            Self::PhysicalRange(range) => [range.first, range.pages, 0, 0, 0],
            Self::DebugConsole | Self::Power | Self::HandledLevel => [0; 5],
        }
    }

    fn from_words(kind: Kind, words: [u64; 5]) -> Self {
        let [a, b, c, d, methods] = words;
        match kind {
            Kind::Invocation => {
                Self::Invocation(Invocation { server: slot::reference(a, b), entry: c, token: d, methods })
            }
            Kind::CapabilityTable => Self::CapabilityTable(Frame::at(a)),
            Kind::PageTable => Self::PageTable(Frame::at(a)),
            Kind::Component => Self::Component(slot::reference(c, d)),
            Kind::Thread => Self::Thread(Frame::at(a)),
            Kind::Ports => Self::Ports(Ports { first: a as u16, count: b as u32 }),
            Kind::DebugConsole => Self::DebugConsole,
            Kind::Power => Self::Power,
            Kind::HandledLevel => Self::HandledLevel,
            Kind::TemporalCapability => Self::TemporalCapability(Frame::at(a)),
            Kind::Receive => Self::Receive(Frame::at(a)),
            Kind::Send => Self::Send(Frame::at(a)),
            Kind::Interrupt => Self::Interrupt(Lines { first: a as u32, count: b as u32 }),
            Kind::PhysicalRange => Self::PhysicalRange(PhysicalRange { first: a, pages: b }),
        }
    }
}

/// The ports that the ports capability in `slot` is for.
#[inline(always)]
pub fn ports(slot: &Slot) -> Ports {
    Ports { first: slot::get(slot, word::OBJECT) as u16, count: slot::get(slot, word::LIFE) as u32 }
}

/// What `slot` holds.
///
/// # Errors
///
/// [`Error::Empty`]; [`Error::Revoked`] if its object has ended, or the server that it is an invocation of.
pub fn read(store: &impl Store, slot: &Slot) -> Result<Capability, Error> {
    slot::fresh(store, slot)?;
    peek(slot)
}

/// What `slot` holds, stale or not.
///
/// # Errors
///
/// [`Error::Empty`].
pub fn peek(slot: &Slot) -> Result<Capability, Error> {
    let kind = Kind::from_number(slot::kind(slot)).ok_or(Error::Empty)?;
    Ok(Capability::from_words(kind, [1, 2, 3, 4, 5].map(|at| slot::get(slot, at))))
}

/// Puts `capability`, with all rights, into the claimed `slot`.
pub fn commit(store: &impl Store, slot: &Slot, capability: Capability) {
    commit_with(store, slot, capability, abi::rights::ALL);
}

/// As [`commit`], with these rights.
pub fn commit_with(store: &impl Store, slot: &Slot, capability: Capability, rights: u64) {
    for (at, value) in (word::OBJECT..).zip(capability.to_words(store)) {
        slot::set(slot, at, value);
    }
    slot::publish(slot, capability.kind() as u64 | rights << slot::KIND_BITS);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::System;

    fn every_kind(system: &System) -> [Capability; 14] {
        let server = system.component(9);
        let object = || system.memory.kernel();
        [
            Capability::Invocation(Invocation { server, entry: 0x40_0000, token: 7, methods: 0b101 }),
            Capability::CapabilityTable(object()),
            Capability::PageTable(object()),
            Capability::Component(server),
            Capability::Thread(object()),
            Capability::Ports(Ports { first: 0x3f8, count: 8 }),
            Capability::DebugConsole,
            Capability::Power,
            Capability::Receive(object()),
            Capability::Send(object()),
            Capability::Interrupt(Lines { first: 4, count: 1 }),
            Capability::PhysicalRange(PhysicalRange { first: 0xfed00, pages: 2 }),
            Capability::HandledLevel,
            Capability::TemporalCapability(object()),
        ]
    }

    #[test]
    fn a_slot_gives_back_what_it_got() {
        let system = System::new();
        let memory = &system.memory;
        for capability in every_kind(&system) {
            let slot = Slot::default();
            assert_eq!(read(memory, &slot), Err(Error::Empty));
            slot::claim(memory, &slot).unwrap();
            assert_eq!(read(memory, &slot), Err(Error::Empty), "claimed is not yet there");
            commit(memory, &slot, capability);
            assert_eq!(read(memory, &slot), Ok(capability));
            assert_eq!(slot::claim(memory, &slot), Err(Error::SlotTaken));
            slot::remove(memory, &slot).unwrap();
            assert_eq!(read(memory, &slot), Err(Error::Empty));
        }
    }
}
