//! What one has of a call that was posted.

use super::posts::{FAULTED, not_served};
use super::{PageError, Posts, Scheduler};
use crate::{Answer, CallError, Error, Failure};
use core::marker::PhantomData;
use core::mem;
use syscall_page::layout::ENTRIES;

/// What a call fails with that has no result.
const NOT_DONE: CallError = CallError::Page(PageError::NotDone);

/// The right to a posted call's result. Whoever drops it does not want the result; the call's slot comes back all the same.
pub struct Ticket<'p, A, E = Error> {
    posts: &'p Posts<'p>,
    call: syscall_page::Ticket,
    result: PhantomData<fn() -> Result<A, E>>,
}

impl<'p, A: Answer, E: Failure> Ticket<'p, A, E> {
    pub(super) fn new(posts: &'p Posts<'p>, call: syscall_page::Ticket) -> Self {
        Self { posts, call, result: PhantomData }
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
    pub fn take(self) -> Result<A, E> {
        match self.success() {
            Ok(answer) => Ok(answer),
            Err(ticket) => ticket.take_with_care(),
        }
    }

    /// The answer of a call that succeeded, by the short way.
    #[inline]
    pub(super) fn success(self) -> Result<A, Self> {
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
    fn take_with_care(self) -> Result<A, E> {
        match self.poll() {
            Ok(result) => result,
            Err(ticket) => ticket.take_after_flush(),
        }
    }

    fn take_after_flush(self) -> Result<A, E> {
        let mut ticket = self;
        for _ in 0..=ENTRIES {
            // The result of the call says more than that of the flush, if it has one.
            let flushed = ticket.posts.flush();
            ticket = match ticket.poll() {
                Ok(result) => return result,
                Err(ticket) => ticket,
            };
            match flushed {
                Ok(_) => return Err(NOT_DONE.into()),
                // Of a call before it, and the next flush begins behind that.
                Err(FAULTED) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(FAULTED.into())
    }

    /// The result, once there is one: until then, `scheduler` has the page served and lets this thread wait.
    ///
    /// # Errors
    ///
    /// Those of the method, exactly as a direct call's; those of [`Posts::wait`].
    #[inline]
    pub fn wait(self, scheduler: &impl Scheduler) -> Result<A, E> {
        match self.success() {
            Ok(answer) => Ok(answer),
            Err(ticket) => ticket.wait_until_done(scheduler),
        }
    }

    #[cold]
    #[inline(never)]
    fn wait_until_done(self, scheduler: &impl Scheduler) -> Result<A, E> {
        if self.is_unannounced() && self.posts.wait_at_once(scheduler).is_ok_and(|any| any) {
            return self.success().or_else(|ticket| ticket.look_and_wait(scheduler));
        }
        self.look_and_wait(scheduler)
    }

    /// Looks for the result, and waits as long as there is none. A fault is of the call that the server was at, and what is behind
    /// it is served next; of a server that faults more often than there can be calls, nothing is to be waited for.
    #[cold]
    #[inline(never)]
    fn look_and_wait(self, scheduler: &impl Scheduler) -> Result<A, E> {
        let (mut ticket, mut faults) = (self, 0);
        loop {
            ticket = match ticket.poll() {
                Ok(result) => return result,
                Err(ticket) => ticket,
            };
            match ticket.posts.wait(scheduler).map_err(not_served) {
                Ok(true) => {}
                // It may have ended between the two looks.
                Ok(false) => return ticket.poll().unwrap_or(Err(NOT_DONE.into())),
                Err(FAULTED) if faults < ENTRIES => faults += 1,
                Err(error) => return ticket.poll().unwrap_or(Err(error.into())),
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
    pub fn poll(self) -> Result<Result<A, E>, Self> {
        let Some(polled) = self.posts.poll(self.call) else {
            return Err(self);
        };
        mem::forget(self);
        Ok(polled.map_err(E::from).and_then(|reply| {
            E::check(reply.status)?;
            Ok(A::from_words(reply.words))
        }))
    }
}

/// A ticket that is kept apart from its page: small, and without a borrow. Whoever loses it loses the call's slot; of
/// several copies one gets the result.
#[must_use = "without it, the call's slot never comes back"]
pub struct Detached<A, E = Error> {
    call: syscall_page::Ticket,
    result: PhantomData<fn() -> Result<A, E>>,
}

impl<A, E> Clone for Detached<A, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A, E> Copy for Detached<A, E> {}

impl<A, E> Detached<A, E> {
    /// No ticket, but a note for who keeps it among tickets.
    #[inline]
    pub(super) fn note(status: u16) -> Self {
        Self { call: syscall_page::Ticket::of_no_call(status), result: PhantomData }
    }

    /// The ticket again, of the page on which the call was posted. Another page knows no such call
    /// ([`PageError::UnknownCall`]), or one of its own.
    #[inline]
    pub fn attach<'p>(self, posts: &'p Posts<'p>) -> Ticket<'p, A, E> {
        Ticket { posts, call: self.call, result: PhantomData }
    }
}

impl<A, E> Ticket<'_, A, E> {
    /// Keeps the right to the result apart from the page.
    #[inline]
    pub fn detach(self) -> Detached<A, E> {
        let call = self.call;
        mem::forget(self);
        Detached { call, result: PhantomData }
    }
}

impl<A, E> Drop for Ticket<'_, A, E> {
    #[inline]
    fn drop(&mut self) {
        self.posts.abandon(self.call);
    }
}
