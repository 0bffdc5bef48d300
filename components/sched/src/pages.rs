//! The interface `pages`: a client that waits has its page served here, on its own thread.
//!
//! The client's thread comes in, goes on into the server's batch entry and comes back: what that costs, the client pays,
//! at its own priority. It is blocked only if none of its calls ended, because their methods wait for something.

use abi::page::{ENTRIES, MORE, PageEdge};
use abi::plan::PAGES;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;
use pages_interface::{Pages, PagesError, Result};
use runtime::Error;
use runtime::scheduling::Plan;
use sched_interface::Sched;

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

    /// Says for its client that it waits; the epoch to sleep on, or `None` if results came meanwhile.
    fn wait_for_client(&self, number: u64) -> Option<u64>;

    /// Whether its client still waits on `epoch`.
    fn waits_on(&self, number: u64, epoch: u64) -> bool;
}

impl Pager for &Plan {
    fn page(&self, number: u64) -> Option<PageEdge> {
        Plan::page(self, number)
    }

    fn serve(&self, number: u64) -> Result<[u64; 2]> {
        Ok(Plan::serve(self, number)?)
    }

    fn wait_for_client(&self, number: u64) -> Option<u64> {
        Plan::wait_for_client(self, number)
    }

    fn waits_on(&self, number: u64, epoch: u64) -> bool {
        Plan::waits_on(self, number, epoch)
    }
}

/// Which pages are registered: for each, the number behind the token of its client, or 0. Tokens are numbers of components, so none is
/// the last number.
pub struct Registered([AtomicU64; PAGES]);

impl Registered {
    /// None.
    pub const fn new() -> Self {
        Self([const { AtomicU64::new(0) }; PAGES])
    }

    fn add(&self, number: u64, client: u64) -> Result<()> {
        let place = self.0.get(number as usize).ok_or(PagesError::NoSuchPage)?;
        match place.compare_exchange(0, client + 1, Relaxed, Relaxed) {
            Ok(_) => Ok(()),
            Err(_) => Err(PagesError::Registered),
        }
    }

    fn remove(&self, number: u64, client: u64) -> Result<()> {
        let place = self.0.get(number as usize).ok_or(PagesError::NoSuchPage)?;
        place.compare_exchange(client + 1, 0, Relaxed, Relaxed).map(drop).map_err(|_| PagesError::NoSuchPage)
    }

    #[inline]
    fn holds(&self, number: u64, client: u64) -> bool {
        self.0.get(number as usize).is_some_and(|place| place.load(Relaxed) == client + 1)
    }
}

impl Default for Registered {
    fn default() -> Self {
        Self::new()
    }
}

/// An invocation of a scheduler about a page.
pub struct Paged<'s, F, P> {
    /// What lets the calling thread wait.
    pub sched: F,
    /// The pages.
    pub pager: P,
    /// Which of them are registered.
    pub registered: &'s Registered,
    /// The token of the calling component.
    pub token: u64,
}

/// Nothing was answered. If there is more to serve, that is served; if not, the client waits. (It is handed copies, so that who need not
/// wait has them nowhere but in registers.)
#[cold]
#[inline(never)]
fn serve_or_sleep<S: Sched>(sched: impl Fn() -> S, pager: impl Pager, page: u64, more: bool) -> Result<u64> {
    let done = if more { serve_more(&pager, page)? } else { 0 };
    if done == 0
        && let Some(epoch) = pager.wait_for_client(page)
        && pager.waits_on(page, epoch)
    {
        sched().block().map_err(Error::from)?;
    }
    Ok(done)
}

/// A pass that answers nothing has left a call to a worker, if there was any, and a page has no more than so many.
fn serve_more(pager: &impl Pager, page: u64) -> Result<u64> {
    for _ in 0..ENTRIES {
        let [done, flags] = pager.serve(page)?;
        if done != 0 || flags & MORE == 0 {
            return Ok(done);
        }
    }
    Err(PagesError::Unanswered)
}

impl<S: Sched, F: Fn() -> S + Copy, P: Pager + Copy> Pages for Paged<'_, F, P> {
    fn register(&self, page: u64) -> Result<()> {
        if self.pager.page(page).is_none_or(|page| page.client != self.token) {
            return Err(PagesError::NoSuchPage);
        }
        self.registered.add(page, self.token)
    }

    fn unregister(&self, page: u64) -> Result<()> {
        self.registered.remove(page, self.token)
    }

    fn wait(&self, page: u64) -> Result<u64> {
        if !self.registered.holds(page, self.token) {
            return Err(PagesError::NoSuchPage);
        }
        let [done, flags] = self.pager.serve(page)?;
        if done != 0 {
            return Ok(done);
        }
        serve_or_sleep(self.sched, self.pager, page, flags & MORE != 0)
    }
}

#[cfg(test)]
mod tests;
