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
//! them, the one that claims its entry by compare-and-swap. A pass on behalf of
//! a client that waits for nothing else is the only one of its page: there, a
//! claim is a load and a store, and what makes it the only one's is that it took
//! the hint. A client that has two such passes made at once has asked for two
//! runs, as if by two entries; nobody else is concerned.

use crate::entry::Entry;
use crate::header::Header;
use crate::layout::{ENTRIES, RESULTS};
use crate::page::Page;
use crate::request::{Reply, Request};
use crate::status::Status;
use crate::word::Word;
use abi::crossing::METHODS;
use abi::error::Error;
use core::borrow::Borrow;
use core::marker::PhantomData;
use core::num::NonZeroU64;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// A server's end of one page. Its state is its own, or lies elsewhere in the server's memory.
#[derive(Debug)]
pub struct Server<'a, W, S = State<W>, const N: usize = ENTRIES> {
    page: Page<'a, W, N>,
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
    /// Whether more was submitted than this pass looked at.
    pub more: bool,
    /// Whether the client sleeps and is to be woken now.
    pub wake: bool,
}

/// What a pass did of which nobody else is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use = "whoever asked for the pass has to learn what is done"]
pub struct QuietPass {
    /// Slots whose calls were answered and not announced.
    pub done: u64,
    /// Whether more was submitted than this pass looked at.
    pub more: bool,
}

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

/// One pass under way.
#[derive(Debug)]
struct Round<'a, W, const N: usize> {
    page: Page<'a, W, N>,
    state: &'a State<W>,
    /// Slots that were taken.
    taken: u64,
    /// Of those, where there was no call, or another worker took it.
    missing: u64,
    /// Of those, whose call was refused.
    refused: u64,
    /// Of those, of which nothing is to be announced any more: it was, or the call is blocked.
    settled: u64,
    /// Slots that were left to others.
    left: u64,
}

/// Slots that a pass has yet to look at: from its place on, then those before, as a client fills them.
#[derive(Clone, Copy, Debug)]
struct Ahead {
    now: u64,
    then: u64,
}

impl Ahead {
    #[inline]
    fn new(slots: u64, place: u64) -> Self {
        let now = slots & u64::MAX << (place % u64::from(u64::BITS));
        Self { now, then: slots & !now }
    }

    const fn all(&self) -> u64 {
        self.now | self.then
    }
}

impl<'a, W: Word, const N: usize> Server<'a, W, State<W>, N> {
    /// The server's end of a page. `permitted` has a bit for each method that
    /// the edge permits; `edge` tells this page from the server's other ones
    /// and from earlier pages of the same edge.
    pub fn new(page: Page<'a, W, N>, permitted: u64, edge: u64) -> Self {
        Self::with_state(page, permitted, edge, State::default())
    }
}

impl<'a, W: Word, S: Borrow<State<W>>, const N: usize> Server<'a, W, S, N> {
    /// The same, with a state that lies where `state` says and outlives this end.
    #[inline]
    pub fn with_state(page: Page<'a, W, N>, permitted: u64, edge: u64, state: S) -> Self {
        Self { page, permitted, edge, state, word: PhantomData }
    }

    /// Takes calls that are submitted as the pass begins, at most `limit`, runs their methods, answers them, and announces
    /// that.
    ///
    /// `run` gets the words that were read once from the page, of a method that is permitted.
    pub fn pass(&self, limit: u32, mut run: impl FnMut(Call<'_, '_, W, N>) -> Outcome) -> Pass {
        let (mut round, ahead) = self.round();
        let ahead = round.keep_to(limit, ahead);
        self.serve_all(&mut round, ahead, METHODS, Entry::claim, |unread| run(unread.read()));
        let run = round.taken & !round.missing & !round.refused;
        let (run, refused) = (run.count_ones(), round.refused.count_ones());
        let wake = round.announce();
        Pass { run, refused, more: self.page.header().has_submitted(), wake }
    }

    /// The same with all calls that are submitted, on behalf of the client, which waits for nothing else meanwhile, and has no other
    /// pass of this kind made: what is answered is told to who asked for the pass, and neither announced nor anybody woken for. The
    /// interface has so many `methods`: of others, `run` gets none.
    #[inline(always)]
    pub fn quiet_pass(&self, methods: u16, run: impl FnMut(Unread<'_, '_, W, N>) -> Outcome) -> QuietPass {
        let (mut round, ahead) = self.round();
        self.serve_all(&mut round, ahead, methods, Entry::claim_alone, run);
        QuietPass { done: round.done(), more: self.page.header().has_submitted() }
    }

    #[inline(always)]
    fn round(&self) -> (Round<'_, W, N>, Ahead) {
        let state: &State<W> = self.state.borrow();
        let taken = take_submitted(&self.page, state);
        let round = Round { page: self.page, state, taken, missing: 0, refused: 0, settled: 0, left: 0 };
        (round, Ahead::new(taken, state.next.load(Relaxed)))
    }

