//! The explorer's word, and what it can do wrong.

use loom::sync::atomic::{AtomicU64, Ordering, fence};
use sched_sl::Word;

/// Nothing is wrong.
pub const SOUND: u8 = 0;
/// Fences do nothing.
pub const NO_FENCE: u8 = 1;
/// What changes the word by itself does so in two steps.
pub const TORN: u8 = 2;
/// What is exchanged if it is as expected is so in two steps.
pub const TORN_EXCHANGE: u8 = 3;
/// Who reads what was written does not see what was written before.
pub const RELAXED: u8 = 4;
/// Nothing is wrong, and any two accesses meet.
///
/// The explorer remembers only the latest access to a word. A thread that reads one and then writes it hides that another has read it
/// before, and the order in which that one reads what was written is never tried. So here each access takes a step at a companion word.
pub const SOUND_AND_MEETING: u8 = 5;

/// The explorer's word.
#[derive(Default)]
pub struct Explored<const FAULT: u8> {
    word: AtomicU64,
    companion: AtomicU64,
}

impl<const FAULT: u8> Explored<FAULT> {
    pub fn zero() -> Self {
        Self::default()
    }

    fn met(&self) -> &AtomicU64 {
        if FAULT == SOUND_AND_MEETING {
            self.companion.fetch_add(1, Ordering::Relaxed);
        }
        &self.word
    }

    /// Changes the word in one step; or, torn, in two.
    fn change(&self, to: impl Fn(u64) -> u64, order: Ordering) -> u64 {
        let word = self.met();
        if FAULT == TORN {
            let found = word.load(Ordering::Acquire);
            word.store(to(found), Ordering::Release);
            return found;
        }
        word.fetch_update(weakened::<FAULT>(order), Ordering::Relaxed, |found| Some(to(found))).unwrap()
    }
}

/// The order in which an access is made that is meant to be in `order`.
const fn weakened<const FAULT: u8>(order: Ordering) -> Ordering {
    if FAULT == RELAXED { Ordering::Relaxed } else { order }
}

impl<const FAULT: u8> Word for Explored<FAULT> {
    fn load(&self, order: Ordering) -> u64 {
        self.met().load(weakened::<FAULT>(order))
    }

    fn store(&self, value: u64, order: Ordering) {
        self.met().store(value, weakened::<FAULT>(order));
    }

    fn swap(&self, value: u64, order: Ordering) -> u64 {
        if FAULT == TORN { self.change(|_| value, order) } else { self.met().swap(value, weakened::<FAULT>(order)) }
    }

    fn fetch_add(&self, value: u64, order: Ordering) -> u64 {
        self.change(|found| found.wrapping_add(value), order)
    }

    fn fetch_sub(&self, value: u64, order: Ordering) -> u64 {
        self.change(|found| found.wrapping_sub(value), order)
    }

    fn exchange(&self, current: u64, new: u64) -> Result<u64, u64> {
        let (word, order) = (self.met(), weakened::<FAULT>(Ordering::AcqRel));
        if FAULT == TORN_EXCHANGE {
            let found = word.load(Ordering::Acquire);
            return if found == current { Ok(word.swap(new, order)) } else { Err(found) };
        }
        word.compare_exchange(current, new, order, weakened::<FAULT>(Ordering::Acquire))
    }

    fn full_fence() {
        if FAULT != NO_FENCE {
            fence(Ordering::SeqCst);
        }
    }
}
