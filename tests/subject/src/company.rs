//! Threads that all schedule each other: each holds every thread, end-point, component and temporal capability of the
//! company, and its faults and those of the next one are each other's to handle.

use abi::boot::slot;
use abi::crossing::{FAULT_HANDLER, LEAF_SLOTS, PERSONALITY};
use abi::error::Error;
use abi::operation::receive_flag::DO_NOT_WAIT;
use abi::operation::{ReceiveOperation, SendOperation, TableOperation, ThreadOperation};
use abi::register::number;
use model::simulation::CODE;
use play::world::FIRST_FRAME;
use play::{Call, Choices, Operations};

/// Threads of the company.
const MEMBERS: u32 = 5;
/// Where the director keeps them, and where each member has them: these slots plus the member's number.
const FIRST: u32 = 448;
const TABLE: u32 = 0;
const COMPONENT: u32 = 8;
const THREAD: u32 = 16;
const RECEIVE: u32 = 24;
const SEND: u32 = 32;
const TIME: u32 = 40;
const INVOCATION: u32 = 48;
const LEVEL: u32 = 56;
/// Where each has its page table, and its own table.
const OWN_PAGES: u32 = 3;
const OWN_TABLE: u32 = 4;
/// The member that is foreign: its calls are its personality's.
const FOREIGN: u32 = 4;
/// Cycles of each.
const CYCLES: u64 = 120;
/// Index of the first component.
const INDEX: u64 = 8_000;
/// Index of the first thread.
pub const THREAD_INDEX: u64 = 520;
/// The first frame of the company: behind those of the first players.
const FRAME: u64 = FIRST_FRAME + (14_000 << 12);

/// Constructs the company. Answers the call by which the director waits for its first member.
pub fn assemble(kernel: &mut impl Operations) -> Result<Call, Error> {
    use TableOperation::*;
    let mut next = FRAME;
    let mut frame = || {
        next += 1 << 12;
        next - (1 << 12)
    };
    make(kernel, Graft, [(FIRST / LEAF_SLOTS).into(), frame(), 0, 0])?;
    for member in 0..MEMBERS {
        let at = |group: u32| u64::from(FIRST + group + member);
        make(kernel, CreateTable, [at(TABLE), frame(), 0, 0])?;
        kernel.operate(FIRST + TABLE + member, Graft as u16, [0, frame(), 0, 0])?;
        let tables = at(TABLE) << 32 | u64::from(slot::PAGE_TABLE);
        let flags = if member == FOREIGN { abi::operation::FOREIGN } else { 0 };
        make(kernel, CreateComponent, [at(COMPONENT), frame(), tables, (INDEX + u64::from(member)) | flags])?;
        let thread = at(COMPONENT) << 32 | (THREAD_INDEX + u64::from(member));
        make(kernel, CreateThread, [at(THREAD), frame(), thread, CODE.returns])?;
        make(kernel, CreateReceive, [at(RECEIVE), at(THREAD), 0, 0])?;
        make(kernel, CreateSend, [at(SEND), at(RECEIVE), 0, 0])?;
        let peers = at(RECEIVE) << 32 | u64::from(slot::TIME);
        let place = at(TIME) | u64::from(member) << 32;
        make(kernel, CreateTemporalCapability, [place, frame(), peers, CYCLES])?;
    }
    for member in 0..MEMBERS {
        grant(kernel, member)?;
    }
    Ok(Call::new(FIRST + THREAD, ThreadOperation::Dispatch as u16, [0; 4]))
}

/// Gives a member all there is, the page table and its own table included.
fn grant(kernel: &mut impl Operations, member: u32) -> Result<(), Error> {
    use TableOperation::*;
    let table = FIRST + TABLE + member;
    let handler = u64::from(FIRST + COMPONENT + (member + 1) % FOREIGN);
    for number in [FAULT_HANDLER, PERSONALITY] {
        kernel.operate(table, CreateInvocation as u16, [handler << 32 | u64::from(number), CODE.returns, 7, 1])?;
    }
    for group in [COMPONENT, THREAD, RECEIVE, SEND, TIME] {
        for other in 0..MEMBERS {
            let words = [(group + other).into(), (FIRST + group + other).into(), 0, 0];
            kernel.operate(table, Copy as u16, words)?;
        }
    }
    for other in (0..MEMBERS).filter(|other| *other != FOREIGN) {
        let server = u64::from(FIRST + COMPONENT + other) << 32;
        kernel.operate(table, CreateInvocation as u16, [server | u64::from(INVOCATION + other), CODE.returns, 7, 1])?;
    }
    kernel.operate(table, CreateHandledLevel as u16, [LEVEL.into(), 0, 0, 0])?;
    for (to, from) in [(OWN_PAGES, slot::PAGE_TABLE), (OWN_TABLE, table)] {
        kernel.operate(table, Copy as u16, [to.into(), from.into(), 0, 0])?;
    }
    Ok(())
}

