//! The memory of components that their images fill.

use super::{Entry, is_user_range};
use crate::layout::{EXECUTE, PAGE, READ, WRITE};

/// A run of pages of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// First address, on a page boundary.
    pub address: u64,
    /// Bytes of address space, a whole number of pages.
    pub memory_bytes: u64,
    /// Where the contents lie in the bundle, on a page boundary.
    pub offset: u64,
    /// Bytes of contents, a whole number of pages; the rest of the memory is zero.
    pub file_bytes: u64,
    /// [`READ`], and [`WRITE`] or [`EXECUTE`], never both.
    pub rights: u64,
}

impl Segment {
    /// Words of an entry.
    pub const WORDS: usize = 5;

    /// The entry's words.
    pub fn to_words(&self) -> [u64; Self::WORDS] {
        [self.address, self.memory_bytes, self.offset, self.file_bytes, self.rights]
    }

    pub(super) fn is_sound(&self, bundle_bytes: u64) -> bool {
        let aligned = (self.address | self.memory_bytes | self.offset | self.file_bytes).is_multiple_of(PAGE);
        let sized = self.memory_bytes > 0 && self.file_bytes <= self.memory_bytes;
        let inside = self.offset.checked_add(self.file_bytes).is_some_and(|end| end <= bundle_bytes);
        let rights = [READ, READ | WRITE, READ | EXECUTE].contains(&self.rights);
        aligned && sized && inside && rights && is_user_range(self.address, self.memory_bytes)
    }
}

impl Entry for Segment {
    const WORDS: usize = Segment::WORDS;

    fn from_words(w: &[u64]) -> Option<Self> {
        Some(Self { address: w[0], memory_bytes: w[1], offset: w[2], file_bytes: w[3], rights: w[4] })
    }
}
