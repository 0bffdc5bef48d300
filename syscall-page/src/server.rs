//! The server's side: one pass takes what was submitted and answers it.
//!
//! What a server decides with is in its own memory: which methods this edge
//! permits, and which slots hold calls that wait. A client can rewrite its entry
//! while the method runs; the server has read it by then and does not look
//! again. It can submit an entry again while that is served, and has then asked
//! for two runs, as if by two entries. It cannot have more calls waiting in the
//! server than it has entries: a slot whose call is blocked is not taken again.
//!
//! Several workers may pass over one page at once. Each call goes to one of
//! them, the one that claims its entry by compare-and-swap.

use crate::entry::Entry;
use crate::page::Page;
use crate::request::{Reply, Request};
use crate::word::Word;
use abi::crossing::METHODS;
use abi::error::Error;
use core::borrow::Borrow;
use core::marker::PhantomData;
use core::sync::atomic::Ordering::Relaxed;

/// A server's end of one page. Its state is its own, or lies elsewhere in the server's memory.
#[derive(Debug)]
pub struct Server<'a, W, S = State<W>> {
    page: Page<'a, W>,
    permitted: u64,
    edge: u64,
    state: S,
    word: PhantomData<W>,
}

/// What a server remembers of a page between two passes. Words of zero are the state of a new page.
#[derive(Debug)]
#[repr(C)]
pub struct State<W> {
    /// A bit for each slot whose call is blocked.
    blocked: W,
    /// The slot to look at next.
    next: W,
}

impl<W: Word> Default for State<W> {
    fn default() -> Self {
        Self { blocked: W::new(0), next: W::new(0) }
    }
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

/// What came of a look at a slot.
enum Served {
    Run,
    Refused,
    /// There was no call, or another worker took it.
    Missed,
}

/// One pass under way: hints it has yet to follow, results it has yet to announce.
#[derive(Debug)]
struct Round<'a, W> {
    page: Page<'a, W>,
    state: &'a State<W>,
    hints: u64,
    done: u64,
    /// The slot to look at next.
    next: u32,
}

impl<'a, W: Word> Round<'a, W> {
    fn new(page: Page<'a, W>, state: &'a State<W>) -> Self {
        Self { page, state, hints: 0, done: 0, next: state.next.load(Relaxed) as u32 }
    }
}

impl<'a, W: Word> Server<'a, W> {
    /// The server's end of a page. `permitted` has a bit for each method that
    /// the edge permits; `edge` tells this page from the server's other ones
    /// and from earlier pages of the same edge.
    pub fn new(page: Page<'a, W>, permitted: u64, edge: u64) -> Self {
        Self::with_state(page, permitted, edge, State::default())
    }
}

impl<'a, W: Word, S: Borrow<State<W>>> Server<'a, W, S> {
    /// The same, with a state that lies where `state` says and outlives this end.
    pub fn with_state(page: Page<'a, W>, permitted: u64, edge: u64, state: S) -> Self {
        Self { page, permitted, edge, state, word: PhantomData }
    }

    /// Takes submitted calls, runs their methods, answers them, until none is left or `limit` slots were looked at.
    ///
    /// `run` gets the words that were read once from the page, of a method that is permitted.
    pub fn pass(&self, limit: u32, mut run: impl FnMut(Call<'_, '_, W>) -> Outcome) -> Pass {
        let mut pass = Pass::default();
        let mut round = Round::new(self.page, self.state.borrow());
        let mut looked = 0;
        let mut missed = 0;
        while looked < limit
            && let Some(slot) = round.next_slot()
        {
            looked += 1;
            match self.serve(&mut round, slot, &mut run) {
                Served::Run => {}
                Served::Refused => pass.refused += 1,
                Served::Missed => missed += 1,
            }
        }
        pass.run = looked - pass.refused - missed;
        round.keep_place();
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
        if blocked.edge != self.edge || !self.is_blocked(blocked.slot) {
            return Err(CompleteError::AnotherPage);
        }
        let mut round = Round::new(self.page, self.state.borrow());
        // Before *done* is shown, which orders it: the moment the client sees that, it may
        // submit the next call in this slot, and that one must not look blocked.
        self.state.borrow().blocked.fetch_and(!(1 << blocked.slot), Relaxed);
        round.finish(blocked.slot, reply);
        Ok(Completed { wake: round.announce() })
    }

