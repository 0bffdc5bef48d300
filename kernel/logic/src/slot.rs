//! What happens to a slot: it is claimed, filled, copied, emptied. Each change is one atomic step of word 0.
//!
//! The operations read what they need straight from the words of a slot, as [`capability`](crate::capability) lays them out.

use crate::capability::{Slot, word};
use crate::component::{Reference, index_of};
use crate::frame::Frame;
use crate::quiescence;
use crate::store::Store;
use abi::error::Error;
use abi::kind::Kind;
use abi::rights;
use core::hint::cold_path;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

/// Word 0 of a slot that somebody is about to fill.
pub const CLAIMED: u64 = 0xff;

/// Bits of the kind in word 0; the rights, or the epoch, are above them.
pub const KIND_BITS: u32 = 8;

const KIND: u64 = (1 << KIND_BITS) - 1;

/// Word 0 of a slot that holds a capability of `kind` with all its rights.
pub const fn header(kind: Kind) -> u64 {
    kind as u64 | rights::ALL << KIND_BITS
}

/// Word `at` of `slot`.
#[inline(always)]
pub fn get(slot: &Slot, at: usize) -> u64 {
    slot.get(at).map_or(0, |word| word.load(Relaxed))
}

/// Sets word `at` of the claimed `slot`.
#[inline(always)]
pub fn set(slot: &Slot, at: usize, value: u64) {
    if let Some(word) = slot.get(at) {
        word.store(value, Relaxed);
    }
}

/// The kind of what `slot` holds, as a number that may be none.
#[inline(always)]
pub fn kind(slot: &Slot) -> u8 {
    let [word, ..] = slot;
    word.load(Acquire) as u8
}

/// Checks that `slot` holds a capability of `kind` with at least `rights`.
///
/// # Errors
///
/// [`Error::Empty`]; [`Error::WrongKind`]; [`Error::RightsExceeded`].
#[inline(always)]
pub fn check(slot: &Slot, kind: Kind, rights: u64) -> Result<(), Error> {
    let [word, ..] = slot;
    let word = word.load(Acquire);
    if word & (KIND | rights << KIND_BITS) == kind as u64 | rights << KIND_BITS {
        return Ok(());
    }
    Err(refusal(word, kind))
}

#[cold]
#[inline(never)]
fn refusal(word: u64, kind: Kind) -> Error {
    match Kind::from_number(word as u8) {
        None => Error::Empty,
        Some(held) if held != kind => Error::WrongKind,
        Some(_) => Error::RightsExceeded,
    }
}

/// The living object behind a capability of `kind` with at least `rights`.
///
/// # Errors
///
/// As [`check`]; [`Error::Revoked`] if the object has ended.
#[inline(always)]
pub fn object(store: &impl Store, slot: &Slot, kind: Kind, rights: u64) -> Result<Frame, Error> {
    check(slot, kind, rights)?;
    let object = Frame::at(get(slot, word::OBJECT));
    if lives(store, slot) {
        return Ok(object);
    }
    cold_path();
    Err(Error::Revoked)
}

/// Whether the object is alive that `slot` holds a capability to.
#[inline(always)]
pub fn lives(store: &impl Store, slot: &Slot) -> bool {
    store.life_at(get(slot, word::PLACE)) == get(slot, word::LIFE)
}

/// The living component behind a component capability with at least `rights`.
///
/// # Errors
///
/// As [`check`]; [`Error::Revoked`].
#[inline(always)]
pub fn component(store: &impl Store, slot: &Slot, rights: u64) -> Result<Reference, Error> {
    check(slot, Kind::Component, rights)?;
    let (offset, epoch) = (get(slot, word::COMPONENT), get(slot, word::COMPONENT_EPOCH));
    check_component(store, offset, epoch)?;
    Ok(reference(offset, epoch))
}

/// Whether the component with this descriptor offset and epoch, which a slot holds, lives.
#[inline(always)]
fn check_component(store: &impl Store, offset: u64, epoch: u64) -> Result<(), Error> {
    if store.descriptor_at(offset).epoch.load(Acquire) == epoch { Ok(()) } else { Err(Error::Revoked) }
}

