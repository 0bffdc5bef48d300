//! The memory manager: every frame that the graph leaves for run time has one owner, or none.
//!
//! It holds the page tables of its clients, and the names of the frames. A client's memory at run time lies from
//! [`abi::layout::RUN_TIME`] on, at page numbers that the manager chooses. What a client gave up can only be used again when no core
//! may still see it; the manager asks the kernel for that when it runs into it.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

mod books;
mod kernel;
mod offers;
#[cfg(test)]
mod tests;

pub use books::FRAMES;
pub use kernel::Kernel;

use abi::error::Error as KernelError;
use abi::layout::{READ, WRITE};
use abi::management::word;
use books::{Books, Use};
use core::num::NonZeroU32;
use core::ops::Range;
use kernel::{Client, Frames, address, client, page};
use memory_interface::{BUSY, IN_USE, Memory, NO_MEMORY, NOT_A_CLIENT, NOT_YOURS, TOO_MANY_OFFERS};
use offers::{Offer, Offers};
use runtime::section::Section;
use runtime::{Caller, Error, Result};

/// The manager, for one thread at a time.
pub struct Manager<K> {
    kernel: K,
    accounts: Section<Accounts>,
}

impl<K: Kernel> Manager<K> {
    /// A manager that has given nothing away.
    pub const fn new(kernel: K) -> Self {
        Self { kernel, accounts: Section::new(Accounts { books: Books::new(), offers: Offers::new() }) }
    }

    /// Checks that the books have room for what the plan says.
    ///
    /// # Errors
    ///
    /// [`NO_MEMORY`] if the graph leaves more frames to this manager than it can keep account of.
    pub fn initialise(&self) -> Result<()> {
        if self.kernel.word(word::FRAMES) > FRAMES { Err(NO_MEMORY) } else { Ok(()) }
    }

    /// The interface, as `caller` sees it.
    pub const fn serve(&self, caller: Caller) -> Served<'_, K> {
        Served { manager: self, caller }
    }
}

/// Who has what.
struct Accounts {
    books: Books,
    offers: Offers,
}

impl Accounts {
    /// Takes frames for `pages` pages in a row; `place` maps or names each. All of them, or none.
    fn take<K: Kernel>(
        &mut self,
        kernel: &K,
        client: Client,
        pages: u64,
        what: Use,
        place: impl Fn(
            &mut Frames<'_, K, &mut dyn FnMut() -> Option<u64>>,
            u64,
            u64,
        ) -> core::result::Result<(), KernelError>,
    ) -> Result<u64> {
        let left = client.quota.saturating_sub(self.books.count(client.number));
        let gap = self.gap(kernel, client, pages);
        let first = gap.filter(|_| (1..=left).contains(&pages)).ok_or(NO_MEMORY)?;
        for page in first..first + pages {
            let limit = kernel.word(word::FRAMES);
            let placed = self.books.take(limit, client.number, what, page).ok_or(NO_MEMORY).and_then(|frame| {
                let mut node = || self.books.take(limit, client.number, Use::Node, 0);
                let placed = place(&mut Frames { kernel, node: &mut node }, page, frame);
                placed.map_err(|error| {
                    self.books.free(frame);
                    error_of(error)
                })
            });
            if let Err(error) = placed {
                self.give(kernel, client, what, first..page);
                return Err(error);
            }
        }
        Ok(address(first))
    }

    /// Page numbers in a row at which nothing is in the client's address space, which others may share.
    fn gap(&self, kernel: &impl Kernel, client: Client, pages: u64) -> Option<u64> {
        let has_same = |other: usize| kernel.managed(other).is_some_and(|other| other.page_table == client.page_table);
        let shares = |other: usize| other == client.number || has_same(other);
        self.books.gap(shares, pages, self.offers.accepted(shares))
    }

    /// Gives frames back that the client has at these pages.
    fn give(&mut self, kernel: &impl Kernel, client: Client, what: Use, pages: Range<u64>) {
        let frames = Frames { kernel, node: || None };
        for page in pages {
            let Some(frame) = self.books.frame(client.number, what, page) else { continue };
            frames.unmap(client, page);
            if what == Use::Granted {
                frames.free(frame);
            }
            self.books.free(frame);
        }
    }

