//! The client's side: post, go on with something else, collect results.
//!
//! What a client decides with is in its books, which are its own memory: which
//! slots are free, which calls it made, whose result is wanted, which token
//! belongs to which. From the page it takes two things only: *done or not* and
//! the result. A hostile server can give wrong results or none; it cannot make
//! a client hand out a slot twice, mistake one call for another, or fail.

use crate::books::{Books, each, slot_of};
use crate::entry::Entry;
use crate::header::Sleep;
use crate::page::Page;
use crate::request::{Reply, Request};
use crate::status::State;
use crate::word::Word;

/// Names a call that was posted. Old tickets never name newer calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(u64);

/// A slot that is allocated and not submitted: [`Client::submit`] or [`Client::release`] it.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a slot that is neither submitted nor released never comes back"]
pub struct Reserved(u64);

/// Why a call was not posted. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PostError {
    /// Every slot is in use, or the server is a whole round behind. Collect results, or wait.
    Exhausted,
    /// The slot was not reserved by this client.
    NotReserved,
}

/// Why a call has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PollError {
    /// No call of that ticket is under way: its result was collected or abandoned before.
    UnknownTicket,
    /// The server broke the protocol. Its slot is out of use from now on, since
    /// nobody can say whether the server is through with it.
    Corrupted,
}

/// A call that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Completion {
    /// Which call.
    pub ticket: Ticket,
    /// What the client gave along when it posted, from its own memory.
    pub token: u64,
    /// The result; the only error is [`PollError::Corrupted`].
    pub result: Result<Reply, PollError>,
}

/// A client's end of one page.
#[derive(Debug)]
pub struct Client<'a, W> {
    page: Page<'a, W>,
    books: Books,
    /// Slots that the server said are done, to be looked at.
    hinted: u64,
    /// One more than the number of the last call that was announced.
    announced: u64,
}

impl<'a, W: Word> Client<'a, W> {
    /// The client's end of a page that nobody has posted to yet.
    pub fn new(page: Page<'a, W>) -> Self {
        Self { page, books: Books::new(page.slots()), hinted: 0, announced: 0 }
    }

    /// Posts a call; `token` comes back with its result.
    ///
    /// Calls posted by this function start in the order in which they were posted
    /// and end in any order.
    ///
    /// # Errors
    ///
    /// [`PostError::Exhausted`]: back-pressure.
    pub fn post(&mut self, request: &Request, token: u64) -> Result<Ticket, PostError> {
        let ticket = self.post_unannounced(request, token)?;
        self.announce();
        Ok(ticket)
    }

    /// Posts a call that the server need not find before [`Client::announce`]: of many calls
    /// that are posted together, each is cheaper by the one locked instruction.
    /// An exhausted page is announced by itself, so that waiting for a slot makes sense.
    ///
    /// # Errors
    ///
    /// [`PostError::Exhausted`]: back-pressure.
    #[inline]
    pub fn post_unannounced(&mut self, request: &Request, token: u64) -> Result<Ticket, PostError> {
        let number = match self.books.use_next() {
            Some(number) => number,
            None => self.allocate()?,
        };
        self.write(number, request, token)
    }

    /// Shows the server what was posted unannounced.
    pub fn announce(&mut self) {
        self.announce_with(0);
    }

    /// Announces calls in `slots` and all that were posted since the last time. Answers which slots these are.
    fn announce_with(&mut self, slots: u64) -> u64 {
        let next = self.books.next();
        let posted = round_from(self.announced, next) & self.books.in_flight();
        self.announced = next;
        if slots | posted != 0 {
            self.page.header().hint_submitted(slots | posted);
        }
        slots | posted
    }

    /// Allocates a slot, so that a later [`Client::submit`] cannot be refused.
    ///
    /// # Errors
    ///
    /// [`PostError::Exhausted`]: back-pressure.
    pub fn reserve(&mut self) -> Result<Reserved, PostError> {
        let number = self.allocate()?;
        self.books.reserve(number);
        self.entry(number).inspect(|entry| entry.set_allocated());
        Ok(Reserved(number))
    }

    #[cold]
    fn allocate(&mut self) -> Result<u64, PostError> {
        if self.books.free() == 0 {
            self.collect_abandoned();
        }
        let page = self.page;
        let is_taken = |slot| page.entry(slot).is_none_or(|entry| !entry.status().is(State::Submitted));
        let number = self.books.allocate(is_taken);
        number.ok_or(PostError::Exhausted).inspect_err(|_| self.announce())
    }

