//! The image of a component that keeps a core busy with all registers until another core has interrupted it often enough.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Writer};
use core::fmt::Write;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{Acquire, Release};
use pong_interface::{Pong, PongError, PongServer, Result};
use probe::stacks::STACKS;
use unlucky::What;

runtime::import!(CONSOLE: ConsoleClient);
runtime::export!(PongServer => CALLED);

runtime::component! { main: main }

struct Called;

static CALLED: Called = Called;

/// 1 while it is busy.
static BUSY: AtomicU64 = AtomicU64::new(0);

/// What the other core says.
impl Pong for Called {
    /// It has been interrupted often enough.
    fn call(&self) -> Result<()> {
        BUSY.store(0, Release);
        unlucky::happened();
        Ok(())
    }

    /// Answers whether it is busy.
    fn add(&self, _: u64, _: u64) -> Result<u64> {
        Ok(BUSY.load(Acquire))
    }

    fn args(&self, _: u64, _: u64, _: u64, _: u64) -> Result<(u64, u64)> {
        Err(PongError::Refused)
    }

    fn fails(&self) -> Result<()> {
        Err(PongError::Refused)
    }
}

/// The status is how often a register was different: with a stack of its own, and with stack pointers of every shape.
fn main() -> u16 {
    let mut different = 0;
    for stack in core::iter::once(None).chain(STACKS.map(Some)) {
        unlucky::nothing_happened();
        BUSY.store(1, Release);
        let checked = unlucky::registers_with_stack(What::Interrupt, stack);
        let mut out = Writer::new(&CONSOLE);
        // Whether anyone can read it does not change what was found.
        let _ = writeln!(out, "called: registers behind interrupts of another core, stack {stack:x?}: {checked:x?}");
        different += u16::from(checked.is_err());
    }
    different
}
