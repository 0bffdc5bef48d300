//! The server's side: one pass takes what was submitted and answers it.
//!
//! What a server decides with is in its own memory: which methods this edge
//! permits, and which slots it has taken. A client can rewrite its entry while
//! the method runs; the server has read it by then and does not look again. It
//! can submit one entry twice over; a slot that is taken is not taken again, so
//! that one page never costs a server more than 64 calls at a time.
//!
//! Several workers may pass over one page at once. Each entry goes to one of
//! them: the slot's bit in the server's memory and the entry's status in the
//! page are both claimed atomically.

use crate::page::Page;
use crate::request::{Reply, Request};
use crate::word::Word;
use abi::crossing::METHODS;
use abi::error::Error;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// A server's end of one page.
#[derive(Debug)]
pub struct Server<'a, W> {
    page: Page<'a, W>,
    permitted: u64,
    edge: u64,
    taken: W,
    next: W,
}

/// What a pass did, and what is left to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use = "a client may have to be woken"]
pub struct Pass {
    /// Calls whose method was run.
    pub run: u32,
    /// Calls that were answered with an error instead.
    pub refused: u32,
    /// Whether the bound ended the pass before the work did.
    pub more: bool,
    /// Whether the client sleeps and is to be woken now.
    pub wake: bool,
}

/// What became of a call: made by [`Call::answer`] and [`Call::block`] only.
#[derive(Debug)]
#[must_use = "the pass has to know what became of the call"]
pub struct Outcome(());

/// A call that a pass has taken: answer it or block it. One that is dropped keeps its client waiting for ever.
#[derive(Debug)]
#[must_use = "a call that is dropped is never answered"]
pub struct Call<'r, 'a, W> {
    round: &'r mut Round<'a, W>,
    edge: u64,
    slot: u32,
    request: Request,
    token: u64,
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

/// One pass under way: hints it has yet to follow, results it has yet to announce.
#[derive(Debug)]
struct Round<'a, W> {
    page: Page<'a, W>,
    taken: &'a W,
    hints: u64,
    done: u64,
}

impl<'a, W: Word> Server<'a, W> {
    /// The server's end of a page. `permitted` has a bit for each method that
    /// the edge permits; `edge` tells this page from the server's other ones
    /// and from earlier pages of the same edge.
    pub fn new(page: Page<'a, W>, permitted: u64, edge: u64) -> Self {
        Self { page, permitted, edge, taken: W::new(0), next: W::new(0) }
    }

    /// Takes submitted calls, runs their methods, answers them, until none is left or `limit` slots were looked at.
    ///
    /// `run` gets the words that were read once from the page, of a method that is permitted.
    pub fn pass(&self, limit: u32, mut run: impl FnMut(Call<'_, '_, W>) -> Outcome) -> Pass {
        let mut pass = Pass::default();
        let mut round = Round { page: self.page, taken: &self.taken, hints: 0, done: 0 };
        for _ in 0..limit {
            let Some(slot) = self.next_slot(&mut round) else {
                break;
            };
            self.serve(&mut round, slot, &mut pass, &mut run);
        }
        pass.wake = round.announce();
        pass.more = self.page.header().has_submitted();
        pass
    }

    /// Answers a call that was blocked.
    ///
    /// # Errors
    ///
    /// [`CompleteError::AnotherPage`] if the call is not of this page; nothing was answered.
    pub fn complete(&self, blocked: Blocked, reply: &Reply) -> Result<Completed, CompleteError> {
        if blocked.edge != self.edge || self.taken.load(Relaxed) & 1 << blocked.slot == 0 {
            return Err(CompleteError::AnotherPage);
        }
        let mut round = Round { page: self.page, taken: &self.taken, hints: 0, done: 0 };
        round.finish(blocked.slot, reply);
        Ok(Completed { wake: round.announce() })
    }

    /// Calls that were taken and are not answered.
    pub fn in_service(&self) -> u32 {
        self.taken.load(Relaxed).count_ones()
    }

