//! Asking the kernel, and comparing what it answers with what it should.

use crate::{CONSTRUCTOR, visible};
use abi::boot::{UNTYPED, slot};
use abi::crossing::LEAF_SLOTS;
use abi::error::Error;
use abi::layout::PAGE;
use abi::operation::{PowerOperation, TableOperation};
use core::cell::Cell;
use core::fmt::{self, Write};
use runtime::{Constructor, DebugConsole};

/// Words that are no address, no number and no name of anything, each wrong in another way.
pub const NON_CANONICAL: [u64; 3] = [0x8000_0000_0000, 0xffff_7fff_ffff_f000, 1 << 63];
/// Addresses of the kernel.
pub const KERNEL: [u64; 3] = [0xffff_8000_0000_0000, 0xffff_ffff_8010_0000, 0xffff_ffff_ffff_f000];

/// What the operations answer.
pub type Answer = Result<[u64; 2], Error>;

/// A base constructor with bad intentions.
pub struct Rogue {
    frames: abi::boot::UntypedRange,
    next_slot: u32,
    console: u32,
    power: u32,
    surprises: u64,
    /// Operations behind which it has looked at the registers, and the last word of the kernel's that was there.
    looked: Cell<u64>,
    leaked: Cell<Option<(u32, u16, u64)>>,
    /// The first frame that it has given to the kernel.
    first_frame: u64,
}

impl Rogue {
    /// With the largest of the ranges of untyped memory.
    pub fn new(constructor: &'static Constructor) -> Self {
        let none = abi::boot::UntypedRange { start: 0, frames: 0 };
        let largest = constructor.information().untyped().max_by_key(|range| range.frames);
        let (console, power) = (slot::DEBUG_CONSOLE, slot::POWER);
        let frames = largest.unwrap_or(none);
        Self {
            frames,
            next_slot: slot::RECEIVE,
            console,
            power,
            surprises: 0,
            looked: Cell::new(0),
            leaked: Cell::new(None),
            first_frame: frames.start,
        }
    }

    /// Keeps the capabilities by which it speaks and ends where no small number finds them, and gives up the ports.
    pub fn hide(&mut self) {
        const LEAF: u32 = 400;
        let (frame, first) = (self.frame(), LEAF * LEAF_SLOTS);
        self.done(slot::TABLE, TableOperation::Graft as u16, [LEAF.into(), frame, 0, 0]);
        for (to, from) in [(first, slot::DEBUG_CONSOLE), (first + 1, slot::POWER), (first + 2, slot::PORTS)] {
            self.done(slot::TABLE, TableOperation::Copy as u16, [to.into(), from.into(), 0, 0]);
            self.done(slot::TABLE, TableOperation::Remove as u16, [from.into(), 0, 0, 0]);
        }
        (self.console, self.power) = (first, first + 1);
    }

    /// Ends the system with the number of surprises.
    pub fn end(&self) {
        let _ = self.ask(self.power, PowerOperation::End as u16, [self.surprises.min(200), 0, 0, 0]);
    }

    /// The name of an untyped frame that nobody has used.
    pub fn frame(&mut self) -> u64 {
        let name = self.frames.start;
        self.frames.start += PAGE;
        self.frames.frames -= 1;
        name
    }

    /// A slot of its own table that is empty.
    pub fn slot(&mut self) -> u32 {
        self.next_slot += 1;
        self.next_slot
    }

    /// Asks the object behind `capability` for `operation`.
    pub fn ask(&self, capability: u32, operation: u16, words: [u64; 4]) -> Answer {
        // SAFETY: a base constructor's promise is that what is made lies outside its image; it has one thread.
        let (status, answer, leaked) =
            unsafe { visible::operate(capability, operation, words, |word| self.is_secret(word)) };
        self.looked.set(self.looked.get() + 1);
        self.leaked.set(leaked.map(|word| (capability, operation, word)).or(self.leaked.get()));
        Error::from_status(status).map_or(Ok(answer), Err)
    }

    /// Whether the word is an address of the kernel, or the physical address of a frame that became a kernel object.
    fn is_secret(&self, word: u64) -> bool {
        // The last word stands for a number without an end.
        const KERNEL_HALF: core::ops::Range<u64> = 1 << 63..u64::MAX;
        let used = self.first_frame - UNTYPED..self.frames.start - UNTYPED;
        KERNEL_HALF.contains(&word) || used.contains(&word) && word.is_multiple_of(PAGE)
    }

    /// Says what was to be seen of the kernel behind all operations so far.
    pub fn say_what_was_seen(&mut self) {
        match self.leaked.get() {
            None => self
                .say(format_args!("rogue: nothing of the kernel in sight behind {} operations\n", self.looked.get())),
            Some((capability, operation, word)) => self.surprise(format_args!(
                "rogue: {word:#x} was in a register behind operation {operation} of slot {capability}\n"
            )),
        }
    }

    /// Asks, and is surprised by any answer but `error`.
    pub fn refused(&mut self, capability: u32, operation: u16, words: [u64; 4], error: Error) {
        let answer = self.ask(capability, operation, words);
        self.expect(capability, operation, words, answer, Err(error));
    }

    /// Asks, and is surprised by an error. Answers the first word.
    pub fn done(&mut self, capability: u32, operation: u16, words: [u64; 4]) -> u64 {
        let answer = self.ask(capability, operation, words);
        if answer.is_err() {
            self.expect(capability, operation, words, answer, Ok([0, 0]));
        }
        answer.map_or(0, |[word, _]| word)
    }

    /// Lets what was given up in `epoch` be used again.
    pub fn quiesce(&mut self, epoch: u64) {
        let words = [epoch, 0, 0, 0];
        while self.ask(slot::TABLE, TableOperation::Quiesce as u16, words) == Err(Error::Pending) {}
        self.done(slot::TABLE, TableOperation::Quiesce as u16, words);
    }

    /// Asks, and is surprised by any other answer.
    pub fn answered(&mut self, capability: u32, operation: u16, words: [u64; 4], expected: [u64; 2]) {
        let answer = self.ask(capability, operation, words);
        self.expect(capability, operation, words, answer, Ok(expected));
    }

    fn expect(&mut self, capability: u32, operation: u16, words: [u64; 4], answer: Answer, expected: Answer) {
        if answer != expected {
            let [a, b, c, d] = words;
            self.surprise(format_args!(
                "rogue: slot {capability}, operation {operation} of {a:#x} {b:#x} {c:#x} {d:#x}: {answer:?}, not {expected:?}\n"
            ));
        }
    }

    /// Counts a surprise, and says what it is.
    pub fn surprise(&mut self, what: fmt::Arguments) {
        self.surprises += 1;
        self.say(what);
    }

    /// Makes an object in a slot of its own table, and returns the slot.
    pub fn make(&mut self, operation: TableOperation, words: [u64; 3]) -> u32 {
        let (to, [a, b, c]) = (self.slot(), words);
        self.done(slot::TABLE, operation as u16, [to.into(), a, b, c]);
        to
    }

    /// Prints to the kernel's console.
    pub fn say(&self, text: fmt::Arguments) {
        let _ = DebugConsole::at(&CONSTRUCTOR, self.console).write_fmt(text);
    }
}

/// Two numbers in one word.
pub fn pair(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}
