//! What a page table refuses.

use crate::rogue::{KERNEL, NON_CANONICAL, Rogue};
use abi::boot::{BUNDLE, INFORMATION, slot};
use abi::error::Error;
use abi::layout::{EXECUTE, PAGE, READ, USER_END, USER_START, WRITE};
use abi::operation::PageTableOperation::{self, *};
use abi::operation::TableOperation;

const OWN: u32 = slot::PAGE_TABLE;
/// An address at which nothing is, in a part of the address space that has no tables.
const FAR: u64 = 0x6000_0000_0000;

/// All of it.
pub fn all(rogue: &mut Rogue) {
    unknown_operations(rogue);
    addresses(rogue);
    rights(rogue);
    nodes(rogue);
    one_frame_is_mapped_once(rogue);
    aliases(rogue);
    names(rogue);
}

fn unknown_operations(rogue: &mut Rogue) {
    for operation in [PageTableOperation::ALL.len() as u16, 63, 64, u16::MAX] {
        rogue.refused(OWN, operation, [u64::MAX; 4], Error::UnknownOperation);
    }
}

fn addresses(rogue: &mut Rogue) {
    let frame = rogue.frame();
    let bad =
        [0, PAGE, USER_START - PAGE, USER_END, FAR + 1, FAR + 0x800].into_iter().chain(NON_CANONICAL).chain(KERNEL);
    for address in bad {
        rogue.refused(OWN, Map as u16, [address, frame, READ, 0], Error::BadAddress);
        rogue.refused(OWN, Alias as u16, [address, INFORMATION, READ, 0], Error::BadAddress);
        // What is no page of user level is no name of a frame either.
        rogue.refused(OWN, Map as u16, [FAR, address, READ, 0], Error::BadAddress);
    }
    for address in KERNEL.into_iter().chain(NON_CANONICAL).chain([USER_END]) {
        rogue.refused(OWN, Graft as u16, [address, frame, 3, 0], Error::BadAddress);
    }
}

fn rights(rogue: &mut Rogue) {
    let frame = rogue.frame();
    for rights in [0, WRITE, EXECUTE, WRITE | EXECUTE, READ | WRITE | EXECUTE, 8, READ | 8, 1 << 63 | READ, u64::MAX] {
        rogue.refused(OWN, Map as u16, [FAR, frame, rights, 0], Error::BadArgument);
        rogue.refused(OWN, Alias as u16, [FAR, INFORMATION, rights, 0], Error::BadArgument);
    }
}

fn nodes(rogue: &mut Rogue) {
    let frame = rogue.frame();
    rogue.refused(OWN, Map as u16, [FAR, frame, READ, 0], Error::NoNode);
    for level in [0, 4, 5, u64::MAX] {
        rogue.refused(OWN, Graft as u16, [FAR, frame, level, 0], Error::BadArgument);
    }
    rogue.refused(OWN, Graft as u16, [FAR, frame, 2, 0], Error::NoNode);
    rogue.refused(OWN, Graft as u16, [FAR, frame, 1, 0], Error::NoNode);
    for level in [3, 2, 1] {
        let frame = rogue.frame();
        rogue.done(OWN, Graft as u16, [FAR, frame, level, 0]);
        rogue.refused(OWN, Graft as u16, [FAR, frame, level, 0], Error::AlreadyMapped);
        rogue.refused(
            OWN,
            Map as u16,
            [FAR, frame, READ, 0],
            if level == 1 { Error::FrameState } else { Error::NoNode },
        );
    }
}

/// Where the rights of aliases are tried, a page each.
const WRITABLE: u64 = FAR + PAGE;
const CONSTANT: u64 = FAR + 2 * PAGE;
const CODE: u64 = FAR + 3 * PAGE;
const FREE: u64 = FAR + 4 * PAGE;

fn one_frame_is_mapped_once(rogue: &mut Rogue) {
    let frame = rogue.frame();
    rogue.done(OWN, Map as u16, [WRITABLE, frame, READ | WRITE, 0]);
    rogue.refused(OWN, Map as u16, [FREE, frame, READ, 0], Error::FrameState);
    let other = rogue.frame();
    rogue.refused(OWN, Map as u16, [WRITABLE, other, READ, 0], Error::AlreadyMapped);
    // Memory that can be written becomes no kernel object.
    let free = u64::from(rogue.slot());
    for operation in [TableOperation::CreateTable, TableOperation::CreatePageTable] {
        rogue.refused(slot::TABLE, operation as u16, [free, frame, 0, 0], Error::FrameState);
    }
    rogue.refused(slot::TABLE, TableOperation::Graft as u16, [9, frame, 0, 0], Error::FrameState);
    rogue.refused(OWN, Graft as u16, [0x6100_0000_0000, frame, 3, 0], Error::FrameState);
}

fn aliases(rogue: &mut Rogue) {
    rogue.done(OWN, Alias as u16, [CONSTANT, BUNDLE, READ, 0]);
    rogue.done(OWN, Alias as u16, [CODE, BUNDLE, READ | EXECUTE, 0]);
    // An alias passes on what it was given, however much its own source had.
    for (source, rights) in [
        (CONSTANT, READ | WRITE),
        (CONSTANT, READ | EXECUTE),
        (CODE, READ | WRITE),
        (INFORMATION, READ | WRITE),
        (INFORMATION, READ | EXECUTE),
    ] {
        rogue.refused(OWN, Alias as u16, [FREE, source, rights, 0], Error::RightsExceeded);
    }
    rogue.refused(OWN, Alias as u16, [WRITABLE, BUNDLE, READ, 0], Error::AlreadyMapped);
    let name = rogue.frame();
    for nothing in [FREE, 0x7000_0000_0000, name] {
        rogue.refused(OWN, Alias as u16, [FREE, nothing, READ, 0], Error::NoFrame);
    }
    for source in [0, BUNDLE + 1, USER_END].into_iter().chain(NON_CANONICAL).chain(KERNEL) {
        rogue.refused(OWN, Alias as u16, [FREE, source, READ, 0], Error::BadAddress);
    }
    rogue.done(OWN, Alias as u16, [FREE, CODE, READ | EXECUTE, 0]);
}

/// A frame can have several names, and is what it is under each.
fn names(rogue: &mut Rogue) {
    const NAME: u64 = FAR + 16 * PAGE;
    let frame = rogue.frame();
    for address in [0, USER_START - PAGE, USER_END, NAME + 1].into_iter().chain(NON_CANONICAL).chain(KERNEL) {
        rogue.refused(OWN, Name as u16, [address, frame, 0, 0], Error::BadAddress);
        rogue.refused(OWN, Name as u16, [NAME, address, 0, 0], Error::BadAddress);
    }
    rogue.refused(OWN, Name as u16, [0x6200_0000_0000, frame, 0, 0], Error::NoNode);
    rogue.refused(OWN, Name as u16, [NAME, WRITABLE, 0, 0], Error::NoFrame);
    rogue.refused(OWN, Name as u16, [WRITABLE, frame, 0, 0], Error::AlreadyMapped);
    rogue.done(OWN, Name as u16, [NAME, frame, 0, 0]);
    rogue.refused(OWN, Name as u16, [NAME, frame, 0, 0], Error::AlreadyMapped);
    rogue.refused(OWN, Alias as u16, [NAME + PAGE, NAME, READ, 0], Error::NoFrame);
    rogue.done(OWN, Map as u16, [NAME + PAGE, NAME, READ | WRITE, 0]);
    rogue.refused(OWN, Map as u16, [NAME + 2 * PAGE, frame, READ | WRITE, 0], Error::FrameState);
}
