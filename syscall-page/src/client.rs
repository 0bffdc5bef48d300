//! The client's side: post, go on with something else, collect results.
//!
//! What a client decides with is in its books, which are its own memory: which
//! slots are free, which calls it made, whose result is wanted, which token
//! belongs to which. From the page it takes two things only: *done or not* and
//! the result. A hostile server can give wrong results or none; it cannot make
//! a client hand out a slot twice, mistake one call for another, or fail.

use crate::books::{Books, NO_CALL, each, place_of};
use crate::entry::Entry;
use crate::header::Sleep;
use crate::layout::{ENTRIES, RESULTS};
use crate::page::Page;
use crate::request::{Reply, Request};
use crate::status::{State, Status};
use crate::word::Word;
use abi::error::Error;

/// Names a call that was posted. Old tickets never name newer calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(u64);

/// Why a call was not posted. Nothing was changed.
///
/// As wide as a status: of a result whose error is nothing but a mark, the compiler looks at that mark behind each call that was posted
/// the short way, too (three instructions each).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum PostError {
    /// Every slot is in use, or the server is a whole round behind. Collect results, or wait.
    Exhausted,
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

/// What a client does that is about to have its page served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing: none of its calls is under way.
    NothingToWaitFor,
    /// Looks for results: some came in meanwhile.
    ResultsCame,
    /// Goes where it is served.
    BeServed,
}

/// A call that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Completion {
    /// Which call.
    pub ticket: Ticket,
    /// What the client gave along when it posted, from its own memory; 0 if it gave nothing.
    pub token: u64,
    /// The result; the only error is [`PollError::Corrupted`].
    pub result: Result<Reply, PollError>,
}

/// A client's end of one page.
#[derive(Debug)]
pub struct Client<'a, W, const N: usize = ENTRIES> {
    page: Page<'a, W, N>,
    books: Books<N>,
    /// Slots that the server said are done, to be looked at.
    hinted: u64,
    /// The number behind the last call that was announced.
    announced: u64,
    /// Slots of calls that were announced and not hinted at since: of all others none is under way.
    under_way: u64,
    /// Whether a server that faulted has left something: calls that it was told of, or to have those run that wait.
    has_left: bool,
}

impl Ticket {
    /// Where in a real page the call lies, for who keeps something for each call under way.
    #[inline]
    pub const fn slot(self) -> usize {
        Books::<ENTRIES>::slot_of(self.0) as usize
    }

    /// What names no call, and no page takes for one: a note for who keeps it among tickets.
    #[inline]
    pub const fn of_no_call(note: u16) -> Self {
        Self(NO_CALL | note as u64)
    }

    /// The note, if this names no call.
    #[inline]
    pub const fn note(self) -> Option<u16> {
        if self.0 < NO_CALL { None } else { Some(self.0 as u16) }
    }
}

