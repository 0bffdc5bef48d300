//! From an entry of the bundle to a component with one thread, not yet connected to any other.

use crate::address_space::{AddressSpace, Inside};
use crate::frames::Frames;
use crate::{Failure, Kernel};
use abi::boot::{made, slot};
use abi::bundle::{Bundle, Component, Time};
use abi::crossing::LEAF_SLOTS;
use abi::operation::{ComponentOperation, FOREIGN, TableOperation, ThreadOperation};
use abi::register::number::RSP;

/// Cycles of a temporal capability that is never used up: centuries of them.
const ENDLESS: u64 = 1 << 62;

/// Where the booter keeps what it holds of the component number `at` of the bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Its capability table.
    pub table: u32,
    /// Its page table.
    pub page_table: u32,
    /// The component itself.
    pub component: u32,
    /// Its thread.
    pub thread: u32,
    /// The temporal capability of its thread, if it has one.
    pub time: u32,
    /// The end-point of its thread, while that is made.
    receive: u32,
    /// Index of its hot descriptor: the booter, component 0, has number 1.
    descriptor: u64,
}

/// The slots for the component number `at` of the bundle.
pub fn held(at: usize) -> Held {
    let first = slot::of(at);
    Held {
        table: first + made::TABLE,
        page_table: first + made::PAGE_TABLE,
        component: first + made::COMPONENT,
        thread: first + made::THREAD,
        time: first + made::TIME,
        receive: first + made::RECEIVE,
        descriptor: at as u64 + 1,
    }
}

/// Constructs every component but the booter itself, and those that another one constructs at run time.
///
/// # Errors
///
/// See [`Failure`].
pub fn all(bundle: &Bundle, frames: &mut Frames, kernel: &mut impl Kernel) -> Result<(), Failure> {
    let is_own = |component: &Component| component.constructor == 0;
    for (at, component) in bundle.components().enumerate().skip(1) {
        grow_own_table(held(at), frames, kernel)?;
        if is_own(&component) && component.of == 0 {
            make_tables(&component, held(at), frames, kernel)?;
        }
    }
    let is_nested = bundle.components().any(|component| component.around != 0);
    for (at, component) in bundle.components().enumerate().skip(1).filter(|(_, component)| is_own(component)) {
        let held = held(at);
        if component.of == 0 {
            let of = if component.space == 0 { at as u64 } else { component.space };
            let inside = is_nested.then_some(Inside { bundle, of });
            construct(bundle, &component, inside, held, frames, kernel)?;
        } else {
            make_thread(&component, held, self::held(component.of as usize).component, frames, kernel)?;
        }
        make_time(&component, held, frames, kernel)?;
    }
    Ok(())
}

fn make_thread(
    of: &Component,
    held: Held,
    component: u32,
    frames: &mut Frames,
    kernel: &mut impl Kernel,
) -> Result<(), Failure> {
    let words = [held.thread.into(), frames.take()?, pair(component, of.core << 16 | of.thread), of.entry];
    make(kernel, TableOperation::CreateThread, words)
}

/// The temporal capability that belongs to a scheduler's thread.
fn make_time(of: &Component, held: Held, frames: &mut Frames, kernel: &mut impl Kernel) -> Result<(), Failure> {
    let (from, cycles) = match of.time {
        Time::None => return Ok(()),
        Time::Given => (0, 0),
        Time::Endless => (slot::TIME, ENDLESS),
    };
    make(kernel, TableOperation::CreateReceive, [held.receive.into(), held.thread.into(), 0, 0])?;
    let words = [held.time.into(), frames.take()?, pair(held.receive, from.into()), cycles];
    make(kernel, TableOperation::CreateTemporalCapability, words)
}

/// Its capability table, and its page table, which may be that of a component before it.
fn make_tables(of: &Component, held: Held, frames: &mut Frames, kernel: &mut impl Kernel) -> Result<(), Failure> {
    make(kernel, TableOperation::CreateTable, [held.table.into(), frames.take()?, 0, 0])?;
    let page_table = held.page_table.into();
    match of.space as usize {
        0 => make(kernel, TableOperation::CreatePageTable, [page_table, frames.take()?, 0, 0]),
        first => make(kernel, TableOperation::Copy, [page_table, self::held(first).page_table.into(), 0, 0]),
    }
}

fn construct(
    bundle: &Bundle,
    component: &Component,
    inside: Option<Inside>,
    held: Held,
    frames: &mut Frames,
    kernel: &mut impl Kernel,
) -> Result<(), Failure> {
    let mut space = AddressSpace { page_table: held.page_table, inside, frames, kernel };
    for segment in bundle.segments(component) {
        space.map_segment(&segment)?;
    }
    for stack in bundle.stacks(component) {
        space.map_stack(&stack)?;
    }
    let tables = pair(held.table, held.page_table.into());
    let is_foreign = bundle.is_foreign(component);
    let foreign = if is_foreign { FOREIGN } else { 0 };
    make(
        kernel,
        TableOperation::CreateComponent,
        [held.component.into(), frames.take()?, tables, held.descriptor | foreign],
    )?;
    kernel.operate(held.component, ComponentOperation::Name as u16, component.name_words())?;
    make_thread(component, held, held.component, frames, kernel)?;
    if is_foreign { give_stack(bundle, component, held, kernel) } else { Ok(()) }
}

/// A foreign component knows nothing of our stacks: its thread starts with one, aligned as after a call.
fn give_stack(bundle: &Bundle, component: &Component, held: Held, kernel: &mut impl Kernel) -> Result<(), Failure> {
    let Some(stack) = bundle.stacks(component).find(|stack| stack.thread == component.thread) else { return Ok(()) };
    kernel.operate(held.thread, ThreadOperation::WriteRegister as u16, [RSP, stack.end - 8, 0, 0])?;
    Ok(())
}

/// Performs an operation on the booter's own table.
fn make(kernel: &mut impl Kernel, operation: TableOperation, words: [u64; 4]) -> Result<(), Failure> {
    kernel.operate(slot::TABLE, operation as u16, words)?;
    Ok(())
}

/// Adds the leaf for the slots of one more component to the booter's own table, where a new one begins.
fn grow_own_table(held: Held, frames: &mut Frames, kernel: &mut impl Kernel) -> Result<(), Failure> {
    // Leaf 0 is there from the start: it holds what the kernel gave.
    if held.table.is_multiple_of(LEAF_SLOTS) {
        let leaf = held.table / LEAF_SLOTS;
        make(kernel, TableOperation::Graft, [leaf.into(), frames.take()?, 0, 0])?;
    }
    Ok(())
}

/// Two numbers in one word.
pub fn pair(high: u32, low: u64) -> u64 {
    u64::from(high) << 32 | low
}

/// A component's slots never straddle two leaves.
const _: () = assert!(LEAF_SLOTS.is_multiple_of(slot::EACH) && slot::FREE.is_multiple_of(slot::EACH));
