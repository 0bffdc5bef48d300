//! Words that fit an operation, most of them.

use crate::calls::Calls;
use crate::choices::Choices;
use crate::world::{DEVICE, LINE, slot};
use abi::kind::Kind;
use abi::layout::{PAGE, READ, USER_END, USER_START};
use abi::operation::{
    ComponentOperation, FOREIGN, PageTableOperation, ReceiveOperation, TableOperation, ThreadOperation,
};
use abi::register::number;
use abi::time::EVERYTHING;

/// Words that are no address, no number and no name of anything, each wrong in another way; and addresses of the kernel.
const BAD: [u64; 12] = [
    0x8000_0000_0000,
    0xffff_7fff_ffff_f000,
    1 << 63,
    0xffff_8000_0000_0000,
    0xffff_ffff_8010_0000,
    0xffff_ffff_ffff_f000,
    u64::MAX,
    USER_START,
    USER_START - PAGE,
    USER_END,
    USER_END - PAGE,
    1 << 32,
];

/// The four words of a call.
pub fn of(calls: &Calls, kind: Kind, method: u16, choices: &mut impl Choices) -> [u64; 4] {
    let mut words = fitting(calls, kind, method, choices);
    for word in &mut words {
        if choices.one_in(24) {
            *word = any(calls, choices);
        }
    }
    words
}

fn fitting(calls: &Calls, kind: Kind, method: u16, choices: &mut impl Choices) -> [u64; 4] {
    match kind {
        Kind::CapabilityTable => table(calls, method, choices),
        Kind::PageTable => page_table(calls, method, choices),
        Kind::Component if method == ComponentOperation::Name as u16 => [u64::from_le_bytes(*b"player\0\0"), 0, 0, 0],
        Kind::Thread if method == ThreadOperation::Dispatch as u16 => dispatch(calls, choices),
        Kind::Receive if method == ReceiveOperation::Receive as u16 => {
            [choices.one_of([1, 1, 0, 2, 3]), choices.one_of([0, 0, 1]), 0, 0]
        }
        Kind::Thread if method == ThreadOperation::Launch as u16 => [choices.below(4), held(choices), 0, 0],
        Kind::Thread if method == ThreadOperation::Migrate as u16 => [choices.one_of([0, 0, 0, 1, 2]), 0, 0, 0],
        Kind::Thread if choices.one_in(4) => {
            [choices.one_of([number::RIP, number::FS_BASE]), choices.one_of(BAD), 0, 0]
        }
        Kind::Thread => [choices.below(32), entry(calls, choices), 0, 0],
        Kind::Interrupt => [own_or_held(calls, slot::SEND, choices), 0, 0, 0],
        Kind::TemporalCapability => {
            let other = choices.one_of([slot::TIME, slot::MORE_TIME, slot::MORE_TIME]);
            [own_or_held(calls, other, choices), cycles(choices), choices.below(4), 0]
        }
        Kind::Send | Kind::Ports => [choices.below(3), choices.below(256), 0, 0],
        _ => [held(choices), held(choices), choices.below(4), choices.below(64)],
    }
}

fn table(calls: &Calls, method: u16, choices: &mut impl Choices) -> [u64; 4] {
    use TableOperation::*;
    let (to, frame) = (target(choices), frame(calls, choices));
    match TableOperation::from_number(method) {
        Some(Copy) => {
            let right = 1 << choices.one_of([0, 1, 2, 3, 4, 15]);
            let several = choices.below(16);
            [to, held(choices), choices.one_of([0, right, right, several]), 0]
        }
        Some(Graft) => [choices.one_of([1, 2, 3, 0, 511]), frame, 0, 0],
        Some(CreateComponent) => {
            let tables = pair(own_or_held(calls, slot::TABLE, choices), own_or_held(calls, slot::PAGE_TABLE, choices));
            let own = calls.world.component() + choices.below(3);
            let flags = if choices.one_in(8) { FOREIGN } else { 0 };
            [to, frame, tables, index(own, choices) | flags]
        }
        Some(CreateThread) => {
            let core = if choices.one_in(16) { 1 << 16 } else { 0 };
            let of = pair(own_or_held(calls, slot::COMPONENT, choices), core | index(calls.world.thread(), choices));
            [to, frame, of, entry(calls, choices)]
        }
        Some(CreateInvocation) => {
            let server = own_or_held(calls, slot::COMPONENT, choices);
            [pair(server, to), entry(calls, choices), choices.word(), choices.one_of([1, 3, u64::MAX])]
        }
        Some(CreatePorts) => {
            let part = pair(choices.one_of([0x80, 0x80, 0x3f8]), choices.below(3));
            [to, own_or_held(calls, slot::PORTS, choices), part, 0]
        }
        Some(CreateReceive) => [to, own_or_held(calls, slot::THREAD, choices), 0, 0],
        Some(CreateInterrupt) => {
            [to, own_or_held(calls, slot::INTERRUPT, choices), choices.one_of([LINE, LINE, 4, 1 << 20]), 0]
        }
        Some(CreatePhysicalRange) => [to, own_or_held(calls, slot::RANGE, choices), DEVICE, choices.below(3)],
        Some(CreateTemporalCapability) => {
            let source = if choices.one_in(2) { 0 } else { own_or_held(calls, slot::TIME, choices) };
            [
                pair(choices.below(4), to),
                frame,
                pair(own_or_held(calls, slot::RECEIVE, choices), source),
                cycles(choices),
            ]
        }
        Some(Prune) => [choices.one_of([1, 2, 3, 511]), 0, 0, 0],
        Some(Quiesce) => [choices.below(64), 0, 0, 0],
        Some(CreateSend) => [to, own_or_held(calls, slot::RECEIVE, choices), 0, 0],
        _ => [to, frame, held(choices), choices.below(4)],
    }
}

