//! The level that a handler of faults or system calls handles: its registers and its memory.
//!
//! The graph grants this to whom it names as the handler of a component's faults, or as a component's personality. While
//! the handler runs, on the thread of whom it handles, all registers of that level are kept, and it goes on with
//! what the handler writes there. At any other time, and further down, every call here is an error.

use crate::{Error, Result, operate};
use abi::crossing::HANDLED_LEVEL;
use abi::operation::HandledLevelOperation::{self, ReadMemory, ReadRegister, WriteMemory, WriteRegister};

pub use abi::register::number;

/// A register, by its [`number`].
///
/// # Errors
///
/// The kernel's: there is no such register, or nothing is handled.
pub fn register(number: u64) -> Result<u64> {
    ask(ReadRegister, number, 0)
}

/// Sets a register.
///
/// # Errors
///
/// As [`register`]; the word cannot be the register's.
pub fn set_register(number: u64, word: u64) -> Result<()> {
    ask(WriteRegister, number, word).map(|_| ())
}

/// The word at `address`, a multiple of 8, in the memory of the level's component.
///
/// # Errors
///
/// The kernel's: there is no such memory, or nothing is handled.
pub fn memory(address: u64) -> Result<u64> {
    ask(ReadMemory, address, 0)
}

/// Sets a word that the level's component can write.
///
/// # Errors
///
/// As [`memory`].
pub fn set_memory(address: u64, word: u64) -> Result<()> {
    ask(WriteMemory, address, word).map(|_| ())
}

fn ask(operation: HandledLevelOperation, at: u64, word: u64) -> Result<u64> {
    // SAFETY: what changes is another level's: this component's memory and registers stay as they are. Were the
    // level this very component's, its registers are not those of the code that runs now.
    let (status, [answer, _]) = unsafe { operate(HANDLED_LEVEL, operation as u16, [at, word, 0, 0]) };
    Error::check(status).map(|()| answer)
}
