//! Who is inside a critical section, in one word: those outside are told whom to let finish, and who leaves is told that
//! somebody was outside.
//!
//! A scheduler's own data is entered by the threads that it schedules, with interrupts on. Who finds it taken does not
//! spin, for on one core the owner could not go on: it dispatches the owner, which so runs with the rank of who
//! waits for it, and switches back when it leaves.
//!
//! What protects a value by this is `runtime::section`.

use crate::word::Word;
use core::num::NonZeroU32;
use core::sync::atomic::Ordering::AcqRel;

/// In the word: somebody found the section taken.
const WANTED: u64 = 1 << 32;

/// The word: who is inside, or 0, and that somebody found it so.
#[derive(Debug, Default)]
pub struct Occupancy<W> {
    word: W,
}

impl<W> Occupancy<W> {
    /// Nobody is inside, of a word that is 0.
    pub const fn new(word: W) -> Self {
        Self { word }
    }
}

impl<W: Word> Occupancy<W> {
    /// Enters as `who`.
    ///
    /// # Errors
    ///
    /// Who is inside, if somebody is; they are told so when they leave.
    #[inline(always)]
    pub fn enter(&self, who: NonZeroU32) -> Result<(), NonZeroU32> {
        match self.word.exchange(0, who.get().into()) {
            Ok(_) => Ok(()),
            Err(found) => self.enter_after(found, who),
        }
    }

    /// Enters, or tells who is inside that somebody wants to: as the word, found like this, is by then.
    #[cold]
    #[inline(never)]
    fn enter_after(&self, mut found: u64, who: NonZeroU32) -> Result<(), NonZeroU32> {
        loop {
            let owner = NonZeroU32::new(found as u32);
            let next = if owner.is_some() { found | WANTED } else { who.get().into() };
            match (self.word.exchange(found, next), owner) {
                (Ok(_), None) => return Ok(()),
                (Ok(_), Some(owner)) => return Err(owner),
                (Err(now), _) => found = now,
            }
        }
    }

    /// Leaves. Answers whether somebody was told that the section is taken.
    #[inline]
    pub fn leave(&self) -> bool {
        self.word.swap(0, AcqRel) & WANTED != 0
    }
}
