//! What a capability table refuses.

use crate::rogue::{KERNEL, NON_CANONICAL, Rogue, pair};
use abi::boot::{INFORMATION, slot};
use abi::crossing::{CAPABILITIES, LEAF_SLOTS, TABLE_LEAVES};
use abi::error::Error;
use abi::operation::TableOperation::{self, *};

const TABLE: u32 = slot::TABLE;
const END: u64 = CAPABILITIES as u64;

/// All of it.
pub fn all(rogue: &mut Rogue) {
    unknown_operations(rogue);
    copies(rogue);
    removals(rogue);
    leaves(rogue);
    frames(rogue);
    one_frame_makes_one_object(rogue);
}

fn unknown_operations(rogue: &mut Rogue) {
    for operation in [TableOperation::ALL.len() as u16, 63, 64, u16::MAX] {
        rogue.refused(TABLE, operation, [u64::MAX; 4], Error::UnknownOperation);
    }
}

fn copies(rogue: &mut Rogue) {
    let free = u64::from(rogue.slot());
    for (to, from, error) in [
        (free, 0, Error::Empty),
        (free, 50, Error::Empty),
        (free, LEAF_SLOTS.into(), Error::Empty),
        (free, END, Error::OutOfRange),
        (free, u64::MAX, Error::OutOfRange),
        (0, TABLE.into(), Error::OutOfRange),
        (END, TABLE.into(), Error::OutOfRange),
        (u64::MAX, TABLE.into(), Error::OutOfRange),
        (END - 1, TABLE.into(), Error::NoNode),
        (TABLE.into(), slot::POWER.into(), Error::SlotTaken),
    ] {
        rogue.refused(TABLE, Copy as u16, [to, from, 0, 0], error);
    }
    rogue.done(TABLE, Copy as u16, [free, slot::DEBUG_CONSOLE.into(), 0, 0]);
    rogue.refused(TABLE, Copy as u16, [free, slot::DEBUG_CONSOLE.into(), 0, 0], Error::SlotTaken);
    rogue.done(TABLE, Remove as u16, [free, 0, 0, 0]);
}

fn removals(rogue: &mut Rogue) {
    for (slot, error) in
        [(50, Error::Empty), (END - 1, Error::Empty), (END, Error::OutOfRange), (u64::MAX, Error::OutOfRange)]
    {
        rogue.refused(TABLE, Remove as u16, [slot, 0, 0, 0], error);
    }
}

fn leaves(rogue: &mut Rogue) {
    let frame = rogue.frame();
    let leaves = u64::from(TABLE_LEAVES);
    for (leaf, error) in [
        (leaves, Error::BadArgument),
        (u64::MAX, Error::BadArgument),
        (1 << 32, Error::BadArgument),
        (0, Error::AlreadyMapped),
    ] {
        rogue.refused(TABLE, Graft as u16, [leaf, frame, 0, 0], error);
    }
    rogue.done(TABLE, Graft as u16, [leaves - 1, frame, 0, 0]);
    rogue.refused(TABLE, Graft as u16, [leaves - 2, frame, 0, 0], Error::FrameState);
    rogue.done(TABLE, Copy as u16, [END - 1, slot::DEBUG_CONSOLE.into(), 0, 0]);
    rogue.done(TABLE, Remove as u16, [END - 1, 0, 0, 0]);
}

/// Addresses that name no frame.
fn frames(rogue: &mut Rogue) {
    let free = u64::from(rogue.slot());
    let misaligned = rogue.frame() + 8;
    let bad = [0, 0x1000, misaligned].into_iter().chain(NON_CANONICAL).chain(KERNEL);
    for address in bad {
        for (operation, number) in [(CreateTable, free), (CreatePageTable, free), (Graft, 7)] {
            rogue.refused(TABLE, operation as u16, [number, address, 0, 0], Error::BadAddress);
        }
        rogue.refused(
            TABLE,
            CreateComponent as u16,
            [free, address, pair(TABLE, slot::PAGE_TABLE), 30],
            Error::BadAddress,
        );
    }
    // Canonical and aligned, but nothing is there; or a page is, which is no name of a frame.
    for address in [0x7000_0000_0000, INFORMATION] {
        for (operation, number) in [(CreateTable, free), (CreatePageTable, free), (Graft, 7)] {
            rogue.refused(TABLE, operation as u16, [number, address, 0, 0], Error::NoFrame);
        }
    }
}

fn one_frame_makes_one_object(rogue: &mut Rogue) {
    let frame = rogue.frame();
    let free = u64::from(rogue.slot());
    rogue.refused(TABLE, CreateTable as u16, [TABLE.into(), frame, 0, 0], Error::SlotTaken);
    rogue.refused(TABLE, CreateTable as u16, [0, frame, 0, 0], Error::OutOfRange);
    rogue.refused(TABLE, CreateTable as u16, [END, frame, 0, 0], Error::OutOfRange);
    let made = rogue.make(CreateTable, [frame, 0, 0]);
    for operation in [CreateTable, CreatePageTable] {
        rogue.refused(TABLE, operation as u16, [free, frame, 0, 0], Error::FrameState);
    }
    rogue.refused(TABLE, CreateComponent as u16, [free, frame, pair(TABLE, slot::PAGE_TABLE), 30], Error::FrameState);
    rogue.refused(TABLE, Graft as u16, [7, frame, 0, 0], Error::FrameState);
    // The new table has no leaves, and is what it is.
    rogue.refused(made, Copy as u16, [1, TABLE.into(), 0, 0], Error::NoNode);
    rogue.refused(made, Remove as u16, [1, 0, 0, 0], Error::Empty);
}
