//! A page as either side sees it.

use crate::entry::Entry;
use crate::header::Header;
use crate::layout::ENTRIES;

/// A header and its entries: two frames that may be mapped apart.
#[derive(Debug)]
pub struct Page<'a, W> {
    header: &'a Header<W>,
    entries: &'a [Entry<W>],
}

impl<W> Clone for Page<'_, W> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<W> Copy for Page<'_, W> {}

impl<'a, W> Page<'a, W> {
    /// A page of at most [`ENTRIES`] entries: a bitmap has no more bits, further ones are not used.
    pub fn new(header: &'a Header<W>, entries: &'a [Entry<W>]) -> Self {
        Self { header, entries: entries.get(..ENTRIES).unwrap_or(entries) }
    }

    /// The header.
    #[inline]
    pub fn header(&self) -> &'a Header<W> {
        self.header
    }

    /// The entry in `slot`, if the page is that large.
    #[inline]
    pub fn entry(&self, slot: u32) -> Option<&'a Entry<W>> {
        self.entries.get(slot as usize)
    }

    /// A bit for each slot of the page.
    pub(crate) fn slots(&self) -> u64 {
        match self.entries.len() {
            0 => 0,
            length => u64::MAX >> (ENTRIES - length),
        }
    }
}
