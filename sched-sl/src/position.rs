//! How far one end of a queue has come, in one word, in which the other end leaves a *mark* when it finds nothing more and is about to wait.
//!
//! ```text
//!   63     62             0
//!   ┌──────┬───────────────┐
//!   │ mark │ position      │
//!   └──────┴───────────────┘
//! ```
//!
//! Whoever moves on does so by one locked instruction, whose answer says whether the mark is there. The mark is left by an exchange that fails if
//! there is more by then. So one of the two is first: either who would wait finds more, or who moves on finds the mark, takes
//! it away, and triggers a [blockpoint](crate::blockpoint), at which the other one waits, marking at each try. Without a mark that
//! blockpoint is not even looked at.

use crate::word::Word;
use core::sync::atomic::Ordering::{Acquire, SeqCst};

const MARK: u64 = 1 << 63;

/// The position of one end, which only grows.
#[derive(Debug, Default)]
pub struct Position<W> {
    word: W,
}

impl<W> Position<W> {
    /// At the beginning, of a word that is 0.
    pub const fn new(word: W) -> Self {
        Self { word }
    }
}

impl<W: Word> Position<W> {
    /// Moves on by one. Answers whether there is a mark: it is to be [taken away](Self::unmark), and the other end told.
    #[inline(always)]
    #[must_use = "the other end may wait"]
    pub fn advance(&self) -> bool {
        // A sign, as the processor's flags say of what was there.
        self.word.fetch_add(1, SeqCst) as i64 <= -1
    }

    /// Takes the mark away.
    pub fn unmark(&self) {
        self.word.update(|found| Some(found & !MARK));
    }

    /// The position, or less than any while there is a mark.
    #[inline(always)]
    pub fn glance(&self) -> i64 {
        self.word.load(Acquire) as i64
    }

    /// The position.
    pub fn get(&self) -> i64 {
        (self.word.load(Acquire) & !MARK) as i64
    }

    /// The position, if it is another than the one that was seen; if not, leaves a mark.
    pub fn moved_from(&self, seen: i64) -> Option<i64> {
        let seen = seen as u64;
        match self.word.exchange(seen, seen | MARK) {
            Err(found) if found & !MARK != seen => Some((found & !MARK) as i64),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::sync::atomic::AtomicU64;

    #[test]
    fn who_moves_on_finds_the_mark_of_who_found_nothing_more_until_it_takes_it_away() {
        let position = Position::<AtomicU64>::default();
        assert!(!position.advance());
        assert_eq!((position.moved_from(0), position.glance()), (Some(1), 1), "there is more: no mark");
        assert_eq!(position.moved_from(1), None);
        assert!(position.glance() < 0);
        assert!(position.advance() && position.advance());
        assert_eq!((position.get(), position.moved_from(1)), (3, Some(3)));
        position.unmark();
        assert!(!position.advance());
        assert_eq!(position.glance(), 4);
    }
}
