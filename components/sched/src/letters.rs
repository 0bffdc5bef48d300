//! What threads that call each other say, by place: who said it, and a word.
//!
//! Written inside the section before the reader is dispatched, and read by that alone when it goes on: so it need not enter again.

use crate::state::PLACES;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;
use runtime::Result;
use sched_interface::NO_SUCH_THREAD;

struct Letter {
    from: AtomicU64,
    word: AtomicU64,
}

/// One for each place.
pub struct Letters([Letter; PLACES]);

/// Whom a call was to has ended.
const NOBODY: u64 = u64::MAX;

impl Letters {
    /// All are empty.
    pub const fn new() -> Self {
        Self([const { Letter { from: AtomicU64::new(NOBODY), word: AtomicU64::new(0) } }; PLACES])
    }

    /// Puts one there: from the thread with this index.
    #[inline(always)]
    pub fn put(&self, place: usize, from: u64, word: u64) {
        if let Some(letter) = self.0.get(place) {
            letter.from.store(from, Relaxed);
            letter.word.store(word, Relaxed);
        }
    }

    /// Passes on what lies in one place to another.
    pub fn pass(&self, from: usize, to: usize) {
        if let Ok((sender, word)) = self.take(from) {
            self.put(to, sender, word);
        }
    }

    /// There is no answer.
    pub fn return_to_sender(&self, place: usize) {
        self.put(place, NOBODY, 0);
    }

    /// The index of who wrote, and what.
    ///
    /// # Errors
    ///
    /// [`NO_SUCH_THREAD`]: who was to write has ended.
    #[inline(always)]
    pub fn take(&self, place: usize) -> Result<(u64, u64)> {
        let letter = self.0.get(place).ok_or(NO_SUCH_THREAD)?;
        match letter.from.load(Relaxed) {
            NOBODY => Err(NO_SUCH_THREAD),
            from => Ok((from, letter.word.load(Relaxed))),
        }
    }
}

impl Default for Letters {
    fn default() -> Self {
        Self::new()
    }
}
