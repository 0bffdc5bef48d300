//! One call's place in the page: a cache line of eight words.

use crate::layout::{ARGUMENTS, ENTRY_BYTES, RESULTS};
use crate::request::Reply;
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

    /// Client: nothing to order, the result was read before and the next call is published by its own step.
    #[inline]
    pub(crate) fn set_free(&self) {
        self.status.store(State::Free as u64, Relaxed);
    }

    /// Client: writes the call, then publishes it. Words that the method does not have stay what they were.
    #[inline]
    pub(crate) fn submit<const WORDS: usize>(&self, method: u16, words: [u64; WORDS]) {
        const { assert!(WORDS <= ARGUMENTS) };
        for (word, value) in self.args.iter().zip(words) {
            word.store(value, Relaxed);
        }
        self.status.store(Status::submitted(method).0, Release);
    }

    /// Client: what the server's traces show of the call; before it is submitted.
    #[inline]
    pub(crate) fn set_token(&self, token: u64) {
        self.token.store(token, Relaxed);
    }

    /// Client: the result, after [`Entry::status`] said *done* and gave `answer`. Words from `count` on are 0, and not read.
    #[inline]
    pub(crate) fn reply(&self, answer: u16, count: usize) -> Reply {
        let [first, ..] = &self.args;
        let read = |at: usize, word: &W| if count > at { word.load(Relaxed) } else { 0 };
        Reply { status: answer, words: [read(0, &self.ret), read(1, first)] }
    }

    /// Server: takes the call if it is submitted, and answers the status word that it took. Of several that try, one has it.
    #[inline]
    pub(crate) fn claim(&self) -> Option<Status> {
        let seen = Status(self.status.load(Relaxed));
        if !seen.is(State::Submitted) {
            return None;
        }
        self.status.exchange_acquire(seen.0, State::Busy as u64).ok().map(Status)
    }

    /// The same, where nobody else tries: without a locked instruction.
    #[inline]
    pub(crate) fn claim_alone(&self) -> Option<Status> {
        let seen = self.status();
        if !seen.is(State::Submitted) {
            return None;
        }
        self.status.store(State::Busy as u64, Relaxed);
        Some(seen)
    }

    /// Client: takes the call back if no server has it, and ends it with `answer`. A server that comes to it finds none.
    pub(crate) fn withdraw(&self, answer: u16) -> bool {
        let seen = Status(self.status.load(Relaxed));
        let withdraw = || self.status.exchange_acquire(seen.0, Status::done(answer).0);
        seen.is(State::Submitted) && withdraw().is_ok()
    }

    /// Server: the first words of a claimed entry, each read once.
    #[inline]
    pub(crate) fn read<const WORDS: usize>(&self) -> [u64; WORDS] {
        const { assert!(WORDS <= ARGUMENTS) };
        let mut words = [0; WORDS];
        for (value, word) in words.iter_mut().zip(&self.args) {
            *value = word.load(Relaxed);
        }
        words
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

    /// Server: writes the result, then publishes it.
    #[inline]
    pub(crate) fn answer(&self, reply: &Reply) {
        self.answer_with(reply.status, reply.words, RESULTS);
    }

    /// The same, with the first `count` words alone.
    #[inline]
    pub(crate) fn answer_with(&self, status: u16, words: [u64; RESULTS], count: usize) {
        let [first, ..] = &self.args;
        if count > 1 {
            first.store(words[1], Relaxed);
        }
        if count > 0 {
            self.ret.store(words[0], Relaxed);
        }
        self.set_done(status);
    }

    /// Publishes a result.
    #[inline]
    pub(crate) fn set_done(&self, answer: u16) {
        self.status.store(Status::done(answer).0, Release);
    }
}
