//! What temporal capabilities refuse.

use crate::components::{address, returns};
use crate::rogue::{Rogue, pair};
use abi::boot::slot::{PAGE_TABLE, PORTS, TABLE, TIME};
use abi::crossing::LEAF_SLOTS;
use abi::error::Error;
use abi::operation::TableOperation::{
    self, CreateComponent, CreateReceive, CreateTemporalCapability, CreateThread, Graft, Reclaim,
};
use abi::operation::TemporalCapabilityOperation::{Delegate, Merge, Read, Transfer};
use abi::operation::ThreadOperation;
use abi::time::{EVERYTHING, UNLIMITED};

/// The leaf of its own table in which all of this is made, a descriptor and a thread's index.
const LEAF: u32 = 7;
const DESCRIPTOR: u64 = 24;
const THREAD: u32 = 610;

/// All of it.
pub fn all(rogue: &mut Rogue) {
    let [component, thread, receive, one, other] = [0, 1, 2, 3, 4].map(|at| LEAF * LEAF_SLOTS + at);
    let mut make = |operation: TableOperation, words: [u64; 3]| {
        let [slot, a, b] = words;
        let frame = rogue.frame();
        rogue.done(TABLE, operation as u16, [slot, frame, a, b]);
    };
    make(Graft, [LEAF.into(), 0, 0]);
    make(CreateComponent, [component.into(), pair(TABLE, PAGE_TABLE), DESCRIPTOR]);
    make(CreateThread, [thread.into(), pair(component, THREAD), address(returns)]);
    rogue.done(TABLE, CreateReceive as u16, [receive.into(), thread.into(), 0, 0]);
    creation(rogue, receive);
    let mut make = |slot: u32, from: u32, cycles: u64| {
        let frame = rogue.frame();
        rogue.done(TABLE, CreateTemporalCapability as u16, [slot.into(), frame, pair(receive, from), cycles]);
    };
    make(one, TIME, 100);
    make(other, 0, 0);
    moving(rogue, one, other);
    rogue.refused(thread, ThreadOperation::Dispatch as u16, [0, 0, 1, pair(other, receive)], Error::BudgetExhausted);
    rogue.refused(thread, ThreadOperation::Dispatch as u16, [0, 0, 1, pair(PORTS, receive)], Error::WrongKind);
    rogue.done(one, Merge as u16, [other.into(), 0, 0, 0]);
    rogue.refused(one, Read as u16, [0; 4], Error::Revoked);
    rogue.answered(other, Read as u16, [0; 4], [100, 0]);
    rogue.done(TABLE, Reclaim as u16, [other.into(), 0, 0, 0]);
}

fn creation(rogue: &mut Rogue, receive: u32) {
    let (frame, free) = (rogue.frame(), u64::from(LEAF * LEAF_SLOTS + 5));
    for (peers, cycles, error) in [
        (pair(TIME, TIME), 1, Error::WrongKind),
        (pair(receive, PORTS), 1, Error::WrongKind),
        (pair(receive, 50), 1, Error::Empty),
        (pair(50, TIME), 1, Error::Empty),
        (pair(receive, u32::MAX), 1, Error::OutOfRange),
        (pair(receive, 0), 1, Error::BadArgument),
        (pair(receive, TIME), 0, Error::BadArgument),
        (pair(receive, TIME), UNLIMITED, Error::BadArgument),
    ] {
        rogue.refused(TABLE, CreateTemporalCapability as u16, [free, frame, peers, cycles], error);
    }
}

fn moving(rogue: &mut Rogue, one: u32, other: u32) {
    for operation in [4, 63, 64, u16::MAX] {
        rogue.refused(one, operation, [0; 4], Error::UnknownOperation);
    }
    for operation in [Transfer, Delegate] {
        for (to, cycles, error) in [
            (one.into(), 1, Error::BadArgument),
            (other.into(), 0, Error::BadArgument),
            (other.into(), 101, Error::BudgetExhausted),
            (other.into(), UNLIMITED - 1, Error::BudgetExhausted),
            (PORTS.into(), 1, Error::WrongKind),
            (50, 1, Error::Empty),
            (u64::MAX, 1, Error::OutOfRange),
        ] {
            rogue.refused(one, operation as u16, [to, cycles, 0, 0], error);
        }
        rogue.refused(other, operation as u16, [one.into(), EVERYTHING, 0, 0], Error::BudgetExhausted);
    }
    // From above it is given on, not back; and back is not on.
    rogue.refused(TIME, Transfer as u16, [one.into(), 1, 0, 0], Error::BadArgument);
    rogue.refused(one, Delegate as u16, [TIME.into(), 1, 0, 0], Error::BadArgument);
    rogue.refused(TIME, Delegate as u16, [one.into(), UNLIMITED - 1, 0, 0], Error::BudgetOverflow);
    rogue.refused(TIME, Merge as u16, [one.into(), 0, 0, 0], Error::BadArgument);
}
