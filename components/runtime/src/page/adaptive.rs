//! Calls that go whichever way is cheaper: directly as long as they come alone, by the page as soon as several are made
//! before a result is wanted.
//!
//! What comes next is taken to be like what came last: how many calls were made since the last result was waited for says
//! how the next ones are made. To count costs a lone call a few instructions; a first call of many, that it was made
//! directly.

use super::{Detached, Posts, Scheduler, Ticket};
use crate::{Answer, Result};
use core::cell::Cell;

/// A page that is used if that is worth it, for one thread.
pub struct Adaptive<'p> {
    pub(super) posts: Posts<'p>,
    /// Whether the next call is made directly. One is, since a page is cheaper from the second on: what privileged
    /// operations cost is the most of both.
    is_lone: Cell<bool>,
    /// Calls that were posted since a result was waited for.
    posted: Cell<u64>,
}

/// The result of a call, now or later.
#[must_use = "a call whose result nobody waits for may not have been made"]
pub struct Promise<'p, A>(Way<'p, A>);

enum Way<'p, A> {
    Made(&'p Adaptive<'p>, Result<A>),
    Posted(&'p Adaptive<'p>, Ticket<'p, A>),
}

impl<'p> Adaptive<'p> {
    /// The client's end of a page, used adaptively.
    #[doc(hidden)]
    pub fn new(posts: Posts<'p>) -> Self {
        Self { posts, is_lone: Cell::new(true), posted: Cell::new(0) }
    }

    /// Makes a call of `method` with `words`: by `direct`, or by the page.
    #[doc(hidden)]
    #[inline]
    pub fn call<A: Answer, const WORDS: usize>(
        &'p self,
        method: u16,
        words: [u64; WORDS],
        direct: impl FnOnce() -> Result<A>,
    ) -> Promise<'p, A> {
        if self.is_lone.get() {
            self.is_lone.set(false);
            return Promise(Way::Made(self, direct()));
        }
        self.posted.set(self.posted.get() + 1);
        Promise(self.posted_or_made(method, words, direct))
    }

    #[inline]
    fn posted_or_made<A: Answer, const WORDS: usize>(
        &'p self,
        method: u16,
        words: [u64; WORDS],
        direct: impl FnOnce() -> Result<A>,
    ) -> Way<'p, A> {
        match self.posts.post(method, words).or_else(|_| self.post_again(method, words)) {
            Ok(ticket) => Way::Posted(self, ticket),
            // Every slot holds a call whose result was not taken, or one that waits.
            Err(_) => Way::Made(self, direct()),
        }
    }

    #[cold]
    fn post_again<A: Answer, const WORDS: usize>(&'p self, method: u16, words: [u64; WORDS]) -> Result<Ticket<'p, A>> {
        self.posts.flush()?;
        self.posts.post(method, words)
    }

    /// A result is waited for: that ends a batch, and its size says how the next one is made.
    #[cold]
    fn learn(&self) {
        self.is_lone.set(self.posted.replace(0) == 1);
    }
}

impl<'p, A: Answer> Promise<'p, A> {
    /// The result. A call that was posted is served now, with all others that were, if that has not been done; if its
    /// method waits for something, so does this thread, by `scheduler`.
    ///
    /// # Errors
    ///
    /// Those of the method; those of having it served.
    #[inline]
    pub fn wait(self, scheduler: &impl Scheduler) -> Result<A> {
        match self.0 {
            Way::Made(adaptive, result) => {
                // If others were posted behind it, they are waited for next, and have the last word.
                adaptive.is_lone.set(true);
                result
            }
            Way::Posted(adaptive, ticket) => {
                if adaptive.posted.get() > 0 {
                    adaptive.learn();
                }
                ticket.success().or_else(|ticket| ticket.flush_or_wait(scheduler))
            }
        }
    }

    /// Keeps the right to the result apart from the page: it is small, and whoever loses it loses the call's slot.
    #[inline]
    pub fn detach(self) -> Kept<A> {
        match self.0 {
            Way::Made(_, result) => Kept::Made(result),
            Way::Posted(_, ticket) => Kept::Posted(ticket.detach()),
        }
    }
}

/// A [`Promise`] that is kept apart from its page; of several copies one gets the result.
#[derive(Clone, Copy)]
#[must_use = "without it, the call's slot never comes back"]
pub enum Kept<A> {
    /// The call was made directly.
    #[doc(hidden)]
    Made(Result<A>),
    /// The call was posted.
    #[doc(hidden)]
    Posted(Detached<A>),
}

impl<A: Answer> Kept<A> {
    /// The promise again, of the page on which the call was made.
    #[inline]
    pub fn attach<'p>(self, adaptive: &'p Adaptive<'p>) -> Promise<'p, A> {
        Promise(match self {
            Self::Made(result) => Way::Made(adaptive, result),
            Self::Posted(ticket) => Way::Posted(adaptive, ticket.attach(&adaptive.posts)),
        })
    }
}
