//! Collecting results, or giving them up.

use super::{Client, Completion, PollError, Ticket};
use crate::books::{Books, each};
use crate::layout::RESULTS;
use crate::request::Reply;
use crate::status::{State, Status};
use crate::word::Word;

impl<W: Word, const N: usize> Client<'_, W, N> {
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
