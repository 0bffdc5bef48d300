//! Words that fit an operation, most of them.

use crate::choices::Choices;
use crate::world::{DEVICE, LINE, World, slot};
use abi::kind::Kind;
use abi::layout::{PAGE, READ, USER_END, USER_START};
use abi::operation::{ComponentOperation, PageTableOperation, ReceiveOperation, TableOperation, ThreadOperation};
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
pub fn of(world: &World, kind: Kind, method: u16, choices: &mut impl Choices) -> [u64; 4] {
    let mut words = fitting(world, kind, method, choices);
    for word in &mut words {
        if choices.one_in(24) {
            *word = any(world, choices);
        }
    }
    words
}

fn fitting(world: &World, kind: Kind, method: u16, choices: &mut impl Choices) -> [u64; 4] {
    match kind {
        Kind::CapabilityTable => table(world, method, choices),
        Kind::PageTable => page_table(world, method, choices),
        Kind::Component if method == ComponentOperation::Name as u16 => [u64::from_le_bytes(*b"player\0\0"), 0, 0, 0],
        Kind::Thread if method == ThreadOperation::Dispatch as u16 => dispatch(choices),
        Kind::Receive if method == ReceiveOperation::Receive as u16 => {
            [choices.one_of([1, 1, 0, 2, 3]), choices.one_of([0, 0, 1]), 0, 0]
        }
        Kind::Thread if method == ThreadOperation::Launch as u16 => [choices.below(4), held(choices), 0, 0],
        Kind::Thread => [choices.below(32), entry(world, choices), 0, 0],
        Kind::Interrupt => [own_or_held(slot::SEND, choices), 0, 0, 0],
        Kind::TemporalCapability => {
            let other = choices.one_of([slot::TIME, slot::MORE_TIME, slot::MORE_TIME]);
            [own_or_held(other, choices), cycles(choices), choices.below(4), 0]
        }
        Kind::Send | Kind::Ports => [choices.below(3), choices.below(256), 0, 0],
        _ => [held(choices), held(choices), choices.below(4), choices.below(64)],
    }
}

fn table(world: &World, method: u16, choices: &mut impl Choices) -> [u64; 4] {
    use TableOperation::*;
    let (to, frame) = (target(choices), frame(world, choices));
    match TableOperation::from_number(method) {
        Some(Copy) => {
            let right = 1 << choices.one_of([0, 1, 2, 3, 4, 15]);
            let several = choices.below(16);
            [to, held(choices), choices.one_of([0, 0, right, several]), 0]
        }
        Some(Graft) => [choices.one_of([1, 2, 3, 0, 511]), frame, 0, 0],
        Some(CreateComponent) => {
            let tables = pair(own_or_held(slot::TABLE, choices), own_or_held(slot::PAGE_TABLE, choices));
            let own = world.component() + choices.below(3);
            [to, frame, tables, index(own, choices)]
        }
        Some(CreateThread) => {
            let core = if choices.one_in(16) { 1 << 16 } else { 0 };
            let of = pair(own_or_held(slot::COMPONENT, choices), core | index(world.thread(), choices));
            [to, frame, of, entry(world, choices)]
        }
        Some(CreateInvocation) => {
            let server = own_or_held(slot::COMPONENT, choices);
            [pair(server, to), entry(world, choices), choices.word(), choices.one_of([1, 3, u64::MAX])]
        }
        Some(CreatePorts) => {
            let part = pair(choices.one_of([0x80, 0x80, 0x3f8]), choices.below(3));
            [to, own_or_held(slot::PORTS, choices), part, 0]
        }
        Some(CreateReceive) => [to, own_or_held(slot::THREAD, choices), 0, 0],
        Some(CreateInterrupt) => {
            [to, own_or_held(slot::INTERRUPT, choices), choices.one_of([LINE, LINE, 4, 1 << 20]), 0]
        }
        Some(CreatePhysicalRange) => [to, own_or_held(slot::RANGE, choices), DEVICE, choices.below(3)],
        Some(CreateTemporalCapability) => {
            let source = if choices.one_in(2) { 0 } else { own_or_held(slot::TIME, choices) };
            [pair(choices.below(4), to), frame, pair(own_or_held(slot::RECEIVE, choices), source), cycles(choices)]
        }
        Some(Prune) => [choices.one_of([1, 2, 3, 511]), 0, 0, 0],
        Some(Quiesce) => [choices.below(64), 0, 0, 0],
        Some(CreateSend) => [to, own_or_held(slot::RECEIVE, choices), 0, 0],
        _ => [to, frame, held(choices), choices.below(4)],
    }
}

fn page_table(world: &World, method: u16, choices: &mut impl Choices) -> [u64; 4] {
    use PageTableOperation::*;
    let (page, frame) = (page(world, choices), frame(world, choices));
    let rights = choices.one_of([1, 1, 3, 3, 5, 0, 2, 4, 6, 7, 8]);
    match PageTableOperation::from_number(method) {
        Some(Alias) => [page, self::page(world, choices), rights, 0],
        Some(Graft) => [page, frame, choices.one_of([1, 1, 2, 2, 3, 0, 4]), 0],
        Some(MapDevice) => [page, own_or_held(slot::RANGE, choices), choices.one_of([1, 3, 5]), choices.below(2)],
        Some(Move) => [page, self::page(world, choices), own_or_held(slot::PAGE_TABLE, choices), 0],
        Some(Prune) => [page, choices.below(5), 0, 0],
        Some(Clean) => [frame, 0, 0, 0],
        Some(Map | Name) => [page, frame, rights, 0],
        _ => {
            let others = [page, self::page(world, choices), frame, held(choices)];
            [page, choices.one_of(others), rights, 0]
        }
    }
}

fn dispatch(choices: &mut impl Choices) -> [u64; 4] {
    match choices.below(3) {
        0 => [choices.below(4), 0, 0, 0],
        1 => {
            let time = if choices.one_in(2) { 0 } else { own_or_held(slot::TIME, choices) };
            let timeout = if choices.one_in(2) { 0 } else { choices.below(1 << 15) };
            [0, timeout, token(choices), pair(time, own_or_held(slot::RECEIVE, choices))]
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

fn own_or_held(own: u32, choices: &mut impl Choices) -> u64 {
    if choices.one_in(4) { held(choices) } else { own.into() }
}

fn frame(world: &World, choices: &mut impl Choices) -> u64 {
    if choices.one_in(16) { page(world, choices) } else { world.frame(choices.below(crate::world::FRAMES)) }
}

/// One of the few pages that are played with: of a table that is soon there, or of others.
fn page(world: &World, choices: &mut impl Choices) -> u64 {
    let table = match choices.below(32) {
        0..=23 => 0,
        24..=30 => choices.below(4) << 30 | choices.below(3) << 21,
        _ => choices.below(32) << 39,
    };
    world.far() + table + choices.below(32) * PAGE
}

fn index(own: u64, choices: &mut impl Choices) -> u64 {
    if choices.one_in(8) { choices.one_of([0, 1, 31, 1023, 1024, 1 << 15]) } else { own }
}

fn entry(world: &World, choices: &mut impl Choices) -> u64 {
    if choices.one_in(8) { page(world, choices) } else { world.code.returns }
}

fn any(world: &World, choices: &mut impl Choices) -> u64 {
    match choices.below(8) {
        0 => choices.word(),
        1 => choices.word() >> choices.below(64),
        2 => 1 << choices.below(64),
        3 => page(world, choices) + choices.below(PAGE),
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
