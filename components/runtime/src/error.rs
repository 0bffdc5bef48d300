//! What can go wrong with a call, and the status as which it travels.
//!
//! Three types say it, each as much as its place can know:
//!
//! | type | is | for |
//! |---|---|---|
//! | an enum made by [`errors!`](crate::errors) | an interface's own errors, and [`CallError`] | methods of that interface |
//! | [`CallError`] | what the kernel or a page says of any call | a part of those |
//! | [`Error`] | any of these, with its name | whoever handles none of them, as a `main` does |
//!
//! Numbers of one interface mean nothing in another. So an enum becomes an [`Error`] by `?`, which remembers whose it was, and only
//! [`Error::downcast`] to the same enum leads back; any other gets [`CallError::Unknown`] of it.

mod call;
mod named;

pub use call::{CallError, Failure};
pub use named::{Named, Names, Refusal};

use crate::page::PageError;
use abi::crossing::SERVER_STATUS;
use core::fmt;

/// Why a call did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The kernel refused it, or unwound it because the server faulted.
    Kernel(abi::error::Error),
    /// The server refused it, for a reason that its interface names.
    Server(Refusal),
    /// It was not posted to a page, or has no result there.
    Page(PageError),
    /// A status that neither the kernel nor the interface defines, or an error of another interface.
    Unknown,
}

/// What a call answers: `E` is the interface's own type, or one for all interfaces.
pub type Result<T, E = Error> = core::result::Result<T, E>;

impl Error {
    /// The status as which a thread ends that ends with this error; never 0. Codes of servers that do
    /// not fit above [`SERVER_STATUS`] become the highest that does.
    pub const fn status(self) -> u16 {
        match self {
            Self::Kernel(error) => error.status(),
            Self::Server(refusal) => refusal.status(),
            Self::Page(error) => error.status(),
            Self::Unknown => CallError::Unknown.status(),
        }
    }

    /// An error of which only a number is known: nobody else's, so none of an interface.
    pub const fn numbered(code: u16) -> Self {
        Self::Server(Refusal::numbered(code))
    }

    /// What `status` means, of which nobody says whose it is.
    ///
    /// # Errors
    ///
    /// Every status but 0 is one.
    #[inline]
    pub fn check(status: u16) -> Result<()> {
        <Self as Failure>::check(status)
    }

    /// The error of an interface that this is, if it is one of `E`: what `?` has made an [`Error`] of, or what the kernel says.
    pub fn downcast<E: Failure>(self) -> Option<E> {
        E::from_error(self)
    }
}

/// Of methods that name no errors: only the kernel's and a page's arrive, and numbers without a name.
impl Failure for Error {
    fn into_status(self) -> u16 {
        match self {
            Self::Server(refusal) if refusal.is_named() => CallError::Unknown.status(),
            error => error.status(),
        }
    }

    #[cold]
    #[inline(never)]
    fn from_status(status: u16) -> Self {
        match status.checked_sub(SERVER_STATUS) {
            Some(code) => Self::Server(Refusal::numbered(code)),
            None => CallError::from_status(status).into(),
        }
    }

    fn from_error(error: Error) -> Option<Self> {
        Some(error)
    }
}

impl From<CallError> for Error {
    #[cold]
    #[inline(never)]
    fn from(error: CallError) -> Self {
        match error {
            CallError::Kernel(error) => Self::Kernel(error),
            CallError::Page(error) => Self::Page(error),
            CallError::Unknown => Self::Unknown,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kernel(error) => error.fmt(f),
            Self::Server(refusal) => refusal.fmt(f),
            Self::Page(error) => error.fmt(f),
            Self::Unknown => CallError::Unknown.fmt(f),
        }
    }
}

impl core::error::Error for Error {}

#[cfg(test)]
mod tests;
