//! Components: a capability table and a page table under one name.
//!
//! A component is named by the index of its hot descriptor and an epoch. The
//! descriptor's epoch is odd while the component lives and moves on when it is
//! revoked, so a reference with an old epoch is dead for ever.
//!
//! | word of the object | meaning |
//! |---|---|
//! | 0 | index of the descriptor |
//! | 1 | epoch |
//! | 2–5 | name, for reports |

use crate::frame::Frame;
use crate::store::{Descriptor, Store, get, set};
use abi::error::Error;
use core::mem::size_of;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

/// Bytes of a hot descriptor. Slots and invocation stacks hold `index * DESCRIPTOR_BYTES`.
pub const DESCRIPTOR_BYTES: u64 = size_of::<Descriptor>() as u64;

const INDEX: usize = 0;
const EPOCH: usize = 1;
const NAME: usize = 2;

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
/// [`Error::IndexTaken`] if a component lives there.
pub fn create(
    store: &impl Store,
    object: Frame,
    index: u32,
    table: Frame,
    page_table: Frame,
) -> Result<Reference, Error> {
    let (descriptor, free) = free_descriptor(store, index)?;
    descriptor.table.store(table.address(), Relaxed);
    descriptor.page_table.store(page_table.physical(), Relaxed);
    descriptor.component.store(object.address(), Relaxed);
    let epoch = free + 1;
    let words = store.words(object);
    set(words, INDEX, u64::from(index));
    set(words, EPOCH, epoch);
    descriptor.epoch.store(epoch, Release);
    Ok(Reference { descriptor: index, epoch })
}

/// The descriptor `index` and its epoch, if no component lives there.
///
/// # Errors
///
/// As [`create`].
pub fn free_descriptor(store: &impl Store, index: u32) -> Result<(&Descriptor, u64), Error> {
    let descriptor = store.descriptor(index).filter(|_| index != 0).ok_or(Error::BadArgument)?;
    let epoch = descriptor.epoch.load(Acquire);
    if epoch % 2 == 1 {
        return Err(Error::IndexTaken);
    }
    Ok((descriptor, epoch))
}

/// Ends the component: from now on every reference to it is dead.
///
/// # Errors
///
/// [`Error::Revoked`] if it is dead already.
pub fn revoke(store: &impl Store, reference: Reference) -> Result<(), Error> {
    let descriptor = reference.live(store)?;
    let next = reference.epoch + 1;
    let swapped = descriptor.epoch.compare_exchange(reference.epoch, next, AcqRel, Acquire);
    swapped.map(|_| ()).map_err(|_| Error::Revoked)
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

    #[test]
    fn a_descriptor_holds_one_component_at_a_time() {
        let memory = Memory::new();
        let first = created(&memory, 3).unwrap();
        assert_eq!(created(&memory, 3), Err(Error::IndexTaken));
        revoke(&memory, first).unwrap();
        let second = created(&memory, 3).unwrap();
        assert!(first.live(&memory).is_err(), "a reference never comes to life again");
        assert!(second.live(&memory).is_ok());
        assert_eq!(revoke(&memory, first), Err(Error::Revoked));
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
}
