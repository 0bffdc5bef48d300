//! A page as either side sees it.

use crate::entry::Entry;
use crate::header::Header;
use crate::layout::ENTRIES;

/// A header and its entries: two frames that may be mapped apart. Real pages have [`ENTRIES`]; an explorer's have fewer,
/// so that it comes to an end.
#[derive(Debug)]
pub struct Page<'a, W, const N: usize = ENTRIES> {
    header: &'a Header<W>,
    entries: &'a [Entry<W>; N],
    slots: u64,
}

impl<W, const N: usize> Clone for Page<'_, W, N> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<W, const N: usize> Copy for Page<'_, W, N> {}

impl<'a, W, const N: usize> Page<'a, W, N> {
    /// A page of these entries.
    #[inline]
    pub const fn new(header: &'a Header<W>, entries: &'a [Entry<W>; N]) -> Self {
        // A slot is found by the lowest bits of a call's number, and has a bit in a word.
        const { assert!(N.is_power_of_two() && N <= ENTRIES) };
        Self { header, entries, slots: u64::MAX >> (ENTRIES - N) }
    }

    /// The same page for a side that uses no more than the first `count` of its slots.
    #[must_use]
    pub const fn limited_to(self, count: usize) -> Self {
        if count >= N { self } else { Self { slots: !(u64::MAX << count), ..self } }
    }

    /// The header.
    #[inline]
    pub const fn header(&self) -> &'a Header<W> {
        self.header
    }

    /// The entry in `slot`. Slots are counted round and round.
    #[inline]
    pub const fn entry(&self, slot: u32) -> &'a Entry<W> {
        self.entry_at(slot as usize)
    }

    /// The same, by an index.
    #[inline]
    pub(crate) const fn entry_at(&self, place: usize) -> &'a Entry<W> {
        &self.entries[place % N]
    }

    /// A bit for each slot of the page.
    #[inline]
    pub(crate) const fn slots(&self) -> u64 {
        self.slots
    }
}
