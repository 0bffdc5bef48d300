//! Frames and the retype table: every frame of memory is of one kind at a time.
//!
//! ```text
//!            claim_kernel                    claim_user, then share for each further mapping
//! untyped ----------------> kernel   untyped ----------------> user (count ≥ 1)
//!         <----------------                  <---------------- unshare of the last mapping
//!               end
//! ```
//!
//! The table has one word for each frame of the machine, changed by compare-and-swap: the [`State`] in its
//! lowest byte, and a number above it.
//!
//! | state | number |
//! |---|---|
//! | untyped | the epoch in which it was given up, 0 if it never was: it can be claimed when that is past everywhere |
//! | user | mappings |
//! | kernel | the epoch in which the object was made |
//!
//! A frame is used again only after the epoch in which it was given up, so the word of a kernel frame never comes
//! back: with the frame it is the *name of a life*, and a capability that holds another one is stale.
//!
//! A frame is cleared exactly once between two owners: on the claim, unless the table knows that it is zero. User memory
//! that could never be written through any mapping stays known to be zero. (The idea of a retype table with counts is
//! Composite's; lives and the known-zero state are ours.)

use crate::quiescence;
use crate::store::Store;
use abi::error::Error;
use abi::layout::PAGE;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Release, SeqCst};

/// Where the kernel sees all memory: physical address `p` is at `DIRECT_MAP + p`.
pub const DIRECT_MAP: u64 = 0xffff_8000_0000_0000;

/// A frame of memory, by the address at which the kernel sees it: to use it takes no arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Frame(u64);

impl Frame {
    /// The frame with this number: its physical address divided by the page size.
    pub const fn numbered(number: u64) -> Self {
        Self(DIRECT_MAP.wrapping_add(number.wrapping_mul(PAGE)))
    }

    /// The frame that holds physical address `physical`.
    pub const fn containing(physical: u64) -> Self {
        Self::numbered(physical / PAGE)
    }

    /// The frame that the kernel sees at `address`, where it starts.
    pub const fn at(address: u64) -> Self {
        Self(address)
    }

    /// Its number.
    pub const fn number(self) -> u64 {
        self.physical() / PAGE
    }

    /// Its physical address.
    pub const fn physical(self) -> u64 {
        self.0.wrapping_sub(DIRECT_MAP)
    }

    /// Where the kernel sees it. Objects refer to each other by these addresses.
    pub const fn address(self) -> u64 {
        self.0
    }
}

bitflags::bitflags! {
    /// The lowest byte of a retype-table word.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct State: u64 {
        /// Memory that belongs to nobody's object yet. No bit at all: not memory, or the kernel's since boot.
        const UNTYPED = 1;
        /// Mapped, or ready to be mapped, by user level.
        const USER = 2;
        /// A kernel object.
        const KERNEL = 4;
        /// Known to hold only zeros.
        const ZERO = 8;
        /// Between two states, in the hands of one core.
        const BUSY = 16;
    }
}

/// Bits of the state in a retype-table word.
const NUMBER: u32 = 8;
const ONE: u64 = 1 << NUMBER;

/// The word of user memory that has one mapping.
pub const USER_ONCE: u64 = State::USER.bits() | ONE;

/// No life: no frame's word is ever this one while the frame is an object.
pub const NO_LIFE: u64 = 0;

/// The state of `frame`, and the number that comes with it.
pub fn state(store: &impl Store, frame: Frame) -> (State, u64) {
    let word = word(store, frame);
    (State::from_bits_truncate(word & (ONE - 1)), word >> NUMBER)
}

/// The name of the life of the kernel object in `frame`; [`NO_LIFE`] if there is none.
pub fn life(store: &impl Store, frame: Frame) -> u64 {
    let word = word(store, frame);
    if has(word, State::KERNEL) { word } else { NO_LIFE }
}

/// Whether the kernel object in `frame` is still the one whose life was `life`.
#[inline(always)]
pub fn lives(store: &impl Store, frame: Frame, life: u64) -> bool {
    word(store, frame) == life
}

