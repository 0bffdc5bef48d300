//! The components, threads and end-points that the loops run on, in slots that the loops know.

use crate::loops::{self, FAULTING, FIRST, RECEIVER, RECEIVER_RECEIVE, RECEIVER_SEND, SCHEDULER, SECOND};
use crate::loops::{Entry, FIRST_COUNTED, FIRST_TIME, SCHEDULER_RECEIVE, SECOND_COUNTED, SECOND_TIME};
use abi::boot::{UntypedRange, slot};
use abi::crossing::FAULT_HANDLER;
use abi::layout::PAGE;
use abi::operation::TableOperation::{self, *};
use runtime::{Constructor, Error, Result};

/// The component of all threads but the one that faults.
const COMPONENT: u32 = 20;
/// The component of the one that faults, and its capability table, in which its handler is.
const FAULTY: u32 = 21;
const FAULTY_TABLE: u32 = 22;

/// The hot descriptors behind the constructor's own.
const DESCRIPTORS: [u64; 2] = [2, 3];

/// What each of the two temporal capabilities has: it never comes to its end.
const CYCLES: u64 = 1 << 40;

/// Makes all of them.
///
/// # Errors
///
/// The kernel's.
pub fn make(constructor: &Constructor) -> Result<()> {
    let mut maker = Maker::new(constructor);
    let [component, faulty] = DESCRIPTORS;
    maker.make(CreateComponent, COMPONENT, [pair(slot::TABLE, slot::PAGE_TABLE), component])?;
    maker.threads(COMPONENT, [(SCHEDULER, loops::scheduler), (RECEIVER, loops::receiver)])?;
    maker.threads(COMPONENT, [(FIRST, loops::first), (SECOND, loops::second)])?;
    for (receive, thread) in [(SCHEDULER_RECEIVE, SCHEDULER), (RECEIVER_RECEIVE, RECEIVER)] {
        maker.ask(slot::TABLE, CreateReceive, [receive.into(), thread.into(), 0, 0])?;
    }
    maker.ask(slot::TABLE, CreateSend, [RECEIVER_SEND.into(), RECEIVER_RECEIVE.into(), 0, 0])?;
    maker.make(CreateTable, FAULTY_TABLE, [0, 0])?;
    maker.make_leaf(FAULTY_TABLE)?;
    maker.make(CreateComponent, FAULTY, [pair(FAULTY_TABLE, slot::PAGE_TABLE), faulty])?;
    maker.handle_faults(FAULTY_TABLE, COMPONENT, loops::handler)?;
    maker.threads(FAULTY, [(FAULTING, loops::fault_handler)])?;
    make_counted(&mut maker)
}

/// Two threads, and what they run on: enough for all that is measured. Of the two, the first goes first.
fn make_counted(maker: &mut Maker<'_>) -> Result<()> {
    maker.threads(COMPONENT, [(FIRST_COUNTED, loops::first_counted), (SECOND_COUNTED, loops::second_counted)])?;
    for (priority, time) in [(1, FIRST_TIME), (2, SECOND_TIME)] {
        let frame = maker.frame();
        let words = [pair(priority, time), frame, pair(SCHEDULER_RECEIVE, slot::TIME), CYCLES];
        maker.ask(slot::TABLE, CreateTemporalCapability, words)?;
    }
    Ok(())
}

/// Makes objects from the largest of the ranges of untyped memory.
struct Maker<'c> {
    constructor: &'c Constructor,
    frames: UntypedRange,
    threads: u32,
}

impl<'c> Maker<'c> {
    fn new(constructor: &'c Constructor) -> Self {
        let none = UntypedRange { start: 0, frames: 0 };
        let frames = constructor.information().untyped().max_by_key(|range| range.frames).unwrap_or(none);
        Self { constructor, frames, threads: 0 }
    }

    /// An object from a frame of its own.
    fn make(&mut self, operation: TableOperation, slot: u32, [second, third]: [u64; 2]) -> Result<()> {
        let frame = self.frame();
        self.ask(slot::TABLE, operation, [slot.into(), frame, second, third])
    }

    /// Threads, with the next free indexes: the constructor's own has number 0.
    fn threads<const N: usize>(&mut self, component: u32, threads: [(u32, Entry); N]) -> Result<()> {
        threads.into_iter().try_for_each(|(slot, start)| {
            self.threads += 1;
            self.make(CreateThread, slot, [pair(component, self.threads), start as *const () as u64])
        })
    }

    /// The first leaf of a capability table.
    fn make_leaf(&mut self, table: u32) -> Result<()> {
        let frame = self.frame();
        self.ask(table, Graft, [0, frame, 0, 0])
    }

    fn handle_faults(&mut self, table: u32, by: u32, entry: Entry) -> Result<()> {
        const METHODS: u64 = 1 << abi::fault::METHOD;
        self.ask(table, CreateInvocation, [pair(by, FAULT_HANDLER), entry as *const () as u64, 0, METHODS])
    }

    fn ask(&self, table: u32, operation: TableOperation, words: [u64; 4]) -> Result<()> {
        self.constructor.operate(table, operation as u16, words).map(|_| ()).map_err(Error::Kernel)
    }

    fn frame(&mut self) -> u64 {
        let name = self.frames.start;
        self.frames.start += PAGE;
        name
    }
}

/// Two numbers in one word.
fn pair(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}
