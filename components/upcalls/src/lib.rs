//! Upcalls: a component whose faults are handled here goes on, after a fault of its own, where it has said.
//!
//! That this is its handler the graph says (`fault = { handler = "upcalls" }`), and nobody else; *where* it goes on, the component says
//! itself, at any time, for itself alone.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

use abi::fault::Token;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;
use fault_interface::{Answer, Cause, Fault};
use runtime::Caller;
use runtime::handled::number::{RDI, RSI};

/// What a method of [`Upcalls`] answers.
pub type Result<T> = runtime::Result<T, UpcallsError>;

runtime::errors! {
    /// Why an upcall is not set.
    pub enum UpcallsError {
        NoRoom = 1: "as many components have upcalls as can",
    }
}

/// Says where faults lead.
#[runtime::interface]
pub trait Upcalls {
    /// After a fault the calling component goes on at `entry`, with the address that a page fault was about in `rdi`, the one of the
    /// instruction in `rsi`, and all other registers as they were. Without an entry, 0, a fault ends the call.
    fn set(&self, entry: u64) -> Result<()>;
}

/// Components that there is room for: those with a token below.
pub const COMPONENTS: usize = 64;

/// Sets registers of who is handled.
pub trait Level {
    /// Sets the register with this number.
    ///
    /// # Errors
    ///
    /// The kernel's.
    fn set_register(&self, number: u64, word: u64) -> runtime::Result<()>;
}

/// Where each component goes on.
pub struct Entries<L> {
    level: L,
    entries: [AtomicU64; COMPONENTS],
}

impl<L: Level> Entries<L> {
    /// Nobody has said anything.
    pub const fn new(level: L) -> Self {
        Self { level, entries: [const { AtomicU64::new(0) }; COMPONENTS] }
    }

    /// What is asked for on behalf of a caller.
    pub const fn serve(&self, caller: Caller) -> Call<'_, L> {
        Call { entries: self, caller }
    }

    fn of(&self, component: u64) -> Option<&AtomicU64> {
        self.entries.get(usize::try_from(component).ok()?)
    }
}

/// An invocation: by a component, or by the kernel because of a fault.
pub struct Call<'e, L> {
    entries: &'e Entries<L>,
    caller: Caller,
}

impl<L: Level> Upcalls for Call<'_, L> {
    fn set(&self, entry: u64) -> Result<()> {
        self.entries.of(self.caller.token).ok_or(UpcallsError::NoRoom)?.store(entry, Relaxed);
        Ok(())
    }
}

impl<L: Level> Fault for Call<'_, L> {
    fn handle(&self, _: Cause, address: u64, instruction: u64) -> runtime::Result<Answer> {
        let faulted = Token::from_word(self.caller.token).map(|token| u64::from(token.component));
        let entry = faulted.and_then(|component| self.entries.of(component)).map_or(0, |entry| entry.load(Relaxed));
        if entry == 0 {
            return Ok(Answer::Unwind);
        }
        self.entries.level.set_register(RDI, address)?;
        self.entries.level.set_register(RSI, instruction)?;
        Ok(Answer::Resume(entry))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use std::vec::Vec;

    #[derive(Default)]
    struct Registers(Mutex<Vec<(u64, u64)>>);

    impl Level for &Registers {
        fn set_register(&self, number: u64, word: u64) -> runtime::Result<()> {
            self.0.lock().unwrap().push((number, word));
            Ok(())
        }
    }

    const PAGE_FAULT: Cause = Cause { vector: 14, error: 4 };

    const fn caller(token: u64) -> Caller {
        Caller { token, thread: 0, core: 0 }
    }

    fn fault(component: u16) -> Caller {
        caller(Token { component, ..Token::default() }.to_word())
    }

    #[test]
    fn a_fault_leads_where_its_own_component_said() {
        let registers = Registers::default();
        let entries = Entries::new(&registers);
        let handle = |component| Fault::handle(&entries.serve(fault(component)), PAGE_FAULT, 0x10, 0x40_0000);
        assert_eq!(handle(5), Ok(Answer::Unwind), "nobody has said anything");
        entries.serve(caller(5)).set(0x40_1000).unwrap();
        assert_eq!((handle(4), handle(6)), (Ok(Answer::Unwind), Ok(Answer::Unwind)), "others' faults");
        assert!(registers.0.lock().unwrap().is_empty());
        assert_eq!(handle(5), Ok(Answer::Resume(0x40_1000)));
        assert_eq!(*registers.0.lock().unwrap(), [(RDI, 0x10), (RSI, 0x40_0000)]);
        entries.serve(caller(5)).set(0).unwrap();
        assert_eq!(handle(5), Ok(Answer::Unwind));
    }

    #[test]
    fn there_is_room_for_so_many() {
        let registers = Registers::default();
        let entries = Entries::new(&registers);
        assert_eq!(entries.serve(caller(COMPONENTS as u64)).set(1), Err(UpcallsError::NoRoom));
    }
}
