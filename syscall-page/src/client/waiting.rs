//! What a client does before it has its page served, or sleeps.

use super::{Client, Next};
use crate::header::Sleep;
use crate::status::State;
use crate::word::Word;

impl<W: Word, const N: usize> Client<'_, W, N> {
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
        self.hinted |= hints;
        // A hint can be late, about an earlier call in the slot; behind a call that a worker has answered, it mostly is.
        if self.ended(self.books.in_flight_among(hints)) != 0 {
            Next::ResultsCame
        } else if posted == 0 && !self.is_any_under_way() {
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
}
