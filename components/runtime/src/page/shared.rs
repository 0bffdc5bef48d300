//! A page that many use on one thread of the kernel's: user threads, or tasks. Each posts its call and lets the others run;
//! when nobody is ready, all that they posted is served together, and each goes on with its own result.

use super::posts::FAULTED;
use super::{PageError, Posts, Scheduler, Ticket};
use crate::user::{Threads, Waiter};
use crate::waiting::{Idle, Line, Node, Readiness, Source, Wake};
use crate::{Answer, CallError, Error, Failure, Result};
use core::cell::Cell;
use core::pin::{Pin, pin};

/// Every slot is in use.
pub(crate) const EXHAUSTED: CallError = CallError::Page(PageError::Exhausted);

/// Slots of a page.
const SLOTS: usize = syscall_page::layout::ENTRIES;

/// A page that user threads share (`W` is [`Waiter`]), or tasks ([`Waker`](core::task::Waker)).
///
/// The trait of an interface is implemented on it by what `sequential` answers, and its methods are futures of what
/// `asynchronous` answers.
///
/// It has the page served when nobody is ready: by `scheduler`, if it is what is waited for ([`Idle`]); by this thread itself, if it is
/// one of several [`Sources`](crate::waiting::Sources).
pub struct Shared<'p, S, W> {
    posts: &'p Posts<'p>,
    scheduler: &'p S,
    /// Who waits for the call in each slot.
    waiting: [Cell<Option<W>>; SLOTS],
    /// Who waits for a slot.
    full: Line<W>,
    /// How many calls had been posted when all of these could last try to have a slot.
    tried: Cell<u64>,
    /// Why the page could not be served, when that was last tried.
    failure: Cell<Option<Error>>,
}

impl<'p, S, W: Wake> Shared<'p, S, W> {
    /// A page that `scheduler` has served.
    pub fn new(posts: &'p Posts<'p>, scheduler: &'p S) -> Self {
        let waiting = [const { Cell::new(None) }; SLOTS];
        Self { posts, scheduler, waiting, full: Line::new(), tried: Cell::new(u64::MAX), failure: Cell::new(None) }
    }

    #[inline]
    pub(crate) fn posts(&self) -> &'p Posts<'p> {
        self.posts
    }

    /// `waiter` is woken when the call in `slot` has ended.
    #[inline]
    pub(crate) fn wait_for_call(&self, slot: usize, waiter: W) {
        if let Some(place) = self.waiting.get(slot) {
            place.set(Some(waiter));
        }
    }

    /// Nobody waits for the call in `slot`.
    #[inline]
    pub(crate) fn forget_call(&self, slot: usize) {
        drop(self.waiting.get(slot).map(Cell::take));
    }

    /// `waiter` is woken when there may be a free slot.
    pub(crate) fn wait_for_slot<'l>(&'l self, node: Pin<&Node<'l, W>>, waiter: W) {
        self.full.wait(node, 0, waiter);
    }

    /// Whether nobody will have a slot any more.
    pub(crate) fn is_used_up(&self) -> bool {
        self.posts.with(|client| client.is_used_up())
    }

    /// Why the page could not be served when that was last tried: for who has waited for it since before.
    #[inline]
    pub(crate) fn failure(&self) -> Option<Error> {
        self.failure.get()
    }

    /// Wakes those whose calls have ended, and for each slot one that waits for a slot, and one more: so all get on.
    fn wake(&self, slots: u64) {
        let mut rest = slots;
        while rest != 0 {
            let place = self.waiting.get(rest.trailing_zeros() as usize);
            rest &= rest - 1;
            if let Some(waiter) = place.and_then(Cell::take) {
                waiter.wake();
            }
        }
        if self.full.first_key().is_some() {
            (0..=slots.count_ones()).map_while(|_| self.full.pop()).for_each(Wake::wake);
        }
    }

    /// Wakes all that wait, for whatever. Answers whether there were any.
    #[cold]
    fn wake_all(&self) -> bool {
        let any = self.full.first_key().is_some() || self.is_a_call_waited_for();
        self.wake(u64::MAX);
        any
    }

    fn is_a_call_waited_for(&self) -> bool {
        self.waiting.iter().any(|place| {
            let waiter = place.take();
            let waits = waiter.is_some();
            place.set(waiter);
            waits
        })
    }

    /// Nothing is under way: results that nobody has shown are found by who looks. If all slots have results that nobody looks for, there
    /// will be none for who waits for one.
    #[cold]
    fn nothing_under_way(&self) -> bool {
        if self.posts.free() == 0 && !self.is_a_call_waited_for() {
            self.failure.set(Some(EXHAUSTED.into()));
        }
        self.wake_all()
    }

    /// Whether somebody waits for a slot while there is one.
    fn is_a_slot_waited_for(&self) -> bool {
        self.full.first_key().is_some() && self.posts.free() > 0
    }

    /// Wakes all that wait for a slot while there is one, once for each call that is posted: who tried before its owner had given it back
    /// would wait for the next. If nobody could use it, it is the server that has to go on.
    fn let_try_for_slots(&self) -> bool {
        let is_new = self.is_a_slot_waited_for() && {
            let posted = self.posts.with(|client| client.posted());
            self.tried.replace(posted) != posted
        };
        if is_new {
            core::iter::from_fn(|| self.full.pop()).for_each(Wake::wake);
        }
        is_new
    }

    /// A fault is of the call that the server was at, and the others wait on. One with which no call has ended is of all.
    fn fail(&self, error: Error) -> bool {
        let is_of_a_call = error == Error::from(FAULTED) && !self.posts.has_faulted_in_vain();
        if !is_of_a_call {
            self.failure.set(Some(error));
        }
        self.wake_all()
    }
}

