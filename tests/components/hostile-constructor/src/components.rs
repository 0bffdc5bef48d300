//! What making, entering and ending components refuses.
//!
//! The components made here share the constructor's own tables: they run its code, in its memory.

use crate::rogue::{KERNEL, NON_CANONICAL, Rogue, pair};
use abi::boot::slot;
use abi::crossing::INVOCATION_DEPTH;
use abi::error::Error;
use abi::layout::{USER_END, USER_START};
use abi::operation::TableOperation::{CreateComponent, CreateInvocation, CreateThread};
use abi::operation::{ComponentOperation, TableOperation};
use core::arch::naked_asm;

const TABLE: u32 = slot::TABLE;
/// The first hot descriptor that is not the constructor's own.
const INDEX: u64 = 20;
/// Slots that naked functions name.
const DEEPER: u32 = 60;
const MORTAL: u32 = 61;
/// The name that this system's graph expects to fault.
pub const NAME: u64 = u64::from_le_bytes(*b"rogue\0\0\0");
const ALL_METHODS: u64 = u64::MAX;

/// All of it.
pub fn all(rogue: &mut Rogue) {
    creation(rogue);
    let component = create(rogue, INDEX);
    operations(rogue, component);
    invocations(rogue, component);
    depth(rogue, component);
    revocation(rogue, component);
}

/// A component with [`NAME`].
pub fn create(rogue: &mut Rogue, index: u64) -> u32 {
    let frame = rogue.frame();
    let made = rogue.make(CreateComponent, [frame, pair(TABLE, slot::PAGE_TABLE), index]);
    rogue.done(made, ComponentOperation::Name as u16, [NAME, 0, 0, 0]);
    made
}

fn creation(rogue: &mut Rogue) {
    let (frame, free) = (rogue.frame(), u64::from(rogue.slot()));
    let good = pair(TABLE, slot::PAGE_TABLE);
    for (tables, index, error) in [
        (pair(slot::PAGE_TABLE, slot::PAGE_TABLE), INDEX, Error::WrongKind),
        (pair(TABLE, TABLE), INDEX, Error::WrongKind),
        (pair(slot::POWER, slot::PAGE_TABLE), INDEX, Error::WrongKind),
        (pair(50, slot::PAGE_TABLE), INDEX, Error::Empty),
        (pair(TABLE, 50), INDEX, Error::Empty),
        (pair(TABLE, 0), INDEX, Error::Empty),
        (pair(u32::MAX, slot::PAGE_TABLE), INDEX, Error::OutOfRange),
        (pair(TABLE, u32::MAX), INDEX, Error::OutOfRange),
        (good, 0, Error::BadArgument),
        (good, u32::MAX.into(), Error::BadArgument),
        (good, 1 << 32, Error::BadArgument),
        (good, u64::MAX, Error::BadArgument),
        (good, 1, Error::IndexTaken), // the constructor's own
    ] {
        rogue.refused(TABLE, CreateComponent as u16, [free, frame, tables, index], error);
    }
}

fn operations(rogue: &mut Rogue, component: u32) {
    for operation in [ComponentOperation::ALL.len() as u16, 63, 64, u16::MAX] {
        rogue.refused(component, operation, [0; 4], Error::UnknownOperation);
    }
    let frame = rogue.frame();
    let words = [u64::from(rogue.slot()), frame, pair(TABLE, slot::PAGE_TABLE), INDEX];
    rogue.refused(TABLE, CreateComponent as u16, words, Error::IndexTaken);
}

fn invocations(rogue: &mut Rogue, component: u32) {
    let free = rogue.slot();
    let good = address(returns);
    for entry in [0, 1, USER_START - 1, USER_END, USER_END + 0xfff].into_iter().chain(NON_CANONICAL).chain(KERNEL) {
        rogue.refused(
            TABLE,
            CreateInvocation as u16,
            [pair(component, free), entry, 0, ALL_METHODS],
            Error::BadAddress,
        );
    }
    for (server, error) in
        [(TABLE, Error::WrongKind), (slot::PORTS, Error::WrongKind), (50, Error::Empty), (u32::MAX, Error::OutOfRange)]
    {
        rogue.refused(TABLE, CreateInvocation as u16, [pair(server, free), good, 0, ALL_METHODS], error);
    }
    for (to, error) in [(TABLE, Error::SlotTaken), (0, Error::OutOfRange), (u32::MAX, Error::OutOfRange)] {
        rogue.refused(TABLE, CreateInvocation as u16, [pair(component, to), good, 0, ALL_METHODS], error);
    }
    let entered = invocation(rogue, component, good, 0b101);
    rogue.answered(entered, 0, [7, 8, 9, 10], [7, 8]);
    for method in [1, 3, 63, 64, 66, u16::MAX] {
        rogue.refused(entered, method, [0; 4], Error::MethodNotPermitted);
    }
    // Nothing is at the entry: that is the server's fault, not the kernel's.
    let nothing = invocation(rogue, component, 0x7777_0000_0000, ALL_METHODS);
    rogue.refused(nothing, 0, [0; 4], Error::Faulted);
    // In the last page before the hole, which is never mapped.
    let last = invocation(rogue, component, USER_END - 1, ALL_METHODS);
    rogue.refused(last, 0, [0; 4], Error::Faulted);
}

