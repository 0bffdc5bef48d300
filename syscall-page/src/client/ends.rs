//! What becomes of calls when the server faults, or is not led to any more.

use super::Client;
use crate::books::each;
use crate::status::State;
use crate::word::Word;
use abi::error::Error;

impl<W: Word, const N: usize> Client<'_, W, N> {
    /// The server faulted while it served on this client's thread, and nobody else has it serve. The calls that it had taken
    /// end with [`Error::Faulted`]. If it shows none that it had, the first that it had not ends so, is taken back and never runs: a
    /// server that always faults is through with the page sooner or later. Those behind are announced again, since it may have
    /// taken the hints.
    ///
    /// Answers whether a call has ended so. If not, all that are left wait in the server, as that says.
    pub fn server_faulted(&mut self) -> bool {
        let any = self.end_taken(Error::Faulted) || self.end_the_first(Error::Faulted);
        let in_flight = self.books.in_flight();
        self.served(in_flight);
        self.announce_with(self.those_in(State::Submitted, in_flight));
        self.has_left = true;
        any
    }

    /// The kernel does not lead to the server: its capability is gone, say; no quiet pass is under way. As direct calls do then,
    /// calls that no server has taken end with `error`, are taken back and never run. Calls that a server has taken are answered
    /// by it; unless `error` is that it is gone itself, and nobody else has it serve: then those end with that which it had not
    /// blocked.
    pub fn server_refused(&mut self, error: Error) {
        if error == Error::Revoked {
            self.end_taken(error);
        }
        self.take_unannounced();
        let in_flight = self.books.in_flight();
        self.page.header().retract_submitted();
        for slot in each(in_flight) {
            self.withdraw(slot, error);
        }
        self.served(in_flight);
    }

    /// Ends calls that were being served when the service ended. Answers whether there were any.
    fn end_taken(&mut self, error: Error) -> bool {
        let taken = self.those_in(State::Busy, self.books.in_flight());
        for slot in each(taken) {
            self.page.entry(slot).set_done(error.status());
        }
        taken != 0
    }

    /// Ends the first call that was announced and that no server has taken, if there is one. What else was announced is to be
    /// announced again.
    fn end_the_first(&mut self, error: Error) -> bool {
        let submitted = self.those_in(State::Submitted, self.books.in_flight());
        let first = self.books.first(submitted).filter(|(number, _)| *number < self.announced);
        self.page.header().retract_submitted();
        first.is_some_and(|(_, slot)| self.withdraw(slot, error))
    }

    /// Takes a call back and ends it, if no server has it.
    fn withdraw(&mut self, slot: u32, error: Error) -> bool {
        let is_taken_back = self.page.entry(slot).withdraw(error.status());
        if is_taken_back {
            self.books.note_untaken(slot);
        }
        is_taken_back
    }
}
