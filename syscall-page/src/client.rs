//! The client's side: post, go on with something else, collect results.
//!
//! What a client decides with is in its books, which are its own memory: which
//! slots are free, which calls it made, whose result is wanted, which token
//! belongs to which. From the page it takes two things only: *done or not* and
//! the result. A hostile server can give wrong results or none; it cannot make
//! a client hand out a slot twice, mistake one call for another, or fail.
//!
//! | question | module |
//! |---|---|
//! | how does a call come to be posted, and announced? | `posting` |
//! | how does a result come back, or is given up? | `results` |
//! | what does a client do before it waits? | `waiting` |
//! | what if the server faults, or is gone? | `ends` |

use crate::books::{Books, NO_CALL, each, place_of};
use crate::entry::Entry;
use crate::layout::ENTRIES;
use crate::page::Page;
use crate::request::Reply;
use crate::status::State;
use crate::word::Word;

mod ends;
mod posting;
mod results;
mod waiting;

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
