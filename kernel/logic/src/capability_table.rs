//! Capability tables: a trie of fixed depth two, grown by frames that user level supplies.
//!
//! The root is 512 addresses of leaves. A leaf that is not there is the shared
//! empty leaf, so that a lookup never tests for it.

use crate::capability::{self, Capability, Slot};
use crate::component::Reference;
use crate::frame::{self, Frame};
use crate::store::{Store, get, set};
use abi::crossing::{CAPABILITIES, LEAF_SLOTS, TABLE_LEAVES};
use abi::error::Error;
use core::sync::atomic::Ordering::{AcqRel, Acquire};

/// A capability table, by its root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CapabilityTable(pub Frame);

impl CapabilityTable {
    /// Makes the claimed frame `root` a table without leaves.
    pub fn create(store: &impl Store, root: Frame) -> Self {
        let words = store.words(root);
        for leaf in 0..words.len() {
            set(words, leaf, store.empty_leaf().address());
        }
        Self(root)
    }

    /// The table of the component `reference`.
    ///
    /// # Errors
    ///
    /// [`Error::Revoked`].
    pub fn of(store: &impl Store, reference: Reference) -> Result<Self, Error> {
        let descriptor = reference.live(store)?;
        Ok(Self(Frame::at(descriptor.table.load(Acquire))))
    }

    /// What slot `number` holds.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`]; [`Error::Empty`], also where the table has no leaf.
    pub fn lookup(self, store: &impl Store, number: u64) -> Result<Capability, Error> {
        let (_, slot) = self.find(store, number)?;
        capability::read(slot)
    }

    /// Puts `capability` into the empty slot `number`.
    ///
    /// # Errors
    ///
    /// As [`claim`](Self::claim).
    pub fn add(self, store: &impl Store, number: u64, capability: Capability) -> Result<(), Error> {
        capability::commit(self.claim(store, number)?, capability);
        Ok(())
    }

    /// Claims the empty slot `number`.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`], or number 0, which means "return"; [`Error::NoNode`] if the
    /// table has no leaf there; [`Error::SlotTaken`].
    pub fn claim(self, store: &impl Store, number: u64) -> Result<&Slot, Error> {
        if number == 0 {
            return Err(Error::OutOfRange);
        }
        let (leaf, slot) = self.find(store, number)?;
        if leaf == store.empty_leaf() {
            return Err(Error::NoNode);
        }
        capability::claim(slot)?;
        Ok(slot)
    }

    /// Empties slot `number`.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`]; [`Error::Empty`].
    pub fn remove(self, store: &impl Store, number: u64) -> Result<(), Error> {
        let (_, slot) = self.find(store, number)?;
        capability::remove(slot)
    }

    /// Makes the untyped `frame` the leaf number `leaf`.
    ///
    /// # Errors
    ///
    /// [`Error::BadArgument`] if there is no such leaf number; [`Error::AlreadyMapped`];
    /// [`Error::FrameState`].
    pub fn graft(self, store: &impl Store, leaf: u64, frame: Frame) -> Result<(), Error> {
        let words = store.words(self.0);
        let in_range = leaf < u64::from(TABLE_LEAVES);
        let entry = words.get(leaf as usize).filter(|_| in_range).ok_or(Error::BadArgument)?;
        let none = store.empty_leaf().address();
        if entry.load(Acquire) != none {
            return Err(Error::AlreadyMapped);
        }
        frame::claim_kernel(store, frame)?;
        let swapped = entry.compare_exchange(none, frame.address(), AcqRel, Acquire);
        swapped.map(|_| ()).map_err(|_| Error::AlreadyMapped)
    }

    fn find(self, store: &impl Store, number: u64) -> Result<(Frame, &Slot), Error> {
        if number >= u64::from(CAPABILITIES) {
            return Err(Error::OutOfRange);
        }
        let at = number / u64::from(LEAF_SLOTS);
        let leaf = Frame::at(get(store.words(self.0), at as usize));
        let (slots, _) = store.words(leaf).as_chunks();
        let slot = slots.get((number % u64::from(LEAF_SLOTS)) as usize).ok_or(Error::OutOfRange)?;
        Ok((leaf, slot))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Memory;

    fn table(memory: &Memory) -> CapabilityTable {
        CapabilityTable::create(memory, memory.kernel())
    }

    #[test]
    fn a_table_grows_by_leaves() {
        let memory = Memory::new();
        let table = table(&memory);
        assert_eq!(table.lookup(&memory, 70), Err(Error::Empty));
        assert_eq!(table.add(&memory, 70, Capability::Power), Err(Error::NoNode));
        table.graft(&memory, 1, memory.untyped()).unwrap();
        table.add(&memory, 70, Capability::Power).unwrap();
        assert_eq!(table.lookup(&memory, 70), Ok(Capability::Power));
        assert_eq!(table.lookup(&memory, 71), Err(Error::Empty));
        assert_eq!(table.add(&memory, 70, Capability::DebugConsole), Err(Error::SlotTaken));
        table.remove(&memory, 70).unwrap();
        assert_eq!(table.remove(&memory, 70), Err(Error::Empty));
    }

    #[test]
    fn numbers_outside_the_table_are_errors() {
        let memory = Memory::new();
        let table = table(&memory);
        for number in [u64::from(CAPABILITIES), u64::MAX >> 16, u64::MAX] {
            assert_eq!(table.lookup(&memory, number), Err(Error::OutOfRange));
            assert_eq!(table.add(&memory, number, Capability::Power), Err(Error::OutOfRange));
            assert_eq!(table.remove(&memory, number), Err(Error::OutOfRange));
        }
        assert_eq!(table.add(&memory, 0, Capability::Power), Err(Error::OutOfRange));
    }

    #[test]
    fn a_leaf_is_grafted_once_and_only_from_an_untyped_frame() {
        let memory = Memory::new();
        let table = table(&memory);
        let leaf = memory.untyped();
        table.graft(&memory, 0, leaf).unwrap();
        assert_eq!(table.graft(&memory, 0, memory.untyped()), Err(Error::AlreadyMapped));
        assert_eq!(table.graft(&memory, 1, leaf), Err(Error::FrameState));
        assert_eq!(table.graft(&memory, 512, memory.untyped()), Err(Error::BadArgument));
        assert_eq!(table.graft(&memory, u64::MAX, memory.untyped()), Err(Error::BadArgument));
    }

    #[test]
    fn the_shared_empty_leaf_stays_empty() {
        let memory = Memory::new();
        let (one, other) = (table(&memory), table(&memory));
        assert_eq!(one.add(&memory, 5, Capability::Power), Err(Error::NoNode));
        assert_eq!(one.remove(&memory, 5), Err(Error::Empty));
        assert_eq!(other.lookup(&memory, 5), Err(Error::Empty));
    }
}
