//! Capabilities and the slots that hold them.
//!
//! A slot is one cache line of eight words. Word 0 is 0 in an empty slot; its
//! lowest byte is the [`Kind`]. The other words belong to whoever owns the
//! slot's state: they are written while word 0 says [`CLAIMED`], and the
//! capability exists from the moment in which word 0 gets its kind.
//!
//! | kind | 1 | 2 | 3 | 4 | 5 |
//! |---|---|---|---|---|---|
//! | invocation | descriptor offset | epoch | entry | token | methods |
//! | component | descriptor offset | epoch | | | |
//! | capability table, page table | address of the root | | | | |
//! | thread, receive and send end-point | address of the thread | | | | |
//! | ports | first | count | | | |
//! | debug console, power | | | | | |

use crate::component::{Reference, index_of};
use crate::frame::Frame;
use abi::error::Error;
use abi::kind::Kind;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

/// Word 0 of a slot that somebody is about to fill.
pub const CLAIMED: u64 = 0xff;

/// The words of a slot.
pub type Slot = [AtomicU64; 8];

/// Offsets of the words that the invocation path reads, in words.
pub mod word {
    /// Kind.
    pub const KIND: usize = 0;
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
        }
    }

    fn to_words(self) -> [u64; 5] {
        match self {
            Self::Invocation(i) => [i.server.offset(), i.server.epoch, i.entry, i.token, i.methods],
            Self::Component(reference) => [reference.offset(), reference.epoch, 0, 0, 0],
            Self::CapabilityTable(f) | Self::PageTable(f) | Self::Thread(f) | Self::Receive(f) | Self::Send(f) => {
                [f.address(), 0, 0, 0, 0]
            }
            Self::Ports(ports) => [u64::from(ports.first), u64::from(ports.count), 0, 0, 0],
            Self::DebugConsole | Self::Power => [0; 5],
        }
    }

    fn from_words(kind: Kind, words: [u64; 5]) -> Self {
        let [a, b, entry, token, methods] = words;
        let reference = Reference { descriptor: index_of(a), epoch: b };
        match kind {
            Kind::Invocation => Self::Invocation(Invocation { server: reference, entry, token, methods }),
            Kind::CapabilityTable => Self::CapabilityTable(Frame::at(a)),
            Kind::PageTable => Self::PageTable(Frame::at(a)),
            Kind::Component => Self::Component(reference),
            Kind::Thread => Self::Thread(Frame::at(a)),
            Kind::Ports => Self::Ports(Ports { first: a as u16, count: b as u32 }),
            Kind::DebugConsole => Self::DebugConsole,
            Kind::Power => Self::Power,
            Kind::Receive => Self::Receive(Frame::at(a)),
            Kind::Send => Self::Send(Frame::at(a)),
        }
    }
}

/// What `slot` holds.
///
/// # Errors
///
/// [`Error::Empty`].
pub fn read(slot: &Slot) -> Result<Capability, Error> {
    let [header, words @ ..] = slot;
    let kind = Kind::from_number(header.load(Acquire) as u8).ok_or(Error::Empty)?;
    let [a, b, c, d, e, ..] = words;
    Ok(Capability::from_words(kind, [a, b, c, d, e].map(|word| word.load(Relaxed))))
}

/// Claims the empty `slot`, so that [`commit`] cannot fail.
///
/// # Errors
///
/// [`Error::SlotTaken`].
pub fn claim(slot: &Slot) -> Result<(), Error> {
    let [header, ..] = slot;
    header.compare_exchange(0, CLAIMED, AcqRel, Acquire).map_err(|_| Error::SlotTaken)?;
    Ok(())
}

/// Puts `capability` into the claimed `slot`; the last store makes it exist.
pub fn commit(slot: &Slot, capability: Capability) {
    let [header, words @ ..] = slot;
    for (word, value) in words.iter().zip(capability.to_words()) {
        word.store(value, Relaxed);
    }
    header.store(capability.kind() as u64, Release);
}

/// Gives the claimed `slot` up again.
pub fn abandon(slot: &Slot) {
    let [header, ..] = slot;
    header.store(0, Release);
}

/// Empties `slot`.
///
/// # Errors
///
/// [`Error::Empty`] if it is, or if another core is about to fill it.
pub fn remove(slot: &Slot) -> Result<(), Error> {
    let [header, ..] = slot;
    let kind = header.load(Acquire);
    Kind::from_number(kind as u8).ok_or(Error::Empty)?;
    header.compare_exchange(kind, 0, AcqRel, Acquire).map_err(|_| Error::Empty)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_kind() -> [Capability; 10] {
        let server = Reference { descriptor: 9, epoch: 5 };
        [
            Capability::Invocation(Invocation { server, entry: 0x40_0000, token: 7, methods: 0b101 }),
            Capability::CapabilityTable(Frame(1)),
            Capability::PageTable(Frame(2)),
            Capability::Component(server),
            Capability::Thread(Frame(3)),
            Capability::Ports(Ports { first: 0x3f8, count: 8 }),
            Capability::DebugConsole,
            Capability::Power,
            Capability::Receive(Frame(4)),
            Capability::Send(Frame(5)),
        ]
    }

    #[test]
    fn a_slot_gives_back_what_it_got() {
        for capability in every_kind() {
            let slot = Slot::default();
            assert_eq!(read(&slot), Err(Error::Empty));
            claim(&slot).unwrap();
            assert_eq!(read(&slot), Err(Error::Empty), "claimed is not yet there");
            assert_eq!(remove(&slot), Err(Error::Empty));
            commit(&slot, capability);
            assert_eq!(read(&slot), Ok(capability));
            assert_eq!(claim(&slot), Err(Error::SlotTaken));
            remove(&slot).unwrap();
            assert_eq!(read(&slot), Err(Error::Empty));
        }
    }

    #[test]
    fn an_abandoned_claim_leaves_the_slot_empty() {
        let slot = Slot::default();
        claim(&slot).unwrap();
        abandon(&slot);
        assert_eq!(claim(&slot), Ok(()));
    }

    #[test]
    fn no_kind_looks_like_a_claim() {
        assert!(Kind::from_number(CLAIMED as u8).is_none());
    }
}
