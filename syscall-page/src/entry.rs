//! One call's place in the page: a cache line of eight words.

use crate::layout::{ARGUMENTS, ENTRY_BYTES};
use crate::request::{Reply, Request};
use crate::status::{State, Status};
use crate::word::Word;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// An entry: `status args[4] ret token`, and one word to spare.
///
/// Arguments, results and token are read and written relaxed. What orders them
/// is the status: stored with release after they are written, loaded with
/// acquire before they are read.
#[derive(Debug)]
#[repr(C, align(64))]
pub struct Entry<W> {
    status: W,
    args: [W; ARGUMENTS],
    ret: W,
    token: W,
    spare: W,
}

const _: () = assert!(size_of::<Entry<AtomicU64>>() == ENTRY_BYTES);

impl<W: Word> Entry<W> {
    /// A free entry in this side's own memory, as tests on the host use it.
    pub fn free() -> Self {
        Self {
            status: W::new(0),
            args: core::array::from_fn(|_| W::new(0)),
            ret: W::new(0),
            token: W::new(0),
            spare: W::new(0),
        }
    }

    /// The words as they lie in memory, for those who inspect a page and those who play the hostile side.
    pub fn words(&self) -> [&W; 8] {
        let [a, b, c, d] = &self.args;
        [&self.status, a, b, c, d, &self.ret, &self.token, &self.spare]
    }

    /// The status word; whatever it says was written before it can be read after it.
    #[inline]
    pub fn status(&self) -> Status {
        Status(self.status.load(Acquire))
    }

    /// Client: nothing to order, the next step publishes.
    #[inline]
    pub(crate) fn set_allocated(&self) {
        self.status.store(State::Allocated as u64, Relaxed);
    }

    /// Client: nothing to order, the result was read before and the next call is published by its own step.
    #[inline]
    pub(crate) fn set_free(&self) {
        self.status.store(State::Free as u64, Relaxed);
    }

    /// Client: writes the call, then publishes it.
    #[inline]
    pub(crate) fn submit(&self, request: &Request, token: u64) {
        for (word, value) in self.args.iter().zip(request.args) {
            word.store(value, Relaxed);
        }
        self.token.store(token, Relaxed);
        self.status.store(Status::submitted(request.method).0, Release);
    }

    /// Client: the result, after [`Entry::status`] said *done* and gave `answer`.
    #[inline]
    pub(crate) fn reply(&self, answer: u16) -> Reply {
        let [first, ..] = &self.args;
        Reply { status: answer, words: [self.ret.load(Relaxed), first.load(Relaxed)] }
    }

    /// Server: takes the call if it is submitted, and answers the status word that it took.
    #[inline]
    pub(crate) fn claim(&self) -> Option<Status> {
        let seen = Status(self.status.load(Relaxed));
        if !seen.is(State::Submitted) {
            return None;
        }
        let busy = seen.with_state(State::Busy);
        self.status.exchange_acquire(seen.0, busy.0).ok().map(Status)
    }

    /// Server: arguments of a claimed entry, each read once.
    #[inline]
    pub(crate) fn read(&self) -> [u64; ARGUMENTS] {
        let [a, b, c, d] = &self.args;
        [a.load(Relaxed), b.load(Relaxed), c.load(Relaxed), d.load(Relaxed)]
    }

    /// Server: the token, as it stands there now.
    pub(crate) fn token(&self) -> u64 {
        self.token.load(Relaxed)
    }

    /// Server: says that the method waits; there is nothing to read yet.
    #[inline]
    pub(crate) fn set_blocked(&self) {
        self.status.store(State::Blocked as u64, Relaxed);
    }

    /// Server: writes the result, except for the status that publishes it.
    #[inline]
    pub(crate) fn write_result(&self, reply: &Reply) {
        let [first, ..] = &self.args;
        self.ret.store(reply.words[0], Relaxed);
        first.store(reply.words[1], Relaxed);
    }

    /// Server: publishes the result.
    #[inline]
    pub(crate) fn set_done(&self, answer: u16) {
        self.status.store(Status::done(answer).0, Release);
    }
}
