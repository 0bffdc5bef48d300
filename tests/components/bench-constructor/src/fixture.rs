//! What the kernel's operations are measured on: a few objects that stay, and slots, frames and addresses that each row
//! finds as it needs them and leaves as it found them.

use crate::operations;
use abi::boot::{UntypedRange, slot};
use abi::crossing::{FAULT_HANDLER, LEAF_SLOTS};
use abi::error::Error as KernelError;
use abi::layout::{PAGE, READ, WRITE};
use abi::operation::{ComponentOperation, InterruptOperation, PageTableOperation, TableOperation};
use core::cell::Cell;
use runtime::{Constructor, Error, Result};

/// Frames, slots and addresses that a row can use.
pub const FRAMES: u64 = 96;

/// The first of the slots that rows fill and empty.
pub const SLOTS: u32 = 2 * LEAF_SLOTS;
/// The first of the leaves of the capability table that rows graft and prune.
pub const LEAVES: u64 = 100;
/// The first of the pages that rows map.
pub const PLACES: u64 = 0x3000_0000;
/// The first of those to which they are moved.
pub const OTHER_PLACES: u64 = PLACES + NODE;
/// A page that is mapped.
pub const PLACE: u64 = OTHER_PLACES + NODE;
/// The first of the addresses below which page-table nodes are grafted.
pub const NODES: u64 = 0x2000_0000;
/// Bytes that a node maps.
const NODE: u64 = 512 * PAGE;

/// A component.
pub const COMPONENT: u32 = 64;
/// A thread at its start, which is nowhere.
pub const THREAD: u32 = 65;
/// Its end-point.
pub const RECEIVE: u32 = 66;
/// The right to send there.
pub const SEND: u32 = 67;
/// A temporal capability of that thread.
pub const TIME: u32 = 68;
/// Another one.
pub const SPARE_TIME: u32 = 69;
/// A page in which a device could be.
pub const DEVICE: u32 = 71;
/// A port that nobody answers at.
pub const PORT: u32 = 72;
/// The level whose fault is handled.
pub const LEVEL: u32 = 73;
/// A component whose faults are handled, its table, and a thread of it that faults.
const FAULTY: u32 = 74;
const FAULTY_TABLE: u32 = 75;
const FAULTING: u32 = 76;

/// Interrupt lines that no device drives, from [`FIRST_LINE`] on.
pub const LINES: u64 = 6;
const FIRST_LINE: u64 = 16;

/// Hot descriptors and thread indexes behind those that others here use.
const FIRST_INDEX: u64 = 64;

/// All of it.
pub struct Fixture {
    constructor: &'static Constructor,
    frames: UntypedRange,
    /// Frames taken from the end, for what stays.
    taken: Cell<u64>,
}

/// Two numbers in one word.
pub const fn pair(high: u32, low: u32) -> u64 {
    (high as u64) << 32 | low as u64
}

