//! Two components, and a memory manager that is played: what one accepts or takes lies where the other had it.

use crate::{Memory, Peer, Source};
use memory_interface::{MemoryError, Result};
use runtime::Word;
use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::boxed::Box;
use std::sync::Mutex;
use std::vec::Vec;

/// Pages that a component has, by its token; or that it offers, to whom and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pages {
    owner: u64,
    address: u64,
    pages: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Read,
    Write,
    Given,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Offer {
    what: Pages,
    to: u64,
    how: How,
    is_mapped: bool,
}

#[derive(Default)]
struct World {
    granted: Vec<Pages>,
    offers: Vec<Offer>,
    busy_for: u64,
}

/// The memory manager, as one component sees it.
pub struct Played {
    token: u64,
    world: &'static Mutex<World>,
}

/// A component.
pub struct Component {
    pub peer: Peer,
    pub source: &'static Source<Played>,
    played: &'static Played,
}

/// Two components that may give each other memory.
pub fn pair() -> [Component; 2] {
    let world: &'static Mutex<World> = Box::leak(Box::default());
    [5, 6].map(|token| {
        let played: &'static Played = Box::leak(Box::new(Played { token, world }));
        // SAFETY: what is granted is the host's memory, which nobody else has; what is accepted stays there for as long as a test uses it.
        let source = Box::leak(Box::new(unsafe { Source::of(played) }));
        Component { peer: Peer::from_word(token), source, played }
    })
}

impl Component {
    /// Pages that it has.
    pub fn pages(&self) -> u64 {
        let world = self.played.world.lock().unwrap();
        let given = world.offers.iter().filter(|offer| offer.how == How::Given).map(|offer| offer.what);
        world
            .granted
            .iter()
            .copied()
            .chain(given)
            .filter(|has| has.owner == self.played.token)
            .map(|has| has.pages)
            .sum()
    }

    /// Regions of others that it has mapped.
    pub fn mapped(&self) -> usize {
        let world = self.played.world.lock().unwrap();
        world.offers.iter().filter(|offer| offer.is_mapped && offer.to == self.played.token).count()
    }

    /// It lives no more: what it was lent is not lent to it any more.
    pub fn end(&self) {
        self.played.world.lock().unwrap().offers.retain(|offer| offer.to != self.played.token);
    }

    /// Somebody else is served for so many questions.
    pub fn busy_for(&self, questions: u64) {
        self.played.world.lock().unwrap().busy_for = questions;
    }
}

fn layout(pages: u64) -> Layout {
    Layout::from_size_align(pages as usize * 4096, 4096).unwrap()
}

impl Played {
    fn with<T>(&self, body: impl FnOnce(&mut World) -> Result<T>) -> Result<T> {
        let mut world = self.world.lock().unwrap();
        if world.busy_for > 0 {
            world.busy_for -= 1;
            return Err(MemoryError::Busy);
        }
        body(&mut world)
    }

    fn own(&self, address: u64, pages: u64) -> Pages {
        Pages { owner: self.token, address, pages }
    }

    fn add(&self, address: u64, pages: u64, to: u64, how: How) -> Result<()> {
        self.with(|world| {
            let what = self.own(address, pages);
            let at = world.granted.iter().position(|has| *has == what).ok_or(MemoryError::NotYours)?;
            if to != 11 - self.token {
                return Err(MemoryError::NotPermitted);
            }
            if how == How::Given {
                world.granted.swap_remove(at);
            }
            world.offers.push(Offer { what, to, how, is_mapped: false });
            Ok(())
        })
    }
}

impl World {
    fn offer(&mut self, from: u64, address: u64, is_meant: impl Fn(&Offer) -> bool) -> Result<usize> {
        let found = |offer: &Offer| (offer.what.owner, offer.what.address) == (from, address) && is_meant(offer);
        self.offers.iter().position(found).ok_or(MemoryError::NotYours)
    }
}

impl Memory for Played {
    fn grant(&self, pages: u64) -> Result<u64> {
        self.with(|world| {
            if !(1..1000).contains(&pages) {
                return Err(MemoryError::NoMemory);
            }
            // SAFETY: it is not empty.
            let address = unsafe { alloc_zeroed(layout(pages)) }.expose_provenance() as u64;
            world.granted.push(self.own(address, pages));
            Ok(address)
        })
    }

    fn give_back(&self, address: u64, pages: u64) -> Result<()> {
        self.with(|world| {
            let what = self.own(address, pages);
            let at = world.granted.iter().position(|has| *has == what).ok_or(MemoryError::NotYours)?;
            world.granted.swap_remove(at);
            world.offers.retain(|offer| offer.what != what);
            // SAFETY: it was granted, with as many pages.
            unsafe { dealloc(core::ptr::with_exposed_provenance_mut(address as usize), layout(pages)) };
            Ok(())
        })
    }

    fn token(&self) -> Result<u64> {
        Ok(self.token)
    }

    fn offer(&self, address: u64, pages: u64, to: u64, writable: bool) -> Result<()> {
        self.add(address, pages, to, if writable { How::Write } else { How::Read })
    }

    fn accept(&self, from: u64, address: u64, writable: bool) -> Result<(u64, u64)> {
        self.with(|world| {
            let how = if writable { How::Write } else { How::Read };
            let at = world.offer(from, address, |offer| offer.to == self.token && offer.how == how)?;
            let offer = &mut world.offers[at];
            if offer.is_mapped {
                return Err(MemoryError::Accepted);
            }
            offer.is_mapped = true;
            Ok((offer.what.address, offer.what.pages))
        })
    }

    fn release(&self, address: u64) -> Result<()> {
        self.with(|world| {
            let is_meant =
                |offer: &&mut Offer| offer.is_mapped && (offer.to, offer.what.address) == (self.token, address);
            world.offers.iter_mut().find(is_meant).ok_or(MemoryError::NotYours)?.is_mapped = false;
            Ok(())
        })
    }

    fn give(&self, address: u64, pages: u64, to: u64) -> Result<()> {
        self.add(address, pages, to, How::Given)
    }

    fn take(&self, from: u64, address: u64) -> Result<(u64, u64)> {
        self.with(|world| {
            let is_meant = |offer: &Offer| offer.how == How::Given && [offer.to, from].contains(&self.token);
            let at = world.offer(from, address, is_meant)?;
            let what = world.offers.swap_remove(at).what;
            world.granted.push(Pages { owner: self.token, ..what });
            Ok((what.address, what.pages))
        })
    }

    fn take_back(&self, address: u64) -> Result<()> {
        self.with(|world| {
            let is_meant = |offer: &Offer| offer.how != How::Given;
            let at = world.offer(self.token, address, is_meant)?;
            world.offers.swap_remove(at);
            Ok(())
        })
    }

    memory_interface::not_asked!(makers);
}
