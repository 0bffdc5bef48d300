//! What the schedulers ask the kernel for.

use crate::CONSTRUCTOR;
use abi::error::Error;
use abi::event::Event;
use abi::operation::{ReceiveOperation, TableOperation, TemporalCapabilityOperation, ThreadOperation};
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;

/// The number of the last decision.
static TOKEN: AtomicU64 = AtomicU64::new(0);

/// Runs a thread that nobody schedules; answers its status.
pub fn run_to_its_end(thread: u32) -> Result<u16, Error> {
    let [_, status] = CONSTRUCTOR.operate(thread, ThreadOperation::Dispatch as u16, [0; 4])?;
    Ok(status as u16)
}

/// Dispatches a thread by a decision at this end-point, on this temporal capability.
pub fn dispatch(thread: u32, receive: u32, budget: u32) -> Result<(), Error> {
    let token = TOKEN.fetch_add(1, Relaxed);
    let peers = u64::from(budget) << 32 | u64::from(receive);
    CONSTRUCTOR.operate(thread, ThreadOperation::Dispatch as u16, [0, 0, token, peers]).map(|_| ())
}

/// The next event at the caller's own end-point, if there is one.
pub fn poll(receive: u32) -> Option<Event> {
    let [_, event] = CONSTRUCTOR.operate(receive, ReceiveOperation::Receive as u16, [1, 0, 0, 0]).ok()?;
    Event::from_word(event)
}

/// As [`create`], with this priority.
pub fn create_with(priority: u64, slot: u32, receive: u32, from: u32, cycles: u64, frame: u64) -> Result<(), Error> {
    let words = [priority << 32 | u64::from(slot), frame, u64::from(receive) << 32 | u64::from(from), cycles];
    let operation = TableOperation::CreateTemporalCapability as u16;
    CONSTRUCTOR.operate(abi::boot::slot::TABLE, operation, words).map(|_| ())
}

/// Makes a temporal capability in `slot` for the scheduler that receives at `receive`, with cycles of `from`.
pub fn create(slot: u32, receive: u32, from: u32, cycles: u64, frame: u64) -> Result<(), Error> {
    create_with(0, slot, receive, from, cycles, frame)
}

/// Cycles left of a temporal capability, and cycles used.
pub fn read(budget: u32) -> Result<[u64; 2], Error> {
    CONSTRUCTOR.operate(budget, TemporalCapabilityOperation::Read as u16, [0; 4])
}

/// Moves cycles to another scheduler's.
pub fn delegate(from: u32, to: u32, cycles: u64) -> Result<u64, Error> {
    move_cycles(TemporalCapabilityOperation::Delegate, from, [to.into(), cycles, 0, 0])
}

/// Moves cycles back.
pub fn transfer(from: u32, to: u32, cycles: u64) -> Result<u64, Error> {
    move_cycles(TemporalCapabilityOperation::Transfer, from, [to.into(), cycles, 0, 0])
}

/// Ends a temporal capability; what is left of it goes to another.
pub fn merge(from: u32, to: u32) -> Result<u64, Error> {
    move_cycles(TemporalCapabilityOperation::Merge, from, [to.into(), 0, 0, 0])
}

fn move_cycles(operation: TemporalCapabilityOperation, from: u32, words: [u64; 4]) -> Result<u64, Error> {
    let [moved, _] = CONSTRUCTOR.operate(from, operation as u16, words)?;
    Ok(moved)
}
