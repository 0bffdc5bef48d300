//! What end-points and scheduled dispatch refuse.

use crate::components::{address, create, returns};
use crate::rogue::{Rogue, pair};
use abi::boot::slot;
use abi::error::Error;
use abi::operation::TableOperation::{self, CreateReceive, CreateSend, CreateThread};
use abi::operation::{ReceiveOperation, SendOperation, ThreadEnd, ThreadOperation};
use core::arch::naked_asm;

const TABLE: u32 = slot::TABLE;
const DISPATCH: u16 = ThreadOperation::Dispatch as u16;
const RECEIVE: u16 = ReceiveOperation::Receive as u16;
const SEND: u16 = SendOperation::Send as u16;
/// The slot of the end-point at which a thread receives that is its own.
const OWN: u32 = 59;

/// All of it.
pub fn all(rogue: &mut Rogue) {
    let component = create(rogue, 22);
    let frame = rogue.frame();
    let thread = rogue.make(CreateThread, [frame, pair(component, 600), address(receives)]);
    creation(rogue, thread);
    let receive = rogue.make(CreateReceive, [thread.into(), 0, 0]);
    let send = rogue.make(CreateSend, [receive.into(), 0, 0]);
    operations(rogue, receive, send);
    dispatches(rogue, component, thread, receive);
    receiving(rogue, thread, receive, send);
}

fn creation(rogue: &mut Rogue, thread: u32) {
    let free = u64::from(rogue.slot());
    for operation in [CreateReceive, CreateSend] {
        for (from, error) in [
            (TABLE.into(), Error::WrongKind),
            (slot::PORTS.into(), Error::WrongKind),
            (0, Error::Empty),
            (50, Error::Empty),
            (u64::MAX, Error::OutOfRange),
        ] {
            rogue.refused(TABLE, operation as u16, [free, from, 0, 0], error);
        }
    }
    for (to, error) in [(TABLE.into(), Error::SlotTaken), (0, Error::OutOfRange), (u64::MAX, Error::OutOfRange)] {
        rogue.refused(TABLE, CreateReceive as u16, [to, thread.into(), 0, 0], error);
    }
}

fn operations(rogue: &mut Rogue, receive: u32, send: u32) {
    for operation in [63, 64, u16::MAX] {
        rogue.refused(receive, operation, [0; 4], Error::UnknownOperation);
        rogue.refused(send, operation, [0; 4], Error::UnknownOperation);
    }
    // Another's end-point, and flags that there are not.
    for flags in [0, 1, 2, u64::MAX] {
        rogue.refused(receive, RECEIVE, [flags, 0, 0, 0], Error::BadArgument);
    }
    for flags in [2, 3, 1 << 32, u64::MAX] {
        rogue.refused(send, SEND, [flags, 0, 0, 0], Error::BadArgument);
    }
}

fn dispatches(rogue: &mut Rogue, component: u32, thread: u32, receive: u32) {
    // Without a scheduler there is neither a timeout nor a token.
    for words in [[0, 1, 0, 0], [0, 0, 1, 0], [0, u64::MAX, u64::MAX, 0]] {
        rogue.refused(thread, DISPATCH, words, Error::BadArgument);
    }
    for (scheduler, error) in [
        (TABLE.into(), Error::WrongKind),
        (thread.into(), Error::WrongKind),
        (50, Error::Empty),
        (u64::MAX, Error::OutOfRange),
        (1 << 32, Error::Empty),
    ] {
        rogue.refused(thread, DISPATCH, [0, 0, 1, scheduler], error);
    }
    // A scheduler that never ran could not go on: the core would be nobody's.
    let frame = rogue.frame();
    let never = rogue.make(CreateThread, [frame, pair(component, 603), address(returns)]);
    let point = rogue.make(CreateReceive, [never.into(), 0, 0]);
    rogue.refused(thread, DISPATCH, [0, 0, 1, point.into()], Error::NotDispatchable);
    let frame = rogue.frame();
    let faulty = rogue.make(CreateThread, [frame, pair(component, 601), 0x7777_0000_0000]);
    rogue.answered(faulty, DISPATCH, [0; 4], [ThreadEnd::Faulted as u64, Error::Faulted.status().into()]);
    rogue.refused(faulty, DISPATCH, [0, 0, 7, receive.into()], Error::NotDispatchable);
    // The decision before was number 7, whatever became of it.
    rogue.refused(faulty, DISPATCH, [0, 0, 6, receive.into()], Error::Stale);
    // Only so that it is not the same thread in all of this.
    let frame = rogue.frame();
    let other = rogue.make(CreateThread, [frame, pair(component, 602), address(returns)]);
    rogue.answered(other, DISPATCH, [0; 4], [ThreadEnd::Returned as u64, 0]);
}

/// A thread that looks for what was sent, and does not wait, is told whether there was something.
fn receiving(rogue: &mut Rogue, thread: u32, receive: u32, send: u32) {
    rogue.done(TABLE, TableOperation::Copy as u16, [OWN.into(), receive.into(), 0, 0]);
    let nothing = Error::NothingPending.status().into();
    rogue.answered(thread, DISPATCH, [0; 4], [ThreadEnd::Returned as u64, nothing]);
    rogue.done(send, SEND, [0; 4]);
    rogue.answered(thread, DISPATCH, [0; 4], [ThreadEnd::Returned as u64, 0]);
    rogue.answered(thread, DISPATCH, [0; 4], [ThreadEnd::Returned as u64, nothing]);
}

/// Receives without waiting, and ends with the status of that.
#[unsafe(naked)]
unsafe extern "C" fn receives() {
    naked_asm!(
        "mov eax, {own} << 16 | {receive}",
        "mov edi, 1",
        "xor esi, esi",
        "syscall",
        "syscall", // the status is what it ends with
        "ud2",
        own = const OWN,
        receive = const RECEIVE,
    )
}
