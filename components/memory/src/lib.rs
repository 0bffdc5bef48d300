//! The memory manager: every frame that the graph leaves for run time has one owner, or none.
//!
//! It holds the page tables of its clients, and the names of the frames. A client's memory at run time lies from
//! [`abi::layout::RUN_TIME`] on, at page numbers that the manager chooses. What a client gave up can only be used again when no core
//! may still see it; the manager asks the kernel for that when it runs into it.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

mod accounts;
mod books;
mod kernel;
mod offers;
mod regions;
#[cfg(test)]
mod tests;

pub use kernel::Kernel;

use abi::management::{MOST_FRAMES, word};
use accounts::Accounts;
use books::Use;
use core::num::NonZeroU32;
use kernel::{Client, Frames, client};
use memory_interface::{Memory, MemoryError, Result};
use runtime::Caller;
use runtime::section::Section;

/// The manager, for one thread at a time.
pub struct Manager<K> {
    kernel: K,
    accounts: Section<Accounts>,
}

impl<K: Kernel> Manager<K> {
    /// A manager that has given nothing away.
    pub const fn new(kernel: K) -> Self {
        Self { kernel, accounts: Section::new(Accounts::new()) }
    }

    /// Checks that the books have room for what the plan says.
    ///
    /// # Errors
    ///
    /// [`MemoryError::NoMemory`] if the graph leaves more frames to this manager than it can keep account of.
    pub fn initialise(&self) -> Result<()> {
        if self.kernel.word(word::FRAMES) > MOST_FRAMES { Err(MemoryError::NoMemory) } else { Ok(()) }
    }

    /// The interface, as `caller` sees it.
    pub const fn serve(&self, caller: Caller) -> Served<'_, K> {
        Served { manager: self, caller }
    }
}

/// The interface, for one caller.
pub struct Served<'m, K> {
    manager: &'m Manager<K>,
    caller: Caller,
}

impl<K: Kernel> Served<'_, K> {
    /// Does something with the accounts, for the calling client.
    fn with<T>(&self, body: impl FnOnce(&mut Accounts, &K, Client) -> Result<T>) -> Result<T> {
        let who = NonZeroU32::MIN.saturating_add(self.caller.thread);
        let mut accounts = self.manager.accounts.enter(who).map_err(|_| MemoryError::Busy)?;
        let client = client(&self.manager.kernel, self.caller.token).ok_or(MemoryError::NotAClient)?;
        body(&mut accounts, &self.manager.kernel, client)
    }
}

impl<K: Kernel> Memory for Served<'_, K> {
    fn grant(&self, pages: u64) -> Result<u64> {
        self.with(|accounts, kernel, client| {
            accounts.take(kernel, client, pages, Use::Granted, |frames, page, frame| frames.map(client, page, frame))
        })
    }

    fn give_back(&self, address: u64, pages: u64) -> Result<()> {
        self.with(|accounts, kernel, client| {
            let pages = accounts.owned(client, address, pages, Use::Granted)?;
            accounts.withdraw(kernel, |offer| offer.overlaps(client.number, &pages))?;
            accounts.free(kernel, client, Use::Granted, pages);
            Ok(())
        })
    }

    fn token(&self) -> Result<u64> {
        self.with(|_, _, _| Ok(self.caller.token))
    }

    fn offer(&self, address: u64, pages: u64, to: u64, writable: bool) -> Result<()> {
        self.with(|accounts, kernel, client| {
            let pages = accounts.owned(client, address, pages, Use::Granted)?;
            accounts.offer(kernel, client, &pages, to, writable)
        })
    }

    fn accept(&self, from: u64, address: u64, writable: bool) -> Result<(u64, u64)> {
        self.with(|accounts, kernel, client| accounts.accept(kernel, client, (from, address), writable))
    }

    fn release(&self, address: u64) -> Result<()> {
        self.with(|accounts, kernel, client| accounts.release(kernel, client, address))
    }

    fn give(&self, address: u64, pages: u64, to: u64) -> Result<()> {
        self.with(|accounts, kernel, client| {
            let pages = accounts.owned(client, address, pages, Use::Granted)?;
            accounts.give(kernel, client, &pages, to)
        })
    }

    fn take(&self, from: u64, address: u64) -> Result<(u64, u64)> {
        self.with(|accounts, kernel, client| accounts.take_over(kernel, client, (from, address)))
    }

    fn take_back(&self, address: u64) -> Result<()> {
        self.with(|accounts, kernel, client| accounts.take_back(kernel, client, address))
    }

    fn end(&self, component: u64) -> Result<()> {
        self.with(|accounts, kernel, maker| {
            let dead = client(kernel, component).ok_or(MemoryError::NotAClient)?;
            if dead.maker != maker.number as u64 + 1 {
                return Err(MemoryError::NotPermitted);
            }
            accounts.end(kernel, dead)
        })
    }

    fn lend(&self, frames: u64) -> Result<u64> {
        self.with(|accounts, kernel, client| {
            accounts.take(kernel, client, frames, Use::Lent, |frames, page, frame| frames.lend(client, page, frame))
        })
    }

    fn settle(&self, address: u64, frames: u64) -> Result<()> {
        self.with(|accounts, kernel, client| {
            let pages = accounts.owned(client, address, frames, Use::Lent)?;
            let lent = Frames { kernel, node: |_| None };
            // Only what is nobody's object can be cleared.
            for page in pages.clone() {
                let frame = accounts.books.frame(client.number, Use::Lent, page).ok_or(MemoryError::NotYours)?;
                lent.clean(frame).map_err(|_| MemoryError::InUse)?;
            }
            accounts.free(kernel, client, Use::Lent, pages);
            Ok(())
        })
    }

    fn left(&self) -> Result<(u64, u64)> {
        self.with(|accounts, _, client| {
            let has = accounts.books.count(client.number);
            Ok((client.quota.saturating_sub(has), has))
        })
    }
}
