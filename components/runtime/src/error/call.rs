//! What can go wrong with any call, whichever interface it is of.

use super::Error;
use crate::page::PageError;
use abi::crossing::SERVER_STATUS;
use core::fmt;

/// Why a call did not succeed, if that was not the server's decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallError {
    /// The kernel refused it, or unwound it because the server faulted.
    Kernel(abi::error::Error),
    /// It was not posted to a page, or has no result there.
    Page(PageError),
    /// A status that neither the kernel nor the interface defines. It is also what a client gets to see of an error of another interface,
    /// which its server met in turn.
    Unknown,
}

impl CallError {
    /// The status of [`CallError::Unknown`]: the last below the servers' own.
    const UNKNOWN: u16 = SERVER_STATUS - 1;

    /// The status as which this travels; never 0.
    pub const fn status(self) -> u16 {
        match self {
            Self::Kernel(error) => error.status(),
            Self::Page(error) => error.status(),
            Self::Unknown => Self::UNKNOWN,
        }
    }

    /// What `status` means, where no interface has a say.
    ///
    /// # Errors
    ///
    /// Every status but 0 is one.
    #[inline]
    pub const fn check(status: u16) -> Result<(), Self> {
        if status == 0 { Ok(()) } else { Err(Self::from_status(status)) }
    }

    /// What a status is that no interface defines.
    #[cold]
    #[inline(never)]
    pub const fn from_status(status: u16) -> Self {
        match (abi::error::Error::from_status(status), PageError::from_status(status)) {
            (Some(error), _) => Self::Kernel(error),
            (None, Some(error)) => Self::Page(error),
            (None, None) => Self::Unknown,
        }
    }
}

impl From<abi::error::Error> for CallError {
    fn from(error: abi::error::Error) -> Self {
        Self::Kernel(error)
    }
}

/// Only what any call can fail with is known of an error of who knows which interface.
impl From<Error> for CallError {
    #[cold]
    #[inline(never)]
    fn from(error: Error) -> Self {
        match error {
            Error::Kernel(error) => Self::Kernel(error),
            Error::Page(error) => Self::Page(error),
            Error::Server(_) | Error::Unknown => Self::Unknown,
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kernel(error) => error.fmt(f),
            Self::Page(error) => error.fmt(f),
            Self::Unknown => f.write_str("unknown status"),
        }
    }
}

impl core::error::Error for CallError {}

/// What a method of an interface can fail with: an enum made by [`errors!`](crate::errors), or [`Error`] if it names none.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no error that a call can fail with",
    label = "not made by `runtime::errors!`",
    note = "a method of an interface returns `runtime::Result<T>`, or `Result<T, E>` with an `E` made by `runtime::errors!`"
)]
pub trait Failure: Copy + From<Error> + From<CallError> {
    /// The status as which it travels; never 0.
    fn into_status(self) -> u16;

    /// What a status other than 0 stands for.
    fn from_status(status: u16) -> Self;

    /// What `error` is of this type, if it is anything.
    fn from_error(error: Error) -> Option<Self>;

    /// What `status` means.
    ///
    /// # Errors
    ///
    /// Every status but 0 is one.
    #[inline]
    fn check(status: u16) -> Result<(), Self> {
        if status == 0 { Ok(()) } else { Err(Self::from_status(status)) }
    }
}
