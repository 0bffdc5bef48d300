//! A component's address space: segments as they lie in the bundle, and fresh memory.

use crate::frames::Frames;
use crate::{Failure, Kernel};
use abi::boot::{BUNDLE, slot};
use abi::bundle::{Bundle, Segment, Stack};
use abi::error::Error;
use abi::layout::{PAGE, READ, WRITE};
use abi::operation::PageTableOperation;

/// An address space under construction.
pub struct AddressSpace<'s, K> {
    /// The slot that holds its page table.
    pub page_table: u32,
    /// Where fresh memory comes from.
    pub frames: &'s mut Frames,
    /// Who maps.
    pub kernel: &'s mut K,
}

impl<K: Kernel> AddressSpace<'_, K> {
    /// Maps the segment's contents where they lie in the bundle, and zeros behind them.
    ///
    /// # Errors
    ///
    /// See [`Failure`].
    pub fn map_segment(&mut self, segment: &Segment) -> Result<(), Failure> {
        for offset in pages(segment.memory_bytes) {
            let address = segment.address + offset;
            if offset < segment.file_bytes {
                let source = BUNDLE + segment.offset + offset;
                self.map(PageTableOperation::Alias, address, source, segment.rights)?;
            } else {
                self.map_fresh(address, segment.rights)?;
            }
        }
        Ok(())
    }

    /// Maps a stack of zeros.
    ///
    /// # Errors
    ///
    /// See [`Failure`].
    pub fn map_stack(&mut self, stack: &Stack) -> Result<(), Failure> {
        let start = stack.end - stack.bytes;
        pages(stack.bytes).try_for_each(|offset| self.map_fresh(start + offset, READ | WRITE))
    }

    /// Maps the bundle's tables, and the segments of what the component number `constructor` constructs, where the
    /// booter itself has them, without the right to write.
    ///
    /// # Errors
    ///
    /// See [`Failure`].
    pub fn map_bundle(&mut self, bundle: &Bundle, constructor: u64) -> Result<(), Failure> {
        self.alias_bundle(0, bundle.table_bytes(), READ)?;
        for component in bundle.components().filter(|component| component.constructor == constructor) {
            for segment in bundle.segments(&component) {
                self.alias_bundle(segment.offset, segment.file_bytes, segment.rights & !WRITE)?;
            }
        }
        Ok(())
    }

    fn alias_bundle(&mut self, offset: u64, bytes: u64, rights: u64) -> Result<(), Failure> {
        let address = BUNDLE + offset;
        pages(bytes).try_for_each(|page| self.map(PageTableOperation::Alias, address + page, address + page, rights))
    }

    /// Names `count` fresh frames, one page after another.
    ///
    /// # Errors
    ///
    /// See [`Failure`].
    pub fn name_untyped(&mut self, address: u64, count: u64) -> Result<(), Failure> {
        (0..count).try_for_each(|page| {
            let frame = self.frames.take()?;
            self.map(PageTableOperation::Name, address + page * PAGE, frame, 0)
        })
    }

    /// Maps the registers of a device.
    ///
    /// # Errors
    ///
    /// See [`Failure`].
    pub fn map_registers(&mut self, address: u64, physical: u64, count: u64) -> Result<(), Failure> {
        (0..count).try_for_each(|page| {
            let number = physical / PAGE + page;
            let words = [address + page * PAGE, slot::DEVICES.into(), READ | WRITE, number];
            self.map_by(PageTableOperation::MapDevice, words)
        })
    }

    fn map_fresh(&mut self, address: u64, rights: u64) -> Result<(), Failure> {
        let frame = self.frames.take()?;
        self.map(PageTableOperation::Map, address, frame, rights)
    }

    /// Maps a page, adding the tables above it where they are missing.
    fn map(&mut self, how: PageTableOperation, address: u64, from: u64, rights: u64) -> Result<(), Failure> {
        self.map_by(how, [address, from, rights, 0])
    }

    fn map_by(&mut self, how: PageTableOperation, words: [u64; 4]) -> Result<(), Failure> {
        let [address, ..] = words;
        match self.operate(how, words) {
            Err(Error::NoNode) => self.add_tables(address)?,
            done => return Ok(done?),
        }
        Ok(self.operate(how, words)?)
    }

    fn add_tables(&mut self, address: u64) -> Result<(), Failure> {
        let mut frame = self.frames.take()?;
        for level in [3, 2, 1] {
            match self.operate(PageTableOperation::Graft, [address, frame, level, 0]) {
                Ok(()) if level > 1 => frame = self.frames.take()?,
                // The table is there already: the frame is still ours for the next level.
                Ok(()) | Err(Error::AlreadyMapped) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn operate(&mut self, operation: PageTableOperation, words: [u64; 4]) -> Result<(), Error> {
        self.kernel.operate(self.page_table, operation as u16, words).map(|_| ())
    }
}

fn pages(bytes: u64) -> impl Iterator<Item = u64> {
    (0..bytes / PAGE).map(|page| page * PAGE)
}
