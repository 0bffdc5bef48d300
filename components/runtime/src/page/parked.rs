//! An edge's calls that wait for a worker, in the server's own memory.
//!
//! There is a place for each entry of the edge's page, so a client that posts calls which never end is in nobody's way but its own;
//! and of the workers it has no more at once than the graph says: some of its own, or a few of those that edges have together.

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

/// The workers that the edges have together that have none of their own.
#[repr(C)]
pub(super) struct Common {
    /// Those that may be busy at once.
    limit: u64,
    /// Those that are.
    busy: AtomicU64,
}

/// The calls of an edge.
#[repr(C)]
pub(super) struct Parked {
    /// Capability number << 16 of the server's own entry, as direct calls of the edge come in.
    entry: u64,
    /// Workers that may be busy with them at once.
    limit: u64,
    /// Whether these are of those that edges have together.
    is_common: u64,
    /// A bit for each slot whose call waits.
    waiting: AtomicU64,
    /// Workers that are busy with them.
    busy: AtomicU64,
    spare: [u64; 3],
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

    /// Whether there are workers for the edge at all.
    pub(super) fn has_workers(&self) -> bool {
        self.limit > 0
    }

    /// Whether a call waits that a worker may run.
    pub(super) fn is_ready(&self, common: &Common) -> bool {
        let is_busy = is_full(&self.busy, self.limit) || self.is_common != 0 && is_full(&common.busy, common.limit);
        self.waiting.load(SeqCst) != 0 && !is_busy
    }

    /// Takes a call, with which the caller is busy until it says [`Parked::leave`].
    ///
    /// Nobody who finds the limit reached looks again. So whoever was counted does, when it is not any more.
    pub(super) fn take(&self, common: &Common) -> Option<Work> {
        while self.waiting.load(SeqCst) != 0 && self.enter(common) {
            if let Some(work) = self.take_waiting() {
                return Some(work);
            }
            self.leave(common);
        }
        None
    }

    /// A worker is through with a call, and looks for the next one.
    pub(super) fn leave(&self, common: &Common) {
        if self.is_common != 0 {
            common.busy.fetch_sub(1, SeqCst);
        }
        self.busy.fetch_sub(1, SeqCst);
    }

    fn enter(&self, common: &Common) -> bool {
        if !count(&self.busy, self.limit) {
            return false;
        }
        let is_entered = self.is_common == 0 || count(&common.busy, common.limit);
        if !is_entered {
            self.busy.fetch_sub(1, SeqCst);
        }
        is_entered
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

fn is_full(busy: &AtomicU64, limit: u64) -> bool {
    busy.load(SeqCst) >= limit
}

/// One more is busy, if that may be.
fn count(busy: &AtomicU64, limit: u64) -> bool {
    busy.fetch_update(SeqCst, SeqCst, |busy| (busy < limit).then_some(busy + 1)).is_ok()
}
