//! Regions: pages of one client that another maps, or takes over, as far as the graph lets it; and how that ends.
//!
//! What was mapped is unmapped before its owner is answered: on every core, so that nobody reaches it any more.

use crate::accounts::{Accounts, error_of};
use crate::books::Use;
use crate::kernel::{Client, Frames, Kernel, address, client, page};
use crate::offers::{Kind, Offer};
use abi::error::Error as KernelError;
use abi::layout::{READ, WRITE};
use abi::management::word;
use core::ops::Range;
use memory_interface::{MemoryError, Result};

impl Accounts {
    /// Offers pages of the client to the one with the token `to`.
    pub fn offer(
        &mut self,
        kernel: &impl Kernel,
        from: Client,
        pages: &Range<u64>,
        to: u64,
        writable: bool,
    ) -> Result<()> {
        let to = neighbour(kernel, from, to)?;
        // Whoever is offered a page is offered it once, so that nobody has more mapped than others have.
        if self.offers.all().any(|offer| offer.to == to.number && offer.overlaps(from.number, pages)) {
            return Err(MemoryError::TooManyOffers);
        }
        self.add(from, pages, to, Kind::Lent { writable })
    }

    /// Takes pages away from the client, for the one with the token `to`; nobody can take them while a core may still see them there.
    pub fn give(&mut self, kernel: &impl Kernel, from: Client, pages: &Range<u64>, to: u64) -> Result<()> {
        let to = neighbour(kernel, from, to)?;
        self.withdraw(kernel, |offer| offer.overlaps(from.number, pages))?;
        self.add(from, pages, to, Kind::Given)?;
        let frames = Frames { kernel, node: |_| None };
        for page in pages.clone() {
            frames.unmap(from, page);
            self.reuse((from, Use::Granted, page), (from, Use::Given, page))?;
        }
        self.is_settled = quiesce(kernel).is_ok();
        Ok(())
    }

    fn add(&mut self, from: Client, pages: &Range<u64>, to: Client, kind: Kind) -> Result<()> {
        let (page, count) = (pages.start, pages.end - pages.start);
        let offer = Offer { from: from.number, page, pages: count, to: to.number, kind, at: None };
        self.offers.add(offer).ok_or(MemoryError::TooManyOffers)
    }

    /// Maps what the client with the token `from` lends at `at`; answers where, and how many pages.
    pub fn accept(
        &mut self,
        kernel: &impl Kernel,
        to: Client,
        (from, at): (u64, u64),
        write: bool,
    ) -> Result<(u64, u64)> {
        let owner = client(kernel, from).ok_or(MemoryError::NotYours)?;
        let offer = page(at).and_then(|page| self.offers.find(owner.number, page, to.number));
        let offer = *offer.ok_or(MemoryError::NotYours)?;
        let Kind::Lent { writable } = offer.kind else { return Err(MemoryError::NotYours) };
        if write && !writable {
            return Err(MemoryError::NotPermitted);
        }
        if offer.at.is_some() {
            return Err(MemoryError::Accepted);
        }
        if !self.offers.may_accept(&offer, 2 * owner.quota) {
            return Err(MemoryError::TooManyOffers);
        }
        let first = self.gap(kernel, to, offer.pages).ok_or(MemoryError::NoMemory)?;
        let rights = if write { READ | WRITE } else { READ };
        self.map_all(kernel, to, first, (owner, offer, Use::Granted), rights)?;
        if let Some(offer) = self.offers.find(owner.number, offer.page, to.number) {
            offer.at = Some(first);
        }
        Ok((address(first), offer.pages))
    }

    /// Makes what the client with the token `from` gives away at `at` memory of the client `to`; answers where, and how many
    /// pages. Of what it gave away itself, and nobody has taken, it is where it was.
    pub fn take_over(&mut self, kernel: &impl Kernel, to: Client, (from, at): (u64, u64)) -> Result<(u64, u64)> {
        let (owner, offer) = self.given(kernel, to, from, at)?;
        self.settle(kernel)?;
        let first = if owner == to { offer.page } else { self.room(kernel, to, offer.pages)? };
        self.map_all(kernel, to, first, (owner, offer, Use::Given), READ | WRITE)?;
        for number in 0..offer.pages {
            self.reuse((owner, Use::Given, offer.page + number), (to, Use::Granted, first + number))?;
        }
        self.offers.remove(|other| *other == offer);
        Ok((address(first), offer.pages))
    }

    /// Ends all loans of what the client lends from `at` on.
    pub fn take_back(&mut self, kernel: &impl Kernel, from: Client, at: u64) -> Result<()> {
        let at = page(at).ok_or(MemoryError::NotYours)?;
        let is_meant =
            |offer: &Offer| (offer.from, offer.page) == (from.number, at) && matches!(offer.kind, Kind::Lent { .. });
        if !self.offers.all().any(is_meant) {
            return Err(MemoryError::NotYours);
        }
        self.withdraw(kernel, is_meant)
    }

    /// Unmaps what the client has accepted from `at` on; of what is gone already, the address is free again.
    pub fn release(&mut self, kernel: &impl Kernel, to: Client, at: u64) -> Result<()> {
        let accepted = page(at).and_then(|at| self.offers.release(to.number, at)).ok_or(MemoryError::NotYours)?;
        if accepted.is_open() {
            unmap(kernel, accepted);
        }
        Ok(())
    }

