//! The interface `pages`: a scheduler that has the syscall pages of its clients served.
//!
//! A page is named by the number that the composer gave to it and to the client;
//! [`runtime::page::Posts`] knows it and calls these methods.
#![no_std]

use runtime::{Error, Result};

/// Has pages served for threads that wait for results.
#[runtime::interface]
pub trait Pages {
    /// Makes a page of the calling component known.
    fn register(&self, page: u64) -> Result<()>;

    /// Forgets a page of the calling component. It can be made known again, any number of times; what was posted stays.
    fn unregister(&self, page: u64) -> Result<()>;

    /// Has the page served on the thread that calls, and waits until one of its calls has ended. Answers the slots of calls
    /// that the server says it answered; none if they ended otherwise, and then the page's hints say which. It can return
    /// earlier.
    fn wait(&self, page: u64) -> Result<u64>;
}

/// The error of a page that the caller does not have, or that has not been registered.
pub const NO_SUCH_PAGE: Error = Error::Server(1);

/// The error of a page that has been registered before.
pub const REGISTERED: Error = Error::Server(2);

impl runtime::page::Scheduler for PagesClient {
    fn register(&self, page: u64) -> Result<()> {
        Pages::register(self, page)
    }

    fn unregister(&self, page: u64) -> Result<()> {
        Pages::unregister(self, page)
    }

    #[inline]
    fn wait(&self, page: u64) -> Result<u64> {
        Pages::wait(self, page)
    }
}