    #[inline(always)]
    fn serve_all<'s>(
        &'s self,
        round: &mut Round<'s, W, N>,
        mut ahead: Ahead,
        methods: u16,
        claim: fn(&Entry<W>) -> Option<Status>,
        mut run: impl FnMut(Unread<'_, 's, W, N>) -> Outcome,
    ) {
        loop {
            let Some(mut now) = NonZeroU64::new(ahead.now) else {
                let Some(next) = round.after(ahead) else { return };
                ahead = next;
                continue;
            };
            loop {
                let slot = now.trailing_zeros();
                ahead.now = now.get() & (now.get() - 1);
                // Before the method runs, as it may be the end of this pass: what is posted then is behind what this one leaves.
                round.keep_place(slot);
                match claim(self.page.entry(slot)) {
                    Some(status) => self.serve(round, &mut ahead, (slot, status), methods, &mut run),
                    None => round.missing |= 1 << slot,
                }
                let Some(next) = NonZeroU64::new(ahead.now) else { break };
                now = next;
            }
        }
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
        // Before *done* is shown, which orders it: the moment the client sees that, it may
        // submit the next call in this slot, and that one must not look blocked. Whoever blocks that sees what was done here.
        self.state.borrow().blocked.fetch_and(!(1 << blocked.slot), Release);
        self.page.entry(blocked.slot).answer(reply);
        Ok(Completed { wake: announce(self.page.header(), 1 << blocked.slot) })
    }

    /// Calls that are blocked.
    pub fn blocked(&self) -> u32 {
        self.state.borrow().blocked.load(Relaxed).count_ones()
    }

    fn is_blocked(&self, slot: u32) -> bool {
        self.state.borrow().blocked.load(Relaxed) & 1 << slot != 0
    }

    #[inline(always)]
    fn serve<'r, 's>(
        &'s self,
        round: &'r mut Round<'s, W, N>,
        ahead: &'r mut Ahead,
        (slot, status): (u32, Status),
        methods: u16,
        run: &mut impl FnMut(Unread<'r, 's, W, N>) -> Outcome,
    ) {
        let entry = self.page.entry(slot);
        let method = status.named();
        if method >= u64::from(methods) || self.permitted & 1 << method == 0 {
            round.refused |= 1 << slot;
            return refuse(entry, method);
        }
        let claimed = Claimed { round, ahead, edge: self.edge, slot, entry };
        let Outcome(()) = run(Unread { claimed, method: method as u16 });
    }
}

/// Answers a call of a method that is not permitted, or with flags.
#[cold]
fn refuse<W: Word>(entry: &Entry<W>, named: u64) {
    let has_flags = named > u64::from(u16::MAX);
    entry.answer(&Reply::refused(if has_flags { Error::BadArgument } else { Error::MethodNotPermitted }));
}

/// Announces results, and answers whether the client is to be woken.
fn announce<W: Word>(header: &Header<W>, done: u64) -> bool {
    header.hint_done(done);
    header.answer_wait()
}

/// Takes all hints that can be followed.
#[inline]
fn take_submitted<W: Word, const N: usize>(page: &Page<'_, W, N>, state: &State<W>) -> u64 {
    let submitted = page.header().take_submitted();
    // A call that was answered does not look blocked any more to whoever sees that it was followed by another.
    submitted & page.slots() & !state.blocked.load(Relaxed)
}

impl<W: Word, const N: usize> Round<'_, W, N> {
    /// Leaves all but the first `limit` slots to a later pass.
    fn keep_to(&mut self, limit: u32, ahead: Ahead) -> Ahead {
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

    /// What is ahead when there is nothing now.
    #[inline]
    fn after(&mut self, ahead: Ahead) -> Option<Ahead> {
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
    fn keep_place(&self, slot: u32) {
        self.state.next.store(u64::from(slot) + 1, Relaxed);
    }

    /// Slots whose calls were answered and not announced.
    #[inline]
    fn done(&self) -> u64 {
        self.taken & !self.missing & !self.settled
    }

    /// Shows what is done, and answers whether the client is to be woken.
    fn announce(&mut self) -> bool {
        let done = self.done();
        self.settled |= done;
        done != 0 && announce(self.page.header(), done)
    }

    /// Blocks the call in a slot; `false` if another one of that slot is blocked.
    fn block(&mut self, slot: u32) -> bool {
        if self.state.blocked.fetch_or(1 << slot, Acquire) & 1 << slot != 0 {
            return false;
        }
        self.settled |= 1 << slot;
        true
    }
}

impl<'r, 'a, W: Word, const N: usize> Unread<'r, 'a, W, N> {
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

impl<W: Word, const N: usize> Claimed<'_, '_, W, N> {
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
            self.entry.answer(&Reply::refused(Error::InUse));
            return Err(Outcome(()));
        }
        self.entry.set_blocked();
        self.round.left = self.ahead.all();
        self.round.taken &= !self.round.left;
        *self.ahead = Ahead { now: 0, then: 0 };
        self.round.leave(self.round.left);
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
