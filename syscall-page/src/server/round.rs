//! One pass over a page: which slots it has taken, and what became of them.

use super::State;
use crate::header::Header;
use crate::page::Page;
use crate::word::Word;
use core::sync::atomic::Ordering::{Acquire, Relaxed};

/// One pass under way.
#[derive(Debug)]
pub(super) struct Round<'a, W, const N: usize> {
    page: Page<'a, W, N>,
    state: &'a State<W>,
    /// Slots that were taken.
    pub(super) taken: u64,
    /// Of those, where there was no call, or another worker took it.
    pub(super) missing: u64,
    /// Of those, whose call was refused.
    pub(super) refused: u64,
    /// Of those, of which nothing is to be announced any more: it was, or the call is blocked.
    settled: u64,
    /// Slots that were left to others.
    left: u64,
}

/// Slots that a pass has yet to look at: from its place on, then those before, as a client fills them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ahead {
    pub(super) now: u64,
    then: u64,
}

impl Ahead {
    #[inline]
    pub(super) fn new(slots: u64, place: u64) -> Self {
        let now = slots & u64::MAX << (place % u64::from(u64::BITS));
        Self { now, then: slots & !now }
    }

    pub(super) const fn all(&self) -> u64 {
        self.now | self.then
    }
}

/// Announces results, and answers whether the client is to be woken.
pub(super) fn announce<W: Word>(header: &Header<W>, done: u64) -> bool {
    header.hint_done(done);
    header.answer_wait()
}

/// Takes all hints that can be followed.
#[inline]
pub(super) fn take_submitted<W: Word, const N: usize>(page: &Page<'_, W, N>, state: &State<W>) -> u64 {
    let submitted = page.header().take_submitted();
    // A call that was answered does not look blocked any more to whoever sees that it was followed by another.
    submitted & page.slots() & !state.blocked.load(Relaxed)
}

impl<'a, W: Word, const N: usize> Round<'a, W, N> {
    /// One that has taken these slots.
    #[inline(always)]
    pub(super) fn new(page: Page<'a, W, N>, state: &'a State<W>, taken: u64) -> Self {
        Self { page, state, taken, missing: 0, refused: 0, settled: 0, left: 0 }
    }

    /// Leaves all but the first `limit` slots to a later pass.
    pub(super) fn keep_to(&mut self, limit: u32, ahead: Ahead) -> Ahead {
        let (mut kept, mut rest) = (0, ahead);
        for _ in 0..limit {
            let from = if rest.now != 0 { &mut rest.now } else { &mut rest.then };
            kept |= *from & from.wrapping_neg();
            *from &= from.wrapping_sub(1);
        }
        self.taken = kept;
        self.leave(rest.all());
        Ahead { now: ahead.now & kept, then: ahead.then & kept }
    }

    /// Leaves slots to others, or to a later pass.
    fn leave(&self, slots: u64) {
        if slots != 0 {
            self.page.header().hint_submitted(slots);
        }
    }

    /// Leaves all that is ahead to others, until the pass goes on.
    pub(super) fn leave_all(&mut self, ahead: &mut Ahead) {
        self.left = ahead.all();
        self.taken &= !self.left;
        *ahead = Ahead { now: 0, then: 0 };
        self.leave(self.left);
    }

    /// What is ahead when there is nothing now.
    #[inline]
    pub(super) fn after(&mut self, ahead: Ahead) -> Option<Ahead> {
        let next = match (ahead.then, self.left) {
            (0, 0) => return None,
            (0, _) => self.take_back(),
            (then, _) => Ahead { now: then, then: 0 },
        };
        // What was taken back may lie before the place.
        Some(if next.now == 0 { Ahead { now: next.then, then: 0 } } else { next }).filter(|next| next.now != 0)
    }

    /// Goes on with what nobody else has taken meanwhile.
    #[cold]
    fn take_back(&mut self) -> Ahead {
        let left = core::mem::take(&mut self.left);
        let submitted = take_submitted(&self.page, self.state);
        self.leave(submitted & !left);
        self.taken |= submitted & left;
        Ahead::new(submitted & left, self.state.next.load(Relaxed))
    }

    /// The next pass goes on behind `slot`.
    #[inline]
    pub(super) fn keep_place(&self, slot: u32) {
        self.state.next.store(u64::from(slot) + 1, Relaxed);
    }

    /// Slots whose calls were answered and not announced.
    #[inline]
    pub(super) fn done(&self) -> u64 {
        self.taken & !self.missing & !self.settled
    }

    /// Shows what is done, and answers whether the client is to be woken.
    pub(super) fn announce(&mut self) -> bool {
        let done = self.done();
        self.settled |= done;
        done != 0 && announce(self.page.header(), done)
    }

    /// Blocks the call in a slot; `false` if another one of that slot is blocked.
    pub(super) fn block(&mut self, slot: u32) -> bool {
        if self.state.blocked.fetch_or(1 << slot, Acquire) & 1 << slot != 0 {
            return false;
        }
        self.settled |= 1 << slot;
        true
    }
}
