//! The interface `pages`: a client that waits has its page served here, on its own thread.
//!
//! The client's thread comes in, goes on into the server's batch entry and comes back: what that costs, the client pays,
//! at its own priority. It is blocked only if none of its calls ended, because their methods wait for something.

use crate::{Call, Machine, Scheduler};
use abi::page::{MORE, PageEdge};
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;
use pages_interface::{NO_SUCH_PAGE, Pages, REGISTERED};
use runtime::scheduling::Plan;
use runtime::Result;
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

impl<M: Pager> Scheduler<M> {
    /// The error of a page that is not one of the client with this token.
    fn check_page(&self, token: u64, number: u64) -> Result<()> {
        let page = self.machine.page(number).filter(|page| page.client == token);
        page.map(|_| ()).ok_or(NO_SUCH_PAGE)
    }
}

impl<M: Machine + Pager> Pages for Call<'_, M> {
    fn register(&self, page: u64) -> Result<()> {
        self.scheduler.check_page(self.caller.token, page)?;
        self.scheduler.registered.add(page)
    }

    fn wait(&self, page: u64, epoch: u64) -> Result<()> {
        self.scheduler.check_page(self.caller.token, page)?;
        if !self.scheduler.registered.holds(page) {
            return Err(NO_SUCH_PAGE);
        }
        let [_, flags] = self.scheduler.machine.serve(page)?;
        // With more to serve, the client comes again: a pass is bounded.
        while flags & MORE == 0 && self.scheduler.machine.waits_on(page, epoch) {
            self.block()?;
        }
        Ok(())
    }
}
