//! What can go wrong with a call, and the status as which it travels.

use crate::page::PageError;
use abi::crossing::SERVER_STATUS;
use core::fmt;

/// Why a call did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The kernel refused it, or unwound it because the server faulted.
    Kernel(abi::error::Error),
    /// The server refused it, with a code that the interface defines.
    Server(u16),
    /// It was not posted to a page, or has no result there.
    Page(PageError),
    /// A status that neither the kernel nor any interface defines.
    Unknown,
}

/// What a call answers.
pub type Result<T> = core::result::Result<T, Error>;

impl Error {
    /// The status of [`Error::Unknown`]: the last below the servers' own.
    const UNKNOWN: u16 = SERVER_STATUS - 1;

    /// The status as which this error travels; never 0. Server codes that do
    /// not fit above [`SERVER_STATUS`] become the highest that does.
    pub const fn status(self) -> u16 {
        match self {
            Self::Kernel(error) => error.status(),
            Self::Server(code) => SERVER_STATUS.saturating_add(code),
            Self::Page(error) => error.status(),
            Self::Unknown => Self::UNKNOWN,
        }
    }

    /// What `status` means.
    ///
    /// # Errors
    ///
    /// Every status but 0 is one.
    #[inline]
    pub const fn check(status: u16) -> Result<()> {
        if status == 0 { Ok(()) } else { Err(Self::from_status(status)) }
    }

    /// The error that a status other than 0 stands for.
    #[cold]
    #[inline(never)]
    const fn from_status(status: u16) -> Self {
        if status >= SERVER_STATUS {
            return Self::Server(status - SERVER_STATUS);
        }
        match (abi::error::Error::from_status(status), PageError::from_status(status)) {
            (Some(error), _) => Self::Kernel(error),
            (None, Some(error)) => Self::Page(error),
            (None, None) => Self::Unknown,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kernel(error) => error.fmt(f),
            Self::Server(code) => write!(f, "the server's error {code}"),
            Self::Page(error) => error.fmt(f),
            Self::Unknown => f.write_str("unknown status"),
        }
    }
}

impl core::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_is_one_error_and_travels_on_unchanged() {
        assert_eq!(Error::check(0), Ok(()));
        for status in 1..=u16::MAX {
            let error = Error::check(status).unwrap_err();
            let known = error != Error::Unknown;
            assert_eq!(error.status(), if known { status } else { Error::UNKNOWN });
        }
    }

    #[test]
    fn no_error_travels_as_success() {
        for code in 0..=u16::MAX {
            assert!(Error::Server(code).status() >= SERVER_STATUS);
        }
        assert_ne!(Error::Unknown.status(), 0);
    }

    #[test]
    fn the_kernel_and_the_server_are_told_apart() {
        let faulted = abi::error::Error::Faulted;
        assert_eq!(Error::check(faulted.status()), Err(Error::Kernel(faulted)));
        assert_eq!(Error::check(SERVER_STATUS + 3), Err(Error::Server(3)));
        assert_eq!(Error::check(SERVER_STATUS - 7), Err(Error::Unknown));
    }
}
