//! Calls that go whichever way is cheaper: directly as long as they come alone, by the page as soon as several are made
//! before a result is wanted.
//!
//! What comes next is taken to be like what came last; a batch pays for that decision once, where it is served.

use super::posts::FAULTED;
use super::{Detached, Posts, Scheduler, Ticket};
use crate::{Answer, CallError, Error, Failure};
use core::cell::Cell;

/// Which way the next call goes. Each call counts up, and is posted unless that makes less than zero. A direct call's result, when it is
/// taken, counts down again, so that the next call finds what that one found, if it is alone as well.
pub(super) struct Habit {
    count: Cell<i64>,
    /// The count before a call that is alone.
    alone: i64,
}

impl Habit {
    /// The count before a call that is made directly. It is a lone call that is, since a page is cheaper from the second on: what
    /// privileged operations cost is the most of both.
    const ALONE: i64 = -2;

    /// The count before calls that are posted. Zero, so that a call that was posted behind a direct one, which has made minus one, is not
    /// taken for a batch of one.
    const TOGETHER: i64 = 0;

    /// The count before any call where there is no page: so many are never under way that it is not less than zero. It is even.
    const ALWAYS: i64 = i64::MIN / 2;

    /// Nothing is known: calls come alone.
    pub(super) const fn new(has_page: bool) -> Self {
        let alone = if has_page { Self::ALONE } else { Self::ALWAYS };
        Self { count: Cell::new(alone), alone }
    }

    #[inline]
    fn is_next_posted(&self) -> bool {
        let count = self.count.get().wrapping_add(1);
        self.count.set(count);
        count >= 0
    }

    /// The result of a direct call was taken. Whatever the count is then, calls are right, and the next batch sets it.
    #[inline]
    fn count_back(&self) {
        self.count.set(self.count.get().wrapping_sub(1));
    }

    /// The same, where several may have copies of the result: each takes it.
    fn count_back_once(&self) {
        self.count.set(self.count.get().wrapping_sub(1).max(self.alone));
    }

    /// That was an error. (As `count_back`, but another instruction: so compilers keep errors out of the way of answers.)
    #[inline]
    fn count_error_back(&self) {
        self.count.set(self.count.get() & !1);
    }

    /// A batch of so many calls is about to be served: the next one is made as would have been best for this one.
    #[inline]
    fn learn(&self, size: u64) {
        let is_alone = size == 1 && self.count.get() == Self::TOGETHER + 1;
        self.count.set(if is_alone { self.alone } else { Self::TOGETHER });
    }
}

/// A page that is used if that is worth it, for one thread.
pub struct Adaptive<'p> {
    pub(super) posts: Posts<'p>,
}

/// The result of a call, now or later.
#[must_use = "a call whose result nobody waits for may not have been made"]
pub struct Promise<'p, A, E = Error>(Way<'p, A, E>);

enum Way<'p, A, E> {
    Made(&'p Adaptive<'p>, Result<A, E>),
    /// The ticket of a call, or a note of how a direct call ended, and with what.
    Kept(&'p Adaptive<'p>, Ticket<'p, A, E>, A),
}

impl<'p> Adaptive<'p> {
    /// The client's end of a page, used adaptively.
    #[doc(hidden)]
    pub fn new(posts: Posts<'p>) -> Self {
        Self { posts }
    }

