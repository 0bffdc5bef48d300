//! A page in ordinary memory, with both ends at hand.
#![allow(dead_code, clippy::panic, reason = "each test program uses its part; a panic is how a test fails")]

use std::sync::atomic::AtomicU64;
use syscall_page::layout::ENTRIES;
use syscall_page::{Entry, Header, Page, Reply, Request};

/// The word of the processor.
pub type Native = AtomicU64;

/// The frames of a page.
pub struct Frames {
    pub header: Header<Native>,
    pub entries: Box<[Entry<Native>; ENTRIES]>,
    slots: usize,
}

impl Frames {
    pub fn new() -> Self {
        Self::of(ENTRIES)
    }

    /// Both ends use so many slots.
    pub fn of(slots: usize) -> Self {
        Self { header: Header::empty(), entries: Box::new(std::array::from_fn(|_| Entry::free())), slots }
    }

    pub fn page(&self) -> Page<'_, Native> {
        Page::new(&self.header, &self.entries).limited_to(self.slots)
    }

    /// Every word of the page, for a side that writes what it likes.
    pub fn words(&self) -> Vec<&Native> {
        let entries = self.entries.iter().flat_map(Entry::words);
        self.header.words().into_iter().chain(entries).collect()
    }
}

/// Adds its arguments to a running sum: the order of calls shows in the results.
pub struct Ledger {
    pub sum: u64,
}

pub const ADD: u16 = 0;
pub const READ: u16 = 1;
pub const FAIL: u16 = 2;
pub const FORBIDDEN: u16 = 3;
pub const PERMITTED: u64 = 0b111;

impl Ledger {
    pub fn call(&mut self, request: &Request) -> Reply {
        let [a, b, c, d] = request.args;
        match request.method {
            ADD => {
                self.sum = [a, b, c, d].into_iter().fold(self.sum, u64::wrapping_add);
                Reply::success([self.sum, a])
            }
            READ => Reply::success([self.sum, 0]),
            FAIL => Reply { status: 0x100 | (a as u16 & 0xff), words: [b, c] },
            method => panic!("method {method} is not permitted and must not be run"),
        }
    }
}
