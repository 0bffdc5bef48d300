//! Capability tables: a trie of fixed depth two, grown by frames that user level supplies.
//!
//! The root is 511 addresses of leaves, and a word that counts the components that use the table. A leaf that is
//! not there is the shared empty leaf, so that a lookup never tests for it.

use crate::capability::{self, Capability, Slot};
use crate::component::Reference;
use crate::core_state::CoreState;
use crate::frame::{self, Frame};
use crate::quiescence;
use crate::slot;
use crate::store::{Store, get};
use crate::users;
use abi::crossing::{CAPABILITIES, LEAF_SLOTS, TABLE_LEAVES};
use abi::error::Error;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};

/// The word of the root that counts its users.
const USERS: usize = TABLE_LEAVES as usize;

/// A capability table, by its root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CapabilityTable(pub Frame);

impl CapabilityTable {
    /// Makes the claimed frame `root` a table without leaves.
    pub fn create(store: &impl Store, root: Frame) -> Self {
        let (words, none) = (store.words(root), store.empty_leaf().address());
        words.iter().take(USERS).for_each(|leaf| leaf.store(none, Relaxed));
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

    /// The table of the component that the current thread of `core` executes in.
    pub fn current(store: &impl Store, core: &CoreState) -> Self {
        Self(Frame::at(core.descriptor(store).table.load(Acquire)))
    }

    /// What slot `number` holds.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`]; [`Error::Empty`], also where the table has no leaf; [`Error::Revoked`] if it is stale.
    pub fn lookup(self, store: &impl Store, number: u64) -> Result<Capability, Error> {
        capability::read(store, self.slot(store, number)?)
    }

    /// Slot `number`, whatever it holds; an empty one that is nobody's where the table has no leaf.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`].
    #[inline(always)]
    pub fn slot(self, store: &impl Store, number: u64) -> Result<&Slot, Error> {
        let (_, slot) = self.find(store, number)?;
        Ok(slot)
    }

    /// Slot `number`, to be claimed.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`], also for number 0, which means "return"; [`Error::NoNode`] if the table has no leaf there.
    #[inline(always)]
    pub fn target(self, store: &impl Store, number: u64) -> Result<&Slot, Error> {
        if number == 0 {
            return Err(Error::OutOfRange);
        }
        let (leaf, slot) = self.find(store, number)?;
        if leaf == store.empty_leaf() { Err(Error::NoNode) } else { Ok(slot) }
    }

    /// Puts `capability`, with all rights, into the empty slot `number`.
    ///
    /// # Errors
    ///
    /// As [`claim`](Self::claim).
    pub fn add(self, store: &impl Store, number: u64, capability: Capability) -> Result<(), Error> {
        capability::commit(store, self.claim(store, number)?, capability);
        Ok(())
    }

    /// Claims the empty slot `number`.
    ///
    /// # Errors
    ///
    /// As [`target`](Self::target); [`Error::SlotTaken`]; [`Error::NotQuiescent`] if it was emptied too recently.
    #[inline(always)]
    pub fn claim(self, store: &impl Store, number: u64) -> Result<&Slot, Error> {
        let slot = self.target(store, number)?;
        slot::claim(store, slot)?;
        Ok(slot)
    }

    /// Empties slot `number`. Returns the epoch that must be past before it is filled again.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`]; [`Error::Empty`].
    #[inline(always)]
    pub fn remove(self, store: &impl Store, number: u64) -> Result<u64, Error> {
        slot::remove(store, self.slot(store, number)?)
    }

    /// Makes the untyped `frame` the leaf number `leaf`.
    ///
    /// # Errors
    ///
    /// [`Error::BadArgument`] if there is no such leaf number; [`Error::AlreadyMapped`];
    /// [`Error::FrameState`]; [`Error::NotQuiescent`].
    pub fn graft(self, store: &impl Store, leaf: u64, frame: Frame) -> Result<(), Error> {
        let (entry, none) = (self.leaf(store, leaf)?, store.empty_leaf().address());
        if entry.load(Acquire) != none {
            return Err(Error::AlreadyMapped);
        }
        let root = frame::life(store, self.0);
        let life = frame::claim_kernel(store, frame)?;
        if entry.compare_exchange(none, frame.address(), SeqCst, Acquire).is_err() {
            frame::end(store, frame, life)?;
            return Err(Error::AlreadyMapped);
        }
        if !frame::lives(store, self.0, root) {
            // It was reclaimed meanwhile, and whoever did that may not have seen the leaf.
            entry.store(none, Release);
            frame::end(store, frame, life)?;
            return Err(Error::Revoked);
        }
        Ok(())
    }

    /// Takes leaf number `leaf` away, if its slots are empty. Returns the epoch that must be past before its frame is used.
    ///
    /// # Errors
    ///
    /// [`Error::BadArgument`] if there is no such leaf number; [`Error::NoNode`] if the table does not have it;
    /// [`Error::InUse`].
    pub fn prune(self, store: &impl Store, leaf: u64) -> Result<u64, Error> {
        let (entry, none) = (self.leaf(store, leaf)?, store.empty_leaf().address());
        let address = entry.load(Acquire);
        if address == none {
            return Err(Error::NoNode);
        }
        let leaf = Frame::at(address);
        let life = frame::life(store, leaf);
        close_slots(store, leaf)?;
        // Whoever claimed the slots took the leaf: nobody else is here.
        entry.store(none, Release);
        frame::end(store, leaf, life)
    }

    /// Ends the table, whose life is `life`, if it has no leaves and no users. Returns the epoch that must be past before
    /// its frame is used.
    ///
    /// # Errors
    ///
    /// [`Error::InUse`]; [`Error::Revoked`] if it has ended already.
    pub fn reclaim(self, store: &impl Store, life: u64) -> Result<u64, Error> {
        users::close(self.users(store))?;
        let none = store.empty_leaf().address();
        let leaves = store.words(self.0).iter().take(USERS);
        let has_no_leaf = || leaves.fold(0, |differs, leaf| differs | (leaf.load(SeqCst) ^ none)) == 0;
        frame::end_if(store, self.0, life, has_no_leaf).inspect_err(|_| users::open(self.users(store)))
    }

    /// The word that counts the components that use the table.
    pub fn users(self, store: &impl Store) -> &AtomicU64 {
        let [.., users] = store.words(self.0);
        users
    }

    /// The word for leaf number `leaf`.
    fn leaf(self, store: &impl Store, leaf: u64) -> Result<&AtomicU64, Error> {
        let in_range = leaf < u64::from(TABLE_LEAVES);
        store.words(self.0).get(leaf as usize).filter(|_| in_range).ok_or(Error::BadArgument)
    }

    #[inline(always)]
    fn find(self, store: &impl Store, number: u64) -> Result<(Frame, &Slot), Error> {
        if number >= u64::from(CAPABILITIES) {
            return Err(Error::OutOfRange);
        }
        let leaf = Frame::at(get(store.words(self.0), leaf_of(store, number)));
        let (slots, _) = store.words(leaf).as_chunks();
        let slot = slots.get((number % u64::from(LEAF_SLOTS)) as usize).ok_or(Error::OutOfRange)?;
        Ok((leaf, slot))
    }
}

/// Which leaf has slot `number`; a word of the root whatever the number, so that no speculation looks further than that.
#[inline(always)]
fn leaf_of(store: &impl Store, number: u64) -> usize {
    store.word_number(number / u64::from(LEAF_SLOTS))
}

/// Claims all slots of `leaf`, so that nobody fills one; or none of them.
fn close_slots(store: &impl Store, leaf: Frame) -> Result<(), Error> {
    let (slots, _) = store.words(leaf).as_chunks::<8>();
    let is_empty = |[header, ..]: &Slot| header.load(Acquire) & 0xff == 0;
    let close = |slot: &&Slot| {
        let [header, ..] = slot;
        is_empty(slot) && header.compare_exchange(header.load(Acquire) & !0xff, slot::CLAIMED, AcqRel, Acquire).is_ok()
    };
    // All kinds together: what is in the lowest byte of any of them.
    let held = slots.iter().fold(0, |any, [header, ..]| any | header.load(Acquire));
    if held & 0xff != 0 {
        return Err(Error::InUse);
    }
    let closed = slots.iter().take_while(close).count();
    if closed < slots.len() {
        // Another core was quicker. When the slots were emptied is forgotten: as if it had been now.
        let now = quiescence::current(store) << slot::KIND_BITS;
        slots.iter().take(closed).for_each(|slot| slot::publish(slot, now));
        return Err(Error::InUse);
    }
    Ok(())
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
        let epoch = table.remove(&memory, 70).unwrap();
        assert_eq!(table.remove(&memory, 70), Err(Error::Empty));
        assert_eq!(table.add(&memory, 70, Capability::Power), Err(Error::NotQuiescent));
        memory.quiesce(epoch);
        assert_eq!(table.add(&memory, 70, Capability::Power), Ok(()));
    }