    /// Calls that are blocked.
    pub fn blocked(&self) -> u32 {
        self.state.borrow().blocked.load(Relaxed).count_ones()
    }

    fn is_blocked(&self, slot: u32) -> bool {
        self.state.borrow().blocked.load(Relaxed) & 1 << slot != 0
    }

    #[inline]
    fn serve(&self, round: &mut Round<'_, W>, slot: u32, run: &mut impl FnMut(Call<'_, '_, W>) -> Outcome) -> Served {
        let Some((request, flags)) = round.take(slot) else {
            return Served::Missed;
        };
        if let Err(error) = self.permit(request.method, flags) {
            round.finish(slot, &Reply::refused(error));
            return Served::Refused;
        }
        let Outcome(()) = run(Call { round, edge: self.edge, slot, request });
        Served::Run
    }

    #[inline]
    fn permit(&self, method: u16, flags: u16) -> Result<(), Error> {
        if method >= METHODS || self.permitted & 1 << method == 0 {
            return Err(Error::MethodNotPermitted);
        }
        if flags == 0 { Ok(()) } else { Err(Error::BadArgument) }
    }
}

impl<W: Word> Round<'_, W> {
    /// The slot to look at next: round and round, which is the order in which a client fills them.
    #[inline]
    fn next_slot(&mut self) -> Option<u32> {
        if self.hints == 0 {
            // A call that was answered does not look blocked any more to whoever sees that it was followed by another.
            let submitted = self.page.header().take_submitted();
            self.hints = submitted & self.page.slots() & !self.state.blocked.load(Relaxed);
        }
        if self.hints == 0 {
            return None;
        }
        let slot = (self.next + self.hints.rotate_right(self.next).trailing_zeros()) % u64::BITS;
        self.hints &= !(1 << slot);
        self.next = slot + 1;
        Some(slot)
    }

    /// Claims a slot and reads its call: status word and arguments, once each.
    #[inline]
    fn take(&self, slot: u32) -> Option<(Request, u16)> {
        let entry = self.page.entry(slot)?;
        let status = entry.claim()?;
        let (method, args) = (status.method(), entry.read());
        Some((Request { method, args }, status.flags()))
    }

    /// Answers the call in a slot.
    #[inline]
    fn finish(&mut self, slot: u32, reply: &Reply) {
        if let Some(entry) = self.page.entry(slot) {
            entry.write_result(reply);
            entry.set_done(reply.status);
            self.done |= 1 << slot;
        }
    }

    /// Blocks the call in a slot; `false` if another one of that slot is blocked.
    fn block(&mut self, slot: u32) -> bool {
        if self.state.blocked.fetch_or(1 << slot, Relaxed) & 1 << slot != 0 {
            return false;
        }
        if let Some(entry) = self.page.entry(slot) {
            entry.set_blocked();
        }
        true
    }

    /// The next pass goes on from here.
    fn keep_place(&self) {
        self.state.next.store(u64::from(self.next), Relaxed);
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
        self.round.page.entry(self.slot).map_or(0, Entry::token)
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
    ///
    /// # Errors
    ///
    /// The call was refused: the client has submitted one entry twice over, and the other call is blocked.
    pub fn block(self) -> Result<Parked, Outcome> {
        if !self.round.block(self.slot) {
            self.round.finish(self.slot, &Reply::refused(Error::InUse));
            return Err(Outcome(()));
        }
        self.round.keep_place();
        let blocked = Blocked { edge: self.edge, slot: self.slot };
        Ok(Parked { outcome: Outcome(()), blocked, wake: self.round.announce() })
    }
}

impl core::fmt::Display for CompleteError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the call came in by another page")
    }
}

impl core::error::Error for CompleteError {}
