//! Components: a capability table and a page table under one name.
//!
//! A component is named by the index of its hot descriptor and an epoch. The
//! descriptor's epoch is odd while the component lives and moves on when it is
//! revoked, so a reference with an old epoch is dead for ever. A revoked component keeps its descriptor and its
//! tables until it is reclaimed, after quiescence: until then a core may still be reading the one and using the others.
//!
//! | word of the object | meaning |
//! |---|---|
//! | 0 | index of the descriptor |
//! | 1 | epoch |
//! | 2–5 | name, for reports |
//! | 6 | address of the root of its capability table |
//! | 7 | address of the root of its page table |
//! | 8 | the quiescence epoch in which it was revoked, 0 until then |
//! | 9 | its faults that nobody handled |

use crate::address_space;
use crate::capability_table::CapabilityTable;
use crate::frame::{self, Frame};
use crate::page_table::PageTable;
use crate::quiescence;
use crate::store::{Descriptor, Store, get, set};
use crate::users;
use abi::error::Error;
use core::mem::size_of;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

/// Bytes of a hot descriptor. Slots and invocation stacks hold `index * DESCRIPTOR_BYTES`.
pub const DESCRIPTOR_BYTES: u64 = size_of::<Descriptor>() as u64;

const INDEX: usize = 0;
const EPOCH: usize = 1;
const NAME: usize = 2;
const TABLE: usize = 6;
const PAGE_TABLE: usize = 7;
const REVOKED: usize = 8;
const FAULTS: usize = 9;

/// In an epoch: the component is foreign. It is so from its creation on, so that no invocation of it is ever made.
pub const FOREIGN: u64 = 1 << 62;

/// A component, dead or alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Index of its hot descriptor.
    pub descriptor: u32,
    /// The epoch in which it lives.
    pub epoch: u64,
}

impl Reference {
    /// The descriptor, if the component still lives.
    ///
    /// # Errors
    ///
    /// [`Error::Revoked`].
    pub fn live<'s>(&self, store: &'s impl Store) -> Result<&'s Descriptor, Error> {
        let descriptor = store.descriptor(self.descriptor).ok_or(Error::Revoked)?;
        if descriptor.epoch.load(Acquire) != self.epoch {
            return Err(Error::Revoked);
        }
        Ok(descriptor)
    }

    /// Whether the component's system calls are its personality's business.
    pub const fn is_foreign(&self) -> bool {
        self.epoch & FOREIGN != 0
    }

    /// The component's object, if it still lives.
    pub fn object(&self, store: &impl Store) -> Option<Frame> {
        self.live(store).ok().map(|descriptor| Frame::at(descriptor.component.load(Relaxed)))
    }

    /// The offset of the descriptor, as slots and invocation stacks hold it.
    pub const fn offset(&self) -> u64 {
        self.descriptor as u64 * DESCRIPTOR_BYTES
    }
}

/// The index of the descriptor at `offset`.
pub const fn index_of(offset: u64) -> u32 {
    (offset / DESCRIPTOR_BYTES) as u32
}

/// Makes the claimed frame `object` a component with the free descriptor `index`.
///
/// # Errors
///
/// [`Error::BadArgument`] if there is no such descriptor, or it is number 0;
/// [`Error::IndexTaken`] if a component has it, dead or alive; [`Error::Revoked`] if a table is being reclaimed.
pub fn create(
    store: &impl Store,
    object: Frame,
    index: u32,
    table: Frame,
    page_table: Frame,
) -> Result<Reference, Error> {
    establish(store, object, index, (table, page_table), 0)
}

/// As [`create`], a foreign component.
///
/// # Errors
///
/// As [`create`].
pub fn create_foreign(
    store: &impl Store,
    object: Frame,
    index: u32,
    table: Frame,
    page_table: Frame,
) -> Result<Reference, Error> {
    establish(store, object, index, (table, page_table), FOREIGN)
}

fn establish(
    store: &impl Store,
    object: Frame,
    index: u32,
    (table, page_table): (Frame, Frame),
    flags: u64,
) -> Result<Reference, Error> {
    let descriptor = free_descriptor(store, index)?;
    occupy(descriptor, object)?;
    if let Err(error) = enter_tables(store, table, page_table) {
        descriptor.component.store(0, Release);
        return Err(error);
    }
    descriptor.table.store(table.address(), Relaxed);
    let space = address_space::word(page_table, index, store.tags_address_spaces());
    descriptor.page_table.store(space, Relaxed);
    let epoch = ((descriptor.epoch.load(Acquire) & !FOREIGN) + 1) | flags;
    let words = store.words(object);
    let values = [(INDEX, index.into()), (EPOCH, epoch), (TABLE, table.address()), (PAGE_TABLE, page_table.address())];
    values.into_iter().for_each(|(at, value)| set(words, at, value));
    descriptor.epoch.store(epoch, Release);
    Ok(Reference { descriptor: index, epoch })
}