fn invocation(rogue: &mut Rogue, component: u32, entry: u64, methods: u64) -> u32 {
    let to = rogue.slot();
    rogue.done(TABLE, CreateInvocation as u16, [pair(component, to), entry, 0, methods]);
    to
}

/// A component that invokes itself until the invocation stack is full. Then all levels return, and it all works again.
fn depth(rogue: &mut Rogue, component: u32) {
    rogue.done(TABLE, CreateInvocation as u16, [pair(component, DEEPER), address(deeper), 0, ALL_METHODS]);
    for _ in 0..3 {
        rogue.answered(DEEPER, 0, [0; 4], [INVOCATION_DEPTH, 0]);
    }
}

fn revocation(rogue: &mut Rogue, component: u32) {
    let entered = invocation(rogue, component, address(returns), ALL_METHODS);
    let frame = rogue.frame();
    let thread = rogue.make(CreateThread, [frame, pair(component, 900), address(returns)]);
    let epoch = rogue.done(component, ComponentOperation::Revoke as u16, [0; 4]);
    rogue.refused(entered, 0, [0; 4], Error::Revoked);
    rogue.refused(thread, 0, [0; 4], Error::Revoked);
    for operation in ComponentOperation::ALL {
        rogue.refused(component, *operation as u16, [0; 4], Error::Revoked);
    }
    let free = rogue.slot();
    rogue.refused(TABLE, CreateInvocation as u16, [pair(component, free), address(returns), 0, 1], Error::Revoked);
    rogue.refused(
        TABLE,
        CreateThread as u16,
        [free.into(), frame, pair(component, 901), address(returns)],
        Error::Revoked,
    );
    // Another in its place, when nobody can be in it any more, does not bring it back to life.
    let reclaim = [component.into(), 0, 0, 0];
    rogue.refused(TABLE, TableOperation::Reclaim as u16, reclaim, Error::NotQuiescent);
    rogue.quiesce(epoch);
    let words = [free.into(), frame, pair(TABLE, slot::PAGE_TABLE), INDEX];
    rogue.refused(TABLE, CreateComponent as u16, words, Error::IndexTaken);
    rogue.done(TABLE, TableOperation::Reclaim as u16, reclaim);
    rogue.refused(TABLE, TableOperation::Reclaim as u16, reclaim, Error::Empty);
    let next = create(rogue, INDEX);
    rogue.refused(entered, 0, [0; 4], Error::Revoked);
    rogue.done(TABLE, TableOperation::Copy as u16, [MORTAL.into(), next.into(), 0, 0]);
    // One that ends itself in the middle of a call does not come back from it.
    let suicide = invocation(rogue, next, address(revokes_itself), ALL_METHODS);
    rogue.refused(suicide, 0, [0; 4], Error::Revoked);
    rogue.refused(suicide, 0, [0; 4], Error::Revoked);
}

/// The address of an entry.
pub fn address(entry: unsafe extern "C" fn()) -> u64 {
    entry as *const () as u64
}

/// Returns with success and the words with which it was entered.
#[unsafe(naked)]
pub unsafe extern "C" fn returns() {
    naked_asm!("xor eax, eax", "syscall", "ud2")
}

/// Invokes itself; answers how many levels there were.
#[unsafe(naked)]
unsafe extern "C" fn deeper() {
    naked_asm!(
        "mov eax, {deeper} << 16",
        "syscall",
        "cmp eax, {exceeded}",
        "jne 2f",
        "xor edi, edi", // the innermost
        "xor eax, eax",
        "2:",
        "inc rdi",
        "xor esi, esi",
        "syscall",
        "ud2",
        deeper = const DEEPER,
        exceeded = const Error::DepthExceeded.status(),
    )
}

/// Ends the component that it runs in, and would return.
#[unsafe(naked)]
unsafe extern "C" fn revokes_itself() {
    naked_asm!(
        "mov eax, {mortal} << 16 | {revoke}",
        "syscall",
        "xor eax, eax",
        "syscall",
        "ud2",
        mortal = const MORTAL,
        revoke = const ComponentOperation::Revoke as u16,
    )
}
