//! An edge's calls that wait for a worker, in the server's own memory.
//!
//! There is a place for each entry of the edge's page, so a client that posts calls which never end is in nobody's way but its own;
//! and of the workers it has no more at once than the graph says.

use abi::page::PARKED_WORDS;
use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{Acquire, SeqCst};
use syscall_page::{Blocked, Request};

/// A call that waits for a worker, or that one runs.
pub struct Work {
    pub(super) request: Request,
    /// The right to answer it.
    pub(super) blocked: Blocked,
}

/// Filled in while the call of the slot waits.
type Place = UnsafeCell<MaybeUninit<Work>>;

/// The calls of an edge.
#[repr(C)]
pub(super) struct Parked {
    /// Capability number << 16 of the server's own entry, as direct calls of the edge come in.
    entry: u64,
    /// Workers that may be busy with them at once.
    limit: u64,
    /// A bit for each slot whose call waits.
    waiting: AtomicU64,
    /// Workers that are busy with them.
    busy: AtomicU64,
    spare: [u64; 4],
    places: [Place; abi::page::ENTRIES],
}

const _: () = assert!(size_of::<Parked>() == 8 * PARKED_WORDS);

// SAFETY: a place is filled in by the thread that has blocked the slot's call, before it sets the bit in `waiting`, and read by the
// thread that clears that; no other call of the slot is blocked until that thread has answered this one.
unsafe impl Sync for Parked {}

impl Parked {
    /// Leaves a call to a worker.
    pub(super) fn add(&self, work: Work) {
        let slot = work.blocked.slot();
        let Some(place) = self.places.get(slot as usize) else { return };
        // SAFETY: the call was blocked by this thread, so the place is its own.
        unsafe { (*place.get()).write(work) };
        self.waiting.fetch_or(1 << slot, SeqCst);
    }

    /// Whether a call waits that a worker may run.
    pub(super) fn is_ready(&self) -> bool {
        self.waiting.load(SeqCst) != 0 && self.busy.load(SeqCst) < self.limit
    }

    /// Takes a call, with which the caller is busy until it says [`Parked::leave`].
    ///
    /// Nobody who finds the limit reached looks again. So whoever was counted does, when it is not any more.
    pub(super) fn take(&self) -> Option<Work> {
        while self.waiting.load(SeqCst) != 0 && self.enter() {
            if let Some(work) = self.take_waiting() {
                return Some(work);
            }
            self.leave();
        }
        None
    }

    /// A worker is through with a call, and looks for the next one.
    pub(super) fn leave(&self) {
        self.busy.fetch_sub(1, SeqCst);
    }

    fn enter(&self) -> bool {
        self.busy.fetch_update(SeqCst, SeqCst, |busy| (busy < self.limit).then_some(busy + 1)).is_ok()
    }

    fn take_waiting(&self) -> Option<Work> {
        let mut waiting = self.waiting.load(Acquire);
        while let Some(place) = self.places.get(waiting.trailing_zeros() as usize) {
            let bit = waiting & waiting.wrapping_neg();
            if self.waiting.fetch_and(!bit, SeqCst) & bit != 0 {
                // SAFETY: the bit was set, so the place was filled in, and it was cleared here, so nobody else reads it.
                return Some(unsafe { (*place.get()).assume_init_read() });
            }
            waiting &= !bit;
        }
        None
    }

    /// The word by which the server's own entry is invoked.
    pub(super) const fn entry(&self) -> u64 {
        self.entry
    }
}