impl<'a, W: Word, const N: usize> Client<'a, W, N> {
    /// The client's end of a page that nobody has posted to yet.
    pub fn new(page: Page<'a, W, N>) -> Self {
        Self { page, books: Books::new(page.slots()), hinted: 0, announced: 0, under_way: 0, has_left: false }
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
    pub fn post_unannounced(&mut self, request: &Request, token: u64) -> Result<Ticket, PostError> {
        let number = match self.books.use_next() {
            Some(number) => number,
            None => self.allocate()?,
        };
        self.books.keep_token(number, token);
        let entry = self.entry(number);
        entry.set_token(token);
        entry.submit(request.method, request.args);
        Ok(Ticket(number))
    }

    /// The leanest way to post: the words that the method has, no token, not announced. [`Client::poll`] has a short way
    /// for such calls.
    ///
    /// # Errors
    ///
    /// [`PostError::Exhausted`]: back-pressure.
    #[inline]
    pub fn post_words<const WORDS: usize>(&mut self, method: u16, words: [u64; WORDS]) -> Result<Ticket, PostError> {
        let entry = self.entry(self.books.next());
        let Some(number) = self.books.use_next() else { return self.post_with_care(entry, method, words) };
        entry.submit(method, words);
        Ok(Ticket(number))
    }

    /// The longer way. `next` is the entry that would be next; handed on, its address is computed once on the short way.
    #[cold]
    #[inline(never)]
    fn post_with_care<const WORDS: usize>(
        &mut self,
        next: &'a Entry<W>,
        method: u16,
        words: [u64; WORDS],
    ) -> Result<Ticket, PostError> {
        let skips_none = self.books.next();
        let number = self.allocate()?;
        let entry = if number == skips_none { next } else { self.entry(number) };
        entry.submit(method, words);
        Ok(Ticket(number))
    }

    /// Shows the server what was posted unannounced. Answers whether any call is under way, which the server may know of.
    #[inline]
    pub fn announce(&mut self) -> bool {
        self.announce_with(0) != 0 || self.books.in_flight() != 0
    }

    /// The same; answers whether there was anything to show.
    #[inline]
    pub fn announce_new(&mut self) -> bool {
        self.announce_with(0) != 0
    }

    /// How many calls were posted and not announced, those included whose numbers were skipped.
    #[inline]
    pub fn unannounced(&self) -> u64 {
        self.books.next() - self.announced
    }

    /// Announces calls in `slots` and all that were posted since the last time. Answers which slots these are; there may
    /// be such among them whose numbers were skipped, where the server finds nothing.
    #[inline]
    fn announce_with(&mut self, slots: u64) -> u64 {
        let slots = slots | self.take_unannounced();
        if slots != 0 {
            self.under_way |= slots;
            self.page.header().hint_submitted(slots);
        }
        slots
    }

    #[inline]
    fn take_unannounced(&mut self) -> u64 {
        let (first, next) = (self.announced, self.books.next());
        self.announced = next;
        round_from::<N>(first, next)
    }

    #[cold]
    fn allocate(&mut self) -> Result<u64, PostError> {
        if self.books.free() == 0 {
            self.collect_abandoned();
        }
        let page = self.page;
        let allocated = self.books.allocate(|slot| !page.entry(slot).status().is(State::Submitted));
        let Some((number, is_alone)) = allocated else {
            self.announce();
            return Err(PostError::Exhausted);
        };
        if is_alone {
            // Hints at slots whose numbers were skipped would lead the server on from there, and not from this call.
            self.announced = number;
        }
        Ok(number)
    }

    /// The result of one call, once: `None` as long as there is none.
    ///
    /// # Errors
    ///
    /// [`PollError`]: there will be none.
    #[inline]
    pub fn poll(&mut self, ticket: Ticket) -> Result<Option<Reply>, PollError> {
        if let Some(words) = self.poll_success(ticket, RESULTS) {
            return Ok(Some(Reply::success(words)));
        }
        self.poll_with_care(ticket)
    }

    /// The short way to the result of a call that succeeded, of a method that answers no more than `count` words; the others
    /// are 0, and not read. `None` if it is not as simple: [`Client::poll`] knows why.
    #[inline]
    pub fn poll_success(&mut self, ticket: Ticket, count: usize) -> Option<[u64; RESULTS]> {
        let entry = self.entry(ticket.0);
        if !self.books.is_simple(ticket.0) || entry.status() != Status::done(0) {
            return None;
        }
        let Reply { words, .. } = entry.reply(0, count);
        entry.set_free();
        self.books.settle_simple(ticket.0);
        Some(words)
    }

    #[cold]
    #[inline(never)]
    fn poll_with_care(&mut self, ticket: Ticket) -> Result<Option<Reply>, PollError> {
        if !self.books.is_wanted(ticket.0) {
            return Err(PollError::UnknownTicket);
        }
        match self.look(Books::<N>::slot_of(ticket.0)) {
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
        self.hinted &= self.page.slots();
        while self.hinted != 0 {
            let slot = self.hinted.trailing_zeros();
            self.hinted &= self.hinted - 1;
            if self.books.is_in_flight(slot)
                && let Look::Ended(Some(completion)) = self.look(slot)
            {
                return Some(completion);
            }
        }
        None
    }

    /// Whoever had the page served was told that these slots are done: the next [`Client::reap`] looks at them.
    #[inline]
    pub fn served(&mut self, slots: u64) {
        self.hinted |= slots;
    }

    /// Takes the slots that the next [`Client::reap`] would look at, for who has tickets and looks itself.
    pub fn take_hints(&mut self) -> u64 {
        let hints = core::mem::take(&mut self.hinted) | self.page.header().take_done();
        self.under_way &= !hints;
        hints
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
        if self.entry(ticket.0).status().is(State::Done) {
            self.look(Books::<N>::slot_of(ticket.0));
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

    /// The server faulted while it served on this client's thread, and nobody else has it serve. The calls that it had taken
    /// end with [`Error::Faulted`]; those that it had not are announced again, since it may have taken the hints.
    pub fn server_faulted(&mut self) {
        self.end_taken(Error::Faulted);
        let in_flight = self.books.in_flight();
        self.served(in_flight);
        self.announce_with(self.those_in(State::Submitted, in_flight));
        self.has_left = true;
    }

    /// The kernel does not lead to the server: its capability is gone, say; no quiet pass is under way. As direct calls do then, calls that no server has
    /// taken end with `error`, are taken back and never run. Calls that a server has taken are answered by it; unless `error`
    /// is that it is gone itself, and nobody else has it serve: then those end with that which it had not blocked.
    pub fn server_refused(&mut self, error: Error) {
        if error == Error::Revoked {
            self.end_taken(error);
        }
        self.take_unannounced();
        let in_flight = self.books.in_flight();
        self.page.header().retract_submitted();
        for slot in each(in_flight) {
            if self.page.entry(slot).withdraw(error.status()) {
                self.books.note_untaken(slot);
            }
        }
        self.served(in_flight);
    }

    /// Ends calls that were being served when the service ended.
    fn end_taken(&mut self, error: Error) {
        for slot in each(self.those_in(State::Busy, self.books.in_flight())) {
            self.page.entry(slot).set_done(error.status());
        }
    }

    /// Announces what was posted, for a client that is about to have its page served and polls its tickets. Results that
    /// were announced before the last time do not count.
    #[inline]
    pub fn prepare_to_be_served(&mut self) -> Next {
        let posted = self.announce_with(0);
        let hints = self.page.header().take_done();
        if posted != 0 && hints == 0 {
            return Next::BeServed;
        }
        self.look_before_service(posted, hints)
    }

    #[cold]
    fn look_before_service(&mut self, posted: u64, hints: u64) -> Next {
        let in_flight = self.books.in_flight();
        self.hinted |= hints;
        // A hint can be late, about an earlier call in the slot.
        if self.ended(hints & in_flight) != 0 {
            Next::ResultsCame
        } else if posted == 0 && self.ended(in_flight) == in_flight {
            Next::NothingToWaitFor
        } else {
            Next::BeServed
        }
    }

    /// As [`Client::prepare_to_be_served`], for a client that may have several pages, and looks often: answers whether there is
    /// anything to serve. If not, the hints say which calls have ended.
    pub fn prepare_to_serve(&mut self) -> bool {
        // What was left, whatever hints say: they count a slot as through, and may not be about its call.
        if self.announce_with(0) != 0 || core::mem::take(&mut self.has_left) {
            return true;
        }
        self.hinted |= self.page.header().take_done();
        if self.hinted == 0 {
            self.under_way &= !self.those_in(State::Free, self.under_way);
            self.hinted = self.ended(self.under_way);
        }
        // Submitted still are those that a server left that faulted, or that does no more at once.
        self.hinted == 0 && self.those_in(State::Submitted, self.under_way) != 0
    }

    /// Whether the call was posted and is not announced, so that there is no point in looking for its result.
    #[inline]
    pub fn is_unannounced(&self, ticket: Ticket) -> bool {
        ticket.0 >= self.announced
    }

    /// Which of `slots` hold calls that have ended.
    fn ended(&self, slots: u64) -> u64 {
        self.those_in(State::Done, slots)
    }

    /// Which of `slots` hold calls in this state.
    fn those_in(&self, state: State, slots: u64) -> u64 {
        let is_in = |slot: &u32| self.page.entry(*slot).status().is(state);
        each(slots & self.page.slots()).filter(is_in).fold(0, |all, slot| all | 1 << slot)
    }

    /// Slots that are free to be allocated.
    pub fn free_slots(&self) -> u32 {
        self.books.free().count_ones()
    }

    /// A number that grows with each call that is posted.
    pub fn posted(&self) -> u64 {
        self.books.next()
    }

    /// Whether there is no slot and will never be one again, as the server broke the protocol in all of them.
    #[cold]
    pub fn is_used_up(&self) -> bool {
        self.books.are_all_retired()
    }

    /// Whether any call has not ended.
    #[cold]
    pub fn is_any_under_way(&self) -> bool {
        let in_flight = self.books.in_flight();
        self.ended(in_flight) != in_flight
    }

    /// Calls that are submitted and not collected, abandoned ones included.
    pub fn in_flight(&self) -> u32 {
        self.books.in_flight().count_ones()
    }

    #[inline]
    fn entry(&self, number: u64) -> &'a Entry<W> {
        self.page.entry_at(place_of::<N>(number))
    }

    /// Takes back the slots of calls that have ended and whose result nobody wants. Posting does so by itself when
    /// no slot is left; a client that does it whenever calls were served keeps all slots in use.
    #[inline]
    pub fn collect_abandoned(&mut self) {
        if self.books.abandoned() != 0 {
            self.collect(self.books.abandoned());
        }
    }

    #[cold]
    fn collect(&mut self, abandoned: u64) {
        let mut ended = 0;
        for slot in each(abandoned) {
            let entry = self.page.entry(slot);
            if entry.status().is(State::Done) {
                entry.set_free();
                ended |= 1 << slot;
            } else {
                self.look(slot);
            }
        }
        self.books.settle_abandoned(ended);
    }

    /// Reads the status of a call in flight once and draws the consequence.
    fn look(&mut self, slot: u32) -> Look {
        let entry = self.page.entry(slot);
        let status = entry.status();
        match status.state() {
            Some(State::Submitted | State::Busy | State::Blocked) => Look::UnderWay,
            Some(State::Done) => {
                let reply = entry.reply(status.answer(), RESULTS);
                entry.set_free();
                Look::ended(self.books.settle(slot), Ok(reply))
            }
            Some(State::Free) | None => Look::ended(self.books.retire(slot), Err(PollError::Corrupted)),
        }
    }
}

/// The slots of calls from number `first` up to `next`: those of the last round at most.
#[inline]
fn round_from<const N: usize>(first: u64, next: u64) -> u64 {
    let slots = u64::MAX >> (ENTRIES - N);
    let calls = next - first;
    if calls >= N as u64 {
        return slots;
    }
    let (set, from) = (!(u64::MAX << calls), Books::<N>::slot_of(first));
    if N == ENTRIES { set.rotate_left(from) } else { (set << from | set << from >> N) & slots }
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
