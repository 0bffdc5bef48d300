//! What threads were found to be allowed to do to each other: asked again and again, so each remembers whom it was about last.
//!
//! A token stands for an edge of the graph and an entry for a thread of the kernel's, which is one component's for ever. So what was
//! allowed once is allowed for as long as the directory has that entry, whoever asks.

use super::{PLACES, State};
use crate::directory::Entry;
use sched_interface::{Result, SchedError};

/// By the asking thread's place.
pub(super) struct Permits {
    tokens: [u64; PLACES],
    /// The entry's number; 0 if it was about nobody yet.
    whom: [u32; PLACES],
}

impl Permits {
    pub(super) const fn new() -> Self {
        Self { tokens: [0; PLACES], whom: [0; PLACES] }
    }

    /// Whether it is known that `me` may do it to `whom`, by the edge with this token.
    #[inline(always)]
    pub(super) fn is_so(&self, me: Entry, token: u64, whom: Entry) -> bool {
        let known = (self.tokens.get(me.place()), self.whom.get(me.place()));
        known.0 == Some(&token) && known.1 == Some(&whom.number().get())
    }

    /// Notes that it may.
    pub(super) fn note(&mut self, me: Entry, token: u64, whom: Entry) {
        if let (Some(known), Some(about)) = (self.tokens.get_mut(me.place()), self.whom.get_mut(me.place())) {
            (*known, *about) = (token, whom.number().get());
        }
    }
}

impl State {
    /// Whether `caller` may wake a thread on behalf of the client with this token.
    ///
    /// # Errors
    ///
    /// [`SchedError::NoSuchThread`], also if there is one that is none of the client's business.
    #[inline(always)]
    pub fn check_wake(&mut self, caller: Entry, token: u64, woken: Entry) -> Result<()> {
        if self.may_wake.is_so(caller, token, woken) { Ok(()) } else { self.look_up_wake(caller, token, woken) }
    }

    #[cold]
    #[inline(never)]
    fn look_up_wake(&mut self, caller: Entry, token: u64, woken: Entry) -> Result<()> {
        let client = self.member(woken).ok_or(SchedError::NoSuchThread)?.client;
        if !self.may_wake(token, client) {
            return Err(SchedError::NoSuchThread);
        }
        self.may_wake.note(caller, token, woken);
        Ok(())
    }

    /// The number of the client with this token: most often that of the calling thread.
    pub(super) fn number_of(&self, caller: Entry, token: u64) -> Option<usize> {
        let home = self.member(caller)?;
        if home.token == token { Some(home.client) } else { self.client(token).map(|(number, _)| number) }
    }

    /// Whether the client with this token may wake threads of this other one.
    pub fn may_wake(&self, token: u64, client: usize) -> bool {
        self.client(token).is_some_and(|(_, waker)| waker.wakes >> client & 1 != 0)
    }
}