/// The component with this descriptor offset and epoch.
#[inline(always)]
pub const fn reference(offset: u64, epoch: u64) -> Reference {
    Reference { descriptor: index_of(offset), epoch }
}

/// Whether there is a kernel object behind capabilities of `kind`, so that they hold its life.
#[inline(always)]
pub const fn has_object(kind: u8) -> bool {
    const OBJECTS: u64 = 1 << Kind::CapabilityTable as u8
        | 1 << Kind::PageTable as u8
        | 1 << Kind::Component as u8
        | 1 << Kind::Thread as u8
        | 1 << Kind::Receive as u8
        | 1 << Kind::Send as u8
        | 1 << Kind::TemporalCapability as u8;
    kind < 64 && OBJECTS & 1 << kind != 0
}

/// Word 0 of `slot`, if what it holds is not stale.
///
/// # Errors
///
/// [`Error::Empty`]; [`Error::Revoked`].
#[inline(always)]
pub fn fresh(store: &impl Store, slot: &Slot) -> Result<u64, Error> {
    let [word, ..] = slot;
    let header = word.load(Acquire);
    let kind = header as u8;
    if kind == Kind::Invocation as u8 {
        check_component(store, get(slot, word::DESCRIPTOR), get(slot, word::EPOCH))?;
    } else if has_object(kind) {
        if !lives(store, slot) {
            return Err(Error::Revoked);
        }
    } else if Kind::from_number(kind).is_none() {
        return Err(Error::Empty);
    }
    Ok(header)
}

/// Claims the empty `slot`, so that filling it cannot fail.
///
/// # Errors
///
/// [`Error::SlotTaken`]; [`Error::NotQuiescent`] if it was emptied too recently.
#[inline(always)]
pub fn claim(store: &impl Store, slot: &Slot) -> Result<(), Error> {
    let [word, ..] = slot;
    let held = word.load(Acquire);
    if held & KIND != 0 {
        return Err(Error::SlotTaken);
    }
    quiescence::check(store, held >> KIND_BITS)?;
    word.compare_exchange(held, CLAIMED, AcqRel, Acquire).map_err(|_| Error::SlotTaken)?;
    Ok(())
}

/// Makes what the words of the claimed `slot` say exist.
#[inline(always)]
pub fn publish(slot: &Slot, header: u64) {
    let [word, ..] = slot;
    word.store(header, Release);
}

/// Gives the claimed `slot` up again: nobody has seen anything in it.
pub fn abandon(slot: &Slot) {
    publish(slot, 0);
}

/// Puts a capability of `kind` to the object in `object` with this `life` into the claimed `slot`.
#[inline(always)]
pub fn fill(store: &impl Store, slot: &Slot, kind: Kind, object: Frame, life: u64) {
    set(slot, word::OBJECT, object.address());
    set(slot, word::LIFE, life);
    set(slot, word::PLACE, store.life_place(object));
    publish(slot, header(kind));
}

/// Puts a copy of what `source` holds into the empty slot `target`, less the rights, or of an invocation the
/// methods, in `left_out`.
///
/// # Errors
///
/// [`Error::Empty`]; [`Error::Revoked`] if it is stale; those of [`claim`].
#[inline(always)]
pub fn copy(store: &impl Store, source: &Slot, target: &Slot, left_out: u64) -> Result<(), Error> {
    let header = fresh(store, source)?;
    claim(store, target)?;
    let is_invocation = header as u8 == Kind::Invocation as u8;
    let (methods, rights) = if is_invocation { (left_out, 0) } else { (0, (left_out & rights::ALL) << KIND_BITS) };
    for at in word::OBJECT..word::METHODS {
        set(target, at, get(source, at));
    }
    set(target, word::METHODS, get(source, word::METHODS) & !methods);
    publish(target, header & !rights);
    Ok(())
}

