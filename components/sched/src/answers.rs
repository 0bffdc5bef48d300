//! What threads find that waited at blockpoints and were let go on in the common way: that what they waited for has happened.
//!
//! Written inside the section before the reader is dispatched, and read by that alone when it goes on: so it need not enter again.

use crate::state::PLACES;
use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering::Relaxed;

/// One for each place.
pub struct Answers([AtomicBool; PLACES]);

impl Answers {
    /// Nobody has one.
    pub const fn new() -> Self {
        Self([const { AtomicBool::new(false) }; PLACES])
    }

    /// The thread in this place is about to wait.
    #[inline(always)]
    pub fn expect(&self, place: usize) {
        self.set(place, false);
    }

    /// What the thread in this place waits for has happened.
    #[inline(always)]
    pub fn give(&self, place: usize) {
        self.set(place, true);
    }

    /// Whether the thread in this place has been told so; if not, its wait may have ended in another way.
    #[inline(always)]
    pub fn is_given(&self, place: usize) -> bool {
        self.0.get(place).is_some_and(|answer| answer.load(Relaxed))
    }

    #[inline(always)]
    fn set(&self, place: usize, is_given: bool) {
        if let Some(answer) = self.0.get(place) {
            answer.store(is_given, Relaxed);
        }
    }
}

impl Default for Answers {
    fn default() -> Self {
        Self::new()
    }
}