/// Makes the untyped `frame` a kernel object of zeros. Returns its life.
///
/// # Errors
///
/// [`Error::FrameState`] if it is not untyped; [`Error::NotQuiescent`] if it was given up too recently.
#[inline(always)]
pub fn claim_kernel(store: &impl Store, frame: Frame) -> Result<u64, Error> {
    let life = State::KERNEL.bits() | quiescence::current(store) << NUMBER;
    claim(store, frame, life, State::empty())?;
    Ok(life)
}

/// Makes the untyped `frame` user memory of zeros with one mapping, through which it can be written or not.
///
/// # Errors
///
/// As [`claim_kernel`].
#[inline(always)]
pub fn claim_user(store: &impl Store, frame: Frame, writable: bool) -> Result<(), Error> {
    let kept = if writable { State::empty() } else { State::ZERO };
    claim(store, frame, USER_ONCE, kept)
}

/// Counts one more mapping of the user `frame`, through which it can be written or not.
///
/// # Errors
///
/// [`Error::FrameState`] if it is not user memory.
#[inline(always)]
pub fn share(store: &impl Store, frame: Frame, writable: bool) -> Result<(), Error> {
    let entry = store.retype_entry(frame).ok_or(Error::FrameState)?;
    let forgotten = if writable { State::ZERO.bits() } else { 0 };
    // There are fewer entries of page tables in any machine than numbers above the state.
    let more = |word: u64| has(word, State::USER).then(|| (word + ONE) & !forgotten);
    entry.fetch_update(AcqRel, Acquire, more).map_err(|_| Error::FrameState)?;
    Ok(())
}

/// Counts one mapping of the user `frame` less, which is gone from its page table already: with the last, the frame is
/// untyped. Returns how many are left.
#[inline(always)]
pub fn unshare(store: &impl Store, frame: Frame) -> u64 {
    let Some(entry) = store.retype_entry(frame) else { return 0 };
    // The epoch is read after the count: what others took away before is not older than it.
    let less = |word: u64| {
        let untyped = State::UNTYPED.bits() | word & State::ZERO.bits() | quiescence::current(store) << NUMBER;
        let left = if word >> NUMBER > 1 { word - ONE } else { untyped };
        has(word, State::USER).then_some(left)
    };
    entry.fetch_update(AcqRel, Acquire, less).map_or(0, |before| (before >> NUMBER) - 1)
}

/// Ends the `life` of the kernel object in `frame`, which is untyped from now on. Returns the epoch in which that was.
///
/// # Errors
///
/// [`Error::Revoked`] if it has ended already.
pub fn end(store: &impl Store, frame: Frame, life: u64) -> Result<u64, Error> {
    end_if(store, frame, life, || true)
}

/// Ends the `life` of the kernel object in `frame`, if nothing depends on it, as `is_free` says.
///
/// While that looks, nobody else finds the object any more. Who found it before and makes something depend
/// on it looks afterwards whether it still [lives].
///
/// # Errors
///
/// As [`end`]; [`Error::InUse`].
pub fn end_if(store: &impl Store, frame: Frame, life: u64, is_free: impl FnOnce() -> bool) -> Result<u64, Error> {
    let entry = store.retype_entry(frame).filter(|_| has(life, State::KERNEL)).ok_or(Error::Revoked)?;
    entry.compare_exchange(life, State::BUSY.bits(), SeqCst, Acquire).map_err(|_| Error::Revoked)?;
    if !is_free() {
        entry.store(life, Release);
        return Err(Error::InUse);
    }
    // Only now nobody finds the object any more.
    let epoch = quiescence::current(store);
    entry.store(State::UNTYPED.bits() | epoch << NUMBER, Release);
    Ok(epoch)
}

/// Clears the untyped `frame`, unless it is known to be zero, so that its next owner need not wait for that.
///
/// # Errors
///
/// As [`claim_kernel`].
pub fn clean(store: &impl Store, frame: Frame) -> Result<(), Error> {
    let (entry, word) = untyped(store, frame)?;
    if !has(word, State::ZERO) {
        take(entry, word, State::BUSY.bits())?;
        store.clear(frame);
        entry.store((State::UNTYPED | State::ZERO).bits(), Release);
    }
    Ok(())
}

