//! What can go wrong with a page, beyond what can with a call.

use abi::crossing::SERVER_STATUS;
use core::fmt;
use syscall_page::{PollError, PostError};

/// Why a page does not do what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum PageError {
    /// The scheduler does not have the page served: it does not know it, say.
    NotServed = SERVER_STATUS - 7,
    /// No such call is under way: its result was taken before.
    UnknownCall = SERVER_STATUS - 6,
    /// Every slot is in use: take results, flush, or wait, and post again.
    Exhausted = SERVER_STATUS - 5,
    /// The call has no result yet.
    NotDone = SERVER_STATUS - 4,
    /// The server broke the protocol; the call has no result, and its slot is not used again.
    Corrupted = SERVER_STATUS - 3,
    /// The page is open already.
    Open = SERVER_STATUS - 2,
}

impl PageError {
    const ALL: [Self; 6] =
        [Self::NotServed, Self::UnknownCall, Self::Exhausted, Self::NotDone, Self::Corrupted, Self::Open];

    /// The status as which this error travels.
    pub const fn status(self) -> u16 {
        self as u16
    }

    /// The error that `status` stands for, if it is one of these.
    pub(crate) const fn from_status(status: u16) -> Option<Self> {
        let mut at = 0;
        while at < Self::ALL.len() {
            if Self::ALL[at].status() == status {
                return Some(Self::ALL[at]);
            }
            at += 1;
        }
        None
    }
}

impl fmt::Display for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotServed => "the scheduler does not have the page served",
            Self::UnknownCall => "no such call is under way",
            Self::Exhausted => "every slot of the page is in use",
            Self::NotDone => "the call has no result yet",
            Self::Corrupted => "the server broke the page's protocol",
            Self::Open => "the page is open already",
        })
    }
}

impl From<PostError> for PageError {
    fn from(PostError::Exhausted: PostError) -> Self {
        Self::Exhausted
    }
}

impl From<PollError> for PageError {
    fn from(error: PollError) -> Self {
        match error {
            PollError::UnknownTicket => Self::UnknownCall,
            PollError::Corrupted => Self::Corrupted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_round_trip_below_the_servers_own() {
        for error in PageError::ALL {
            assert_eq!(PageError::from_status(error.status()), Some(error));
            assert!(abi::error::Error::from_status(error.status()).is_none() && error.status() < SERVER_STATUS - 1);
        }
        assert_eq!(PageError::from_status(0), None);
    }
}
