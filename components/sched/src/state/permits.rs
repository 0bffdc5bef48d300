//! What threads were found to be allowed to do to each other: asked again and again, so each remembers whom it was about last.
//!
//! A token stands for an edge of the graph and an entry for a thread of the kernel's, which is one component's for ever. So what was
//! allowed once is allowed for as long as the directory has that entry, whoever asks.

use super::PLACES;
use crate::directory::Entry;

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
