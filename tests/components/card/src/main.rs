//! The image of a driver of the emulator's `edu` card, which interrupts when it is told to, and until it is told that that
//! has been seen.
//!
//! (QEMU, `docs/specs/edu.rst`.)
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Writer};
use core::fmt::Write;
use runtime::{Error, Result};
use sched_interface::{SchedClient, Threads};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(SCHED: SchedClient);
runtime::registers!(CONFIGURATION, "configuration");
runtime::registers!(CARD, "card");
runtime::interrupt!(LINE, "card");

runtime::parameter!(ADDRESS: u64 = 0, "address");
runtime::parameter!(INTERRUPTS: u64 = 0, "interrupts");
runtime::parameter!(DEAF: bool = false, "deaf");

runtime::component! { main: main }

/// Registers of the PCI configuration.
mod configuration {
    pub const COMMAND: u64 = 4;
    pub const MEMORY: u32 = 1 << 1;
    pub const BASE: u64 = 0x10;
}

/// Registers of the card.
mod card {
    pub const IDENTITY: u64 = 0;
    pub const LIVENESS: u64 = 4;
    pub const PENDING: u64 = 0x24;
    pub const RAISE: u64 = 0x60;
    pub const LOWER: u64 = 0x64;
    /// What the identity ends with.
    pub const EDU: u32 = 0xed;
}

/// The error of a card that is another.
const NO_CARD: Error = Error::numbered(1);
/// The error of an interrupt that the card knows nothing of.
const NOT_ITS_INTERRUPT: Error = Error::numbered(2);

/// Ticks in which an interrupt would have come.
const MOMENT: u64 = 1_000_000;

fn main() -> Result<()> {
    let mut out = Writer::new(&CONSOLE);
    find_card()?;
    LINE.attach()?;
    if DEAF.get() {
        return be_deaf(&mut out);
    }
    for number in 1..=INTERRUPTS.get() as u32 {
        CARD.write(card::RAISE, number)?;
        LINE.wait()?;
        if CARD.read(card::PENDING)? != number {
            return Err(NOT_ITS_INTERRUPT);
        }
        CARD.write(card::LOWER, number)?;
        LINE.acknowledge()?;
    }
    // Whether anyone can read it does not change what has happened.
    let _ = writeln!(out, "card: {} interrupts", INTERRUPTS.get());
    Ok(())
}

/// Has the card answer where the graph says.
fn find_card() -> Result<()> {
    CONFIGURATION.write(configuration::BASE, ADDRESS.get() as u32)?;
    let command = CONFIGURATION.read(configuration::COMMAND)?;
    CONFIGURATION.write(configuration::COMMAND, command | configuration::MEMORY)?;
    CARD.write(card::LIVENESS, 0x1234_5678)?;
    let is_alive = CARD.read(card::LIVENESS)? == !0x1234_5678;
    if is_alive && CARD.read(card::IDENTITY)? & 0xff == card::EDU { Ok(()) } else { Err(NO_CARD) }
}

/// Lets the card ask for ever.
fn be_deaf(out: &mut impl Write) -> Result<()> {
    CARD.write(card::RAISE, 1)?;
    LINE.wait()?;
    SCHED.sleep(MOMENT)?;
    let _ = writeln!(out, "card: still asks for {:#x}, and nobody else minds", CARD.read(card::PENDING)?);
    // Once it is acknowledged it is heard again.
    LINE.acknowledge()?;
    LINE.wait()?;
    let _ = writeln!(out, "card: heard again");
    LINE.detach()
}
