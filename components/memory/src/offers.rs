//! Offers: pages that a client lets others map, and those who did.

use core::ops::Range;

/// Offers, and acceptances, that there can be at once.
const OFFERS: usize = 256;

/// An offer, or one that was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Number of the client whose pages they are.
    pub from: usize,
    /// The first page, there.
    pub page: u64,
    /// How many.
    pub pages: u64,
    /// Whether they may be written.
    pub writable: bool,
    /// The client that has them mapped, and its first page of them.
    pub to: Option<(usize, u64)>,
}

/// All offers.
pub struct Offers {
    offers: [Option<Offer>; OFFERS],
}

impl Offers {
    /// No offers.
    pub const fn new() -> Self {
        Self { offers: [None; OFFERS] }
    }

    /// Notes an offer; `None` if there is no room.
    pub fn add(&mut self, offer: Offer) -> Option<()> {
        *self.offers.iter_mut().find(|place| place.is_none())? = Some(offer);
        Some(())
    }

    /// What the client `from` offers at `page`.
    pub fn find(&self, from: usize, page: u64) -> Option<Offer> {
        self.offers.iter().flatten().find(|offer| (offer.from, offer.page, offer.to) == (from, page, None)).copied()
    }

    /// Where these clients have accepted pages: the first, and how many.
    pub fn accepted(&self, clients: impl Fn(usize) -> bool) -> impl Iterator<Item = (u64, u64)> {
        let offers = self.offers.iter().flatten();
        offers.filter_map(move |offer| offer.to.filter(|to| clients(to.0)).map(|to| (to.1, offer.pages)))
    }

    /// Takes an offer of any of these pages of the client out, or an acceptance of one.
    pub fn remove(&mut self, from: usize, pages: &Range<u64>) -> Option<Offer> {
        let overlaps =
            |offer: &Offer| offer.from == from && offer.page < pages.end && pages.start < offer.page + offer.pages;
        self.offers.iter_mut().find(|place| place.as_ref().is_some_and(overlaps))?.take()
    }

    /// Takes exactly this one out.
    pub fn forget(&mut self, offer: Offer) {
        if let Some(place) = self.offers.iter_mut().find(|place| **place == Some(offer)) {
            *place = None;
        }
    }
}
