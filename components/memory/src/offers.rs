//! Offers: pages that a client lets another have, to look at, to write to, or for good; and where that one has them mapped.

use core::ops::Range;

/// Offers that there can be at once.
pub const OFFERS: usize = 256;

/// What is done with pages that are offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Whoever accepts reads them, and may write to them if that is so.
    Lent {
        /// Whether they may be written.
        writable: bool,
    },
    /// They are not the owner's to use any more, and whoever takes them has them.
    Given,
    /// It is over, and whoever accepted it has not released the address: nothing lies there, and nothing else will until then.
    Gone,
}

/// An offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Number of the client whose pages they are.
    pub from: usize,
    /// The first page, there.
    pub page: u64,
    /// How many.
    pub pages: u64,
    /// Number of the client that may have them.
    pub to: usize,
    /// What for.
    pub kind: Kind,
    /// The first page at which that one has them mapped, if it has.
    pub at: Option<u64>,
}

impl Offer {
    /// Whether it is one still.
    pub fn is_open(&self) -> bool {
        self.kind != Kind::Gone
    }

    /// Whether any of these pages of the client `from` is offered.
    pub fn overlaps(&self, from: usize, pages: &Range<u64>) -> bool {
        self.is_open() && self.from == from && self.page < pages.end && pages.start < self.page + self.pages
    }
}

/// All offers.
pub struct Offers {
    offers: [Option<Offer>; OFFERS],
    /// From it on, no place was ever taken.
    end: usize,
}

impl Offers {
    /// No offers.
    pub const fn new() -> Self {
        Self { offers: [None; OFFERS], end: 0 }
    }

    /// Notes an offer; `None` if there is no room. Nobody has more than are left for the others.
    pub fn add(&mut self, offer: Offer) -> Option<()> {
        let own = self.all().filter(|other| other.is_open() && other.from == offer.from).count();
        let free = self.free();
        let at = self.offers.iter().position(Option::is_none).filter(|_| own < free)?;
        *self.offers.get_mut(at)? = Some(offer);
        self.end = self.end.max(at + 1);
        Some(())
    }

    /// Whether this one may be accepted, now that what is gone stays until it is released. Who has accepted much leaves as much to others,
    /// and so does an owner of what can be accepted there; of its pages no more than `most` are mapped there, or were.
    pub fn may_accept(&self, offer: &Offer, most: u64) -> bool {
        let held = || self.all().filter(|other| other.to == offer.to && other.at.is_some());
        let of_owner = || held().filter(|other| other.from == offer.from);
        let pages: u64 = of_owner().map(|other| other.pages).sum();
        held().count() + of_owner().count() < self.free() && pages + offer.pages <= most
    }

    fn free(&self) -> usize {
        OFFERS - self.all().count()
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Offer> {
        self.offers.get(..self.end).unwrap_or_default().iter().flatten()
    }

    /// The offer that the client `from` makes to the client `to`, at its page `page`.
    pub fn find(&mut self, from: usize, page: u64, to: usize) -> Option<&mut Offer> {
        let wanted = |offer: &&mut Offer| offer.is_open() && (offer.from, offer.page, offer.to) == (from, page, to);
        self.used().iter_mut().flatten().find(wanted)
    }

    /// Takes the first out of which this is so.
    pub fn remove(&mut self, is_wanted: impl Fn(&Offer) -> bool) -> Option<Offer> {
        self.used().iter_mut().find(|place| place.as_ref().is_some_and(&is_wanted))?.take()
    }

    /// Ends those of which this is so. What was accepted is gone, until it is [released](Self::release).
    pub fn withdraw(&mut self, is_wanted: impl Fn(&Offer) -> bool) {
        for place in self.used() {
            match place {
                Some(offer) if !is_wanted(offer) => {}
                Some(offer) if offer.at.is_some() => offer.kind = Kind::Gone,
                _ => *place = None,
            }
        }
    }

    /// Lets a client that lives no more have no address, and nothing that was lent to it. What was given to it is its giver's to take.
    pub fn forget(&mut self, dead: usize) {
        for place in self.used().iter_mut().filter(|place| place.is_some_and(|offer| offer.to == dead)) {
            *place = place.filter(|offer| offer.kind == Kind::Given).map(|offer| Offer { to: offer.from, ..offer });
        }
    }

    /// Lets go of what the client `to` has accepted, or had, from its page `at` on; answers what that was.
    pub fn release(&mut self, to: usize, at: u64) -> Option<Offer> {
        let has = |offer: &Offer| (offer.to, offer.at) == (to, Some(at));
        let place = self.used().iter_mut().find(|place| place.as_ref().is_some_and(has))?;
        let was = *place;
        *place = was.filter(Offer::is_open).map(|offer| Offer { at: None, ..offer });
        was
    }

    fn used(&mut self) -> &mut [Option<Offer>] {
        self.offers.get_mut(..self.end).unwrap_or_default()
    }

    /// Where these clients have mapped what they were lent, or had: the first page, and how many.
    pub fn mapped(&self, clients: impl Fn(usize) -> bool) -> impl Iterator<Item = (u64, u64)> {
        self.all().filter(move |offer| clients(offer.to)).filter_map(|offer| Some((offer.at?, offer.pages)))
    }
}
