//! Asking the kernel, and counting the answers that are not as they should be.

use crate::CONSTRUCTOR;
use crate::worker::{self, FIRST_THREAD, Job, STACKS};
use abi::boot::{UntypedRange, slot};
use abi::error::Error;
use abi::layout::{PAGE, READ, STACK_SPAN, WRITE};
use abi::operation::{ComponentOperation, PageTableOperation, PowerOperation, ReceiveOperation};
use abi::operation::{TableOperation, ThreadOperation};
use core::fmt::{self, Write};
use runtime::DebugConsole;

/// What the operations answer.
pub type Answer = Result<[u64; 2], Error>;

/// The component of all threads here, in the constructor's own address space and with its own table.
pub const COMPONENT: u32 = 12;
/// The right to send to the constructor.
pub const HOME: u32 = 13;
/// First of the slots of threads, of their end-points, and of rights to send to them.
pub const THREADS: u32 = 16;
/// Of end-points.
pub const RECEIVES: u32 = 32;
/// Of rights to send.
pub const SENDS: u32 = 48;
const INDEX: u64 = 40;

/// Complaints that are printed.
const PRINTED: u64 = 20;

/// A base constructor that counts.
pub struct Asking {
    range: UntypedRange,
    taken: u64,
    workers: u32,
    wrong: u64,
    /// Sends to the constructor that have been heard, and that are to be.
    heard: u64,
    expected: u64,
    /// The last core.
    pub core: u32,
}

/// Asks the object behind `capability` for `operation`.
pub fn ask(capability: u32, operation: u16, words: [u64; 4]) -> Answer {
    CONSTRUCTOR.operate(capability, operation, words)
}

/// Two numbers in one word.
pub fn pair(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

impl Asking {
    /// With the largest of the ranges of untyped memory.
    pub fn new() -> Self {
        let (none, information) = (UntypedRange { start: 0, frames: 0 }, CONSTRUCTOR.information());
        let range = information.untyped().max_by_key(|range| range.frames).unwrap_or(none);
        Self { range, taken: 0, workers: 0, wrong: 0, heard: 0, expected: 0, core: information.cores() as u32 - 1 }
    }

    /// Makes the component, and tables for the stacks of its threads.
    pub fn prepare(&mut self) {
        use TableOperation::*;
        for level in [3, 2, 1] {
            let words = [STACKS, self.frame(), level, 0];
            self.done(slot::PAGE_TABLE, PageTableOperation::Graft as u16, words);
        }
        let words = [COMPONENT.into(), self.frame(), pair(slot::TABLE, slot::PAGE_TABLE), INDEX];
        self.done(slot::TABLE, CreateComponent as u16, words);
        let name = [u64::from_le_bytes(*b"several-"), u64::from_le_bytes(*b"cores\0\0\0"), 0, 0];
        self.done(COMPONENT, ComponentOperation::Name as u16, name);
        self.done(slot::TABLE, CreateSend as u16, [HOME.into(), slot::RECEIVE.into(), 0, 0]);
    }

    /// The name of a frame that nobody has used.
    pub fn frame(&mut self) -> u64 {
        self.taken += 1;
        self.range.start + (self.taken - 1) * PAGE
    }

    /// Makes a thread on `core` that does its [`Job`]s. Answers its number.
    pub fn worker(&mut self, core: u32) -> u32 {
        use TableOperation::*;
        let number = self.workers;
        self.workers += 1;
        let end = STACKS + STACK_SPAN * u64::from(number + 1);
        for page in 1..=4 {
            let words = [end - page * PAGE, self.frame(), READ | WRITE, 0];
            self.done(slot::PAGE_TABLE, PageTableOperation::Map as u16, words);
        }
        let packed = pair(COMPONENT, core << 16 | (FIRST_THREAD + number));
        let words = [(THREADS + number).into(), self.frame(), packed, worker::start as *const () as u64];
        self.done(slot::TABLE, CreateThread as u16, words);
        let (receive, thread) = (u64::from(RECEIVES + number), u64::from(THREADS + number));
        self.done(slot::TABLE, CreateReceive as u16, [receive, thread, 0, 0]);
        self.done(slot::TABLE, CreateSend as u16, [(SENDS + number).into(), receive, 0, 0]);
        number
    }

    /// Lets a worker begin a job on its core.
    pub fn launch(&mut self, worker: u32, job: Job, argument: u32) {
        let words = [worker::word(job, worker, argument), HOME.into(), 0, 0];
        self.expect(1);
        while let Err(error) = ask(THREADS + worker, ThreadOperation::Launch as u16, words) {
            if error != Error::InUse {
                self.complain(format_args!("a launch: {error}"));
                return;
            }
        }
    }

    /// Waits until all that was launched has ended, and all that is expected has come; answers how a worker ended.
    pub fn end_of(&mut self, worker: u32) -> Answer {
        while self.heard < self.expected {
            self.hear();
        }
        self.is("what was heard", self.heard, self.expected);
        ask(THREADS + worker, ThreadOperation::Ended as u16, [0; 4])
    }

    /// Waits until somebody has sent to the constructor; answers how often.
    pub fn hear(&mut self) -> u64 {
        let times = self.done(slot::RECEIVE, ReceiveOperation::Receive as u16, [0; 4]);
        self.heard(times);
        times
    }

    /// Notes that somebody has sent to the constructor.
    pub fn heard(&mut self, times: u64) {
        self.heard += times;
    }

    /// Notes that somebody is going to.
    pub fn expect(&mut self, times: u64) {
        self.expected += times;
    }

    /// Waits until `epoch` is past on every core.
    pub fn quiesce(&mut self, epoch: u64) {
        let words = [epoch, 0, 0, 0];
        while ask(slot::TABLE, TableOperation::Quiesce as u16, words) == Err(Error::Pending) {}
        self.done(slot::TABLE, TableOperation::Quiesce as u16, words);
    }

    /// Asks for what has to succeed; answers the first word.
    pub fn done(&mut self, capability: u32, operation: u16, words: [u64; 4]) -> u64 {
        match ask(capability, operation, words) {
            Ok([word, _]) => word,
            Err(error) => {
                self.complain(format_args!("slot {capability}, operation {operation} of {words:x?}: {error}"));
                0
            }
        }
    }

    /// Asks for what has to be refused with `error`.
    pub fn refused(&mut self, capability: u32, operation: u16, words: [u64; 4], error: Error) {
        let answer = ask(capability, operation, words);
        self.is("an answer", answer, Err(error));
    }

    /// Compares what is with what should be.
    pub fn is<T: PartialEq + fmt::Debug>(&mut self, what: &str, found: T, expected: T) {
        if found != expected {
            self.complain(format_args!("{what}: {found:?}, not {expected:?}"));
        }
    }

    /// Counts a wrong answer, and says what it is.
    pub fn complain(&mut self, what: fmt::Arguments) {
        self.wrong += 1;
        if self.wrong <= PRINTED {
            self.say(format_args!("cores: {what}\n"));
        }
    }

    /// Ends the system with the number of wrong answers.
    pub fn end(&self) {
        let _ = ask(slot::POWER, PowerOperation::End as u16, [self.wrong.min(200), 0, 0, 0]);
    }

    /// Prints to the kernel's console.
    pub fn say(&self, text: fmt::Arguments) {
        let _ = DebugConsole::new(&CONSTRUCTOR).write_fmt(text);
    }
}
