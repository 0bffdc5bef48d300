//! Address spaces: how many pages are mapped with which rights, and how far stacks have been used.

use logic::frame::Frame;
use logic::page_table::{DEVICE, NAMES_UNTYPED, NO_EXECUTE, PRESENT, WRITABLE, span};
use logic::store::Store;
use serde::Serialize;

use super::memory::{FRAME, Memory};
use crate::pass::report;

/// Pages of an address space, by what may be done with them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Pages {
    /// May only be read.
    pub read: u64,
    /// May be written.
    pub write: u64,
    /// May be executed.
    pub execute: u64,
    /// Are registers of devices.
    pub devices: u64,
    /// Names of frames that are nobody's memory yet.
    pub untyped: u64,
    /// Tables of the page table, its root among them.
    pub tables: u64,
}

/// A stack that a thread has in a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Stack {
    /// The thread.
    pub thread: u64,
    /// Bytes of memory.
    pub bytes: u64,
    /// Bytes that have ever been used: from the end to the last word that is not zero.
    pub used: u64,
    /// Bytes that the composer says are used at most, if it knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bound: Option<u64>,
}

/// Counts the pages of the page table with the root at `root`, a physical address.
pub fn pages(memory: &Memory, root: u64) -> Pages {
    let mut pages = Pages::default();
    count(memory, root, 4, &mut pages);
    pages
}

/// Entries of a root that are user level's.
const USER_HALF: usize = 256;
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;

fn count(memory: &Memory, table: u64, level: u64, pages: &mut Pages) {
    // A damaged table can be one of its own entries, and have no end.
    if pages.tables > memory.dump().bytes / FRAME {
        return;
    }
    pages.tables += 1;
    let entries = if level == 4 { USER_HALF } else { logic::store::WORDS };
    for entry in memory.words(Frame::containing(table)).iter().take(entries).map(|entry| memory.own(entry)) {
        if entry & (PRESENT | NAMES_UNTYPED) == NAMES_UNTYPED {
            pages.untyped += span(level) / FRAME;
        } else if entry & PRESENT != 0 && level > 1 {
            count(memory, entry & ADDRESS, level - 1, pages);
        } else if entry & PRESENT != 0 {
            *kind(entry, pages) += 1;
        }
    }
}

fn kind(entry: u64, pages: &mut Pages) -> &mut u64 {
    if entry & DEVICE != 0 {
        &mut pages.devices
    } else if entry & NO_EXECUTE == 0 {
        &mut pages.execute
    } else if entry & WRITABLE != 0 {
        &mut pages.write
    } else {
        &mut pages.read
    }
}

/// The stacks in a component, in the page table with the root at `root`.
pub fn stacks(memory: &Memory, root: u64, component: &report::Component) -> Vec<Stack> {
    let stacks = component.stacks.iter().map(|stack| Stack {
        thread: stack.thread,
        bytes: stack.bytes,
        used: used(memory, root, stack.end, stack.bytes),
        bound: component.stack_bound,
    });
    stacks.collect()
}

/// Memory is zero before it is used.
fn used(memory: &Memory, root: u64, end: u64, bytes: u64) -> u64 {
    let words = (end.saturating_sub(bytes)..end).step_by(8);
    let mut touched = words.filter(|address| memory.word(root, *address).is_some_and(|word| word != 0));
    touched.next().map_or(0, |lowest| end - lowest)
}