    /// Submits a call in a slot that was reserved.
    ///
    /// # Errors
    ///
    /// [`PostError::NotReserved`] if the slot is another client's.
    pub fn submit(&mut self, reserved: Reserved, request: &Request, token: u64) -> Result<Ticket, PostError> {
        let Reserved(number) = reserved;
        if !self.books.is_reserved(number) {
            return Err(PostError::NotReserved);
        }
        self.books.unreserve(number);
        let ticket = self.write(number, request, token)?;
        self.announce_with(1 << slot_of(number));
        Ok(ticket)
    }

    /// Gives a slot back unused.
    ///
    /// # Errors
    ///
    /// [`PostError::NotReserved`] if the slot is another client's.
    pub fn release(&mut self, reserved: Reserved) -> Result<(), PostError> {
        let Reserved(number) = reserved;
        if !self.books.release(number) {
            return Err(PostError::NotReserved);
        }
        self.announced = self.announced.min(self.books.next());
        self.entry(number).inspect(|entry| entry.set_free());
        Ok(())
    }

    /// The result of one call, once: `None` as long as there is none.
    ///
    /// # Errors
    ///
    /// [`PollError`]: there will be none.
    #[inline]
    pub fn poll(&mut self, ticket: Ticket) -> Result<Option<Reply>, PollError> {
        if !self.books.is_wanted(ticket.0) {
            return Err(PollError::UnknownTicket);
        }
        if let Some(entry) = self.entry(ticket.0)
            && let status = entry.status()
            && status.is(State::Done)
        {
            let reply = entry.reply(status.answer());
            entry.set_free();
            self.books.settle_wanted(ticket.0);
            return Ok(Some(reply));
        }
        self.poll_not_done(ticket)
    }

    #[cold]
    fn poll_not_done(&mut self, ticket: Ticket) -> Result<Option<Reply>, PollError> {
        match self.look(slot_of(ticket.0)) {
            Look::UnderWay => Ok(None),
            Look::Ended(Some(completion)) => completion.result.map(Some),
            Look::Ended(None) => Err(PollError::UnknownTicket),
        }
    }

    /// The next call that has ended, by the server's hints: `None` if they name no further one.
    ///
    /// Looks at each slot at most twice, whatever the server does meanwhile.
    pub fn reap(&mut self) -> Option<Completion> {
        self.follow_hints().or_else(|| {
            self.hinted = self.page.header().take_done();
            self.follow_hints()
        })
    }

    fn follow_hints(&mut self) -> Option<Completion> {
        self.hinted &= self.books.in_flight();
        while self.hinted != 0 {
            let slot = self.hinted.trailing_zeros();
            self.hinted &= self.hinted - 1;
            if let Look::Ended(Some(completion)) = self.look(slot) {
                return Some(completion);
            }
        }
        None
    }

    /// Lets the next [`Client::reap`] look at every call under way, for a client that does not rely on hints.
    pub fn rescan(&mut self) {
        self.hinted = self.books.in_flight();
    }

    /// Gives up the result of a call. Its slot comes back when the server is through with it, not before.
    ///
    /// # Errors
    ///
    /// [`PollError::UnknownTicket`] if there is nothing to give up.
    pub fn abandon(&mut self, ticket: Ticket) -> Result<(), PollError> {
        if !self.books.abandon(ticket.0) {
            return Err(PollError::UnknownTicket);
        }
        if self.entry(ticket.0).is_some_and(|entry| entry.status().is(State::Done)) {
            self.look(slot_of(ticket.0));
        }
        Ok(())
    }

    /// What to do now that there is nothing else to do; see [`header`](crate::header).
    /// Announces what was posted unannounced.
    pub fn prepare_to_sleep(&mut self) -> Sleep {
        self.announce();
        let in_flight = self.books.in_flight();
        if in_flight == 0 {
            return Sleep::NothingToWaitFor;
        }
        let (epoch, hints) = self.page.header().announce_wait();
        if (hints | self.hinted) & in_flight == 0 {
            return Sleep::On(epoch);
        }
        self.page.header().cancel_wait();
        Sleep::ResultsCame
    }

    /// The server faulted while it served on this client's thread. The calls that it had taken end with
    /// [`Error::Faulted`](abi::error::Error::Faulted); those that it had not are announced again, since it may have taken the hints.
    pub fn server_faulted(&mut self) {
        let mut waiting = 0;
        for slot in each(self.books.in_flight()) {
            let Some(entry) = self.page.entry(slot) else { continue };
            match entry.status().state() {
                Some(State::Busy) => entry.set_done(abi::error::Error::Faulted.status()),
                Some(State::Submitted) => waiting |= 1 << slot,
                _ => {}
            }
        }
        self.announce_with(waiting);
    }

