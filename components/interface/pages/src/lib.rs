//! The interface `pages`: a scheduler that has the syscall pages of its clients served.
//!
//! A page is named by the number that the composer gave to it and to the client;
//! [`runtime::page::Posts`] knows it and calls these methods.
#![no_std]

/// What a method of [`Pages`] answers.
pub type Result<T> = runtime::Result<T, PagesError>;

runtime::errors! {
    /// Why a scheduler does not have a page served.
    pub enum PagesError {
        NoSuchPage = 1: "the caller has no such page, or has not registered it",
        Registered = 2: "the page has been registered before",
        Unanswered = 3: "the server says again and again that there is more to do, and answers nothing",
    }
}

/// Has pages served for threads that wait for results.
#[runtime::interface]
pub trait Pages {
    /// Makes a page of the calling component known.
    fn register(&self, page: u64) -> Result<()>;

    /// Forgets a page of the calling component. It can be made known again, any number of times; what was posted stays.
    fn unregister(&self, page: u64) -> Result<()>;

    /// Has the page served on the thread that calls, and waits until one of its calls has ended. Answers the slots of calls
    /// that the server says it answered; none if they ended otherwise, and then the page's hints say which. It can return
    /// earlier. If the server answers nothing and never does, neither does this end: who waits for a time only has tasks, or user
    /// threads, that wait for both.
    fn wait(&self, page: u64) -> Result<u64>;
}

impl runtime::page::Scheduler for PagesClient {
    type Error = PagesError;

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