/// Empties `slot`. Returns the epoch that must be past before it is filled again.
///
/// # Errors
///
/// [`Error::Empty`] if it is, or if another core is about to fill it.
#[inline(always)]
pub fn remove(store: &impl Store, slot: &Slot) -> Result<u64, Error> {
    let [word, ..] = slot;
    let held = word.load(Acquire);
    if held & KIND == 0 || held == CLAIMED {
        return Err(Error::Empty);
    }
    word.compare_exchange(held, CLAIMED, AcqRel, Acquire).map_err(|_| Error::Empty)?;
    // Only now nobody finds it any more.
    let epoch = quiescence::current(store);
    publish(slot, epoch << KIND_BITS);
    Ok(epoch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capability::{self, Capability, Invocation};
    use crate::frame;
    use crate::testing::{Memory, System};

    #[test]
    fn an_abandoned_claim_leaves_the_slot_empty() {
        let memory = Memory::new();
        let slot = Slot::default();
        claim(&memory, &slot).unwrap();
        assert_eq!(claim(&memory, &slot), Err(Error::SlotTaken));
        assert_eq!(remove(&memory, &slot), Err(Error::Empty), "it is another's");
        abandon(&slot);
        assert_eq!(claim(&memory, &slot), Ok(()));
    }

    #[test]
    fn no_kind_looks_like_a_claim() {
        assert!(Kind::from_number(CLAIMED as u8).is_none());
    }

    #[test]
    fn an_emptied_slot_is_filled_again_only_when_its_epoch_is_past() {
        let memory = Memory::new();
        let slot = Slot::default();
        claim(&memory, &slot).unwrap();
        capability::commit(&memory, &slot, Capability::Power);
        let epoch = remove(&memory, &slot).unwrap();
        assert_eq!(remove(&memory, &slot), Err(Error::Empty));
        assert_eq!(capability::read(&memory, &slot), Err(Error::Empty));
        assert_eq!(claim(&memory, &slot), Err(Error::NotQuiescent));
        memory.quiesce(epoch);
        assert_eq!(claim(&memory, &slot), Ok(()));
    }

    #[test]
    fn rights_are_left_out_and_never_come_back() {
        let memory = Memory::new();
        let [first, second, third]: [Slot; 3] = core::array::from_fn(|_| Slot::default());
        claim(&memory, &first).unwrap();
        capability::commit(&memory, &first, Capability::Thread(memory.kernel()));
        copy(&memory, &first, &second, rights::thread::DISPATCH).unwrap();
        copy(&memory, &second, &third, rights::thread::READ).unwrap();
        let dispatch = |slot| check(slot, Kind::Thread, rights::thread::DISPATCH);
        assert_eq!(
            (dispatch(&first), dispatch(&second), dispatch(&third)),
            (Ok(()), Err(Error::RightsExceeded), Err(Error::RightsExceeded))
        );
        assert_eq!(check(&second, Kind::Thread, rights::thread::READ), Ok(()));
        assert_eq!(check(&third, Kind::Thread, rights::thread::READ), Err(Error::RightsExceeded));
        assert_eq!(check(&third, Kind::Send, 0), Err(Error::WrongKind));
    }

    #[test]
    fn of_an_invocation_methods_are_left_out() {
        let system = System::new();
        let server = system.component(4);
        let [first, second]: [Slot; 2] = core::array::from_fn(|_| Slot::default());
        claim(&system.memory, &first).unwrap();
        let whole = Invocation { server, entry: 0x40_0000, token: 7, methods: 0b111 };
        capability::commit(&system.memory, &first, Capability::Invocation(whole));
        copy(&system.memory, &first, &second, 0b1010).unwrap();
        let part = Invocation { methods: 0b101, ..whole };
        assert_eq!(capability::read(&system.memory, &second), Ok(Capability::Invocation(part)));
    }

    #[test]
    fn what_is_stale_is_not_used_and_not_copied() {
        let memory = Memory::new();
        let [slot, other]: [Slot; 2] = core::array::from_fn(|_| Slot::default());
        let thread = memory.kernel();
        claim(&memory, &slot).unwrap();
        capability::commit(&memory, &slot, Capability::Thread(thread));
        let epoch = frame::end(&memory, thread, frame::life(&memory, thread)).unwrap();
        let is_stale = || {
            assert_eq!(object(&memory, &slot, Kind::Thread, 0), Err(Error::Revoked));
            assert_eq!(copy(&memory, &slot, &other, 0), Err(Error::Revoked));
            assert_eq!(capability::read(&memory, &slot), Err(Error::Revoked));
        };
        is_stale();
        memory.quiesce(epoch);
        frame::claim_kernel(&memory, thread).unwrap();
        is_stale();
    }
}