    #[test]
    fn a_leaf_is_pruned_when_it_is_empty() {
        let memory = Memory::new();
        let table = table(&memory);
        let leaf = memory.untyped();
        assert_eq!(table.prune(&memory, 1), Err(Error::NoNode));
        assert_eq!(table.prune(&memory, u64::from(TABLE_LEAVES)), Err(Error::BadArgument));
        table.graft(&memory, 1, leaf).unwrap();
        table.add(&memory, 127, Capability::Power).unwrap();
        assert_eq!(table.prune(&memory, 1), Err(Error::InUse));
        assert_eq!(table.add(&memory, 65, Capability::Power), Ok(()), "what was refused left no trace");
        table.remove(&memory, 65).unwrap();
        let epoch = table.remove(&memory, 127).unwrap();
        memory.quiesce(epoch);
        table.add(&memory, 64, Capability::Power).unwrap();
        assert_eq!(table.prune(&memory, 1), Err(Error::InUse));
        table.remove(&memory, 64).unwrap();
        let epoch = table.prune(&memory, 1).unwrap();
        assert_eq!(table.add(&memory, 64, Capability::Power), Err(Error::NoNode));
        assert_eq!(table.lookup(&memory, 64), Err(Error::Empty));
        assert_eq!(table.graft(&memory, 2, leaf), Err(Error::NotQuiescent));
        memory.quiesce(epoch);
        assert_eq!(table.graft(&memory, 2, leaf), Ok(()));
        assert_eq!(table.add(&memory, 128, Capability::Power), Ok(()), "a leaf of zeros");
    }

