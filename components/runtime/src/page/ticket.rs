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

    /// The result. A call that nobody has had served yet is served now, by [`Posts::flush`].
    ///
    /// # Errors
    ///
    /// Those of the method, exactly as a direct call's; those of [`Posts::flush`];
    /// [`PageError::NotDone`] if the method waits for something, and then the call is given up.
    #[inline]
    pub fn take(self) -> Result<A> {
        match self.poll() {
            Ok(result) => result,
            Err(ticket) => ticket.take_after_flush(),
        }
    }

    #[cold]
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
        match self.poll() {
            Ok(result) => result,
            Err(ticket) => ticket.wait_until_done(scheduler),
        }
    }

    #[cold]
    fn wait_until_done(self, scheduler: &impl Scheduler) -> Result<A> {
        let mut ticket = self;
        loop {
            if !ticket.posts.wait(scheduler)? {
                return Err(Error::Page(PageError::NotDone));
            }
            ticket = match ticket.poll() {
                Ok(result) => return result,
                Err(ticket) => ticket,
            };
        }
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

impl<A> Drop for Ticket<'_, A> {
    #[inline]
    fn drop(&mut self) {
        self.posts.abandon(self.call);
    }
}