/// A call by a member, about members.
pub fn call(choices: &mut impl Choices, now: u64) -> Call {
    let mut member = |group: u32| group + choices.below(MEMBERS.into()) as u32;
    let (thread, receive, send, invocation) = (member(THREAD), member(RECEIVE), member(SEND), member(INVOCATION));
    let (component, time, other) = (member(COMPONENT), member(TIME), member(TIME));
    let timeout = choices.one_of([0, 0, now + 20, now + 100]);
    match choices.below(24) {
        0 => Call::new(thread, 0, [0; 4]),
        1..=3 => Call::new(thread, 0, [0, timeout, u64::MAX, receive.into()]),
        4..=9 => {
            let peers = u64::from(receive) | u64::from(time) << 32;
            Call::new(thread, 0, [0, timeout, choices.one_of([u64::MAX, u64::MAX, u64::MAX, 3]), peers])
        }
        10..=13 => {
            let words = [choices.one_of([0, 0, 2, 1]), choices.one_of([0, 0, 0, now + 50]), 0, 0];
            Call::new(receive, 0, words)
        }
        14..=16 => Call::new(send, 0, [choices.below(2), 0, 0, 0]),
        17 => Call::new(invocation, 0, [0; 4]),
        18 => Call::new(time, 1 + choices.below(2) as u16, [other.into(), choices.below(300), choices.below(4), 0]),
        19 if choices.one_in(4) => Call::new(time, 3, [other.into(), 0, 0, 0]),
        19 if choices.one_in(4) => Call::new(OWN_TABLE, TableOperation::Reclaim as u16, [time.into(), 0, 0, 0]),
        19 => Call::new(time, 0, [0; 4]),
        20 => Call::new(thread, 1 + choices.below(2) as u16, [register(choices), choices.word() >> 17, 0, 0]),
        21 | 22 => {
            let address = choices.one_of([play::world::STACK_END - 64, play::world::STACK_END - 63, 1 << 20]);
            let method = choices.below(4) as u16;
            let at = if method < 2 { register(choices) } else { address };
            Call::new(LEVEL, method, [at, choices.word() >> 17, 0, 0])
        }
        _ if choices.one_in(8) => Call::new(component, 1, [0; 4]),
        _ => Call::new(component, 0, [0x61, 0, 0, 0]),
    }
}

/// A register's number: often one of those in which not everything may be put, so that they are read again.
fn register(choices: &mut impl Choices) -> u64 {
    const MXCSR: u64 = number::FLOATING_POINT + 3;
    if choices.one_in(2) {
        return choices.below(40);
    }
    choices.one_of([number::FLAGS, number::FLAGS, MXCSR, number::RIP, number::FS_BASE, number::GS_BASE])
}

/// A scheduling member lets another run, on the time of that one.
pub fn dispatch(scheduler: u32, thread: u32) -> Call {
    let peers = u64::from(RECEIVE + scheduler) | u64::from(TIME + thread) << 32;
    Call::new(THREAD + thread, ThreadOperation::Dispatch as u16, [0, 0, u64::MAX, peers])
}

/// A member receives, or looks whether there is anything.
pub fn receive(member: u32, waits: bool) -> Call {
    let flags = if waits { 0 } else { DO_NOT_WAIT };
    Call::new(RECEIVE + member, ReceiveOperation::Receive as u16, [flags, 0, 0, 0])
}

/// Somebody sends to a member.
pub fn send(member: u32) -> Call {
    Call::new(SEND + member, SendOperation::Send as u16, [0; 4])
}

/// Somebody writes a register of the foreign member's, which has not started.
pub fn write_register(register: u64, word: u64) -> Call {
    Call::new(THREAD + FOREIGN, ThreadOperation::WriteRegister as u16, [register, word, 0, 0])
}

/// Somebody reads it.
pub fn read_register(register: u64) -> Call {
    Call::new(THREAD + FOREIGN, ThreadOperation::ReadRegister as u16, [register, 0, 0, 0])
}

fn make(kernel: &mut impl Operations, operation: TableOperation, words: [u64; 4]) -> Result<(), Error> {
    kernel.operate(slot::TABLE, operation as u16, words).map(|_| ())
}