    #[test]
    fn a_table_is_reclaimed_without_leaves_and_users() {
        let memory = Memory::new();
        let table = table(&memory);
        let life = frame::life(&memory, table.0);
        table.graft(&memory, 510, memory.untyped()).unwrap();
        assert_eq!(table.reclaim(&memory, life), Err(Error::InUse));
        table.prune(&memory, 510).unwrap();
        users::enter(table.users(&memory)).unwrap();
        assert_eq!(table.reclaim(&memory, life), Err(Error::InUse));
        users::leave(table.users(&memory));
        assert!(table.reclaim(&memory, life).is_ok());
        assert!(!frame::lives(&memory, table.0, life));
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
    fn a_number_leads_to_a_word_of_the_root_whatever_it_is() {
        let memory = Memory::new();
        let leaf_of = |number: u64| leaf_of(&memory, number);
        assert_eq!([0, 63, 64, u64::from(CAPABILITIES) - 1].map(leaf_of), [0, 0, 1, 510]);
        assert!([CAPABILITIES.into(), 1 << 15, 1 << 47, u64::MAX].map(leaf_of).iter().all(|leaf| *leaf <= USERS));
    }

    #[test]
    fn a_leaf_is_grafted_once_and_only_from_an_untyped_frame() {
        let memory = Memory::new();
        let table = table(&memory);
        let leaf = memory.untyped();
        table.graft(&memory, 0, leaf).unwrap();
        assert_eq!(table.graft(&memory, 0, memory.untyped()), Err(Error::AlreadyMapped));
        assert_eq!(table.graft(&memory, 1, leaf), Err(Error::FrameState));
        assert_eq!(table.graft(&memory, 511, memory.untyped()), Err(Error::BadArgument));
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
