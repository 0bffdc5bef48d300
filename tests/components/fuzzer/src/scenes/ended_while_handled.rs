//! A fault handler ends the component whose fault it handles, and then asks for all that a handler can ask for: the memory of the
//! level is out of reach from then on.

use super::faults;
use crate::code::{self, HANDLED, unwinds};
use crate::neighbours::{INDEX, Neighbours, make, pair};
use crate::report::Report;
use crate::stage::Guest;
use abi::boot::slot;
use abi::crossing::{CapabilityWord, FAULT_HANDLER, LEAF_SLOTS};
use abi::error::Error;
use abi::kind::Kind;
use abi::operation::HandledLevelOperation::{self, ReadMemory, WriteMemory};
use abi::operation::{ComponentOperation, TableOperation, ThreadEnd, ThreadOperation};
use core::arch::naked_asm;
use core::sync::atomic::Ordering::Relaxed;
use play::Operations;

/// The director's leaf for this.
const LEAF: u32 = 490;
const FIRST_SLOT: u32 = LEAF * LEAF_SLOTS;
const TABLE: u32 = FIRST_SLOT;
const FAULTY: u32 = FIRST_SLOT + 1;
const HANDLER: u32 = FIRST_SLOT + 2;
const THREAD: u32 = FIRST_SLOT + 3;
/// Indices that nobody else uses.
const FAULTY_INDEX: u64 = INDEX + 10;
const HANDLER_INDEX: u64 = INDEX + 11;
const THREAD_INDEX: u64 = INDEX + 70;

/// Has a thread fault, and compares what its handler was answered with what it had to be.
pub fn play(neighbours: &mut Neighbours, guest: &mut Guest) -> Result<(), Error> {
    construct(neighbours, guest)?;
    let before = [ReadMemory, WriteMemory].map(answers);
    let ended = guest.ask(Kind::Thread, THREAD, ThreadOperation::Dispatch as u16, [0; 4])?;
    if ended != [ThreadEnd::Faulted as u64, Error::Faulted.status().into()] {
        complain(guest, "thread's end", ended);
    }
    guest.refused(Error::Revoked, Kind::Component, FAULTY, ComponentOperation::Revoke as u16, [0; 4]);
    for (operation, [revoked, others]) in [ReadMemory, WriteMemory].into_iter().zip(before) {
        let now = answers(operation);
        if now != [revoked + code::tries(operation), others] {
            complain(guest, "memory, revoked or not", now);
        }
    }
    Ok(())
}

/// A component that shares the director's memory, so that the memory that is asked for is there.
fn construct(neighbours: &mut Neighbours, guest: &mut Guest) -> Result<(), Error> {
    use TableOperation::*;
    make(guest, Graft, [LEAF.into(), neighbours.frame(), 0, 0])?;
    make(guest, CreateTable, [TABLE.into(), neighbours.frame(), 0, 0])?;
    guest.operate(TABLE, Graft as u16, [0, neighbours.frame(), 0, 0])?;
    for (component, table, index) in [(FAULTY, TABLE, FAULTY_INDEX), (HANDLER, slot::TABLE, HANDLER_INDEX)] {
        let tables = pair(table, slot::PAGE_TABLE.into());
        make(guest, CreateComponent, [component.into(), neighbours.frame(), tables, index])?;
    }
    let handler = [pair(HANDLER, FAULT_HANDLER.into()), revokes as *const () as u64, 0, 1];
    guest.operate(TABLE, CreateInvocation as u16, handler)?;
    let start = faults as *const () as u64;
    make(guest, CreateThread, [THREAD.into(), neighbours.frame(), pair(FAULTY, THREAD_INDEX), start])
}

/// How often a handler was answered `Revoked`, and how often anything else.
fn answers(operation: HandledLevelOperation) -> [u64; 2] {
    let mut sums = [0; 2];
    for (status, count) in HANDLED.iter().skip(operation as usize).take(1).flatten().enumerate() {
        let is_other = status != usize::from(Error::Revoked.status());
        sums[usize::from(is_other)] += count.load(Relaxed);
    }
    sums
}

fn complain(guest: &Guest, what: &str, found: [u64; 2]) {
    Report(guest.constructor).line(format_args!("of a component that was ended by its handler, {what}: {found:?}"));
}

/// Ends the component, and goes on as the handlers of players do.
#[unsafe(naked)]
unsafe extern "C" fn revokes() {
    naked_asm!(
        "mov eax, {revoke}",
        "syscall",
        "jmp {unwinds}",
        revoke = const CapabilityWord::new(FAULTY, ComponentOperation::Revoke as u16).0,
        unwinds = sym unwinds,
    )
}