    /// The slot to look at next: round and round, which is the order in which a client fills them.
    fn next_slot(&self, round: &mut Round<'_, W>) -> Option<u32> {
        if round.hints == 0 {
            round.hints = self.page.header().take_submitted() & self.page.slots();
        }
        if round.hints == 0 {
            return None;
        }
        let next = self.next.load(Relaxed) as u32 % u64::BITS;
        let slot = (next + round.hints.rotate_right(next).trailing_zeros()) % u64::BITS;
        round.hints &= !(1 << slot);
        self.next.store(u64::from(slot + 1), Relaxed);
        Some(slot)
    }

    fn serve(
        &self,
        round: &mut Round<'_, W>,
        slot: u32,
        pass: &mut Pass,
        run: &mut impl FnMut(Call<'_, '_, W>) -> Outcome,
    ) {
        let Some((request, flags, token)) = round.take(slot) else {
            return;
        };
        if let Err(error) = self.permit(request.method, flags) {
            pass.refused += 1;
            return round.finish(slot, &Reply::refused(error));
        }
        pass.run += 1;
        let Outcome(()) = run(Call { round, edge: self.edge, slot, request, token });
    }

    fn permit(&self, method: u16, flags: u16) -> Result<(), Error> {
        if method >= METHODS || self.permitted & 1 << method == 0 {
            return Err(Error::MethodNotPermitted);
        }
        if flags == 0 { Ok(()) } else { Err(Error::BadArgument) }
    }
}

impl<W: Word> Round<'_, W> {
    /// Claims a slot and reads its call: status word, arguments and token, once each.
    fn take(&self, slot: u32) -> Option<(Request, u16, u64)> {
        let entry = self.page.entry(slot)?;
        if self.taken.fetch_or(1 << slot, Acquire) & 1 << slot != 0 {
            return None;
        }
        let Some(status) = entry.claim() else {
            self.taken.fetch_and(!(1 << slot), Release);
            return None;
        };
        let (args, token) = entry.read();
        Some((Request { method: status.method(), args }, status.flags(), token))
    }

    /// Answers the call in a slot that is taken.
    ///
    /// The slot is given up before *done* is shown: the moment the client sees
    /// that, it may submit the next call there, and that one must be takeable.
    fn finish(&mut self, slot: u32, reply: &Reply) {
        let Some(entry) = self.page.entry(slot) else {
            return;
        };
        entry.write_result(reply);
        self.taken.fetch_and(!(1 << slot), Release);
        entry.set_done(reply.status);
        self.done |= 1 << slot;
    }

    /// Shows what is done and what is left, and answers whether the client is to be woken.
    fn announce(&mut self) -> bool {
        let hints = core::mem::take(&mut self.hints);
        if hints != 0 {
            self.page.header().hint_submitted(hints);
        }
        let done = core::mem::take(&mut self.done);
        if done == 0 {
            return false;
        }
        self.page.header().hint_done(done);
        self.page.header().answer_wait()
    }
}

impl<W: Word> Call<'_, '_, W> {
    /// The method and its words, this server's own copy.
    pub fn request(&self) -> Request {
        self.request
    }

    /// The client's token, for traces: it says nothing that could be relied on.
    pub fn token(&self) -> u64 {
        self.token
    }

    /// Answers the call.
    pub fn answer(self, reply: &Reply) -> Outcome {
        self.round.finish(self.slot, reply);
        Outcome(())
    }

    /// Says that the method has to wait; somebody else, or this worker later, answers by [`Server::complete`].
    ///
    /// Since this worker may wait from here on, what the pass has done is
    /// announced, and what it has not yet looked at is left to other workers.
    pub fn block(self) -> Parked {
        if let Some(entry) = self.round.page.entry(self.slot) {
            entry.set_blocked();
        }
        let blocked = Blocked { edge: self.edge, slot: self.slot };
        Parked { outcome: Outcome(()), blocked, wake: self.round.announce() }
    }
}

impl core::fmt::Display for CompleteError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the call came in by another page")
    }
}

impl core::error::Error for CompleteError {}
