//! A call by a page, as a future.

use super::OnPage;
use crate::page::{PageError, Ticket};
use crate::waiting::Node;
use crate::{Answer, CallError, Failure};
use core::future::Future;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

/// A call that is posted when this is first polled, and whose result this is. Where the graph gives the edge no page, it is made then. Dropped, nobody wants the result any more; the call's slot
/// comes back when the server is through with it.
#[must_use = "futures do nothing unless they are awaited"]
pub struct Call<'p, S, A: Answer, E: Failure, const WORDS: usize> {
    page: &'p OnPage<'p, S>,
    method: u16,
    words: [u64; WORDS],
    state: State<'p, A, E>,
    /// Where it waits for a slot.
    node: Node<'p, Waker>,
}

enum State<'p, A: Answer, E: Failure> {
    New,
    Posted(Ticket<'p, A, E>),
    Ended,
}

impl<'p, S, A: Answer, E: Failure, const WORDS: usize> Call<'p, S, A, E, WORDS> {
    /// A call of `method` with `words`.
    #[doc(hidden)]
    pub const fn new(page: &'p OnPage<'p, S>, method: u16, words: [u64; WORDS]) -> Self {
        Self { page, method, words, state: State::New, node: Node::new() }
    }

    /// From one state to the next; the result, if that is the last.
    fn step(&self, state: State<'p, A, E>, waker: &Waker) -> (State<'p, A, E>, Poll<Result<A, E>>) {
        match state {
            State::New => self.post(waker),
            State::Posted(ticket) => match ticket.poll() {
                Ok(result) => (State::Ended, Poll::Ready(result)),
                Err(ticket) => self.unless_failed(self.wait(ticket, waker)),
            },
            State::Ended => (State::Ended, Poll::Ready(Err(CallError::Page(PageError::UnknownCall).into()))),
        }
    }

    /// That the page could not be served before says nothing of a call that is only posted now.
    fn post(&self, waker: &Waker) -> (State<'p, A, E>, Poll<Result<A, E>>) {
        if !self.page.posts().goes_on() {
            return (State::Ended, Poll::Ready(self.page.posts().call(self.method, self.words)));
        }
        match self.page.posts().post(self.method, self.words) {
            Ok(ticket) => (self.wait(ticket, waker), Poll::Pending),
            Err(CallError::Page(PageError::Exhausted)) if !self.page.is_used_up() => self.unless_failed(State::New),
            Err(error) => (State::Ended, Poll::Ready(Err(error.into()))),
        }
    }

    fn wait(&self, ticket: Ticket<'p, A, E>, waker: &Waker) -> State<'p, A, E> {
        self.page.wait_for_call(ticket.slot(), waker.clone());
        State::Posted(ticket)
    }

    /// Waits in `state`, unless the page cannot be served.
    fn unless_failed(&self, state: State<'p, A, E>) -> (State<'p, A, E>, Poll<Result<A, E>>) {
        match self.page.failure() {
            Some(error) => (State::Ended, Poll::Ready(Err(error.into()))),
            None => (state, Poll::Pending),
        }
    }
}

impl<S, A: Answer, E: Failure, const WORDS: usize> Future for Call<'_, S, A, E, WORDS> {
    type Output = Result<A, E>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<A, E>> {
        // SAFETY: nothing is moved out of it but its state, which may be moved.
        let this = unsafe { self.get_unchecked_mut() };
        let state = mem::replace(&mut this.state, State::Ended);
        let (state, polled) = this.step(state, context.waker());
        this.state = state;
        if matches!(this.state, State::New) && polled.is_pending() {
            // SAFETY: the node is in a pinned future, is not moved out of it, and leaves the line when it is dropped.
            let node = unsafe { Pin::new_unchecked(&this.node) };
            this.page.wait_for_slot(node, context.waker().clone());
        }
        polled
    }
}

impl<S, A: Answer, E: Failure, const WORDS: usize> Drop for Call<'_, S, A, E, WORDS> {
    fn drop(&mut self) {
        if let State::Posted(ticket) = &self.state {
            self.page.forget_call(ticket.slot());
        }
    }
}
