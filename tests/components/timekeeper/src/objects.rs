//! Threads, end-points, and the slots in which they are.

use crate::stacks;
use abi::boot::{UntypedRange, slot};
use abi::error::Error;
use abi::layout::PAGE;
use abi::operation::TableOperation::{self, CreateComponent, CreateReceive, CreateSend, CreateThread};
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;
use runtime::Constructor;

/// The component that they are all of.
pub const COMPONENT: u32 = 20;
/// The scheduler.
pub const PARENT: u32 = 21;
/// The scheduler below it.
pub const CHILD: u32 = 22;
/// The thread that never gives the core back.
pub const GREEDY: u32 = 23;
/// Another one.
pub const NEIGHBOUR: u32 = 24;
/// Where [`PARENT`] learns of its threads.
pub const PARENT_RECEIVE: u32 = 25;
/// Where [`CHILD`] learns of its threads.
pub const CHILD_RECEIVE: u32 = 26;
/// The thread that waits until it is sent to, again and again.
pub const WAITER: u32 = 27;
/// The one that sends to it.
pub const SENDER: u32 = 28;
/// Where [`WAITER`] waits.
pub const WAITER_RECEIVE: u32 = 29;
/// The right to send there.
pub const WAITER_SEND: u32 = 30;
/// The first slot for temporal capabilities.
pub const BUDGETS: u32 = 32;

/// The name of the next untyped frame.
static FRAMES: AtomicU64 = AtomicU64::new(0);

/// Makes threads and end-points, in a component that shares everything with the constructor.
///
/// # Errors
///
/// The kernel's.
pub fn make(constructor: &Constructor) -> Result<(), Error> {
    const DESCRIPTOR: u64 = 2;
    let none = UntypedRange { start: 0, frames: 0 };
    let frames = constructor.information().untyped().max_by_key(|range| range.frames).unwrap_or(none);
    FRAMES.store(frames.start, Relaxed);
    let ask = |operation: TableOperation, words| constructor.operate(slot::TABLE, operation as u16, words);
    ask(CreateComponent, [COMPONENT.into(), frame(), pair(slot::TABLE, slot::PAGE_TABLE), DESCRIPTOR])?;
    let starts = [stacks::parent, stacks::child, stacks::greedy, stacks::greedy];
    for (at, start) in starts.into_iter().enumerate() {
        let (slot, index) = (PARENT + at as u32, at as u32 + 1);
        ask(CreateThread, [slot.into(), frame(), pair(COMPONENT, index), start as *const () as u64])?;
    }
    for (slot, index, start) in [(WAITER, 5, stacks::waiter as *const ()), (SENDER, 6, stacks::sender as *const ())] {
        ask(CreateThread, [slot.into(), frame(), pair(COMPONENT, index), start as u64])?;
    }
    for (receive, thread) in [(PARENT_RECEIVE, PARENT), (CHILD_RECEIVE, CHILD), (WAITER_RECEIVE, WAITER)] {
        ask(CreateReceive, [receive.into(), thread.into(), 0, 0])?;
    }
    ask(CreateSend, [WAITER_SEND.into(), WAITER_RECEIVE.into(), 0, 0])?;
    Ok(())
}

/// The name of an untyped frame that nobody has used.
pub fn frame() -> u64 {
    FRAMES.fetch_add(PAGE, Relaxed)
}

/// Two numbers in one word.
pub fn pair(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}
