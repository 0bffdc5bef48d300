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

mod call;
mod round;

use crate::entry::Entry;
use crate::layout::ENTRIES;
use crate::page::Page;
use crate::request::Reply;
use crate::status::Status;
use crate::word::Word;
use abi::crossing::METHODS;
use abi::error::Error;
use core::borrow::Borrow;
use core::marker::PhantomData;
use core::num::NonZeroU64;
use core::sync::atomic::Ordering::{Relaxed, Release};
use round::{Ahead, Round, announce, take_submitted};

pub use call::{Arguments, Blocked, Call, Claimed, CompleteError, Completed, Outcome, Parked, Unread};

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
        (Round::new(self.page, state, taken), Ahead::new(taken, state.next.load(Relaxed)))
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
        if blocked.edge() != self.edge || !self.is_blocked(blocked.slot()) {
            return Err(CompleteError::AnotherPage);
        }
        // Before *done* is shown, which orders it: the moment the client sees that, it may
        // submit the next call in this slot, and that one must not look blocked. Whoever blocks that sees what was done here.
        self.state.borrow().blocked.fetch_and(!(1 << blocked.slot()), Release);
        self.page.entry(blocked.slot()).answer(reply);
        Ok(Completed { wake: announce(self.page.header(), 1 << blocked.slot()) })
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
        let claimed = Claimed::new(round, ahead, self.edge, slot, entry);
        let _answered = run(Unread::new(claimed, method as u16));
    }
}

/// Answers a call of a method that is not permitted, or with flags.
#[cold]
fn refuse<W: Word>(entry: &Entry<W>, named: u64) {
    let has_flags = named > u64::from(u16::MAX);
    entry.answer(&Reply::refused(if has_flags { Error::BadArgument } else { Error::MethodNotPermitted }));
}