impl Fixture {
    /// Makes what stays.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn make(constructor: &'static Constructor) -> Result<Self> {
        let none = UntypedRange { start: 0, frames: 0 };
        let frames = constructor.information().untyped().max_by_key(|range| range.frames).unwrap_or(none);
        let fixture = Self { constructor, frames, taken: Cell::new(0) };
        fixture.make_room()?;
        fixture.make_objects()?;
        fixture.make_handled()?;
        Ok(fixture)
    }

    /// Leaves for the slots, nodes for the pages.
    fn make_room(&self) -> Result<()> {
        for leaf in 1..4 {
            self.table(TableOperation::Graft, [leaf, self.fresh(), 0, 0])?;
        }
        for place in [PLACES, OTHER_PLACES, PLACE] {
            self.pages(PageTableOperation::Graft, [place, self.fresh(), 1, 0])?;
        }
        self.pages(PageTableOperation::Map, [PLACE, self.fresh(), READ | WRITE, 0])?;
        Ok(())
    }

    fn make_objects(&self) -> Result<()> {
        use TableOperation::*;
        let spaces = pair(slot::TABLE, slot::PAGE_TABLE);
        self.table(CreateComponent, [COMPONENT.into(), self.fresh(), spaces, FIRST_INDEX - 1])?;
        self.table(CreateThread, [THREAD.into(), self.fresh(), pair(COMPONENT, FIRST_INDEX as u32 - 1), PLACE])?;
        self.table(CreateReceive, [RECEIVE.into(), THREAD.into(), 0, 0])?;
        self.table(CreateSend, [SEND.into(), RECEIVE.into(), 0, 0])?;
        for (slot, cycles) in [(TIME, 1_000_000), (SPARE_TIME, 1)] {
            self.table(CreateTemporalCapability, [pair(1, slot), self.fresh(), pair(RECEIVE, slot::TIME), cycles])?;
        }
        self.table(CreatePhysicalRange, [DEVICE.into(), slot::DEVICES.into(), 0xe000_0000, 1])?;
        self.table(CreatePorts, [PORT.into(), slot::PORTS.into(), pair(0x80, 1), 0])?;
        Ok(())
    }

    /// A thread whose fault [`level_handler`](operations::level_handler) handles.
    fn make_handled(&self) -> Result<()> {
        use TableOperation::*;
        self.table(CreateHandledLevel, [LEVEL.into(), 0, 0, 0])?;
        self.table(CreateTable, [FAULTY_TABLE.into(), self.fresh(), 0, 0])?;
        let faulty_table = |operation, words| self.ask(FAULTY_TABLE, operation as u16, words).map_err(Error::Kernel);
        faulty_table(Graft, [0, self.fresh(), 0, 0])?;
        let handler = operations::level_handler as *const () as u64;
        faulty_table(CreateInvocation, [pair(COMPONENT, FAULT_HANDLER), handler, 0, 1 << abi::fault::METHOD])?;
        let (spaces, index) = (pair(FAULTY_TABLE, slot::PAGE_TABLE), FIRST_INDEX - 2);
        self.table(CreateComponent, [FAULTY.into(), self.fresh(), spaces, index])?;
        let start = operations::level_fault as *const () as u64;
        self.table(CreateThread, [FAULTING.into(), self.fresh(), pair(FAULTY, index as u32), start])?;
        Ok(())
    }

    /// Another component, in this one's page table.
    pub fn another_component(&self, slot: u32) -> Result<()> {
        let words = [slot.into(), self.fresh(), pair(slot::TABLE, slot::PAGE_TABLE), self.index()];
        self.table(TableOperation::CreateComponent, words).map(|_| ())
    }

    /// A thread of a core, that starts there.
    pub fn thread(&self, slot: u32, component: u32, core: u32, start: u64) -> Result<()> {
        let who = pair(component, core << 16 | self.index() as u32);
        self.table(TableOperation::CreateThread, [slot.into(), self.fresh(), who, start]).map(|_| ())
    }

    /// An invocation of a component's entry.
    pub fn invocation(&self, slot: u32, component: u32, entry: u64) -> Result<()> {
        self.table(TableOperation::CreateInvocation, [pair(component, slot), entry, 0, 1]).map(|_| ())
    }

    /// A thread's end-point, and the right to send there.
    pub fn end_point(&self, receive: u32, send: u32, thread: u32) -> Result<()> {
        self.table(TableOperation::CreateReceive, [receive.into(), thread.into(), 0, 0])?;
        self.table(TableOperation::CreateSend, [send.into(), receive.into(), 0, 0]).map(|_| ())
    }

    /// An index of a component or a thread that no row uses.
    fn index(&self) -> u64 {
        self.taken.get() + FIRST_INDEX + FRAMES
    }

    /// Lets the handler of a fault run a loop.
    pub fn handle(&self, repeat: operations::Loop, words: &operations::Words, iterations: u64) -> Result<()> {
        operations::let_handler_run(repeat, words, iterations);
        crate::run_to_its_end(FAULTING, 0)
    }

    /// The name of one of the frames that rows use.
    pub fn frame(&self, number: u64) -> u64 {
        self.frames.start + (number + HEAD) * PAGE
    }

    /// Another frame, for good.
    fn fresh(&self) -> u64 {
        self.taken.set(self.taken.get() + 1);
        self.frames.start + (self.frames.frames - self.taken.get()) * PAGE
    }

    fn ask(&self, capability: u32, operation: u16, words: [u64; 4]) -> core::result::Result<[u64; 2], KernelError> {
        self.constructor.operate(capability, operation, words)
    }

    fn table(&self, operation: TableOperation, words: [u64; 4]) -> Result<[u64; 2]> {
        self.ask(slot::TABLE, operation as u16, words).map_err(Error::Kernel)
    }

    fn pages(&self, operation: PageTableOperation, words: [u64; 4]) -> Result<[u64; 2]> {
        self.ask(slot::PAGE_TABLE, operation as u16, words).map_err(Error::Kernel)
    }
}