/// Takes the free descriptor for the component in `object`.
fn occupy(descriptor: &Descriptor, object: Frame) -> Result<(), Error> {
    let taken = descriptor.component.compare_exchange(0, object.address(), AcqRel, Acquire);
    taken.map(|_| ()).map_err(|_| Error::IndexTaken)
}

fn enter_tables(store: &impl Store, table: Frame, page_table: Frame) -> Result<(), Error> {
    let table = CapabilityTable(table).users(store);
    users::enter(table)?;
    users::enter(PageTable(page_table).users(store)).inspect_err(|_| users::leave(table))
}

/// The descriptor `index`, if no component has it.
///
/// # Errors
///
/// As [`create`].
pub fn free_descriptor(store: &impl Store, index: u32) -> Result<&Descriptor, Error> {
    let descriptor = store.descriptor(index).filter(|_| index != 0).ok_or(Error::BadArgument)?;
    if descriptor.component.load(Acquire) != 0 {
        return Err(Error::IndexTaken);
    }
    Ok(descriptor)
}

/// Ends the component: from now on every reference to it is dead. Returns the epoch that must be past before it can
/// be reclaimed.
///
/// # Errors
///
/// [`Error::Revoked`] if it is dead already.
pub fn revoke(store: &impl Store, reference: Reference) -> Result<u64, Error> {
    let descriptor = reference.live(store)?;
    let next = reference.epoch + 1;
    let swapped = descriptor.epoch.compare_exchange(reference.epoch, next, AcqRel, Acquire);
    swapped.map_err(|_| Error::Revoked)?;
    // Only now nobody enters it any more.
    let epoch = quiescence::current(store);
    set(store.words(Frame::at(descriptor.component.load(Relaxed))), REVOKED, epoch);
    Ok(epoch)
}

/// Gives back the revoked component in `object`, whose life is `life`: its frame, its descriptor, its part in its tables.
///
/// # Errors
///
/// [`Error::InUse`] if it has not been revoked; [`Error::NotQuiescent`] if that was too recently;
/// [`Error::Revoked`] if it has been reclaimed already.
pub fn reclaim(store: &impl Store, object: Frame, life: u64) -> Result<u64, Error> {
    let words = store.words(object);
    let [index, table, page_table, revoked] = [INDEX, TABLE, PAGE_TABLE, REVOKED].map(|at| get(words, at));
    if revoked == 0 {
        return Err(Error::InUse);
    }
    quiescence::check(store, revoked)?;
    let epoch = frame::end(store, object, life)?;
    users::leave(CapabilityTable(Frame::at(table)).users(store));
    users::leave(PageTable(Frame::at(page_table)).users(store));
    if let Some(descriptor) = store.descriptor(index as u32) {
        descriptor.component.store(0, Release);
    }
    Ok(epoch)
}

/// Gives the component the name that reports show.
///
/// # Errors
///
/// [`Error::Revoked`].
pub fn set_name(store: &impl Store, reference: Reference, name: [u64; 4]) -> Result<(), Error> {
    let descriptor = reference.live(store)?;
    let words = store.words(Frame::at(descriptor.component.load(Relaxed)));
    for (at, word) in name.into_iter().enumerate() {
        set(words, NAME + at, word);
    }
    Ok(())
}

/// Counts a fault of the component that nobody handles; answers its number, 1 for the first. Of a dead component each is
/// the first.
pub fn count_fault(store: &impl Store, reference: Reference) -> u64 {
    let words = reference.object(store).map(|object| store.words(object));
    words.and_then(|words| words.get(FAULTS)).map_or(1, |count| count.fetch_add(1, Relaxed).saturating_add(1))
}

