//! The registers and the memory of a level that does not run, as somebody else reads and writes them.
//!
//! Two may do that: who holds a capability to a thread that is preempted or at its start, and who handles the
//! fault, or the system call, of a level: the latter is right below the handler on the invocation stack of the thread that executes.

use crate::component::{Reference, index_of};
use crate::core_state::CoreState;
use crate::frame::Frame;
use crate::page_table::PageTable;
use crate::store::{Store, get, set};
use crate::thread::{self, State, entry, saved};
use abi::crossing::EXIT_FLAGS;
use abi::error::Error;
use abi::layout::is_user;
use abi::register::{CHANGEABLE_FLAGS, GENERAL_REGISTERS, Register};
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;

/// A register of `thread`.
///
/// # Errors
///
/// [`Error::BadArgument`] if there is no such register, or none of a thread at its start; [`Error::WrongCore`] if the
/// thread belongs to another; [`Error::NotStopped`] if it is neither preempted nor at its start.
pub fn read(store: &impl Store, core: &CoreState, thread: Frame, number: u64) -> Result<u64, Error> {
    of_thread(store, core, thread)?.read(store, number)
}

/// Sets a register of `thread`.
///
/// # Errors
///
/// As [`read`]; [`Error::BadAddress`] if the word cannot be the register's.
pub fn write(store: &impl Store, core: &CoreState, thread: Frame, number: u64, word: u64) -> Result<(), Error> {
    of_thread(store, core, thread)?.write(store, number, word)
}

/// A register of the level that the current one handles.
///
/// # Errors
///
/// [`Error::BadArgument`] if there is no such register; [`Error::NotStopped`] if the current level handles none.
pub fn read_handled(store: &impl Store, core: &CoreState, number: u64) -> Result<u64, Error> {
    handled(store, core)?.read(store, number)
}

/// Sets a register of the level that the current one handles.
///
/// # Errors
///
/// As [`read_handled`]; [`Error::BadAddress`] if the word cannot be the register's.
pub fn write_handled(store: &impl Store, core: &CoreState, number: u64, word: u64) -> Result<(), Error> {
    handled(store, core)?.write(store, number, word)
}

/// A word of the memory of the level that the current one handles.
///
/// # Errors
///
/// [`Error::NotStopped`]; [`Error::Revoked`]; [`Error::BadAddress`]; [`Error::NoFrame`].
pub fn read_memory(store: &impl Store, core: &CoreState, address: u64) -> Result<u64, Error> {
    Ok(memory(store, core, address, false)?.load(Relaxed))
}

/// Sets a word of the memory of the level that the current one handles.
///
/// # Errors
///
/// As [`read_memory`]; [`Error::RightsExceeded`] if the level cannot write there.
pub fn write_memory(store: &impl Store, core: &CoreState, address: u64, word: u64) -> Result<(), Error> {
    memory(store, core, address, true)?.store(word, Relaxed);
    Ok(())
}

/// Where the registers of a level are.
#[derive(Clone, Copy)]
enum Stopped {
    /// All of them are kept in an area of the thread, address and stack pointer in the level's entry.
    Kept { thread: Frame, entry: u64, area: saved::Area },
    /// At the start of a thread of an ordinary component there are two.
    AtStart { thread: Frame },
}

fn of_thread(store: &impl Store, core: &CoreState, thread: Frame) -> Result<Stopped, Error> {
    if thread::core_of(store, thread) != (core.identity >> 32) as u32 {
        return Err(Error::WrongCore);
    }
    let kept = Stopped::Kept { thread, entry: thread::top(store, thread), area: saved::PREEMPTED };
    match thread::state(store, thread) {
        State::Preempted => Ok(kept),
        State::AtStart if thread::is_foreign(store, thread) => Ok(kept),
        State::AtStart => Ok(Stopped::AtStart { thread }),
        _ => Err(Error::NotStopped),
    }
}

fn handled(store: &impl Store, core: &CoreState) -> Result<Stopped, Error> {
    let (thread, entry) = (core.thread(), core.top - entry::BYTES);
    if get(store.words(thread), saved::IN_USE) != entry {
        return Err(Error::NotStopped);
    }
    Ok(Stopped::Kept { thread, entry, area: saved::FAULTED })
}

fn memory<'s>(store: &'s impl Store, core: &CoreState, address: u64, writes: bool) -> Result<&'s AtomicU64, Error> {
    let Stopped::Kept { thread, entry, .. } = handled(store, core)? else { return Err(Error::NotStopped) };
    let (words, at) = (store.words(thread), entry::index(entry));
    let component = Reference {
        descriptor: index_of(get(words, at + entry::DESCRIPTOR)),
        epoch: get(words, at + entry::EPOCH) & !entry::FAULTED,
    };
    PageTable::of(store, component)?.word(store, address, writes)
}

impl Stopped {
    fn read(self, store: &impl Store, number: u64) -> Result<u64, Error> {
        let (thread, _, at) = self.find(number)?;
        Ok(get(store.words(thread), at))
    }

    fn write(self, store: &impl Store, number: u64, word: u64) -> Result<(), Error> {
        let (thread, register, at) = self.find(number)?;
        let words = store.words(thread);
        set(words, at, checked(register, word, get(words, at))?);
        Ok(())
    }

    /// The register with this number, and the word of the thread in which it is.
    fn find(self, number: u64) -> Result<(Frame, Register, usize), Error> {
        let register = Register::from_number(number).ok_or(Error::BadArgument)?;
        let (thread, at) = match self {
            Self::Kept { thread, entry, area } => (thread, kept_at(register, entry::index(entry), area)),
            Self::AtStart { thread } => (thread, thread::start_word(register).ok_or(Error::BadArgument)?),
        };
        Ok((thread, register, at))
    }
}

fn kept_at(register: Register, entry: usize, area: saved::Area) -> usize {
    match register {
        // The last one, which was pushed first, is `rax`.
        Register::General(number) => area.registers + usize::from(GENERAL_REGISTERS - 1 - number),
        Register::Stack => entry + entry::STACK,
        Register::Instruction => entry + entry::ADDRESS,
        Register::Flags => area.flags,
        Register::FsBase => area.fs_base,
        Register::GsBase => area.gs_base,
        Register::FloatingPoint(word) => area.floating_point + usize::from(word),
    }
}

/// `word` as `register` may hold it: whatever is there, the kernel's way out cannot fault on it, nor give rights away.
fn checked(register: Register, word: u64, before: u64) -> Result<u64, Error> {
    match register {
        Register::Instruction if !is_user(word) => Err(Error::BadAddress),
        Register::FsBase | Register::GsBase if !is_canonical(word) => Err(Error::BadAddress),
        Register::Flags => Ok(word & CHANGEABLE_FLAGS | EXIT_FLAGS),
        Register::FloatingPoint(MXCSR) => Ok(word & mxcsr_mask(before) | before & !LOWER),
        _ => Ok(word),
    }
}

const fn is_canonical(address: u64) -> bool {
    (address as i64) << 16 >> 16 == address as i64
}

const LOWER: u64 = u32::MAX as u64;
/// The word whose lower half is MXCSR. The upper half is what the processor says of its bits; 0 stands for the first processors'.
const MXCSR: u8 = 3;
const FIRST_MXCSR_MASK: u64 = 0xffbf;

const fn mxcsr_mask(before: u64) -> u64 {
    if before >> 32 == 0 { FIRST_MXCSR_MASK } else { before >> 32 }
}

#[cfg(test)]
mod tests;