/// Frames at the start of the range that others here use.
const HEAD: u64 = 256;

/// What rows find, and how they leave it.
impl Fixture {
    /// The epoch that has just begun.
    pub fn epoch(&self) -> u64 {
        const FIRST: u64 = 1;
        self.ask(slot::TABLE, TableOperation::Quiesce as u16, [FIRST, 0, 0, 0]).map_or(FIRST, |[epoch, _]| epoch)
    }

    /// Lets everything that was given up be past.
    pub fn quiesce(&self, _: u64) -> Result<()> {
        let epoch = self.epoch();
        loop {
            match self.ask(slot::TABLE, TableOperation::Quiesce as u16, [epoch, 0, 0, 0]) {
                Err(KernelError::Pending) => {}
                asked => return asked.map(|_| ()).map_err(Error::Kernel),
            }
        }
    }

    /// Puts copies into slots.
    pub fn copies(&self, slots: u64) -> Result<()> {
        each(slots, |at| self.table(TableOperation::Copy, [slot(at), slot::PORTS.into(), 0, 0]))
    }

    /// Empties slots.
    pub fn empty(&self, slots: u64) -> Result<()> {
        each(slots, |at| self.table(TableOperation::Remove, [slot(at), 0, 0, 0]))?;
        self.quiesce(slots)
    }

    /// Clears frames.
    pub fn clean(&self, frames: u64) -> Result<()> {
        each(frames, |at| self.pages(PageTableOperation::Clean, [self.frame(at), 0, 0, 0]))
    }

    /// Leaves frames untyped, and not known to be clear.
    pub fn dirty(&self, frames: u64) -> Result<()> {
        self.map(frames)?;
        self.unmap(frames)
    }

    /// Maps frames.
    pub fn map(&self, frames: u64) -> Result<()> {
        each(frames, |at| self.pages(PageTableOperation::Map, [PLACES + at * PAGE, self.frame(at), READ | WRITE, 0]))
    }

    /// Takes what is mapped away.
    pub fn unmap(&self, pages: u64) -> Result<()> {
        each(pages, |at| self.pages(PageTableOperation::Unmap, [PLACES + at * PAGE, 0, 0, 0]))?;
        self.quiesce(pages)
    }

    /// Takes what was moved away.
    pub fn unmap_others(&self, pages: u64) -> Result<()> {
        each(pages, |at| self.pages(PageTableOperation::Unmap, [OTHER_PLACES + at * PAGE, 0, 0, 0]))?;
        self.quiesce(pages)
    }

    /// Grafts leaves of the capability table.
    pub fn graft_leaves(&self, leaves: u64) -> Result<()> {
        each(leaves, |at| self.table(TableOperation::Graft, [LEAVES + at, self.frame(at), 0, 0]))
    }

    /// Prunes them.
    pub fn prune_leaves(&self, leaves: u64) -> Result<()> {
        each(leaves, |at| self.table(TableOperation::Prune, [LEAVES + at, 0, 0, 0]))?;
        self.quiesce(leaves)
    }

    /// Grafts nodes of the page table.
    pub fn graft_nodes(&self, nodes: u64) -> Result<()> {
        each(nodes, |at| self.pages(PageTableOperation::Graft, [NODES + at * NODE, self.frame(at), 1, 0]))
    }

