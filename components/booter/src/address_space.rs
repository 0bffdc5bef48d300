//! A component's address space: segments as they lie in the bundle, and fresh memory.

use crate::construct::held;
use crate::frames::Frames;
use crate::{Failure, Kernel};
use abi::boot::{BUNDLE, SHARED, UNTYPED, slot};
use abi::bundle::{Bundle, Component, Segment, Stack};
use abi::error::Error;
use abi::layout::{PAGE, READ, WRITE};
use abi::operation::PageTableOperation;
use runtime::nodes::add_nodes;

/// An address space under construction.
pub struct AddressSpace<'s, K> {
    /// The slot that holds its page table.
    pub page_table: u32,
    /// The address spaces inside it, in which its memory is mapped as well.
    pub inside: Option<Inside<'s>>,
    /// Where fresh memory comes from.
    pub frames: &'s mut Frames,
    /// Who maps.
    pub kernel: &'s mut K,
}

/// The address spaces inside another one.
#[derive(Clone, Copy)]
pub struct Inside<'b> {
    /// The plan.
    pub bundle: &'b Bundle<'b>,
    /// The component whose page table is the outer one's.
    pub of: u64,
}

impl Inside<'_> {
    /// The slots of their page tables.
    fn page_tables(self) -> impl Iterator<Item = u32> {
        let components = self.bundle.components().enumerate();
        let own = components.filter(|(_, component)| component.space == 0 && component.around != 0);
        own.filter(move |(_, component)| self.is_around(component)).map(|(at, _)| held(at).page_table)
    }

    /// Whether the outer one is around this component's, or around one that is.
    fn is_around(self, component: &Component) -> bool {
        let next =
            |inner: &Component| self.bundle.components().nth(inner.around as usize).filter(|_| inner.around != 0);
        let mut around = core::iter::successors(Some(*component), next).take(self.bundle.components().count());
        around.any(|inner| inner.around == self.of)
    }
}

impl<'s, K: Kernel> AddressSpace<'s, K> {
    /// Maps the segment's contents where they lie in the bundle, and zeros behind them.
    ///
    /// # Errors
    ///
    /// See [`Failure`].
    pub fn map_segment(&mut self, segment: &Segment) -> Result<(), Failure> {
        for offset in pages(segment.memory_bytes) {
            let address = segment.address + offset;
            if offset < segment.file_bytes {
                self.alias(address, BUNDLE + segment.offset + offset, segment.rights)?;
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
        if self.page_tables_inside().next().is_none() {
            return self.map(PageTableOperation::Map, address, frame, rights);
        }
        // What several page tables map, the booter maps itself: there they take it from.
        let own = SHARED + frame.wrapping_sub(UNTYPED);
        self.in_page_table(slot::PAGE_TABLE).map(PageTableOperation::Map, own, frame, READ | WRITE)?;
        self.alias(address, own, rights)
    }

    /// Maps what the booter has at `source`, here and in the address spaces inside.
    fn alias(&mut self, address: u64, source: u64, rights: u64) -> Result<(), Failure> {
        self.map(PageTableOperation::Alias, address, source, rights)?;
        self.page_tables_inside().try_for_each(|page_table| {
            self.in_page_table(page_table).map(PageTableOperation::Alias, address, source, rights)
        })
    }

    fn page_tables_inside(&self) -> impl Iterator<Item = u32> + use<'s, K> {
        self.inside.into_iter().flat_map(Inside::page_tables)
    }

    fn in_page_table(&mut self, page_table: u32) -> AddressSpace<'_, K> {
        AddressSpace { page_table, inside: None, frames: self.frames, kernel: self.kernel }
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
        let Self { kernel, frames, page_table, .. } = self;
        let graft = PageTableOperation::Graft as u16;
        add_nodes(address, || frames.take(), |words| kernel.operate(*page_table, graft, words).map(|_| ()))
    }

    fn operate(&mut self, operation: PageTableOperation, words: [u64; 4]) -> Result<(), Error> {
        self.kernel.operate(self.page_table, operation as u16, words).map(|_| ())
    }
}

fn pages(bytes: u64) -> impl Iterator<Item = u64> {
    (0..bytes / PAGE).map(|page| page * PAGE)
}
