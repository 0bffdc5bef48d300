//! Registers and memory of a level that does not run, as somebody else reads and writes them.

use crate::call::{Answer, DONE, words};
use crate::state::{Area, Entry, Frame, Id, Level, Model, State};
use abi::crossing::EXIT_FLAGS;
use abi::error::Error;
use abi::layout::{PAGE, WRITE, is_user};
use abi::operation::HandledLevelOperation;
use abi::register::{CHANGEABLE_FLAGS, Register, number};

/// The word of the x87 and SSE state whose lower half is MXCSR, and whose upper half says which bits of it there are.
const MXCSR: u64 = number::FLOATING_POINT + 3;

/// What a thread of a foreign component starts with.
pub(crate) fn at_start() -> Area {
    Area::from([(number::FLAGS, EXIT_FLAGS), (number::FLOATING_POINT, 0x37f), (MXCSR, 0x1f80)])
}

impl Model {
    /// A register of a thread that does not run, to be read, or with a word, to be written.
    pub(crate) fn register(&mut self, thread: Id, number: u64, written: Option<u64>) -> Answer {
        let is_foreign = self.is_foreign(thread);
        let thread = self.thread(thread);
        let is_at_start = thread.state == State::AtStart;
        if !is_at_start && thread.state != State::Preempted {
            return Err(Error::NotStopped);
        }
        Register::from_number(number).ok_or(Error::BadArgument)?;
        if !is_at_start || is_foreign {
            return access(&mut thread.preempted, thread.levels.last_mut(), number, written);
        }
        match number {
            number::RIP => change(&mut thread.start, number, written),
            number::FS_BASE => change(&mut thread.fs_base, number, written),
            _ => Err(Error::BadArgument),
        }
    }

    /// Whether a thread starts in a foreign component.
    pub(crate) fn is_foreign(&self, thread: Id) -> bool {
        self.threads[&thread].is_foreign
    }

    /// Performs operation `number` of the level that the current one handles.
    pub(crate) fn level_operation(&mut self, number: u16, [at, word, ..]: [u64; 4]) -> Answer {
        use HandledLevelOperation::*;
        let operation = HandledLevelOperation::from_number(number).ok_or(Error::UnknownOperation)?;
        let below = self.threads[&self.current].levels.iter().rev().nth(1).filter(|level| level.faulted);
        let handled = *below.ok_or(Error::NotStopped)?;
        match operation {
            ReadRegister => self.handled_register(at, None),
            WriteRegister => self.handled_register(at, Some(word)),
            ReadMemory => {
                let place = self.word(handled, at, false)?;
                Ok(words([self.contents.get(&place).copied().unwrap_or(0), 0]))
            }
            WriteMemory => {
                let place = self.word(handled, at, true)?;
                self.contents.insert(place, word);
                Ok(DONE)
            }
        }
    }

    fn handled_register(&mut self, number: u64, written: Option<u64>) -> Answer {
        Register::from_number(number).ok_or(Error::BadArgument)?;
        let current = self.current;
        let thread = self.thread(current);
        access(&mut thread.faulted, thread.levels.iter_mut().rev().nth(1), number, written)
    }

    /// The frame that the component of a level has mapped at `address`, and the word in it.
    fn word(&self, level: Level, address: u64, writes: bool) -> Result<(u64, u64), Error> {
        let component = self.components.get(&level.component).filter(|component| component.revoked.is_none());
        let table = component.ok_or(Error::Revoked)?.page_table;
        if !is_user(address) || !address.is_multiple_of(8) {
            return Err(Error::BadAddress);
        }
        let page = address - address % PAGE;
        match self.page_tables[&table].pages.get(&page) {
            Some(Entry::Mapping(frame, rights, _)) if matches!(self.frame(*frame), Frame::User(_)) => {
                let may = !writes || rights & WRITE != 0;
                if may { Ok((*frame, address % PAGE / 8)) } else { Err(Error::RightsExceeded) }
            }
            _ => Err(Error::NoFrame),
        }
    }
}

fn access(area: &mut Area, level: Option<&mut Level>, number: u64, written: Option<u64>) -> Answer {
    match (number, level) {
        (number::RIP, Some(level)) => change(&mut level.at, number, written),
        (number::RSP, Some(level)) => change(&mut level.stack, number, written),
        _ => change(area.entry(number).or_insert(0), number, written),
    }
}

fn change(register: &mut u64, number: u64, written: Option<u64>) -> Answer {
    let Some(word) = written else { return Ok(words([*register, 0])) };
    let is_canonical = (word as i64) << 16 >> 16 == word as i64;
    *register = match number {
        number::RIP if !is_user(word) => return Err(Error::BadAddress),
        number::FS_BASE | number::GS_BASE if !is_canonical => return Err(Error::BadAddress),
        number::FLAGS => word & CHANGEABLE_FLAGS | EXIT_FLAGS,
        MXCSR => {
            let mask = if *register >> 32 == 0 { 0xffbf } else { *register >> 32 };
            *register & !0xffff_ffff | word & mask
        }
        _ => word,
    };
    Ok(DONE)
}