    /// Prunes them.
    pub fn prune_nodes(&self, nodes: u64) -> Result<()> {
        each(nodes, |at| self.pages(PageTableOperation::Prune, [NODES + at * NODE, 1, 0, 0]))?;
        self.quiesce(nodes)
    }

    /// Makes capability tables.
    pub fn tables(&self, tables: u64) -> Result<()> {
        each(tables, |at| self.table(TableOperation::CreateTable, [slot(at), self.frame(at), 0, 0]))
    }

    /// Ends objects.
    pub fn reclaim(&self, objects: u64) -> Result<()> {
        each(objects, |at| self.table(TableOperation::Reclaim, [slot(at), 0, 0, 0]))?;
        self.quiesce(objects)
    }

    /// Words 0 to 3 that make the first component.
    pub fn component(&self) -> [u64; 4] {
        [slot(0), self.frame(0), pair(slot::TABLE, slot::PAGE_TABLE), FIRST_INDEX]
    }

    /// Makes components.
    pub fn components(&self, components: u64) -> Result<()> {
        let [first_slot, _, spaces, index] = self.component();
        let words = |at| [first_slot + at, self.frame(at), spaces, index + at];
        each(components, |at| self.table(TableOperation::CreateComponent, words(at)))
    }

    /// Ends components.
    pub fn end_components(&self, components: u64) -> Result<()> {
        let capability = |at: u64| SLOTS + at as u32;
        let revoke = |at| self.ask(capability(at), ComponentOperation::Revoke as u16, [0; 4]).map_err(Error::Kernel);
        each(components, revoke)?;
        self.reclaim_revoked(components)
    }

    /// Ends components that have been revoked.
    pub fn reclaim_revoked(&self, components: u64) -> Result<()> {
        self.quiesce(components)?;
        self.reclaim(components)
    }

    /// Words 0 to 3 that make the first temporal capability.
    pub fn temporal(&self) -> [u64; 4] {
        [slot(0) | 1 << 32, self.frame(0), pair(RECEIVE, slot::TIME), 100]
    }

    /// Makes temporal capabilities.
    pub fn temporals(&self, number: u64) -> Result<()> {
        let [first_slot, _, from, cycles] = self.temporal();
        let words = |at| [first_slot + at, self.frame(at), from, cycles];
        each(number, |at| self.table(TableOperation::CreateTemporalCapability, words(at)))
    }

    /// Makes capabilities to lines.
    pub fn lines(&self, lines: u64) -> Result<()> {
        let words = |at| [slot(at), slot::INTERRUPTS.into(), FIRST_LINE + at, 0];
        each(lines, |at| self.table(TableOperation::CreateInterrupt, words(at)))
    }

    /// The same, attached.
    pub fn attached(&self, lines: u64) -> Result<()> {
        self.lines(lines)?;
        each(lines, |at| self.of_line(at, InterruptOperation::Attach, SEND.into()))
    }

    /// The same, masked.
    pub fn masked(&self, lines: u64) -> Result<()> {
        self.attached(lines)?;
        each(lines, |at| self.of_line(at, InterruptOperation::Mask, 0))
    }

    /// Detaches lines, and empties their slots.
    pub fn detach(&self, lines: u64) -> Result<()> {
        each(lines, |at| self.of_line(at, InterruptOperation::Detach, 0))?;
        self.empty(lines)
    }

    fn of_line(&self, at: u64, operation: InterruptOperation, word: u64) -> Result<[u64; 2]> {
        self.ask(SLOTS + at as u32, operation as u16, [word, 0, 0, 0]).map_err(Error::Kernel)
    }

    /// Empties the slots of those that are gone.
    pub fn empty_merged(&self, number: u64) -> Result<()> {
        self.empty(number)
    }
}

fn slot(at: u64) -> u64 {
    u64::from(SLOTS) + at
}

fn each(number: u64, ask: impl FnMut(u64) -> Result<[u64; 2]>) -> Result<()> {
    (0..number).map(ask).try_for_each(|asked| asked.map(|_| ()))
}
