//! The header frame: hints for both sides, and the word on which a client sleeps.
//!
//! It is a frame of its own so that the scheduler can be given this one and
//! never sees a call's arguments or results.
//!
//! # Sleeping without missing the wake-up
//!
//! The client looks for results, finds none and goes to sleep; between its look
//! and its sleep the server finishes. Nobody would wake the client. So the client
//! first *says* that it waits and then looks again, and the server first shows
//! its results and then looks whether somebody waits. A full fence stands between
//! the two steps on both sides, so at least one of them sees the other.
//!
//! A client that has its page served by the scheduler leaves the first step to that: most of the time some of its calls
//! end at once, and then it costs nothing ([`Header::wait_for_client`]).
//!
//! The wake word counts: bit 0 says that the client waits, the rest is an epoch
//! that the server advances when it answers that. The client sleeps *on an
//! epoch*; a scheduler that finds another one in the word does not let it sleep.

use crate::layout::FRAME_BYTES;
use crate::word::Word;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

const WAITS: u64 = 1;

/// A word with a cache line to itself: the sides write different ones.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Line<W>(pub(crate) W);

/// The header of a page.
#[derive(Debug)]
#[repr(C, align(64))]
pub struct Header<W> {
    submitted: Line<W>,
    done: Line<W>,
    wake: Line<W>,
}

const _: () = assert!(size_of::<Header<AtomicU64>>() <= FRAME_BYTES);

/// What a client that has nothing left to do should do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sleep {
    /// Do not sleep: none of its calls is under way, so nobody would wake it.
    NothingToWaitFor,
    /// Do not sleep: look for results, some came in meanwhile.
    ResultsCame,
    /// Ask the scheduler to sleep on this epoch.
    On(u64),
}

impl<W: Word> Header<W> {
    /// An empty header in this side's own memory, as tests on the host use it.
    pub fn empty() -> Self {
        Self { submitted: Line(W::new(0)), done: Line(W::new(0)), wake: Line(W::new(0)) }
    }

    /// The words — submitted, done, wake — for those who inspect a page and those who play the hostile side.
    pub fn words(&self) -> [&W; 3] {
        [&self.submitted.0, &self.done.0, &self.wake.0]
    }

    /// Scheduler: whether the client still waits on `epoch`. If not, it must not sleep.
    pub fn waits_on(&self, epoch: u64) -> bool {
        self.wake.0.load(Acquire) == (epoch << 1 | WAITS)
    }

    /// Scheduler, for a client that was served and of whose calls none ended: says that the client waits, and answers the
    /// epoch on which it is to sleep; `None` if results came meanwhile.
    pub fn wait_for_client(&self) -> Option<u64> {
        let (epoch, hints) = self.announce_wait();
        if hints == 0 {
            return Some(epoch);
        }
        self.cancel_wait();
        None
    }

    /// Client: hints that these slots were submitted, after their entries say so.
    #[inline]
    pub(crate) fn hint_submitted(&self, slots: u64) {
        self.submitted.0.fetch_or(slots, Release);
    }

    /// Client: takes all hints back, when none of its calls waits: a later call in one of these slots is to be found when it
    /// is announced, and not before those ahead of it.
    pub(crate) fn retract_submitted(&self) {
        self.submitted.0.store(0, Relaxed);
    }

    /// Server: takes all hints. Each is taken by one worker.
    #[inline]
    pub(crate) fn take_submitted(&self) -> u64 {
        self.submitted.0.swap(0, Acquire)
    }

    /// Server: whether there are hints.
    #[inline]
    pub(crate) fn has_submitted(&self) -> bool {
        self.submitted.0.load(Relaxed) != 0
    }

    /// Server: hints that these slots are done, after their entries say so.
    #[inline]
    pub(crate) fn hint_done(&self, slots: u64) {
        self.done.0.fetch_or(slots, Release);
    }

    /// Client: takes all hints about calls that were answered.
    #[inline]
    pub fn take_done(&self) -> u64 {
        if self.done.0.load(Relaxed) == 0 { 0 } else { self.done.0.swap(0, Acquire) }
    }

    /// Client, or the scheduler for it: says that it waits, and answers the epoch and the hints that are there *after* it said so.
    pub(crate) fn announce_wait(&self) -> (u64, u64) {
        let epoch = self.wake.0.fetch_or(WAITS, Relaxed) >> 1;
        W::full_fence();
        (epoch, self.done.0.load(Relaxed))
    }

    /// The same: says that it does not wait after all.
    pub(crate) fn cancel_wait(&self) {
        self.wake.0.fetch_and(!WAITS, Relaxed);
    }

    /// Server: after its hints, answers whether the client waits and is now to be woken.
    ///
    /// Of several workers one gets `true`, and the epoch moves on.
    pub(crate) fn answer_wait(&self) -> bool {
        W::full_fence();
        let word = self.wake.0.load(Relaxed);
        word & WAITS != 0 && self.wake.0.exchange_acquire(word, word.wrapping_add(1)).is_ok()
    }
}
