//! Who has the handle of a thread, as far as that can be known: it may have moved since it was made.

use crate::point::has_ended;
use crate::scheduler;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// A thread's index, or one of what is below; and above that, the place's turn.
pub struct Holder(AtomicU64);

/// Bits of who it is: more than there are threads. A turn has the others, which are enough for ever.
const BITS: u32 = 24;
const WHO: u64 = (1 << BITS) - 1;

/// A method that a client called made it: if that is unwound, the client's thread goes on, and nobody can tell.
const IN_A_CALL: u64 = WHO;
/// Somebody waits, who will come back.
const WAITS: u64 = WHO - 1;
/// Its thread has returned, and was done with it, or has moved it elsewhere.
const MOVED: u64 = WHO - 2;

impl Holder {
    /// Nobody.
    pub const fn new() -> Self {
        Self(AtomicU64::new(MOVED))
    }

    /// A turn begins, whose handle the thread has that executes this.
    pub fn begin(&self, turn: u64) {
        let who = if scheduler::is_own_thread() { scheduler::index(scheduler::number()) } else { IN_A_CALL };
        self.0.store(turn << BITS | who.min(IN_A_CALL), Release);
    }

    /// The thread that executes this waits for the thread whose handle it is, if it is still its turn.
    pub fn waits(&self, turn: u64) {
        self.becomes(WAITS, |word| word >> BITS == turn);
    }

    /// The thread with this index has returned.
    pub fn returned(&self, thread: u64) {
        self.becomes(MOVED, |word| word & WHO == thread);
    }

    fn becomes(&self, who: u64, is_meant: impl Fn(u64) -> bool) {
        let change = |word: u64| is_meant(word).then_some(word & !WHO | who);
        // If it is another's by now, nothing changes.
        let _ = self.0.fetch_update(Release, Relaxed, change);
    }

    /// Whether the handle of this turn is lost, with the thread that had it.
    pub fn is_lost(&self, turn: u64) -> bool {
        let word = self.0.load(Acquire);
        word >> BITS == turn && word & WHO < MOVED && has_ended(word & WHO)
    }

    /// Whether the handle of this turn was made in a call, so that nobody knows.
    pub fn is_in_a_call(&self, turn: u64) -> bool {
        self.0.load(Acquire) == turn << BITS | IN_A_CALL
    }
}
