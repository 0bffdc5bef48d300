//! A page that is served on another core: what the client's thread that posts and the client's thread that has the page
//! served there, its *runner*, tell each other.
//!
//! All of it is in the client's own memory, so the server can pretend nothing: a runner does not go on because the server
//! writes hints, and the client is not woken by it.
//!
//! Each of the two sleeps when it has nothing to do, and says so first: it sets its word and then looks once more, and the
//! other one writes what there is and then looks at that word. A full fence stands between the two steps on both sides, so
//! one of them sees the other. As long as nobody sleeps, nobody is woken, and the kernel hears of none of this.

use crate::header::Line;
use crate::word::Word;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

const YES: u64 = 1;
const NO: u64 = 0;

/// The words between the two.
#[derive(Debug)]
pub struct Relay<W> {
    poster: Line<Poster<W>>,
    runner: Line<Runner<W>>,
}

/// What the posting thread writes.
#[derive(Debug)]
struct Poster<W> {
    /// How often something was announced.
    announced: W,
    /// Whether the poster waits for news.
    waits: W,
}

/// What the runner writes.
#[derive(Debug)]
struct Runner<W> {
    /// Whether the runner sleeps, and is to be woken when something is announced.
    sleeps: W,
    /// Up to which announcement everything was looked at by the server.
    served: W,
    /// Slots whose calls were answered.
    done: W,
    /// Why the page could not be served, as a status; 0 if it could.
    failure: W,
}

impl Relay<AtomicU64> {
    /// The same as [`Relay::new`], for a static.
    pub const fn unused() -> Self {
        const NONE: u64 = 0;
        let poster = Poster { announced: AtomicU64::new(NONE), waits: AtomicU64::new(NO) };
        let (sleeps, served) = (AtomicU64::new(NO), AtomicU64::new(NONE));
        let (done, failure) = (AtomicU64::new(NONE), AtomicU64::new(NONE));
        Self { poster: Line(poster), runner: Line(Runner { sleeps, served, done, failure }) }
    }
}

impl<W: Word> Relay<W> {
    /// Nothing was announced, and nobody sleeps.
    pub fn new() -> Self {
        let word = || W::new(0);
        let poster = Poster { announced: word(), waits: word() };
        Self {
            poster: Line(poster),
            runner: Line(Runner { sleeps: word(), served: word(), done: word(), failure: word() }),
        }
    }

    /// Poster: calls were submitted, or are to be looked at again. Answers whether the runner is to be woken.
    #[must_use = "a runner that sleeps has to be woken"]
    pub fn announce(&self) -> bool {
        let announced = &self.poster.0.announced;
        announced.store(announced.load(Relaxed) + 1, Release);
        W::full_fence();
        take_sign(&self.runner.0.sleeps)
    }

    /// Poster: the runner sleeps and cannot be woken, for this reason, which is what the next look at its failure finds.
    pub fn note_that_it_cannot_be_woken(&self, status: u16) {
        self.runner.0.failure.store(status.into(), Release);
        self.runner.0.sleeps.store(YES, Release);
    }

    /// Poster: takes the slots whose calls were answered.
    pub fn take_done(&self) -> u64 {
        let done = &self.runner.0.done;
        if done.load(Relaxed) == 0 { 0 } else { done.swap(0, Acquire) }
    }

    /// Poster: why the page was not served. Until [`Relay::forgive`], it is not served again.
    pub fn failure(&self) -> Option<u16> {
        let failure = self.runner.0.failure.load(Acquire);
        (failure != 0).then_some(failure as u16)
    }

    /// Poster: has done what is to be done about the failure, with nobody else at the page. From here on it is served again, if
    /// something was announced since.
    pub fn forgive(&self) {
        self.runner.0.failure.store(0, Release);
    }

    /// Poster: whether the server has looked at everything that was announced.
    pub fn is_through(&self) -> bool {
        self.runner.0.served.load(Acquire) == self.poster.0.announced.load(Relaxed)
    }

    /// Poster: says that it waits for answers, or, if `for_end`, for the server to have looked at everything. Answers whether it
    /// is to sleep until it is woken; if not, there is something to look at.
    pub fn prepare_to_wait(&self, for_end: bool) -> bool {
        self.poster.0.waits.store(YES, Release);
        W::full_fence();
        let Runner { done, failure, .. } = &self.runner.0;
        let has_news = done.load(Relaxed) != 0 || failure.load(Relaxed) != 0 || (for_end && self.is_through());
        if has_news {
            self.poster.0.waits.store(NO, Relaxed);
        }
        !has_news
    }

    /// Runner: the last announcement, if it is not `seen`. What was submitted before it can be read.
    pub fn announced_since(&self, seen: u64) -> Option<u64> {
        let announced = self.poster.0.announced.load(Acquire);
        (announced != seen && self.runner.0.failure.load(Acquire) == 0).then_some(announced)
    }

    /// Runner: calls in these slots were answered. Answers whether the poster is to be woken.
    #[must_use = "a poster that waits has to be woken"]
    pub fn hand_over(&self, slots: u64) -> bool {
        if slots == 0 {
            return false;
        }
        self.runner.0.done.fetch_or(slots, Release);
        self.tell()
    }

    /// Runner: the server has looked at all that was announced up to `announced`, and calls in these slots were answered. Answers
    /// whether the poster is to be woken.
    #[must_use = "a poster that waits has to be woken"]
    pub fn end(&self, announced: u64, slots: u64) -> bool {
        self.runner.0.done.fetch_or(slots, Release);
        self.runner.0.served.store(announced, Release);
        self.tell()
    }

    /// Runner: the page could not be served, for this reason. Answers whether the poster is to be woken.
    #[must_use = "a poster that waits has to be woken"]
    pub fn fail(&self, status: u16) -> bool {
        self.runner.0.failure.store(status.into(), Release);
        self.tell()
    }

    fn tell(&self) -> bool {
        W::full_fence();
        take_sign(&self.poster.0.waits)
    }

    /// Runner: says that it sleeps. Answers whether it is to; if not, something was announced since `seen`.
    pub fn prepare_to_sleep(&self, seen: u64) -> bool {
        let sleeps = &self.runner.0.sleeps;
        sleeps.store(YES, Release);
        W::full_fence();
        if self.announced_since(seen).is_some() {
            self.rise();
            return false;
        }
        true
    }

    /// Runner: says that it does not sleep any more, whoever woke it.
    pub fn rise(&self) {
        self.runner.0.sleeps.store(NO, Relaxed);
    }
}

impl<W: Word> Default for Relay<W> {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether the other side sleeps. Of several that ask, one is told.
fn take_sign<W: Word>(sign: &W) -> bool {
    sign.load(Relaxed) == YES && sign.exchange_acquire(YES, NO).is_ok()
}