fn page_table(calls: &Calls, method: u16, choices: &mut impl Choices) -> [u64; 4] {
    use PageTableOperation::*;
    let (page, frame) = (page(calls, choices), frame(calls, choices));
    let rights = choices.one_of([1, 1, 3, 3, 5, 0, 2, 4, 6, 7, 8]);
    match PageTableOperation::from_number(method) {
        Some(Alias) => [page, self::page(calls, choices), rights, 0],
        Some(Graft) => [page, frame, choices.one_of([1, 1, 2, 2, 3, 0, 4]), 0],
        Some(MapDevice) => {
            [page, own_or_held(calls, slot::RANGE, choices), choices.one_of([1, 3, 5]), choices.below(2)]
        }
        Some(Move) => [page, self::page(calls, choices), own_or_held(calls, slot::PAGE_TABLE, choices), 0],
        Some(Prune) => [page, choices.below(5), 0, 0],
        Some(Clean) => [frame, 0, 0, 0],
        Some(Map | Name) => [page, frame, rights, 0],
        _ => {
            let others = [page, self::page(calls, choices), frame, held(choices)];
            [page, choices.one_of(others), rights, 0]
        }
    }
}

fn dispatch(calls: &Calls, choices: &mut impl Choices) -> [u64; 4] {
    match choices.below(3) {
        0 => [choices.below(4), 0, 0, 0],
        1 => {
            let time = if choices.one_in(2) { 0 } else { own_or_held(calls, slot::TIME, choices) };
            let timeout = if choices.one_in(2) { 0 } else { choices.below(1 << 15) };
            [0, timeout, token(choices), pair(time, own_or_held(calls, slot::RECEIVE, choices))]
        }
        _ => [0, choices.below(2), choices.below(2), held(choices)],
    }
}

/// The latest of all, most of the time: whatever the one before was.
fn token(choices: &mut impl Choices) -> u64 {
    if choices.one_in(4) { choices.below(8) } else { u64::MAX }
}

/// Few, none, or everything.
fn cycles(choices: &mut impl Choices) -> u64 {
    match choices.below(8) {
        0 => 0,
        1 => EVERYTHING,
        2 => u64::MAX - 1,
        _ => choices.below(1 << 20),
    }
}

/// A slot to play with.
pub fn target(choices: &mut impl Choices) -> u64 {
    let slots = if choices.one_in(4) { 240 } else { 32 };
    u64::from(slot::FREE) + choices.below(slots)
}

/// A slot in which there may be something.
fn held(choices: &mut impl Choices) -> u64 {
    if choices.one_in(2) { choices.below(slot::FREE.into()) } else { target(choices) }
}

/// What the player started with, or what may be something else, or something of the same kind.
fn own_or_held(calls: &Calls, own: u32, choices: &mut impl Choices) -> u64 {
    match choices.below(8) {
        0 | 1 => held(choices),
        2 | 3 => {
            let kind = calls.holdings.kind(own.into());
            kind.and_then(|kind| calls.of_kind(kind, choices)).unwrap_or(own.into())
        }
        _ => own.into(),
    }
}

/// A frame, one of the few that are used most among them.
fn frame(calls: &Calls, choices: &mut impl Choices) -> u64 {
    match choices.below(16) {
        0 => page(calls, choices),
        1..=4 => calls.world.frame(choices.below(16)),
        _ => calls.world.frame(choices.below(crate::world::FRAMES)),
    }
}

/// One of the few pages that are played with: of a table that is soon there, or of others.
fn page(calls: &Calls, choices: &mut impl Choices) -> u64 {
    let table = match choices.below(32) {
        0..=23 => 0,
        24..=30 => choices.below(4) << 30 | choices.below(3) << 21,
        _ => choices.below(32) << 39,
    };
    calls.world.far() + table + choices.below(32) * PAGE
}

fn index(own: u64, choices: &mut impl Choices) -> u64 {
    if choices.one_in(8) { choices.one_of([0, 1, 31, 1023, 1024, 1 << 15]) } else { own }
}

fn entry(calls: &Calls, choices: &mut impl Choices) -> u64 {
    if choices.one_in(8) { page(calls, choices) } else { calls.world.code.returns }
}

fn any(calls: &Calls, choices: &mut impl Choices) -> u64 {
    match choices.below(8) {
        0 => choices.word(),
        1 => choices.word() >> choices.below(64),
        2 => 1 << choices.below(64),
        3 => page(calls, choices) + choices.below(PAGE),
        4 => READ | choices.below(8),
        5 => pair(held(choices), held(choices)),
        6 => held(choices),
        _ => choices.one_of(BAD),
    }
}

/// Two numbers in one word.
pub const fn pair(high: u64, low: u64) -> u64 {
    high << 32 | low
}
