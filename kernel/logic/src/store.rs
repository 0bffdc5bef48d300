//! How the logic reaches kernel objects: words by handle.

use crate::cross_core::Shared;
use crate::frame::{self, Frame};
use crate::interrupt::LineState;
use crate::quiescence::Epochs;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{Acquire, Relaxed};

/// The 512 words of a frame.
pub type Words = [AtomicU64; WORDS];

/// Words of a frame.
pub const WORDS: usize = 512;

/// The words of an entry of an invocation stack, see [`entry`](crate::thread::entry).
pub type Level = [AtomicU64; 4];

/// A hot descriptor: what an invocation needs to know of a component, in half a cache line.
///
/// It sits in an array that never becomes another kind of memory, so that a
/// stale reference to a component reads an epoch that does not match, and never garbage.
#[repr(C, align(32))]
pub struct Descriptor {
    /// Odd while the component lives, even while the descriptor is free. It only grows.
    pub epoch: AtomicU64,
    /// What loads its page table, see [`address_space`](crate::address_space).
    pub page_table: AtomicU64,
    /// Address of the root of its capability table.
    pub table: AtomicU64,
    /// Address of the component object.
    pub component: AtomicU64,
}

/// The memory that kernel objects are made of: frames of the machine in the
/// kernel, vectors in a test.
pub trait Store: Sized {
    /// The words of a kernel frame.
    ///
    /// The logic asks only for frames that the retype table has as kernel
    /// frames, and never sees them as anything but words.
    fn words(&self, frame: Frame) -> &Words;

    /// The entry of an invocation stack at `address`.
    ///
    /// The logic asks only for entries of threads.
    fn level(&self, address: u64) -> &Level;

    /// Whether translations are kept apart by tags, see [`address_space`](crate::address_space).
    fn tags_address_spaces(&self) -> bool {
        false
    }

    /// The retype table's word for `frame`; none if the machine has no such frame.
    fn retype_entry(&self, frame: Frame) -> Option<&AtomicU64>;

    /// The hot descriptor with this index. Index 0 exists and never lives.
    fn descriptor(&self, index: u32) -> Option<&Descriptor>;

    /// The hot descriptor at this offset, which comes from an entry of an invocation stack: it exists.
    fn descriptor_at(&self, offset: u64) -> &Descriptor;

    /// The word that holds the address of the thread with this index, or 0.
    fn thread_entry(&self, index: u32) -> Option<&AtomicU64>;

    /// A frame of empty slots, shared by all capability tables for the leaves that they do not have.
    fn empty_leaf(&self) -> Frame;

    /// The root page table of the kernel; its upper half is part of every other.
    fn kernel_page_table(&self) -> Frame;

    /// The epochs by which [`quiescence`](crate::quiescence) is counted.
    fn epochs(&self) -> &Epochs;

    /// What the core with this number shares with the others; none if the machine has no such core.
    fn shared(&self, core: u32) -> Option<&Shared>;

    /// The interrupt line with this number.
    fn interrupt_line(&self, line: u32) -> Option<&LineState>;

    /// Whether `pages` physical pages from number `first` on are neither memory nor registers that the kernel keeps for
    /// itself, and addresses that the processor has.
    fn is_device_memory(&self, first: u64, pages: u64) -> bool;

    /// Forgets what this core knows of `address` in the page table with the root `root`, if it is the one loaded.
    fn invalidate(&self, root: Frame, address: u64);

    /// Reads a word that no other core ever writes: of an object that is bound to this one.
    #[inline(always)]
    fn own(&self, word: &AtomicU64) -> u64 {
        word.load(Relaxed)
    }

    /// Where the retype table's word for `frame` is, as a number that only the store understands. A capability keeps it.
    fn life_place(&self, frame: Frame) -> u64 {
        frame.number()
    }

    /// The word of the retype table at `place`, which was said by [`life_place`](Self::life_place).
    #[inline(always)]
    fn life_at(&self, place: u64) -> u64 {
        self.retype_entry(Frame::numbered(place)).map_or(frame::NO_LIFE, |word| word.load(Acquire))
    }

    /// The lower nine bits of `number`, which name one of the words of a frame: taken in a way that no compiler leaves out, so that
    /// a processor that goes on beyond a bound by speculation stays within the frame.
    #[inline(always)]
    fn word_number(&self, number: u64) -> usize {
        (number % WORDS as u64) as usize
    }

    /// Fills `frame` with zeros.
    fn clear(&self, frame: Frame);
}

/// Word `at` of `words`, for offsets that are constants of an object's layout.
pub(crate) fn get(words: &Words, at: usize) -> u64 {
    words.get(at).map_or(0, |word| word.load(Relaxed))
}

/// Sets word `at` of `words`, for offsets that are constants of an object's layout.
pub(crate) fn set(words: &Words, at: usize, value: u64) {
    if let Some(word) = words.get(at) {
        word.store(value, Relaxed);
    }
}
