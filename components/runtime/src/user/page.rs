//! Calls by a page from user threads: a thread posts and lets the next one run; when none is ready, all that they posted is
//! served together, and each goes on with its own result.

use super::{Idle, Threads, Waiter};
use crate::page::{PageError, Posts, Scheduler, Ticket};
use crate::{Answer, Error, Result};
use core::cell::Cell;

/// Slots of a page.
const SLOTS: usize = syscall_page::layout::ENTRIES;

/// A page that user threads share. The trait of an interface is implemented on it by what `sequential` answers.
pub struct OnPage<'p, S> {
    posts: &'p Posts<'p>,
    scheduler: &'p S,
    /// Who waits for the call in each slot.
    waiting: [Cell<Option<Waiter>>; SLOTS],
    /// Who waits for a slot: one after another, each leaves the next its place.
    full: Cell<Option<Waiter>>,
    /// Why the page could not be served.
    failure: Cell<Option<Error>>,
}

impl<'p, S: Scheduler> OnPage<'p, S> {
    /// A page that `scheduler` has served when no user thread is ready.
    pub fn new(posts: &'p Posts<'p>, scheduler: &'p S) -> Self {
        let waiting = [const { Cell::new(None) }; SLOTS];
        Self { posts, scheduler, waiting, full: Cell::new(None), failure: Cell::new(None) }
    }

    /// Makes one call, as `method` of `words`: the user thread that executes this waits for its result, and others run.
    ///
    /// # Errors
    ///
    /// Those of the method, exactly as a direct call's; those of having the page served.
    #[doc(hidden)]
    pub fn call<A: Answer, const WORDS: usize>(
        &self,
        threads: &Threads,
        method: u16,
        words: [u64; WORDS],
    ) -> Result<A> {
        let ticket = loop {
            match self.posts.post(method, words) {
                Err(Error::Page(PageError::Exhausted)) => self.wait_for_slot(threads)?,
                posted => break posted?,
            }
        };
        if threads.is_inside() { self.wait(threads, ticket) } else { ticket.wait(self.scheduler) }
    }

    fn wait<A: Answer>(&self, threads: &Threads, ticket: Ticket<'_, A>) -> Result<A> {
        let mut ticket = ticket;
        loop {
            if let Some(place) = self.waiting.get(ticket.slot()) {
                threads.block(|waiter| place.set(Some(waiter)));
            }
            ticket = match ticket.poll() {
                Ok(result) => return result,
                Err(ticket) => ticket,
            };
            if let Some(error) = self.failure.get() {
                return Err(error);
            }
        }
    }

    #[cold]
    fn wait_for_slot(&self, threads: &Threads) -> Result<()> {
        if !threads.is_inside() {
            return self.posts.wait(self.scheduler).map(|_| ());
        }
        let before = self.full.take();
        threads.block(|waiter| self.full.set(Some(waiter)));
        if let Some(waiter) = before {
            waiter.wake();
        }
        self.failure.get().map_or(Ok(()), Err)
    }

    /// Wakes those whose calls have ended, and who waits for a slot.
    fn wake(&self, slots: u64) {
        let mut rest = slots;
        while rest != 0 {
            let place = self.waiting.get(rest.trailing_zeros() as usize);
            rest &= rest - 1;
            if let Some(waiter) = place.and_then(Cell::take) {
                waiter.wake();
            }
        }
        if let Some(waiter) = self.full.take() {
            waiter.wake();
        }
    }

    fn is_anyone_waiting(&self) -> bool {
        let waits = |place: &Cell<Option<Waiter>>| {
            let waiter = place.take();
            let waits = waiter.is_some();
            place.set(waiter);
            waits
        };
        self.waiting.iter().any(waits) || waits(&self.full)
    }
}

impl<S: Scheduler> Idle for OnPage<'_, S> {
    fn idle(&self) -> bool {
        match self.posts.wait_for_slots(self.scheduler) {
            Ok(Some(slots)) => self.wake(slots),
            Ok(None) => {
                let waits = self.is_anyone_waiting();
                // Results that nobody has shown are found by who looks.
                self.wake(u64::MAX);
                return waits;
            }
            Err(Error::Kernel(abi::error::Error::Faulted)) => self.wake(u64::MAX),
            Err(error) => {
                self.failure.set(Some(error));
                self.wake(u64::MAX);
            }
        }
        true
    }
}