    /// The page numbers from `address` on, if the client uses all of them so.
    fn owned(&self, client: Client, address: u64, pages: u64, what: Use) -> Result<Range<u64>> {
        let first = page(address).ok_or(NOT_YOURS)?;
        let pages = first..first.checked_add(pages).filter(|end| *end > first).ok_or(NOT_YOURS)?;
        let most = pages.end - pages.start <= FRAMES;
        let owned = most && pages.clone().all(|page| self.books.frame(client.number, what, page).is_some());
        if owned { Ok(pages) } else { Err(NOT_YOURS) }
    }

    /// Ends all offers of these pages of the client.
    fn withdraw(&mut self, kernel: &impl Kernel, client: Client, pages: &Range<u64>) {
        let mut was_accepted = false;
        while let Some(offer) = self.offers.remove(client.number, pages) {
            was_accepted |= offer.to.is_some();
            self.unmap(kernel, offer);
        }
        if was_accepted {
            // Other cores, too, have forgotten it before this is answered.
            let _ = Frames { kernel, node: || None }.quiesce();
        }
    }

    fn unmap(&self, kernel: &impl Kernel, offer: Offer) {
        let frames = Frames { kernel, node: || None };
        let Some((number, first)) = offer.to else { return };
        let Some(to) = client(kernel, number as u64 + 1) else { return };
        (first..first + offer.pages).for_each(|page| frames.unmap(to, page));
    }

    /// Maps what is offered at pages of the client from `at` on.
    fn share(&mut self, kernel: &impl Kernel, client: Client, at: u64, offer: Offer) -> Result<()> {
        let rights = if offer.writable { READ | WRITE } else { READ };
        for number in 0..offer.pages {
            let frame = self.books.frame(offer.from, Use::Granted, offer.page + number).ok_or(NOT_YOURS)?;
            let limit = kernel.word(word::FRAMES);
            let node = || self.books.take(limit, client.number, Use::Node, 0);
            Frames { kernel, node }.alias(client, at + number, frame, rights).map_err(error_of)?;
        }
        Ok(())
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
        let mut accounts = self.manager.accounts.enter(who).map_err(|_| BUSY)?;
        let client = client(&self.manager.kernel, self.caller.token).ok_or(NOT_A_CLIENT)?;
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
            accounts.withdraw(kernel, client, &pages);
            accounts.give(kernel, client, Use::Granted, pages);
            Ok(())
        })
    }

    fn offer(&self, address: u64, pages: u64, writable: bool) -> Result<()> {
        self.with(|accounts, _, client| {
            let pages = accounts.owned(client, address, pages, Use::Granted)?;
            let offer =
                Offer { from: client.number, page: pages.start, pages: pages.end - pages.start, writable, to: None };
            accounts.offers.add(offer).ok_or(TOO_MANY_OFFERS)
        })
    }

    fn accept(&self, from: u64, at: u64) -> Result<(u64, u64)> {
        self.with(|accounts, kernel, client| {
            let owner = kernel::client(kernel, from).ok_or(NOT_YOURS)?;
            let offer = page(at).and_then(|page| accounts.offers.find(owner.number, page)).ok_or(NOT_YOURS)?;
            if !kernel.are_connected(owner.number, client.number) {
                return Err(NOT_YOURS);
            }
            let first = accounts.gap(kernel, client, offer.pages).ok_or(NO_MEMORY)?;
            let accepted = Offer { to: Some((client.number, first)), ..offer };
            accounts.offers.add(accepted).ok_or(TOO_MANY_OFFERS)?;
            if let Err(error) = accounts.share(kernel, client, first, offer) {
                accounts.unmap(kernel, accepted);
                accounts.offers.forget(accepted);
                return Err(error);
            }
            Ok((address(first), offer.pages))
        })
    }

    fn take_back(&self, address: u64) -> Result<()> {
        self.with(|accounts, kernel, client| {
            let offer = page(address).and_then(|page| accounts.offers.find(client.number, page)).ok_or(NOT_YOURS)?;
            accounts.withdraw(kernel, client, &(offer.page..offer.page + offer.pages));
            Ok(())
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
            let lent = Frames { kernel, node: || None };
            // Only what is nobody's object can be cleared.
            for page in pages.clone() {
                let frame = accounts.books.frame(client.number, Use::Lent, page).ok_or(NOT_YOURS)?;
                lent.clean(frame).map_err(|_| IN_USE)?;
            }
            accounts.give(kernel, client, Use::Lent, pages);
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

/// What the kernel refused, to a client: without memory for page tables there is none for pages.
fn error_of(error: KernelError) -> Error {
    if error == KernelError::NoFrame { NO_MEMORY } else { Error::Kernel(error) }
}
