//! How the logic reaches kernel objects: words by handle.

use crate::frame::Frame;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The 512 words of a frame.
pub type Words = [AtomicU64; 512];

/// A hot descriptor: what an invocation needs to know of a component, in half a cache line.
///
/// It sits in an array that never becomes another kind of memory, so that a
/// stale reference to a component reads an epoch that does not match, and never garbage.
#[repr(C, align(32))]
pub struct Descriptor {
    /// Odd while the component lives, even while the descriptor is free. It only grows.
    pub epoch: AtomicU64,
    /// Physical address of the root of its page table.
    pub page_table: AtomicU64,
    /// Address of the root of its capability table.
    pub table: AtomicU64,
    /// Address of the component object.
    pub component: AtomicU64,
}

/// The memory that kernel objects are made of: frames of the machine in the
/// kernel, vectors in a test.
pub trait Store {
    /// The words of a kernel frame.
    ///
    /// The logic asks only for frames that the retype table has as kernel
    /// frames, and never sees them as anything but words.
    fn words(&self, frame: Frame) -> &Words;

    /// The retype table's word for `frame`; none if the machine has no such frame.
    fn retype_entry(&self, frame: Frame) -> Option<&AtomicU64>;

    /// The hot descriptor with this index. Index 0 exists and never lives.
    fn descriptor(&self, index: u32) -> Option<&Descriptor>;

    /// The word that holds the address of the thread with this index, or 0.
    fn thread_entry(&self, index: u32) -> Option<&AtomicU64>;

    /// A frame of empty slots, shared by all capability tables for the leaves that they do not have.
    fn empty_leaf(&self) -> Frame;

    /// The root page table of the kernel; its upper half is part of every other.
    fn kernel_page_table(&self) -> Frame;

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