    /// Takes everything from a client that lives no more, and what it had lent from those who have it. What was lent or given to it is its
    /// owners' again: theirs alone, or theirs to take.
    pub fn end(&mut self, kernel: &impl Kernel, dead: Client) -> Result<()> {
        self.withdraw(kernel, |offer| offer.from == dead.number)?;
        self.withdraw(kernel, |offer| offer.to == dead.number && offer.at.is_some())?;
        self.offers.forget(dead.number);
        for what in [Use::Granted, Use::Given, Use::Lent] {
            while let Some((_, page)) = self.books.first(dead.number, what) {
                self.free(kernel, dead, what, page..page + 1);
            }
        }
        let frames = Frames { kernel, node: |_| None };
        for level in [1, 2, 3] {
            self.books.nodes(dead.number).for_each(|page| frames.prune(dead, page, level));
        }
        while let Some((frame, _)) = self.books.first(dead.number, Use::Node) {
            self.books.free(frame);
        }
        Ok(())
    }

    /// Ends these offers: what was accepted is unmapped, and its address stays taken until it is released. For whoever accepted it may
    /// still look there, and should find nothing, rather than what it has been granted since. All are offers for as long as a core may
    /// still see one of them: then this is to be asked again.
    pub fn withdraw(&mut self, kernel: &impl Kernel, is_meant: impl Fn(&Offer) -> bool) -> Result<()> {
        let is_meant = |offer: &Offer| offer.is_open() && is_meant(offer);
        let mut was_mapped = false;
        for offer in self.offers.all().filter(|offer| is_meant(offer)) {
            was_mapped |= offer.at.is_some();
            unmap(kernel, *offer);
        }
        if was_mapped {
            quiesce(kernel)?;
        }
        self.offers.withdraw(is_meant);
        Ok(())
    }

    /// Sees that no core reaches what was given away where it was.
    fn settle(&mut self, kernel: &impl Kernel) -> Result<()> {
        if !self.is_settled {
            quiesce(kernel)?;
            self.is_settled = true;
        }
        Ok(())
    }

    /// What the client with the token `from` gives to `to`, or anybody if they are the same, at `at`.
    fn given(&mut self, kernel: &impl Kernel, to: Client, from: u64, at: u64) -> Result<(Client, Offer)> {
        let owner = client(kernel, from).ok_or(MemoryError::NotYours)?;
        let at = page(at).ok_or(MemoryError::NotYours)?;
        let is_meant = |offer: &&Offer| {
            (offer.from, offer.page, offer.kind) == (owner.number, at, Kind::Given)
                && (offer.to == to.number || owner == to)
        };
        Ok((owner, *self.offers.all().find(is_meant).ok_or(MemoryError::NotYours)?))
    }

    /// Maps all pages of an offer, which their owner uses so, for `to`, from the page `first` on; or none of them.
    fn map_all(
        &mut self,
        kernel: &impl Kernel,
        to: Client,
        first: u64,
        (owner, offer, what): (Client, Offer, Use),
        rights: u64,
    ) -> Result<()> {
        for number in 0..offer.pages {
            let mapped = self.map(kernel, to, first + number, (owner, what, offer.page + number), rights);
            if let Err(error) = mapped {
                unmap(kernel, Offer { to: to.number, pages: number, at: Some(first), ..offer });
                return Err(error);
            }
        }
        Ok(())
    }

    fn map(
        &mut self,
        kernel: &impl Kernel,
        to: Client,
        page: u64,
        (owner, what, from): (Client, Use, u64),
        rights: u64,
    ) -> Result<()> {
        let frame = self.books.frame(owner.number, what, from).ok_or(MemoryError::NotYours)?;
        let limit = kernel.word(word::FRAMES);
        let node = |_| self.books.take(limit, to.number, Use::Node, page);
        Frames { kernel, node }.alias(to, page, frame, rights).map_err(error_of)
    }

    /// Makes a frame that is used in one way used in another.
    fn reuse(&mut self, before: (Client, Use, u64), after: (Client, Use, u64)) -> Result<()> {
        let frame = self.books.frame(before.0.number, before.1, before.2).ok_or(MemoryError::NotYours)?;
        self.books.change(frame, after.0.number, after.1, after.2).ok_or(MemoryError::NotYours)
    }
}

/// The client with the token `to`, if the graph lets `from` give it memory.
fn neighbour(kernel: &impl Kernel, from: Client, to: u64) -> Result<Client> {
    let to = client(kernel, to).ok_or(MemoryError::NotPermitted)?;
    if kernel.may_give(from.number, to.number) { Ok(to) } else { Err(MemoryError::NotPermitted) }
}

/// Waits until no core can have in use what has been given up; a core that does not answer may do so when this is asked again.
fn quiesce(kernel: &impl Kernel) -> Result<()> {
    match (Frames { kernel, node: |_| None }).quiesce() {
        Err(KernelError::Pending) => Err(MemoryError::Busy),
        done => done.map_err(error_of),
    }
}

/// Unmaps what was offered, where it was mapped.
fn unmap(kernel: &impl Kernel, offer: Offer) {
    let (Some(first), Some(to)) = (offer.at, client(kernel, offer.to as u64 + 1)) else { return };
    let frames = Frames { kernel, node: |_| None };
    (first..first + offer.pages).for_each(|page| frames.unmap(to, page));
}
