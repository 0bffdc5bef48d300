//! What threads that call each other say, by place: who said it, and a word.
//!
//! Written inside the section before the reader is dispatched, and read by that alone when it goes on: so it need not enter again.

use crate::state::PLACES;
use crate::visit::refusal;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;
use sched_interface::{Result, SchedError};

/// One for each place.
pub struct Letters {
    senders: [AtomicU64; PLACES],
    words: [AtomicU64; PLACES],
}

/// Whom a call was to has ended.
const NOBODY: u64 = u64::MAX;

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// Who was to write has ended.
    HasEnded,
    /// It has gone to another core.
    HasMoved,
}

impl Letters {
    /// All are empty.
    pub const fn new() -> Self {
        Self { senders: [const { AtomicU64::new(NOBODY) }; PLACES], words: [const { AtomicU64::new(0) }; PLACES] }
    }

    /// Puts one there: from the thread with this index.
    #[inline(always)]
    pub fn put(&self, place: usize, from: u64, word: u64) {
        if let (Some(sender), Some(said)) = (self.senders.get(place), self.words.get(place)) {
            sender.store(from, Relaxed);
            said.store(word, Relaxed);
        }
    }

    /// Passes on what lies in one place to another.
    pub fn pass(&self, from: usize, to: usize) {
        if let Ok((sender, word)) = self.take(from) {
            self.put(to, sender, word);
        }
    }

    /// There is no answer, for this reason.
    pub fn return_to_sender(&self, place: usize, why: Unanswered) {
        self.put(place, NOBODY, why as u64);
    }

    /// The index of who wrote, and what.
    ///
    /// # Errors
    ///
    /// [`SchedError::NoSuchThread`]: who was to write has ended; [`SchedError::OnAnotherCore`]: it has gone to another core.
    #[inline(always)]
    pub fn take(&self, place: usize) -> Result<(u64, u64)> {
        match (self.senders.get(place).map_or(NOBODY, |sender| sender.load(Relaxed)), self.words.get(place)) {
            (NOBODY, word) => Err(unanswered(word)),
            (_, None) => Err(refusal(SchedError::NoSuchThread)),
            (from, Some(word)) => Ok((from, word.load(Relaxed))),
        }
    }
}

#[cold]
#[inline(never)]
fn unanswered(word: Option<&AtomicU64>) -> SchedError {
    let has_moved = word.is_some_and(|word| word.load(Relaxed) == Unanswered::HasMoved as u64);
    if has_moved { SchedError::OnAnotherCore } else { SchedError::NoSuchThread }
}

impl Default for Letters {
    fn default() -> Self {
        Self::new()
    }
}
