//! What one has of a call that was posted.

use super::{PageError, Posts, Scheduler};
use crate::{Answer, Error, Result};
use core::marker::PhantomData;
use core::mem;

/// The right to a posted call's result. Whoever drops it does not want the result; the call's slot comes back all the same.
pub struct Ticket<'p, A> {
    posts: &'p Posts<'p>,
    call: syscall_page::Ticket,
    answer: PhantomData<fn() -> A>,
}

impl<'p, A: Answer> Ticket<'p, A> {
    pub(super) fn new(posts: &'p Posts<'p>, call: syscall_page::Ticket) -> Self {
        Self { posts, call, answer: PhantomData }
    }

    /// Where in the page the call lies.
    pub(crate) fn slot(&self) -> usize {
        self.call.slot()
    }

    /// The result. A call that nobody has had served yet is served now, by [`Posts::flush`].
    ///
    /// # Errors
    ///
    /// Those of the method, exactly as a direct call's; those of [`Posts::flush`];
    /// [`PageError::NotDone`] if the method waits for something, and then the call is given up.
    #[inline]
    pub fn take(self) -> Result<A> {
        match self.success() {
            Ok(answer) => Ok(answer),
            Err(ticket) => ticket.take_with_care(),
        }
    }

    /// The answer of a call that succeeded, by the short way.
    #[inline]
    pub(super) fn success(self) -> core::result::Result<A, Self> {
        match self.posts.poll_success(self.call, A::WORDS) {
            Some(words) => {
                mem::forget(self);
                Ok(A::from_words(words))
            }
            None => Err(self),
        }
    }

    #[cold]
    #[inline(never)]
    fn take_with_care(self) -> Result<A> {
        match self.poll() {
            Ok(result) => result,
            Err(ticket) => ticket.take_after_flush(),
        }
    }

    fn take_after_flush(self) -> Result<A> {
        // The result of the call says more than that of the flush, if it has one.
        let flushed = self.posts.flush();
        match self.poll() {
            Ok(result) => result,
            Err(_) => flushed.and(Err(Error::Page(PageError::NotDone))),
        }
    }

    /// The result, once there is one: until then, `scheduler` has the page served and lets this thread wait.
    ///
    /// # Errors
    ///
    /// Those of the method, exactly as a direct call's; those of [`Posts::wait`].
    #[inline]
    pub fn wait(self, scheduler: &impl Scheduler) -> Result<A> {
        match self.success() {
            Ok(answer) => Ok(answer),
            Err(ticket) => ticket.wait_until_done(scheduler),
        }
    }

    #[cold]
    #[inline(never)]
    fn wait_until_done(self, scheduler: &impl Scheduler) -> Result<A> {
        if !self.is_unannounced() || !self.posts.wait_at_once(scheduler)? {
            return self.look_and_wait(scheduler);
        }
        self.success().or_else(|ticket| ticket.look_and_wait(scheduler))
    }

    /// Looks for the result, and waits as long as there is none.
    #[cold]
    #[inline(never)]
    fn look_and_wait(self, scheduler: &impl Scheduler) -> Result<A> {
        let mut ticket = self;
        loop {
            ticket = match ticket.poll() {
                Ok(result) => return result,
                Err(ticket) => ticket,
            };
            if !ticket.posts.wait(scheduler)? {
                // It may have ended between the two looks.
                return ticket.poll().unwrap_or(Err(Error::Page(PageError::NotDone)));
            }
        }
    }

    /// Whether the server cannot know of the call.
    #[inline]
    pub(super) fn is_unannounced(&self) -> bool {
        self.posts.is_unannounced(self.call)
    }

    /// What is noted in the place of a call, if that is so.
    #[inline]
    pub(super) fn note(&self) -> Option<u16> {
        self.call.note()
    }

    /// The result if there is one.
    ///
    /// # Errors
    ///
    /// The ticket, if there is none yet.
    #[inline]
    pub fn poll(self) -> core::result::Result<Result<A>, Self> {
        let Some(polled) = self.posts.poll(self.call) else {
            return Err(self);
        };
        mem::forget(self);
        Ok(polled.and_then(|reply| {
            Error::check(reply.status)?;
            Ok(A::from_words(reply.words))
        }))
    }
}

/// A ticket that is kept apart from its page: small, and without a borrow. Whoever loses it loses the call's slot; of
/// several copies one gets the result.
#[must_use = "without it, the call's slot never comes back"]
pub struct Detached<A> {
    call: syscall_page::Ticket,
    answer: PhantomData<fn() -> A>,
}

impl<A> Clone for Detached<A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for Detached<A> {}

impl<A> Detached<A> {
    /// No ticket, but a note for who keeps it among tickets.
    #[inline]
    pub(super) fn note(status: u16) -> Self {
        Self { call: syscall_page::Ticket::of_no_call(status), answer: PhantomData }
    }

    /// The ticket again, of the page on which the call was posted. Another page knows no such call
    /// ([`PageError::UnknownCall`]), or one of its own.
    #[inline]
    pub fn attach<'p>(self, posts: &'p Posts<'p>) -> Ticket<'p, A> {
        Ticket { posts, call: self.call, answer: PhantomData }
    }
}

impl<A> Ticket<'_, A> {
    /// Keeps the right to the result apart from the page.
    #[inline]
    pub fn detach(self) -> Detached<A> {
        let call = self.call;
        mem::forget(self);
        Detached { call, answer: PhantomData }
    }
}

impl<A> Drop for Ticket<'_, A> {
    #[inline]
    fn drop(&mut self) {
        self.posts.abandon(self.call);
    }
}
