//! What the processor finds when it walks a page table is what the model says is mapped there.

use crate::Memory;
use abi::layout::{EXECUTE, PAGE, READ, WRITE};
use logic::frame::Frame;
use logic::page_table::{DEVICE, MAY_EXECUTE, MAY_WRITE, NAMES_UNTYPED, NO_EXECUTE, PRESENT, USER, WRITABLE, span};
use logic::store::Store;
use model::state::{Entry, Model, PageTable};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;

/// Where a frame's number is in an entry.
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;
/// Writes are not kept in caches, and neither are reads.
const UNCACHED: u64 = 1 << 3 | 1 << 4;
/// What the processor notes for itself.
const ACCESSED_AND_DIRTY: u64 = 1 << 5 | 1 << 6;
/// Entries of user level's half of a root.
const USER_HALF: usize = 256;

/// Entries that are not empty, by the level of their table and the first address.
type Entries = BTreeMap<(u64, u64), u64>;

/// Compares every page table of the model with the one in memory.
///
/// # Errors
///
/// The first entry that differs.
pub fn check(memory: &Memory, model: &Model) -> Result<(), String> {
    model.page_tables.values().try_for_each(|table| check_table(memory, table))
}

fn check_table(memory: &Memory, table: &PageTable) -> Result<(), String> {
    let mut found = Entries::new();
    walk(memory, table.frame, (4, 0), &mut found);
    let expected = expected(table);
    let places = found.keys().chain(expected.keys());
    let Some(place) = places.into_iter().find(|place| found.get(place) != expected.get(place)) else { return Ok(()) };
    let (found, expected) = (found.get(place), expected.get(place));
    Err(format!(
        "page table {:#x} has at level and address {place:x?} {found:x?}, and should have {expected:x?}",
        table.frame
    ))
}

/// Adds what the table of `level` in `frame`, which covers the addresses from `start` on, and those below it have.
fn walk(memory: &Memory, frame: u64, (level, start): (u64, u64), found: &mut Entries) {
    let entries = if level == 4 { USER_HALF } else { 512 };
    for (at, word) in (0..).zip(memory.words(Frame::numbered(frame)).iter().take(entries)) {
        let (entry, address) = (word.load(Relaxed) & !ACCESSED_AND_DIRTY, start + at * span(level));
        if entry != 0 {
            found.insert((level, address), entry);
        }
        if level > 1 && entry & PRESENT != 0 {
            walk(memory, (entry & ADDRESS) / PAGE, (level - 1, address), found);
        }
    }
}

/// The entries of a table of the model.
fn expected(table: &PageTable) -> Entries {
    let node = PRESENT | WRITABLE | USER;
    let nodes = table
        .nodes
        .iter()
        .map(|((level, start), frame)| ((level + 1, *start), Frame::numbered(*frame).physical() | node));
    let names = table
        .large_names
        .iter()
        .map(|(start, first)| ((2, *start), Frame::numbered(*first).physical() | NAMES_UNTYPED));
    let pages = table.pages.iter().map(|(address, entry)| ((1, *address), bits(*entry)));
    nodes.chain(names).chain(pages).collect()
}

fn bits(entry: Entry) -> u64 {
    match entry {
        Entry::Name(frame) => Frame::numbered(frame).physical() | NAMES_UNTYPED,
        Entry::Mapping(frame, rights, limit) => {
            Frame::numbered(frame).physical()
                | access(rights)
                | flag(limit, WRITE, MAY_WRITE)
                | flag(limit, EXECUTE, MAY_EXECUTE)
        }
        Entry::Device(frame, rights) => Frame::numbered(frame).physical() | access(rights) | DEVICE | UNCACHED,
    }
}

/// What lets user level do what the rights say, and no more.
fn access(rights: u64) -> u64 {
    let may_execute = rights & EXECUTE != 0;
    flag(rights, READ, PRESENT | USER) | flag(rights, WRITE, WRITABLE) | if may_execute { 0 } else { NO_EXECUTE }
}

/// The bits, if the rights have this one.
const fn flag(rights: u64, right: u64, bits: u64) -> u64 {
    if rights & right != 0 { bits } else { 0 }
}
