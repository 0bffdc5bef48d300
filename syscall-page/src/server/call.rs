//! A call that a server has taken: read, and answered, at once or later.

use super::round::{Ahead, Round};
use crate::entry::Entry;
use crate::layout::{ENTRIES, RESULTS};
use crate::request::{Reply, Request};
use crate::word::Word;
use abi::error::Error;

/// What became of a call: made by [`Claimed::answer`] and [`Claimed::block`] only.
#[derive(Debug)]
#[must_use = "the pass has to know what became of the call"]
pub struct Outcome(());

/// A call that a pass has taken and not read.
#[derive(Debug)]
#[must_use = "a call that is dropped is never answered"]
pub struct Unread<'r, 'a, W, const N: usize = ENTRIES> {
    claimed: Claimed<'r, 'a, W, N>,
    method: u16,
}

/// A call's words, to be read once.
#[derive(Debug)]
pub struct Arguments<'a, W> {
    entry: &'a Entry<W>,
}

/// A call that a pass has taken: answer it or block it. One that is dropped keeps its client waiting for ever.
#[derive(Debug)]
#[must_use = "a call that is dropped is never answered"]
pub struct Claimed<'r, 'a, W, const N: usize = ENTRIES> {
    round: &'r mut Round<'a, W, N>,
    ahead: &'r mut Ahead,
    edge: u64,
    slot: u32,
    entry: &'a Entry<W>,
}

/// A call that was read: this server's own copy, and what is to be done about it.
#[derive(Debug)]
#[must_use = "a call that is dropped is never answered"]
pub struct Call<'r, 'a, W, const N: usize = ENTRIES> {
    claimed: Claimed<'r, 'a, W, N>,
    request: Request,
}

/// The right, and the duty, to answer a blocked call later.
#[derive(Debug)]
#[must_use = "a blocked call that is dropped is never answered"]
pub struct Blocked {
    edge: u64,
    slot: u32,
}

/// A call that has become blocked.
#[derive(Debug)]
#[must_use = "it carries the duty to answer, and maybe a client to wake"]
pub struct Parked {
    /// For the pass.
    pub outcome: Outcome,
    /// For whoever answers the call.
    pub blocked: Blocked,
    /// Whether the client sleeps and is to be woken now, for what this pass answered before.
    pub wake: bool,
}

/// A blocked call that was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a client may have to be woken"]
pub struct Completed {
    /// Whether the client sleeps and is to be woken now.
    pub wake: bool,
}

/// Why a blocked call was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompleteError {
    /// The call came in by another page.
    AnotherPage,
}

impl<'r, 'a, W: Word, const N: usize> Unread<'r, 'a, W, N> {
    #[inline(always)]
    pub(super) const fn new(claimed: Claimed<'r, 'a, W, N>, method: u16) -> Self {
        Self { claimed, method }
    }

    /// The method, which is permitted.
    #[inline]
    pub fn method(&self) -> u16 {
        self.method
    }

    /// What the call carries in, and what is to be done about it.
    #[inline]
    pub fn split(self) -> (Arguments<'a, W>, Claimed<'r, 'a, W, N>) {
        (Arguments { entry: self.claimed.entry }, self.claimed)
    }

    /// Reads all words that there can be.
    #[inline]
    pub fn read(self) -> Call<'r, 'a, W, N> {
        let method = self.method;
        let (arguments, claimed) = self.split();
        Call { claimed, request: Request::new(method, arguments.read()) }
    }
}

impl<W: Word> Arguments<'_, W> {
    /// Reads the words that the method has: once each, as the client may rewrite them at any time.
    #[inline]
    pub fn read<const WORDS: usize>(self) -> [u64; WORDS] {
        self.entry.read()
    }
}

impl<'r, 'a, W: Word, const N: usize> Claimed<'r, 'a, W, N> {
    #[inline(always)]
    pub(super) const fn new(
        round: &'r mut Round<'a, W, N>,
        ahead: &'r mut Ahead,
        edge: u64,
        slot: u32,
        entry: &'a Entry<W>,
    ) -> Self {
        Self { round, ahead, edge, slot, entry }
    }

    /// The client's token, for traces: it says nothing that could be relied on.
    pub fn token(&self) -> u64 {
        self.entry.token()
    }

    /// Answers the call.
    #[inline]
    pub fn answer(self, reply: &Reply) -> Outcome {
        self.entry.answer(reply);
        Outcome(())
    }

    /// The same, with the first `count` words alone: the others of the page stay what they were, for a client that does not read them.
    #[inline]
    pub fn answer_with(self, status: u16, words: [u64; RESULTS], count: usize) -> Outcome {
        self.entry.answer_with(status, words, count);
        Outcome(())
    }

    /// Says that the method has to wait; somebody else, or this worker later, answers by [`Server::complete`](super::Server::complete).
    ///
    /// Since this worker may wait from here on, what the pass has done is
    /// announced, and what it has not yet looked at is left to other workers.
    ///
    /// # Errors
    ///
    /// The call was refused: the client has submitted one entry twice over, and the other call is blocked.
    pub fn block(self) -> Result<Parked, Outcome> {
        if !self.round.block(self.slot) {
            self.entry.answer(&Reply::refused(Error::InUse));
            return Err(Outcome(()));
        }
        self.entry.set_blocked();
        self.round.leave_all(self.ahead);
        let blocked = Blocked { edge: self.edge, slot: self.slot };
        Ok(Parked { outcome: Outcome(()), blocked, wake: self.round.announce() })
    }
}

impl<W: Word, const N: usize> Call<'_, '_, W, N> {
    /// The method and its words, this server's own copy.
    pub fn request(&self) -> Request {
        self.request
    }

    /// As [`Claimed::token`].
    pub fn token(&self) -> u64 {
        self.claimed.token()
    }

    /// As [`Claimed::answer`].
    pub fn answer(self, reply: &Reply) -> Outcome {
        self.claimed.answer(reply)
    }

    /// As [`Claimed::block`].
    ///
    /// # Errors
    ///
    /// As [`Claimed::block`].
    pub fn block(self) -> Result<Parked, Outcome> {
        self.claimed.block()
    }
}

impl Blocked {
    /// What was kept apart in words, of which nobody else has the same.
    pub(crate) const fn of(edge: u64, slot: u32) -> Self {
        Self { edge, slot }
    }

    pub(crate) const fn edge(&self) -> u64 {
        self.edge
    }

    /// The call's slot, in which no other is blocked until this one is answered.
    pub const fn slot(&self) -> u32 {
        self.slot
    }
}

impl core::fmt::Display for CompleteError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the call came in by another page")
    }
}

impl core::error::Error for CompleteError {}
