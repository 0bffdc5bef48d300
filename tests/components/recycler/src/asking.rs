//! Asking the kernel, and counting the answers that are not as they should be.

use abi::boot::{UntypedRange, slot};
use abi::error::Error;
use abi::layout::PAGE;
use abi::operation::{PageTableOperation, PowerOperation, TableOperation};
use core::fmt::{self, Write};
use runtime::{Constructor, DebugConsole};

/// What the operations answer.
pub type Answer = Result<[u64; 2], Error>;

/// Pages for whatever is mapped: there are tables for the first 512.
pub const PAGES: u64 = 0x6800_0000_0000;
/// Frames that the rounds use, again and again.
pub const FRAMES: u64 = 64;
/// Complaints that are printed.
const PRINTED: u64 = 20;

/// A base constructor that counts.
pub struct Asking {
    constructor: &'static Constructor,
    range: UntypedRange,
    wrong: u64,
}

impl Asking {
    /// With the largest of the ranges of untyped memory.
    pub fn new(constructor: &'static Constructor) -> Self {
        let none = UntypedRange { start: 0, frames: 0 };
        let range = constructor.information().untyped().max_by_key(|range| range.frames).unwrap_or(none);
        Self { constructor, range, wrong: 0 }
    }

    /// Adds the tables that the rounds take for granted, from behind the frames that they use.
    pub fn prepare(&mut self) {
        for (at, level) in (0..).zip([3, 2, 1]) {
            let words = [PAGES, self.frame(FRAMES + at), level, 0];
            self.done(slot::PAGE_TABLE, PageTableOperation::Graft as u16, words);
        }
    }

    /// The name of frame number `at`.
    pub fn frame(&self, at: u64) -> u64 {
        self.range.start + at * PAGE
    }

    /// Asks the object behind `capability` for `operation`.
    pub fn ask(&self, capability: u32, operation: u16, words: [u64; 4]) -> Answer {
        self.constructor.operate(capability, operation, words)
    }

    /// Asks for what has to succeed; answers the first word.
    pub fn done(&mut self, capability: u32, operation: u16, words: [u64; 4]) -> u64 {
        match self.ask(capability, operation, words) {
            Ok([word, _]) => word,
            Err(error) => {
                self.complain(format_args!("slot {capability}, operation {operation} of {words:x?}: {error}"));
                0
            }
        }
    }

    /// Asks for what has to be answered by `expected`.
    pub fn answered(&mut self, capability: u32, operation: u16, words: [u64; 4], expected: Answer) {
        let answer = self.ask(capability, operation, words);
        if answer != expected {
            self.complain(format_args!("slot {capability}, operation {operation}: {answer:?}, not {expected:?}"));
        }
    }

    /// Waits until `epoch` is past on every core.
    pub fn quiesce(&mut self, epoch: u64) {
        let words = [epoch, 0, 0, 0];
        while self.ask(slot::TABLE, TableOperation::Quiesce as u16, words) == Err(Error::Pending) {}
        self.done(slot::TABLE, TableOperation::Quiesce as u16, words);
    }

    /// Counts the frames that can be used: those of the rounds, all of them.
    pub fn count(&mut self) {
        let clean =
            |at: &u64| self.ask(slot::PAGE_TABLE, PageTableOperation::Clean as u16, [self.frame(*at), 0, 0, 0]).is_ok();
        let usable = (0..FRAMES).filter(clean).count() as u64;
        self.say(format_args!("recycler: {usable} of {FRAMES} frames can be used again\n"));
        self.wrong += FRAMES - usable;
    }

    /// Counts a wrong answer, and says what it is.
    pub fn complain(&mut self, what: fmt::Arguments) {
        self.wrong += 1;
        if self.wrong <= PRINTED {
            self.say(format_args!("recycler: {what}\n"));
        }
    }

    /// Ends the system with the number of wrong answers.
    pub fn end(&self) {
        let _ = self.ask(slot::POWER, PowerOperation::End as u16, [self.wrong.min(200), 0, 0, 0]);
    }

    /// Prints to the kernel's console.
    pub fn say(&self, text: fmt::Arguments) {
        let _ = DebugConsole::new(self.constructor).write_fmt(text);
    }
}

/// Two numbers in one word.
pub fn pair(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

/// The words of a page.
pub fn words(page: u64) -> &'static mut [u64] {
    // SAFETY: who asks has mapped the page for writing, and uses it for nothing else until it is unmapped.
    unsafe { core::slice::from_raw_parts_mut(page as *mut u64, (PAGE / 8) as usize) }
}

/// What the last owner of a page leaves there.
pub const HOSTILE: u64 = 0xffff_8000_dead_f003;