impl<S: Scheduler> Shared<'_, S, Waiter> {
    /// Makes one call, as `method` of `words`: the user thread that executes this waits for its result, and others run.
    ///
    /// # Errors
    ///
    /// Those of the method, exactly as a direct call's; those of having the page served.
    #[inline]
    #[doc(hidden)]
    pub fn call<A: Answer, E: Failure, const WORDS: usize>(
        &self,
        threads: &Threads,
        method: u16,
        words: [u64; WORDS],
    ) -> core::result::Result<A, E> {
        if !self.posts.goes_on() {
            return self.posts.call(method, words);
        }
        let ticket = loop {
            match self.posts.post(method, words) {
                Err(EXHAUSTED) => self.block_for_slot(threads)?,
                posted => break posted?,
            }
        };
        if !threads.is_inside() {
            return ticket.wait(self.scheduler);
        }
        threads.block(|waiter| self.wait_for_call(ticket.slot(), waiter));
        ticket.success().or_else(|ticket| self.block_again(threads, ticket))
    }

    /// Waits on, if that was not for the result, or says what came instead of one.
    #[cold]
    #[inline(never)]
    fn block_again<A: Answer, E: Failure>(
        &self,
        threads: &Threads,
        ticket: Ticket<'_, A, E>,
    ) -> core::result::Result<A, E> {
        let mut ticket = ticket;
        loop {
            let slot = ticket.slot();
            ticket = match ticket.poll() {
                Ok(result) => return result,
                Err(ticket) => ticket,
            };
            if let Some(error) = self.failure() {
                return Err(error.into());
            }
            threads.block(|waiter| self.wait_for_call(slot, waiter));
        }
    }

    #[cold]
    #[inline(never)]
    fn block_for_slot(&self, threads: &Threads) -> Result<()> {
        if self.is_used_up() {
            return Err(EXHAUSTED.into());
        }
        if !threads.is_inside() {
            return self.posts.wait(self.scheduler).map(|_| ());
        }
        let node = pin!(Node::new());
        threads.block(|waiter| self.wait_for_slot(node.as_ref(), waiter));
        self.failure().map_or(Ok(()), Err)
    }
}

impl<S: Scheduler, W: Wake> Idle for Shared<'_, S, W> {
    fn idle(&self) -> bool {
        self.failure.set(None);
        if self.let_try_for_slots() {
            return true;
        }
        match self.posts.wait_for_slots(self.scheduler) {
            Ok(Some(slots)) => {
                self.wake(slots);
                true
            }
            Ok(None) => self.nothing_under_way(),
            Err(error) => {
                self.fail(error);
                true
            }
        }
    }
}

impl<S, W: Wake> Source for Shared<'_, S, W> {
    fn serve(&self) -> bool {
        self.failure.set(None);
        match self.posts.flush_for_slots() {
            Ok(0) if !self.is_a_slot_waited_for() => false,
            Ok(slots) => {
                self.wake(slots);
                true
            }
            Err(error) => self.fail(error.into()),
        }
    }

    fn prepare(&self) -> Readiness {
        self.posts.prepare_to_sleep()
    }
}