/// Claims an untyped frame; of its state, it keeps what is in `kept`. It is zero afterwards.
#[inline(always)]
fn claim(store: &impl Store, frame: Frame, claimed: u64, kept: State) -> Result<(), Error> {
    let (entry, word) = untyped(store, frame)?;
    take(entry, word, claimed | kept.bits())?;
    if !has(word, State::ZERO) {
        store.clear(frame);
    }
    Ok(())
}

/// The word of a frame that is untyped and can be used.
#[inline(always)]
fn untyped(store: &impl Store, frame: Frame) -> Result<(&AtomicU64, u64), Error> {
    let entry = store.retype_entry(frame).ok_or(Error::FrameState)?;
    let word = entry.load(Acquire);
    if !has(word, State::UNTYPED) {
        return Err(Error::FrameState);
    }
    quiescence::check(store, word >> NUMBER)?;
    Ok((entry, word))
}

#[inline(always)]
fn take(entry: &AtomicU64, word: u64, taken: u64) -> Result<(), Error> {
    entry.compare_exchange(word, taken, AcqRel, Acquire).map_err(|_| Error::FrameState)?;
    Ok(())
}

#[inline(always)]
fn word(store: &impl Store, frame: Frame) -> u64 {
    store.retype_entry(frame).map_or(0, |entry| entry.load(Acquire))
}

