//! The booter: the one component that the kernel constructs, from the bundle's first entry.
//!
//! It gets all memory that is left, the bundle, and the capabilities of [`abi::boot::slot`].

use super::information::Region;
use crate::core_local::CoreLocal;
use crate::memory::Memory;
use abi::boot::{BUNDLE, INFORMATION, RANGES, STARTED, UNTYPED, slot};
use abi::bundle::{Bundle, BundleError, Component, Segment, Stack};
use abi::error::Error;
use abi::layout::{PAGE, READ, WRITE};
use core::fmt;
use core::sync::atomic::Ordering::Relaxed;
use logic::capability::{Capability, Ports};
use logic::capability_table::CapabilityTable;
use logic::component;
use logic::frame::{self, Frame};
use logic::interrupt::Lines;
use logic::page_table::{MAY_EXECUTE, MAY_WRITE, NAMES_UNTYPED, PageTable, mapping, span};
use logic::physical_range::PhysicalRange;
use logic::store::Store;
use logic::temporal_capability;
use logic::thread;

/// Index of the booter's component and descriptor. (Descriptor 0 never lives.)
const INDEX: u32 = 1;

/// Why the booter cannot be constructed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BooterError {
    /// The bundle is not what it should be.
    Bundle(BundleError),
    /// Memory ran out.
    OutOfMemory,
    /// The bundle's first component cannot be laid out as it asks.
    Layout(Error),
}

impl fmt::Display for BooterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bundle(error) => error.fmt(f),
            Self::OutOfMemory => f.write_str("there is too little memory for the booter"),
            Self::Layout(error) => write!(f, "the booter cannot be laid out: {error}"),
        }
    }
}

impl From<Error> for BooterError {
    fn from(error: Error) -> Self {
        Self::Layout(error)
    }
}

impl From<BundleError> for BooterError {
    fn from(error: BundleError) -> Self {
        Self::Bundle(error)
    }
}

/// Constructs the booter and makes its thread the current one. Returns the page that tells it of the machine.
///
/// # Errors
///
/// See [`BooterError`].
pub fn construct(memory: &'static Memory, core: &mut CoreLocal) -> Result<Frame, BooterError> {
    let bundle = Bundle::parse(memory.bundle_bytes())?;
    let booter = bundle.components().next().ok_or(BundleError::Empty)?;
    memory.claim_bundle();
    let space = Space { memory, page_table: PageTable::create(memory, space_root(memory)?) };
    let table = table(memory, space.page_table)?;
    for segment in bundle.segments(&booter) {
        space.map_segment(&segment)?;
    }
    for stack in bundle.stacks(&booter) {
        space.map_stack(&stack)?;
    }
    space.map_bundle(bundle.byte_len())?;
    let information = space.map_information(bundle.byte_len())?;
    let reference = component::create(memory, kernel_frame(memory)?, INDEX, table.0, space.page_table.0)?;
    component::set_name(memory, reference, booter.name_words())?;
    let thread = start_thread(memory, &booter, reference)?;
    grant(memory, table, slot::TIME, time(memory, thread)?)?;
    grant(memory, table, slot::RECEIVE, Capability::Receive(thread))?;
    // Last, when all that the kernel needs for itself is taken.
    space.name_untyped(information)?;
    thread::start(memory, &mut core.state, thread, 0)?;
    Ok(information)
}

fn kernel_frame(memory: &Memory) -> Result<Frame, BooterError> {
    memory.claim_kernel().ok_or(BooterError::OutOfMemory)
}

fn space_root(memory: &Memory) -> Result<Frame, BooterError> {
    kernel_frame(memory)
}

fn table(memory: &Memory, page_table: PageTable) -> Result<CapabilityTable, BooterError> {
    let table = CapabilityTable::create(memory, kernel_frame(memory)?);
    let leaf = memory.pool.take(1).ok_or(BooterError::OutOfMemory)?;
    table.graft(memory, 0, leaf)?;
    let grants = [
        (slot::TABLE, Capability::CapabilityTable(table.0)),
        (slot::PAGE_TABLE, Capability::PageTable(page_table.0)),
        (slot::PORTS, Capability::Ports(Ports::ALL)),
        (slot::DEBUG_CONSOLE, Capability::DebugConsole),
        (slot::POWER, Capability::Power),
        (slot::INTERRUPTS, Capability::Interrupt(Lines::ALL)),
        (slot::DEVICES, Capability::PhysicalRange(PhysicalRange::ALL)),
    ];
    for (slot, capability) in grants {
        grant(memory, table, slot, capability)?;
    }
    Ok(table)
}

#[inline(never)]
fn grant(memory: &Memory, table: CapabilityTable, slot: u32, capability: Capability) -> Result<(), Error> {
    table.add(memory, slot.into(), capability)
}

fn start_thread(memory: &Memory, booter: &Component, reference: component::Reference) -> Result<Frame, BooterError> {
    let frame = kernel_frame(memory)?;
    let index = u32::try_from(booter.thread).map_err(|_| Error::BadArgument)?;
    thread::create(memory, frame, index, 0, reference, booter.entry)?;
    Ok(frame)
}

/// The temporal capability from which all cycles come. It belongs to the booter's thread.
fn time(memory: &Memory, thread: Frame) -> Result<Capability, BooterError> {
    let frame = kernel_frame(memory)?;
    temporal_capability::create_unlimited(memory, frame, thread);
    Ok(Capability::TemporalCapability(frame))
}

