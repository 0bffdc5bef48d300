//! Physical memory in which devices have their registers: a capability names one range, and pages stay inside it.
//!
//! None of it is memory, so no frame is ever both a device's and an object, and the retype table does not count its
//! mappings.

use crate::frame::Frame;
use crate::store::Store;
use abi::error::Error;
use abi::layout::PAGE;

/// A range of physical pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhysicalRange {
    /// Number of the first page: its address divided by the page size.
    pub first: u64,
    /// Number of pages.
    pub pages: u64,
}

impl PhysicalRange {
    /// All physical addresses that a processor can have.
    pub const ALL: Self = Self { first: 0, pages: 1 << 40 };

    /// The part that starts at `address` and has `pages` pages.
    ///
    /// # Errors
    ///
    /// [`Error::BadAddress`] if it does not start on a page; [`Error::BadArgument`] if it is empty;
    /// [`Error::RightsExceeded`] if it is no part of this range; [`Error::FrameState`] if some of it is memory,
    /// registers of the kernel, or beyond what the processor can address.
    pub fn part(self, store: &impl Store, address: u64, pages: u64) -> Result<Self, Error> {
        if !address.is_multiple_of(PAGE) {
            return Err(Error::BadAddress);
        }
        if pages == 0 {
            return Err(Error::BadArgument);
        }
        let part = Self { first: address / PAGE, pages };
        let is_inside = self.first <= part.first && part.end().is_some_and(|end| Some(end) <= self.end());
        if !is_inside {
            return Err(Error::RightsExceeded);
        }
        if store.is_device_memory(part.first, part.pages) { Ok(part) } else { Err(Error::FrameState) }
    }

    /// Page number `page` of the range.
    ///
    /// # Errors
    ///
    /// [`Error::BadArgument`] if the range has no such page; [`Error::FrameState`] if it is not a device's.
    pub fn page(self, store: &impl Store, page: u64) -> Result<Frame, Error> {
        if page >= self.pages {
            return Err(Error::BadArgument);
        }
        let number = self.first + page;
        if store.is_device_memory(number, 1) { Ok(Frame::containing(number * PAGE)) } else { Err(Error::FrameState) }
    }

    fn end(self) -> Option<u64> {
        self.first.checked_add(self.pages)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{DEVICE, Memory};

    const REGISTERS: PhysicalRange = PhysicalRange { first: DEVICE, pages: 4 };
    const START: u64 = DEVICE * PAGE;

    #[test]
    fn a_part_is_no_more_than_the_whole() {
        let memory = Memory::new();
        let part = PhysicalRange { first: DEVICE + 1, pages: 3 };
        assert_eq!(PhysicalRange::ALL.part(&memory, START, 4), Ok(REGISTERS));
        assert_eq!(REGISTERS.part(&memory, START + PAGE, 3), Ok(part));
        for (address, pages) in [(START - PAGE, 2), (START, 5), (START + 4 * PAGE, 1), (START, u64::MAX)] {
            let refused = REGISTERS.part(&memory, address, pages);
            assert_eq!(refused, Err(Error::RightsExceeded), "{address:#x}, {pages} pages");
        }
        assert_eq!(REGISTERS.part(&memory, START, 0), Err(Error::BadArgument));
        assert_eq!(REGISTERS.part(&memory, START + 8, 1), Err(Error::BadAddress));
    }

    #[test]
    fn memory_is_no_device() {
        let memory = Memory::new();
        assert_eq!(PhysicalRange::ALL.part(&memory, 0, 1), Err(Error::FrameState));
        let across = PhysicalRange::ALL.part(&memory, START - PAGE, 2);
        assert_eq!(across, Err(Error::FrameState), "half of it is");
        assert_eq!(PhysicalRange::ALL.page(&memory, 7), Err(Error::FrameState));
    }

    #[test]
    fn pages_stay_inside() {
        let memory = Memory::new();
        assert_eq!(REGISTERS.page(&memory, 3), Ok(Frame::containing(START + 3 * PAGE)));
        assert_eq!(REGISTERS.page(&memory, 4), Err(Error::BadArgument));
        assert_eq!(REGISTERS.page(&memory, u64::MAX), Err(Error::BadArgument));
    }
}