/// The component's name, padded with zeros; all zeros if it is dead.
pub fn name(store: &impl Store, reference: Reference) -> [u8; 32] {
    let mut name = [0; 32];
    if let Ok(descriptor) = reference.live(store) {
        let words = store.words(Frame::at(descriptor.component.load(Relaxed)));
        for (at, bytes) in name.chunks_exact_mut(8).enumerate() {
            bytes.copy_from_slice(&get(words, NAME + at).to_le_bytes());
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Memory;

    fn created(memory: &Memory, index: u32) -> Result<Reference, Error> {
        let object = memory.kernel();
        create(memory, object, index, memory.kernel(), memory.kernel())
    }

    /// Reclaims a component that has been revoked.
    fn give_back(memory: &Memory, reference: Reference) {
        let object = Frame::at(memory.descriptor(reference.descriptor).unwrap().component.load(Relaxed));
        memory.quiesce(quiescence::current(memory));
        reclaim(memory, object, frame::life(memory, object)).unwrap();
    }

    #[test]
    fn a_descriptor_holds_one_component_at_a_time() {
        let memory = Memory::new();
        let first = created(&memory, 3).unwrap();
        assert_eq!(created(&memory, 3), Err(Error::IndexTaken));
        revoke(&memory, first).unwrap();
        assert_eq!(created(&memory, 3), Err(Error::IndexTaken), "it has not been reclaimed");
        give_back(&memory, first);
        let second = created(&memory, 3).unwrap();
        assert!(first.live(&memory).is_err(), "a reference never comes to life again");
        assert!(second.live(&memory).is_ok());
        assert_eq!(revoke(&memory, first), Err(Error::Revoked));
    }

    #[test]
    fn what_is_foreign_is_so_for_one_life() {
        let memory = Memory::new();
        let foreign = |index| create_foreign(&memory, memory.kernel(), index, memory.kernel(), memory.kernel());
        let first = created(&memory, 3).unwrap();
        revoke(&memory, first).unwrap();
        give_back(&memory, first);
        let second = foreign(3).unwrap();
        assert_eq!(foreign(3), Err(Error::IndexTaken));
        revoke(&memory, second).unwrap();
        give_back(&memory, second);
        let third = created(&memory, 3).unwrap();
        assert_eq!([first, second, third].map(|life| life.is_foreign()), [false, true, false]);
        assert_eq!([first, second, third].map(|life| life.live(&memory).is_ok()), [false, false, true]);
    }

    #[test]
    fn descriptor_zero_never_lives() {
        let memory = Memory::new();
        assert_eq!(created(&memory, 0), Err(Error::BadArgument));
        assert_eq!(created(&memory, u32::MAX), Err(Error::BadArgument));
    }

    #[test]
    fn a_name_lives_as_long_as_its_component() {
        let memory = Memory::new();
        let component = created(&memory, 1).unwrap();
        set_name(&memory, component, [u64::from_le_bytes(*b"pong\0\0\0\0"), 0, 0, 0]).unwrap();
        assert_eq!(&name(&memory, component)[..5], b"pong\0");
        revoke(&memory, component).unwrap();
        assert_eq!(name(&memory, component), [0; 32]);
        assert_eq!(set_name(&memory, component, [0; 4]), Err(Error::Revoked));
    }

    #[test]
    fn a_component_is_reclaimed_once_and_only_when_nobody_can_be_in_it() {
        let memory = Memory::new();
        let reference = created(&memory, 2).unwrap();
        let object = reference.object(&memory).unwrap();
        let life = frame::life(&memory, object);
        assert_eq!(reclaim(&memory, object, life), Err(Error::InUse), "it lives");
        let epoch = revoke(&memory, reference).unwrap();
        assert_eq!(reclaim(&memory, object, life), Err(Error::NotQuiescent));
        memory.quiesce(epoch);
        reclaim(&memory, object, life).unwrap();
        assert_eq!(reclaim(&memory, object, life), Err(Error::Revoked));
    }

    #[test]
    fn a_component_holds_its_tables_until_it_is_reclaimed() {
        let memory = Memory::new();
        let [object, table, page_table] = [(); 3].map(|()| memory.kernel());
        let words = [CapabilityTable(table).users(&memory), PageTable(page_table).users(&memory)];
        let reference = create(&memory, object, 2, table, page_table).unwrap();
        let close = || words.map(users::close);
        assert_eq!(close(), [Err(Error::InUse); 2]);
        revoke(&memory, reference).unwrap();
        assert_eq!(close(), [Err(Error::InUse); 2], "a core may be in it");
        give_back(&memory, reference);
        assert_eq!(close(), [Ok(()); 2]);
        let late = create(&memory, memory.kernel(), 2, table, memory.kernel());
        assert_eq!(late, Err(Error::Revoked), "its table is being reclaimed");
        assert!(free_descriptor(&memory, 2).is_ok(), "and it has not taken the descriptor");
    }
}