/// The booter's address space under construction.
struct Space {
    memory: &'static Memory,
    page_table: PageTable,
}

impl Space {
    fn map_segment(&self, segment: &Segment) -> Result<(), BooterError> {
        let contents = Frame::containing(self.memory.bundle.start + segment.offset);
        for page in 0..segment.memory_bytes / PAGE {
            let frame = if page < segment.file_bytes / PAGE {
                let frame = Frame::numbered(contents.number() + page);
                frame::share(self.memory, frame, segment.rights & WRITE != 0)?;
                frame
            } else {
                self.memory.claim_user().ok_or(BooterError::OutOfMemory)?
            };
            self.set(segment.address + page * PAGE, 1, mapping(frame, segment.rights, 0))?;
        }
        Ok(())
    }

    fn map_stack(&self, stack: &Stack) -> Result<(), BooterError> {
        for address in (stack.end - stack.bytes..stack.end).step_by(PAGE as usize) {
            let frame = self.memory.claim_user().ok_or(BooterError::OutOfMemory)?;
            self.set(address, 1, mapping(frame, READ | WRITE, 0))?;
        }
        Ok(())
    }

    fn map_bundle(&self, bytes: u64) -> Result<(), BooterError> {
        for offset in (0..bytes).step_by(PAGE as usize) {
            let frame = Frame::containing(self.memory.bundle.start + offset);
            self.set(BUNDLE + offset, 1, mapping(frame, READ, MAY_WRITE | MAY_EXECUTE))?;
        }
        Ok(())
    }

    fn map_information(&self, bundle_bytes: u64) -> Result<Frame, BooterError> {
        let frame = self.memory.claim_user().ok_or(BooterError::OutOfMemory)?;
        self.set(INFORMATION, 1, mapping(frame, READ, 0))?;
        self.note(frame, 0, bundle_bytes);
        self.note(frame, STARTED, super::started());
        Ok(frame)
    }

    /// Names all free memory in the booter's page table and lists it on the information page.
    fn name_untyped(&self, information: Frame) -> Result<(), BooterError> {
        let mut listed = 0;
        // The tables for the names come from the pool too: they have to be there before its rest is named.
        for region in &self.memory.free {
            self.graft_names(*region)?;
        }
        for region in self.memory.free.iter().map(|region| self.left_of(*region)) {
            if region.start == region.end || listed == RANGES {
                continue;
            }
            self.name_region(region)?;
            self.note(information, 2 + 2 * listed, UNTYPED + region.start);
            self.note(information, 3 + 2 * listed, (region.end - region.start) / PAGE);
            listed += 1;
        }
        self.note(information, 1, listed as u64);
        Ok(())
    }

    /// The part of a free region that the kernel did not take at boot.
    fn left_of(&self, region: Region) -> Region {
        let next = self.memory.pool.next();
        let took_from_it = region.start <= next && next <= region.end;
        Region { start: if took_from_it { next } else { region.start }, end: region.end }
    }

    /// Adds tables of level 2 for the whole region, and of level 1 where a 2 MiB step is not wholly in it.
    fn graft_names(&self, region: Region) -> Result<(), BooterError> {
        for at in steps(region, 3) {
            self.graft(UNTYPED + at, 3)?;
            self.graft(UNTYPED + at, 2)?;
        }
        let next = self.memory.pool.next();
        for at in [region.start, next, next + span(2), region.end - 1] {
            if region.start <= at && at < region.end {
                self.graft(UNTYPED + at, 1)?;
            }
        }
        Ok(())
    }

    /// Two names per step at most: one entry of level 2 for 2 MiB, or one of level 1 for a page.
    fn name_region(&self, region: Region) -> Result<(), BooterError> {
        let mut at = region.start;
        while at < region.end {
            let whole = at.is_multiple_of(span(2)) && region.end - at >= span(2);
            let named = whole && self.page_table.set(self.memory, UNTYPED + at, 2, at | NAMES_UNTYPED).is_ok();
            if !named {
                self.set(UNTYPED + at, 1, at | NAMES_UNTYPED)?;
            }
            at += if named { span(2) } else { PAGE };
        }
        Ok(())
    }

    fn note(&self, information: Frame, word: usize, value: u64) {
        note(self.memory, information, word, value);
    }

    /// Sets an entry, adding the tables above it as needed.
    #[inline(never)]
    fn set(&self, address: u64, level: u64, value: u64) -> Result<(), BooterError> {
        if self.page_table.set(self.memory, address, level, value) == Err(Error::NoNode) {
            for above in (level..=3).rev() {
                self.graft(address, above)?;
            }
            self.page_table.set(self.memory, address, level, value)?;
        }
        Ok(())
    }

    #[inline(never)]
    fn graft(&self, address: u64, level: u64) -> Result<(), BooterError> {
        if !self.page_table.has_table(self.memory, address, level) {
            let frame = self.memory.pool.take(1).ok_or(BooterError::OutOfMemory)?;
            self.page_table.graft(self.memory, address, frame, level)?;
        }
        Ok(())
    }
}

/// Tells the booter something of the machine, in the word `word` of its page.
pub fn note(memory: &Memory, information: Frame, word: usize, value: u64) {
    if let Some(word) = memory.words(information).get(word) {
        word.store(value, Relaxed);
    }
}

/// The starts of the steps of a table of `level` that touch `region`.
fn steps(region: Region, level: u64) -> impl Iterator<Item = u64> {
    let step = span(level);
    (region.start / step * step..region.end).step_by(step as usize)
}
