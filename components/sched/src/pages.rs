//! The interface `pages`: a client that waits has its page served here, on its own thread.
//!
//! The client's thread comes in, goes on into the server's batch entry and comes back: what that costs, the client pays,
//! at its own priority. It is blocked only if none of its calls ended, because their methods wait for something.

use abi::page::{MORE, PageEdge};
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;
use pages_interface::{NO_SUCH_PAGE, Pages, REGISTERED};
use runtime::Result;
use runtime::scheduling::Plan;
use sched_interface::Sched;

/// Pages that a scheduler has room for.
pub const PAGES: usize = 1024;

/// What serving pages needs of the plan.
pub trait Pager {
    /// The page with this number.
    fn page(&self, number: u64) -> Option<PageEdge>;

    /// Has it served; answers what the batch entry answers.
    ///
    /// # Errors
    ///
    /// The kernel's and the server's.
    fn serve(&self, number: u64) -> Result<[u64; 2]>;

    /// Whether its client still waits on `epoch`.
    fn waits_on(&self, number: u64, epoch: u64) -> bool;
}

impl Pager for &Plan {
    fn page(&self, number: u64) -> Option<PageEdge> {
        Plan::page(self, number)
    }

    fn serve(&self, number: u64) -> Result<[u64; 2]> {
        Plan::serve(self, number)
    }

    fn waits_on(&self, number: u64, epoch: u64) -> bool {
        Plan::waits_on(self, number, epoch)
    }
}

/// Which pages are registered: a bit for each.
pub struct Registered([AtomicU64; PAGES / 64]);

impl Registered {
    /// None.
    pub const fn new() -> Self {
        Self([const { AtomicU64::new(0) }; PAGES / 64])
    }

    fn place(&self, number: u64) -> Option<(&AtomicU64, u64)> {
        Some((self.0.get(usize::try_from(number / 64).ok()?)?, 1 << (number % 64)))
    }

    fn add(&self, number: u64) -> Result<()> {
        let (word, bit) = self.place(number).ok_or(NO_SUCH_PAGE)?;
        if word.fetch_or(bit, Relaxed) & bit == 0 { Ok(()) } else { Err(REGISTERED) }
    }

    fn holds(&self, number: u64) -> bool {
        self.place(number).is_some_and(|(word, bit)| word.load(Relaxed) & bit != 0)
    }
}

impl Default for Registered {
    fn default() -> Self {
        Self::new()
    }
}

/// An invocation of a scheduler about a page.
pub struct Paged<'s, S, P> {
    /// Lets the calling thread wait.
    pub sched: S,
    /// The pages.
    pub pager: P,
    /// Which of them are registered.
    pub registered: &'s Registered,
    /// The token of the calling component.
    pub token: u64,
}

impl<S, P: Pager> Paged<'_, S, P> {
    fn check(&self, number: u64) -> Result<()> {
        let page = self.pager.page(number).filter(|page| page.client == self.token);
        page.map(|_| ()).ok_or(NO_SUCH_PAGE)
    }
}

impl<S: Sched, P: Pager> Pages for Paged<'_, S, P> {
    fn register(&self, page: u64) -> Result<()> {
        self.check(page)?;
        self.registered.add(page)
    }

    fn wait(&self, page: u64, epoch: u64) -> Result<()> {
        self.check(page)?;
        if !self.registered.holds(page) {
            return Err(NO_SUCH_PAGE);
        }
        let [_, flags] = self.pager.serve(page)?;
        // With more to serve, the client comes again: a pass is bounded.
        while flags & MORE == 0 && self.pager.waits_on(page, epoch) {
            self.sched.block()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
