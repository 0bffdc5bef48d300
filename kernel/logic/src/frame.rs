//! Frames and the retype table: every frame of memory is of one kind at a time.
//!
//! ```text
//!            claim_kernel                    claim_user, then share for each further mapping
//! untyped ----------------> kernel   untyped ----------------> user (count ≥ 1)
//! ```
//!
//! The table has one word for each frame of the machine, changed by one
//! compare-and-swap. A frame is cleared exactly once between two owners: on the
//! claim, unless the table knows that it is zero. (The idea of a retype table with
//! counts is Composite's; the known-zero state is ours.)

use crate::store::Store;
use abi::error::Error;
use abi::layout::PAGE;
use core::sync::atomic::Ordering::{AcqRel, Acquire};

/// Where the kernel sees all memory: physical address `p` is at `DIRECT_MAP + p`.
pub const DIRECT_MAP: u64 = 0xffff_8000_0000_0000;

/// A frame of memory, by number: physical address divided by the page size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Frame(pub u64);

impl Frame {
    /// The frame that holds physical address `physical`.
    pub const fn containing(physical: u64) -> Self {
        Self(physical / PAGE)
    }

    /// Its physical address.
    pub const fn physical(self) -> u64 {
        self.0 * PAGE
    }

    /// Where the kernel sees it. Objects refer to each other by these addresses.
    pub const fn address(self) -> u64 {
        DIRECT_MAP + self.physical()
    }

    /// The frame that the kernel sees at `address`.
    pub const fn at(address: u64) -> Self {
        Self::containing(address.wrapping_sub(DIRECT_MAP))
    }
}

bitflags::bitflags! {
    /// The lower half of a retype-table word. The upper half counts mappings.
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
    }
}

const ONE: u64 = 1 << 32;
const COUNT_LIMIT: u64 = u32::MAX as u64;

/// The state of `frame` and its count of mappings.
pub fn state(store: &impl Store, frame: Frame) -> (State, u64) {
    let word = store.retype_entry(frame).map_or(0, |entry| entry.load(Acquire));
    (State::from_bits_truncate(word), word / ONE)
}

/// Makes the untyped `frame` a kernel object of zeros.
///
/// # Errors
///
/// [`Error::FrameState`] if it is not untyped.
pub fn claim_kernel(store: &impl Store, frame: Frame) -> Result<(), Error> {
    claim(store, frame, State::KERNEL.bits())
}

/// Makes the untyped `frame` user memory of zeros with one mapping.
///
/// # Errors
///
/// [`Error::FrameState`] if it is not untyped.
pub fn claim_user(store: &impl Store, frame: Frame) -> Result<(), Error> {
    claim(store, frame, State::USER.bits() | ONE)
}

/// Counts one more mapping of the user `frame`.
///
/// # Errors
///
/// [`Error::FrameState`] if it is not user memory, or mapped 2^32 − 1 times.
pub fn share(store: &impl Store, frame: Frame) -> Result<(), Error> {
    let entry = store.retype_entry(frame).ok_or(Error::FrameState)?;
    let more = |word: u64| {
        let is_user = State::from_bits_truncate(word).contains(State::USER);
        (is_user && word / ONE < COUNT_LIMIT).then(|| word + ONE)
    };
    entry.fetch_update(AcqRel, Acquire, more).map_err(|_| Error::FrameState)?;
    Ok(())
}

fn claim(store: &impl Store, frame: Frame, claimed: u64) -> Result<(), Error> {
    let entry = store.retype_entry(frame).ok_or(Error::FrameState)?;
    let word = entry.load(Acquire);
    let state = State::from_bits_truncate(word);
    if !state.contains(State::UNTYPED) {
        return Err(Error::FrameState);
    }
    entry.compare_exchange(word, claimed, AcqRel, Acquire).map_err(|_| Error::FrameState)?;
    if !state.contains(State::ZERO) {
        store.clear(frame);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Memory;
    use core::sync::atomic::Ordering::Relaxed;

    #[test]
    fn a_frame_is_claimed_once() {
        let memory = Memory::new();
        let frame = memory.untyped();
        claim_kernel(&memory, frame).unwrap();
        assert_eq!(state(&memory, frame), (State::KERNEL, 0));
        assert_eq!(claim_kernel(&memory, frame), Err(Error::FrameState));
        assert_eq!(claim_user(&memory, frame), Err(Error::FrameState));
        assert_eq!(share(&memory, frame), Err(Error::FrameState));
    }

    #[test]
    fn mappings_are_counted() {
        let memory = Memory::new();
        let frame = memory.untyped();
        assert_eq!(share(&memory, frame), Err(Error::FrameState));
        claim_user(&memory, frame).unwrap();
        share(&memory, frame).unwrap();
        assert_eq!(state(&memory, frame), (State::USER, 2));
    }

    #[test]
    fn the_count_does_not_wrap() {
        let memory = Memory::new();
        let frame = memory.untyped();
        claim_user(&memory, frame).unwrap();
        let full = State::USER.bits() | COUNT_LIMIT << 32;
        memory.retype_entry(frame).unwrap().store(full, Relaxed);
        assert_eq!(share(&memory, frame), Err(Error::FrameState));
    }

    #[test]
    fn claiming_clears_unless_known_zero() {
        let memory = Memory::new();
        let (dirty, clean) = (memory.untyped(), memory.untyped());
        for frame in [dirty, clean] {
            memory.words(frame)[7].store(0xdead, Relaxed);
        }
        let known = State::UNTYPED | State::ZERO;
        memory.retype_entry(clean).unwrap().store(known.bits(), Relaxed);
        claim_user(&memory, dirty).unwrap();
        claim_user(&memory, clean).unwrap();
        assert_eq!(memory.words(dirty)[7].load(Relaxed), 0);
        assert_eq!(memory.words(clean)[7].load(Relaxed), 0xdead, "a frame known to be zero is not cleared again");
    }

    #[test]
    fn what_is_not_memory_cannot_be_claimed() {
        let memory = Memory::new();
        assert_eq!(claim_user(&memory, Frame(u64::MAX / PAGE)), Err(Error::FrameState));
    }
}