#[inline(always)]
const fn has(word: u64, state: State) -> bool {
    word & state.bits() != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Memory;
    use core::sync::atomic::Ordering::Relaxed;

    /// What a frame holds that somebody has used.
    const USED: u64 = 0xdead;

    fn use_it(memory: &Memory, frame: Frame) {
        memory.words(frame)[7].store(USED, Relaxed);
    }

    fn held(memory: &Memory, frame: Frame) -> u64 {
        memory.words(frame)[7].load(Relaxed)
    }

    #[test]
    fn a_frame_is_claimed_once() {
        let memory = Memory::new();
        let frame = memory.untyped();
        let life = claim_kernel(&memory, frame).unwrap();
        assert_eq!(state(&memory, frame), (State::KERNEL, quiescence::FIRST));
        assert!(lives(&memory, frame, life));
        assert_eq!(claim_kernel(&memory, frame), Err(Error::FrameState));
        assert_eq!(claim_user(&memory, frame, true), Err(Error::FrameState));
        assert_eq!(share(&memory, frame, false), Err(Error::FrameState));
        assert_eq!(clean(&memory, frame), Err(Error::FrameState));
        assert_eq!(unshare(&memory, frame), 0);
        assert!(lives(&memory, frame, life), "it is no user memory");
    }

    #[test]
    fn mappings_are_counted_and_the_last_one_gives_the_frame_back() {
        let memory = Memory::new();
        let frame = memory.untyped();
        assert_eq!(share(&memory, frame, true), Err(Error::FrameState));
        claim_user(&memory, frame, true).unwrap();
        share(&memory, frame, true).unwrap();
        assert_eq!(state(&memory, frame), (State::USER, 2));
        assert_eq!(unshare(&memory, frame), 1);
        assert_eq!(state(&memory, frame), (State::USER, 1));
        assert_eq!(unshare(&memory, frame), 0);
        assert_eq!(state(&memory, frame), (State::UNTYPED, quiescence::FIRST));
    }

    #[test]
    fn what_is_given_up_is_used_again_only_when_its_epoch_is_past() {
        let memory = Memory::new();
        let frame = memory.untyped();
        let life = claim_kernel(&memory, frame).unwrap();
        let epoch = end(&memory, frame, life).unwrap();
        assert_eq!(end(&memory, frame, life), Err(Error::Revoked), "a life ends once");
        assert_eq!(claim_kernel(&memory, frame), Err(Error::NotQuiescent));
        assert_eq!(claim_user(&memory, frame, true), Err(Error::NotQuiescent));
        assert_eq!(clean(&memory, frame), Err(Error::NotQuiescent));
        memory.quiesce(epoch);
        let next = claim_kernel(&memory, frame).unwrap();
        assert!(next != life && !lives(&memory, frame, life), "a life never comes back");
        assert_eq!(end(&memory, frame, life), Err(Error::Revoked));
        assert!(lives(&memory, frame, next));
    }

    #[test]
    fn user_memory_is_given_up_in_the_epoch_of_its_last_mapping() {
        let memory = Memory::new();
        let frame = memory.untyped();
        claim_user(&memory, frame, true).unwrap();
        memory.quiesce(quiescence::FIRST);
        unshare(&memory, frame);
        assert_eq!(claim_user(&memory, frame, true), Err(Error::NotQuiescent));
        memory.quiesce(quiescence::current(&memory));
        assert_eq!(claim_user(&memory, frame, true), Ok(()));
    }

    #[test]
    fn what_something_depends_on_does_not_end() {
        let memory = Memory::new();
        let frame = memory.kernel();
        let life = life(&memory, frame);
        let looking = || {
            assert!(!lives(&memory, frame, life), "nobody finds it now");
            false
        };
        assert_eq!(end_if(&memory, frame, life, looking), Err(Error::InUse));
        assert!(lives(&memory, frame, life));
    }

    #[test]
    fn what_was_never_an_object_has_no_life() {
        let memory = Memory::new();
        let frame = memory.untyped();
        assert_eq!(life(&memory, frame), NO_LIFE);
        assert_eq!(end(&memory, frame, word(&memory, frame)), Err(Error::Revoked));
        claim_user(&memory, frame, true).unwrap();
        assert_eq!(life(&memory, frame), NO_LIFE);
        assert_eq!(end(&memory, frame, word(&memory, frame)), Err(Error::Revoked));
    }

    #[test]
    fn claiming_clears_unless_known_zero() {
        let memory = Memory::new();
        let (dirty, clean) = (memory.untyped(), memory.untyped());
        for frame in [dirty, clean] {
            use_it(&memory, frame);
        }
        let known = State::UNTYPED | State::ZERO;
        memory.retype_entry(clean).unwrap().store(known.bits(), Relaxed);
        claim_user(&memory, dirty, true).unwrap();
        claim_user(&memory, clean, true).unwrap();
        assert_eq!(held(&memory, dirty), 0);
        assert_eq!(held(&memory, clean), USED, "a frame known to be zero is not cleared again");
    }

    #[test]
    fn a_cleaned_frame_is_not_cleared_again() {
        let memory = Memory::new();
        let frame = memory.untyped();
        use_it(&memory, frame);
        clean(&memory, frame).unwrap();
        assert_eq!(held(&memory, frame), 0);
        assert_eq!(state(&memory, frame), (State::UNTYPED | State::ZERO, 0));
        use_it(&memory, frame);
        clean(&memory, frame).unwrap();
        claim_kernel(&memory, frame).unwrap();
        assert_eq!(held(&memory, frame), USED, "it was known to be zero");
    }

    #[test]
    fn memory_that_nobody_could_write_stays_known_to_be_zero() {
        for (first, second, known) in [(false, false, true), (true, false, false), (false, true, false)] {
            let memory = Memory::new();
            let frame = memory.untyped();
            claim_user(&memory, frame, first).unwrap();
            share(&memory, frame, second).unwrap();
            assert_eq!([(); 2].map(|()| unshare(&memory, frame)), [1, 0]);
            let (state, _) = state(&memory, frame);
            assert_eq!(state.contains(State::ZERO), known, "writable: {first}, {second}");
        }
    }

    #[test]
    fn what_is_not_memory_cannot_be_claimed() {
        let memory = Memory::new();
        assert_eq!(claim_user(&memory, Frame::numbered(u64::MAX / PAGE), true), Err(Error::FrameState));
        assert_eq!(clean(&memory, Frame::numbered(0)), Err(Error::FrameState), "the kernel's since boot");
    }
}
