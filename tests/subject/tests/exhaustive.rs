//! Every sequence of a few calls, over a small world.

#![allow(clippy::unwrap_used, reason = "a test that finds nothing there should fail")]

use abi::boot;
use abi::error::Error;
use abi::operation::TableOperation;
use abi::rights::RECLAIM;
use model::kernel::{Entry, Kernel, Outcome, Seen};
use play::Call;
use play::world::FIRST_FRAME;
use subject::Pair;

/// Calls of a sequence.
const DEPTH: usize = 3;

const TABLE: u32 = boot::slot::TABLE;
const PAGES: u32 = boot::slot::PAGE_TABLE;
const TIME: u32 = boot::slot::TIME;
/// What the world has, beside what a base constructor starts with.
const THREAD: u32 = 20;
const RECEIVE: u32 = 21;
const COMPONENT: u32 = 22;
const OTHER_TIME: u32 = 23;
/// Where calls put what they make.
const NEW: u32 = 24;
const COPY: u32 = 25;

const fn frame(number: u64) -> u64 {
    FIRST_FRAME + (number << 12)
}

const fn pair(high: u32, low: u32) -> u64 {
    (high as u64) << 32 | low as u64
}

/// A page with a table above it that covers nothing else.
const PAGE: u64 = 0x6800_0000_0000;

/// What is there before.
const WORLD: [Call; 8] = [
    Call::new(PAGES, 2, [PAGE, frame(0), 3, 0]),
    Call::new(PAGES, 2, [PAGE, frame(1), 2, 0]),
    Call::new(PAGES, 2, [PAGE, frame(2), 1, 0]),
    Call::new(TABLE, TableOperation::CreateComponent as u16, [COMPONENT as u64, frame(3), pair(TABLE, PAGES), 77]),
    Call::new(TABLE, TableOperation::CreateThread as u16, [THREAD as u64, frame(4), pair(COMPONENT, 9), 0x40_0000]),
    Call::new(TABLE, TableOperation::CreateReceive as u16, [RECEIVE as u64, THREAD as u64, 0, 0]),
    Call::new(
        TABLE,
        TableOperation::CreateTemporalCapability as u16,
        [OTHER_TIME as u64, frame(5), pair(RECEIVE, TIME), 100],
    ),
    Call::new(TABLE, TableOperation::CreateReceive as u16, [19, THREAD as u64, 0, 0]),
];

/// What is tried: few things to make, and every way to end, copy, move or use them, over two slots and two frames.
const CALLS: [Call; 25] = [
    Call::new(TABLE, TableOperation::Copy as u16, [COPY as u64, NEW as u64, RECLAIM | 1, 0]),
    Call::new(TABLE, TableOperation::Copy as u16, [COPY as u64, THREAD as u64, 0, 0]),
    Call::new(TABLE, TableOperation::Remove as u16, [NEW as u64, 0, 0, 0]),
    Call::new(TABLE, TableOperation::Remove as u16, [COPY as u64, 0, 0, 0]),
    Call::new(TABLE, TableOperation::Reclaim as u16, [NEW as u64, 0, 0, 0]),
    Call::new(TABLE, TableOperation::Reclaim as u16, [COPY as u64, 0, 0, 0]),
    Call::new(TABLE, TableOperation::Reclaim as u16, [COMPONENT as u64, 0, 0, 0]),
    Call::new(TABLE, TableOperation::CreateTable as u16, [NEW as u64, frame(10), 0, 0]),
    Call::new(TABLE, TableOperation::CreateThread as u16, [NEW as u64, frame(10), pair(COMPONENT, 10), 0x40_0000]),
    Call::new(TABLE, TableOperation::CreateInvocation as u16, [pair(COMPONENT, NEW), 0x40_0000, 0, 3]),
    Call::new(
        TABLE,
        TableOperation::CreateTemporalCapability as u16,
        [NEW as u64, frame(10), pair(RECEIVE, OTHER_TIME), 40],
    ),
    Call::new(TABLE, TableOperation::CreateSend as u16, [NEW as u64, RECEIVE as u64, 0, 0]),
    Call::new(TABLE, TableOperation::Quiesce as u16, [1, 0, 0, 0]),
    Call::new(COMPONENT, 1, [0; 4]),
    Call::new(NEW, 0, [0; 4]),
    Call::new(NEW, 1, [OTHER_TIME as u64, u64::MAX, 0, 0]),
    Call::new(COPY, 0, [0, 0, 0, RECEIVE as u64]),
    Call::new(OTHER_TIME, 2, [NEW as u64, 50, 3, 0]),
    Call::new(OTHER_TIME, 3, [NEW as u64, 0, 0, 0]),
    Call::new(PAGES, 0, [PAGE, frame(10), 3, 0]),
    Call::new(PAGES, 1, [PAGE + 4096, PAGE, 1, 0]),
    Call::new(PAGES, 1, [PAGE + 8192, PAGE + 4096, 3, 0]),
    Call::new(PAGES, 5, [PAGE, 0, 0, 0]),
    Call::new(PAGES, 6, [PAGE + 4096, PAGE, PAGES as u64, 0]),
    Call::new(0, 0, [0; 4]),
];

/// Logic and model after the world's calls, and where the caller is.
fn world() -> (Pair, Seen) {
    let mut pair = Pair::boot().unwrap();
    pair.is_audited = false;
    let mut seen = None;
    for call in WORLD {
        let after = pair.call(Entry { at: 0, now: 1 }, call.word, call.words);
        assert!(matches!(after.outcome, Outcome::Resume(registers) if registers.rax == 0), "{call:x?}: {after:x?}");
        seen = Some(after);
    }
    pair.is_audited = true;
    (pair, seen.unwrap())
}

/// Carries the sequence out. Answers how many of its calls were made, and the status of the last.
fn carry_out(sequence: [usize; DEPTH]) -> (usize, Option<u64>) {
    let (mut pair, mut seen) = world();
    let mut status = None;
    for (number, call) in (0..).zip(sequence.map(|at| CALLS[at])) {
        seen = pair.call(Entry { at: seen.at, now: 10 + number as u64 }, call.word, call.words);
        assert_eq!(pair.difference, None, "after call {number} of {:x?}", sequence.map(|at| CALLS[at]));
        match seen.outcome {
            Outcome::Resume(registers) => status = Some(registers.rax),
            _ => return (number + 1, None),
        }
    }
    (DEPTH, status)
}

#[test]
fn every_short_sequence_does_what_the_model_says() {
    let count = CALLS.len();
    let (mut made, mut statuses) = (0, std::collections::BTreeSet::new());
    for number in 0..count.pow(DEPTH as u32) {
        let sequence = [number / count / count, number / count % count, number % count];
        let (calls, status) = carry_out(sequence);
        made += calls;
        statuses.extend(status);
    }
    assert!(made > 2 * count.pow(DEPTH as u32), "{made} calls");
    for error in [Error::NotQuiescent, Error::SlotTaken, Error::FrameState, Error::Revoked, Error::InUse] {
        assert!(statuses.contains(&error.status().into()), "{error:?} never came");
    }
}