    /// Makes a call of `method` with `words`: by `direct`, or by the page.
    #[doc(hidden)]
    #[inline]
    pub fn call<A: Answer, E: Failure, const WORDS: usize>(
        &'p self,
        method: u16,
        words: [u64; WORDS],
        direct: impl FnOnce() -> Result<A, E>,
    ) -> Promise<'p, A, E> {
        if self.posts.habit().is_next_posted() {
            if let Ok(ticket) = self.posts.post(method, words) {
                return Promise(Way::Kept(self, ticket, no_answer()));
            }
            if let Ok(ticket) = self.post_again(method, words) {
                return Promise(Way::Kept(self, ticket, no_answer()));
            }
        }
        // It is alone; or every slot holds a call whose result was not taken, or one that waits.
        Promise(Way::Made(self, direct()))
    }

    #[cold]
    #[inline(never)]
    fn post_again<A: Answer, E: Failure, const WORDS: usize>(
        &'p self,
        method: u16,
        words: [u64; WORDS],
    ) -> Result<Ticket<'p, A, E>, CallError> {
        self.posts.flush_at_once()?;
        self.posts.post(method, words)
    }

    /// What was posted is about to be served.
    #[inline]
    pub(super) fn learn(&self) {
        self.posts.habit().learn(self.posts.unannounced());
    }

    /// The result of a call that has not succeeded yet, as far as anyone has looked.
    #[cold]
    #[inline(never)]
    fn wait<A: Answer, E: Failure>(
        &self,
        ticket: Ticket<'_, A, E>,
        answer: A,
        scheduler: &impl Scheduler,
    ) -> Result<A, E> {
        if let Some(status) = ticket.note() {
            self.posts.habit().count_back_once();
            return E::check(status).map(|()| answer);
        }
        if !ticket.is_unannounced() {
            return ticket.wait(scheduler);
        }
        self.learn();
        let flushed = self.posts.flush_at_once();
        ticket.success().or_else(|ticket| Self::after(flushed, ticket, scheduler))
    }

    #[cold]
    #[inline(never)]
    fn after<A: Answer, E: Failure>(
        flushed: Result<u64, CallError>,
        ticket: Ticket<'_, A, E>,
        scheduler: &impl Scheduler,
    ) -> Result<A, E> {
        // The result of the call says more than that of the flush, if it has one.
        ticket.poll().unwrap_or_else(|ticket| match flushed {
            // Of a call before it.
            Ok(_) | Err(FAULTED) => ticket.wait(scheduler),
            Err(error) => Err(error.into()),
        })
    }
}

impl<'p, A: Answer, E: Failure> Promise<'p, A, E> {
    /// The result. A call that was posted is served now, with all others that were, if that has not been done; if its
    /// method waits for something, so does this thread, by `scheduler`.
    ///
    /// # Errors
    ///
    /// Those of the method; those of having it served.
    #[inline]
    pub fn wait(self, scheduler: &impl Scheduler) -> Result<A, E> {
        match self.0 {
            Way::Made(adaptive, result) => {
                let habit = adaptive.posts.habit();
                result.inspect(|_| habit.count_back()).inspect_err(|_| habit.count_error_back())
            }
            Way::Kept(adaptive, ticket, answer) => {
                ticket.success().or_else(|ticket| adaptive.wait(ticket, answer, scheduler))
            }
        }
    }

    /// Keeps the right to the result apart from the page: it is small, and whoever loses it loses the call's slot.
    #[inline]
    pub fn detach(self) -> Kept<A, E> {
        match self.0 {
            Way::Made(_, result) => Kept::made(result),
            Way::Kept(_, ticket, answer) => Kept { call: ticket.detach(), answer },
        }
    }
}

/// A [`Promise`] that is kept apart from its page; of several copies one gets the result of a call that was posted.
#[derive(Clone, Copy)]
#[must_use = "without it, the call's slot never comes back"]
pub struct Kept<A, E = Error> {
    /// Of a call that was made directly, this notes how it ended.
    call: Detached<A, E>,
    /// What it answered, then.
    answer: A,
}

impl<A: Answer, E: Failure> Kept<A, E> {
    #[inline]
    fn made(result: Result<A, E>) -> Self {
        let (status, answer) = result.map_or_else(|error| (error.into_status(), no_answer()), |answer| (0, answer));
        Self { call: Detached::note(status), answer }
    }

    /// The promise again, of the page on which the call was made.
    #[inline]
    pub fn attach<'p>(self, adaptive: &'p Adaptive<'p>) -> Promise<'p, A, E> {
        Promise(Way::Kept(adaptive, self.call.attach(&adaptive.posts), self.answer))
    }
}

/// What stands in the place of an answer while there is none.
#[inline]
fn no_answer<A: Answer>() -> A {
    A::from_words([0; 2])
}