    /// As [`Client::prepare_to_sleep`], for a client that polls its tickets: results that were announced before the last
    /// time do not count, so that it sleeps until another call ends. [`Sleep::NothingToWaitFor`]: all have ended.
    pub fn prepare_to_wait(&mut self) -> Sleep {
        let posted = self.announce_with(0);
        let hints = self.page.header().take_done() & self.books.in_flight();
        self.hinted |= hints;
        // A hint can be late, about an earlier call in the slot.
        if self.ended(hints) != 0 {
            return Sleep::ResultsCame;
        }
        if posted == 0 && self.ended(self.books.in_flight()) == self.books.in_flight() {
            return Sleep::NothingToWaitFor;
        }
        let (epoch, hints) = self.page.header().announce_wait();
        if hints == 0 {
            return Sleep::On(epoch);
        }
        self.page.header().cancel_wait();
        Sleep::ResultsCame
    }

    /// Which of `slots` hold calls that have ended.
    fn ended(&self, slots: u64) -> u64 {
        let is_done = |slot: &u32| self.page.entry(*slot).is_some_and(|entry| entry.status().is(State::Done));
        each(slots).filter(is_done).fold(0, |all, slot| all | 1 << slot)
    }

    /// Slots that are free to be allocated.
    pub fn free_slots(&self) -> u32 {
        self.books.free()
    }

    /// Calls that are submitted and not collected, abandoned ones included.
    pub fn in_flight(&self) -> u32 {
        self.books.in_flight().count_ones()
    }

    #[inline]
    fn write(&mut self, number: u64, request: &Request, token: u64) -> Result<Ticket, PostError> {
        // Slots that the page does not have are never used.
        let entry = self.entry(number).ok_or(PostError::NotReserved)?;
        self.books.submit(number, token);
        entry.submit(request, token);
        Ok(Ticket(number))
    }

    #[inline]
    fn entry(&self, number: u64) -> Option<&'a Entry<W>> {
        self.page.entry(slot_of(number))
    }

    /// Takes back the slots of calls that have ended and whose result nobody wants. Posting does so by itself when
    /// no slot is left; a client that does it whenever calls were served keeps all slots in use.
    pub fn collect_abandoned(&mut self) {
        let mut ended = 0;
        for slot in each(self.books.abandoned()) {
            match self.page.entry(slot) {
                Some(entry) if entry.status().is(State::Done) => {
                    entry.set_free();
                    ended |= 1 << slot;
                }
                _ => _ = self.look(slot),
            }
        }
        self.books.settle_abandoned(ended);
    }

    /// Reads the status of a call in flight once and draws the consequence.
    fn look(&mut self, slot: u32) -> Look {
        let Some(entry) = self.page.entry(slot) else {
            return Look::UnderWay;
        };
        let status = entry.status();
        match status.state() {
            Some(State::Submitted | State::Busy | State::Blocked) => Look::UnderWay,
            Some(State::Done) => {
                let reply = entry.reply(status.answer());
                entry.set_free();
                Look::ended(self.books.settle(slot), Ok(reply))
            }
            Some(State::Free | State::Allocated) | None => {
                Look::ended(self.books.retire(slot), Err(PollError::Corrupted))
            }
        }
    }
}

/// The slots of calls from number `first` up to `next`: those of the last round at most.
fn round_from(first: u64, next: u64) -> u64 {
    match next - first {
        0 => 0,
        calls => (u64::MAX >> 64_u64.saturating_sub(calls)).rotate_left(slot_of(first)),
    }
}

/// What a look at a call in flight found.
enum Look {
    UnderWay,
    /// It has ended; with a completion if somebody wants it.
    Ended(Option<Completion>),
}

impl Look {
    fn ended(wanted: Option<(u64, u64)>, result: Result<Reply, PollError>) -> Self {
        Self::Ended(wanted.map(|(number, token)| Completion { ticket: Ticket(number), token, result }))
    }
}

impl core::fmt::Display for PostError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Exhausted => "no slot is free",
            Self::NotReserved => "slot is not reserved by this client",
        })
    }
}

impl core::error::Error for PostError {}

impl core::fmt::Display for PollError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::UnknownTicket => "no call of that ticket is under way",
            Self::Corrupted => "the server broke the protocol",
        })
    }
}

impl core::error::Error for PollError {}
