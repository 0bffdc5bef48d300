//! Posting calls, and showing the server that they are there.

use super::{Client, PostError, Ticket};
use crate::books::Books;
use crate::entry::Entry;
use crate::layout::ENTRIES;
use crate::request::Request;
use crate::status::State;
use crate::word::Word;

impl<'a, W: Word, const N: usize> Client<'a, W, N> {
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
    pub(super) fn announce_with(&mut self, slots: u64) -> u64 {
        let slots = slots | self.take_unannounced();
        if slots != 0 {
            self.under_way |= slots;
            self.page.header().hint_submitted(slots);
        }
        slots
    }

    #[inline]
    pub(super) fn take_unannounced(&mut self) -> u64 {
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
