//! What making and running threads refuses.

use crate::components::{address, create, returns};
use crate::rogue::{KERNEL, NON_CANONICAL, Rogue, pair};
use abi::boot::slot;
use abi::error::Error;
use abi::layout::{THREADS, USER_END};
use abi::operation::TableOperation::{self, CreateThread};
use abi::operation::{ThreadEnd, ThreadOperation};
use core::arch::naked_asm;

const TABLE: u32 = slot::TABLE;
const DISPATCH: u16 = ThreadOperation::Dispatch as u16;
/// The slot of a thread that dispatches itself.
const SELF: u32 = 62;

/// All of it.
pub fn all(rogue: &mut Rogue) {
    let component = create(rogue, 21);
    creation(rogue, component);
    ends(rogue, component);
    running(rogue, component);
}

fn creation(rogue: &mut Rogue, component: u32) {
    let (frame, free) = (rogue.frame(), u64::from(rogue.slot()));
    let good = address(returns);
    let own = 0; // the constructor's own thread
    for (packed, start, error) in [
        (pair(component, own), good, Error::IndexTaken),
        (pair(component, THREADS.into()), good, Error::BadArgument),
        (pair(component, u32::MAX), good, Error::BadArgument),
        (pair(TABLE, 500), good, Error::WrongKind),
        (pair(50, 500), good, Error::Empty),
        (pair(u32::MAX, 500), good, Error::OutOfRange),
        (pair(component, 500), 0, Error::BadAddress),
        (pair(component, 500), USER_END, Error::BadAddress),
    ] {
        rogue.refused(TABLE, CreateThread as u16, [free, frame, packed, start], error);
    }
    for start in NON_CANONICAL.into_iter().chain(KERNEL) {
        rogue.refused(TABLE, CreateThread as u16, [free, frame, pair(component, 500), start], Error::BadAddress);
    }
    for (to, error) in [(TABLE.into(), Error::SlotTaken), (0, Error::OutOfRange), (u64::MAX, Error::OutOfRange)] {
        rogue.refused(TABLE, CreateThread as u16, [to, frame, pair(component, 500), good], error);
    }
    rogue.refused(TABLE, CreateThread as u16, [free, 0x7000_0000_0000, pair(component, 500), good], Error::NoFrame);
}

fn make(rogue: &mut Rogue, component: u32, index: u32, start: u64) -> u32 {
    let frame = rogue.frame();
    rogue.make(CreateThread, [frame, pair(component, index), start])
}

fn ends(rogue: &mut Rogue, component: u32) {
    let thread = make(rogue, component, 500, address(returns));
    for operation in [ThreadOperation::ALL.len() as u16, 63, 64, u16::MAX] {
        rogue.refused(thread, operation, [0; 4], Error::UnknownOperation);
    }
    for _ in 0..3 {
        rogue.answered(thread, DISPATCH, [5, 0, 0, 0], [ThreadEnd::Returned as u64, 0]);
    }
    let frame = rogue.frame();
    let again = [u64::from(rogue.slot()), frame, pair(component, 500), address(returns)];
    rogue.refused(TABLE, CreateThread as u16, again, Error::IndexTaken);
    // Nothing is where it starts; in the last page before the hole nothing ever is.
    let faulted = [ThreadEnd::Faulted as u64, Error::Faulted.status().into()];
    for (index, start) in [(501, 0x7777_0000_0000), (502, USER_END - 2)] {
        let thread = make(rogue, component, index, start);
        rogue.answered(thread, DISPATCH, [0; 4], faulted);
        rogue.refused(thread, DISPATCH, [0; 4], Error::NotDispatchable);
    }
}

fn running(rogue: &mut Rogue, component: u32) {
    let thread = make(rogue, component, 503, address(dispatches_itself));
    rogue.done(TABLE, TableOperation::Copy as u16, [SELF.into(), thread.into(), 0, 0]);
    let refused = [ThreadEnd::Returned as u64, Error::NotDispatchable.status().into()];
    rogue.answered(thread, DISPATCH, [0; 4], refused);
}

/// Dispatches the thread that it runs on, and ends it with the answer.
#[unsafe(naked)]
unsafe extern "C" fn dispatches_itself() {
    naked_asm!(
        "mov eax, {thread} << 16 | {dispatch}",
        "xor edi, edi",
        "xor esi, esi",
        "xor edx, edx",
        "xor r10d, r10d",
        "syscall",
        "syscall", // the status is what it ends with
        "ud2",
        thread = const SELF,
        dispatch = const DISPATCH,
    )
}
