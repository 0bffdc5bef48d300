//! The memory of an image: runs of pages with their contents.

use abi::layout::{EXECUTE, PAGE, WRITE};

/// Bytes of memory that an image may have.
pub const LIMIT: u64 = 256 << 20;

/// A run of pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// First address, on a page boundary.
    pub address: u64,
    /// Bytes of address space, a whole number of pages.
    pub memory_bytes: u64,
    /// The contents from the first address on; the rest is zero.
    pub contents: Vec<u8>,
    /// As in [`abi::layout`].
    pub rights: u64,
}

impl Segment {
    /// First address after it.
    pub fn end(&self) -> u64 {
        self.address.saturating_add(self.memory_bytes)
    }

    /// Bytes of whole pages that its contents fill.
    pub fn file_bytes(&self) -> u64 {
        (self.contents.len() as u64).next_multiple_of(PAGE)
    }

    fn offset(&self, address: u64, bytes: u64) -> Option<usize> {
        let offset = address.checked_sub(self.address)?;
        let end = offset.checked_add(bytes)?;
        (end <= self.memory_bytes).then_some(())?;
        usize::try_from(offset).ok()
    }
}

/// All memory of an image: segments in ascending order, none on another's pages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// The segments.
    pub segments: Vec<Segment>,
}

impl Memory {
    /// First address.
    pub fn start(&self) -> u64 {
        self.segments.first().map_or(0, |segment| segment.address)
    }

    /// First address after the last segment.
    pub fn end(&self) -> u64 {
        self.segments.last().map_or(0, Segment::end)
    }

    /// The bytes at `address`, if the file has them.
    pub fn bytes(&self, address: u64, length: u64) -> Option<&[u8]> {
        let length_in_memory = usize::try_from(length).ok()?;
        let found = |segment: &Segment| segment.offset(address, length);
        let (segment, offset) = self.segments.iter().find_map(|segment| Some((segment, found(segment)?)))?;
        segment.contents.get(offset..offset.checked_add(length_in_memory)?)
    }

    /// Whether the image has memory there.
    pub fn contains(&self, address: u64, bytes: u64) -> bool {
        self.segments.iter().any(|segment| segment.offset(address, bytes).is_some())
    }

    /// Whether the image has code there.
    pub fn is_executable(&self, address: u64) -> bool {
        self.segments.iter().any(|segment| segment.rights & EXECUTE != 0 && segment.offset(address, 1).is_some())
    }

    /// Whether the image may write there.
    pub fn is_writable(&self, address: u64) -> bool {
        self.segments.iter().any(|segment| segment.rights & WRITE != 0 && segment.offset(address, 1).is_some())
    }

    /// Changes the word at `address`; `None` if the image has no memory there.
    pub fn update(&mut self, address: u64, change: impl FnOnce(u64) -> u64) -> Option<()> {
        let found = |segment: &Segment| segment.offset(address, 8);
        let (segment, offset) = self.segments.iter_mut().find_map(|segment| {
            let offset = found(segment)?;
            Some((segment, offset))
        })?;
        let end = offset.checked_add(8)?;
        if segment.contents.len() < end {
            segment.contents.resize(end, 0);
        }
        let bytes = segment.contents.get_mut(offset..end)?;
        let word = u64::from_le_bytes(<[u8; 8]>::try_from(&*bytes).ok()?);
        bytes.copy_from_slice(&change(word).to_le_bytes());
        Some(())
    }
}

/// The page boundary at or below `address`.
pub fn page_floor(address: u64) -> u64 {
    address - address % PAGE
}

#[cfg(test)]
mod tests {
    use super::*;
    use abi::layout::READ;

    fn memory() -> Memory {
        let segment = |address, contents: &[u8]| Segment {
            address,
            memory_bytes: PAGE,
            contents: contents.to_vec(),
            rights: READ,
        };
        Memory { segments: vec![segment(0, b"0123456789"), segment(2 * PAGE, b"")] }
    }

    #[test]
    fn a_word_behind_the_contents_makes_them_longer() {
        let mut memory = memory();
        memory.update(2 * PAGE + 16, |word| word + 7).unwrap();
        assert_eq!(memory.bytes(2 * PAGE, 24).unwrap(), [&[0; 16], &7u64.to_le_bytes()[..]].concat());
    }

    #[test]
    fn there_is_nothing_outside() {
        let mut memory = memory();
        assert_eq!(memory.bytes(8, 2), Some(&b"89"[..]));
        assert_eq!(memory.bytes(8, 3), None);
        assert_eq!(memory.bytes(u64::MAX, 2), None);
        assert!(memory.update(PAGE, |word| word).is_none());
        assert!(memory.update(PAGE - 4, |word| word).is_none());
        assert!(memory.contains(PAGE - 8, 8) && !memory.contains(PAGE - 7, 8));
    }
}
