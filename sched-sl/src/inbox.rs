//! What several cores leave for one: never full, nothing is lost, and nobody waits for another core.
//!
//! Each thing about which something can be left has one [`Notice`]: what is wanted of it, added up, and the link by which it stands in the
//! core's [`Inbox`]. So however much is left, there is room:
//!
//! ```text
//!   who leaves it:  adds what it wants ──▶ nothing was wanted before? puts the notice in ──▶ has the core look
//!   the core:       takes all notices out ──▶ of each: follows the link ──▶ takes what is wanted ──▶ sleeps when there is nothing more
//! ```
//!
//! Who finds that something is wanted already need not do more: the core has not looked yet, and will. What was written before something
//! was left is there for who takes it.
//!
//! So whoever finds that waits, for its wish to come, until the one before it has put the notice in and called. Where both are of one core and
//! leave things in its critical section, that one is let finish at once. On another core it may lose that core in between, below another
//! scheduler for as long as a period: nothing is lost then, and it comes that much later.

use crate::word::Word;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};

/// What is wanted of one thing, and its link. It stands in one inbox at most.
#[derive(Debug, Default)]
pub struct Notice<W> {
    wanted: W,
    /// 1 + the number of the notice behind it.
    next: W,
}

impl<W> Notice<W> {
    /// Nothing is wanted, of two words that are 0.
    pub const fn new(wanted: W, next: W) -> Self {
        Self { wanted, next }
    }
}

impl<W: Word> Notice<W> {
    /// Adds to what is wanted; `more` leaves no 0. Answers whether nothing was: then whoever asks is to [put](Inbox::put) it in.
    #[must_use = "the core may sleep"]
    pub fn add(&self, more: impl Fn(u64) -> u64) -> bool {
        self.wanted.update(|wanted| Some(more(wanted))) == Some(0)
    }

    /// Whether nothing is wanted.
    pub fn is_empty(&self) -> bool {
        self.wanted.load(Acquire) == 0
    }
}

/// The notices of things, by number, of which something is wanted.
#[derive(Debug, Default)]
pub struct Inbox<W> {
    /// 1 + the number that was put in last.
    first: W,
}

impl<W> Inbox<W> {
    /// Nothing is in it, of a word that is 0.
    pub const fn new(first: W) -> Self {
        Self { first }
    }
}

impl<W: Word> Inbox<W> {
    /// Adds to what is wanted by the notice of this number; `more` leaves no 0. Answers whether the core is to look: whoever was first to
    /// want something has it do so.
    #[must_use = "the core may sleep"]
    pub fn post(&self, number: usize, notice: &Notice<W>, more: impl Fn(u64) -> u64) -> bool {
        let is_first = notice.add(more);
        if is_first {
            self.put(number, notice);
        }
        is_first
    }

    /// Puts in the notice of this number, of which nothing was wanted before: the core is to look.
    pub fn put(&self, number: usize, notice: &Notice<W>) {
        self.first.update(|first| {
            notice.next.store(first, Relaxed);
            Some(number as u64 + 1)
        });
    }

    /// Takes all out, and calls `each` with every number and what is wanted. From then on it may be put in again.
    pub fn take<'n>(&self, notice: impl Fn(usize) -> Option<&'n Notice<W>>, mut each: impl FnMut(usize, u64))
    where
        W: 'n,
    {
        let mut at = self.first.swap(0, AcqRel);
        while let Some(number) = at.checked_sub(1).map(|number| number as usize) {
            let Some(notice) = notice(number) else { return };
            // Before what is wanted is taken: from then on, others put the notice in again, by the same link.
            at = notice.next.load(Relaxed);
            each(number, notice.wanted.swap(0, AcqRel));
        }
    }
}
