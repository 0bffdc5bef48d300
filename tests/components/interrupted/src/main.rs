//! The image of a component whose faults take longer to handle than it has the core for at a time.
#![no_std]
#![no_main]

use console_interface::{Console, ConsoleClient, Writer};
use core::fmt::Write;
use probe::stacks::STACKS;
use runtime::{Error, Result};
use sched_interface::{Sched, SchedClient, Threads};
use unlucky::{Difference, What};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(SCHED: SchedClient);

runtime::parameter!(FAULTS: u64 = 0, "faults");
runtime::parameter!(BUSY: u64 = 0, "busy");
runtime::parameter!(BASE: u64 = 0, "base");
runtime::parameter!(YIELD: bool = false, "yield");
runtime::parameter!(LOOK: bool = false, "look");
runtime::parameter!(TURN: bool = false, "turn");
runtime::parameter!(STACKS_OF_EVERY_SHAPE: bool = false, "stacks");
runtime::parameter!(INPUT: u64 = 0, "input");

runtime::component! { main: main }

fn main() -> Result<u16> {
    let found = unlucky::take_bases();
    let mut out = Writer::new(&CONSOLE);
    if LOOK.get() {
        let _ = writeln!(out, "interrupted: bases found: {found:x?}");
    }
    if YIELD.get() {
        unlucky::bases_behind(BASE.get(), || SCHED.yield_now().unwrap_or(()));
    }
    for number in 1..=FAULTS.get() {
        let checked = unlucky::registers_behind_fault();
        // Whether anyone can read it does not change what was found.
        let _ = writeln!(out, "interrupted: registers behind fault {number}: {checked:x?}");
        if checked.is_err() {
            return Ok(1);
        }
    }
    if TURN.get() {
        // Of the same priority: it comes to its turn when this one loses the core.
        SCHED.spawn(say_that_it_happened, 0)?;
        report(&mut out, "a turn", unlucky::registers_behind(What::Interrupt))?;
    }
    for stack in STACKS.into_iter().filter(|_| STACKS_OF_EVERY_SHAPE.get()) {
        unlucky::nothing_happened();
        SCHED.spawn(say_that_it_happened, 0)?;
        let checked = unlucky::registers_with_stack(What::Interrupt, Some(stack));
        let _ = writeln!(out, "interrupted: with the stack pointer {stack:#x}:");
        report(&mut out, "a turn", checked)?;
    }
    if INPUT.get() > 0 {
        SCHED.spawn(be_interrupted, 0)?;
        for _ in 0..INPUT.get() {
            CONSOLE.wait()?;
            unlucky::happened();
        }
    }
    let turn = SCHED.frequency()? / 1000;
    for number in 1..=BUSY.get() {
        let bases = unlucky::bases_behind(BASE.get(), || wait(2 * turn));
        let _ = writeln!(out, "interrupted: bases behind turn {number}: {bases:x?}");
    }
    Ok(0)
}

fn say_that_it_happened(_: u64) -> Result<()> {
    unlucky::happened();
    Ok(())
}

/// Keeps the core busy with all registers, of a lower priority than the thread that waits for input.
fn be_interrupted(_: u64) -> Result<()> {
    let mut out = Writer::new(&CONSOLE);
    for number in 1..=INPUT.get() {
        unlucky::nothing_happened();
        let _ = writeln!(out, "interrupted: is busy, {number}");
        report(&mut out, "input", unlucky::registers_behind(What::Interrupt))?;
    }
    Ok(())
}

fn report(out: &mut impl Write, what: &str, checked: core::result::Result<(), Difference>) -> Result<()> {
    // Whether anyone can read it does not change what was found.
    let _ = writeln!(out, "interrupted: registers behind {what}: {checked:x?}");
    checked.map_err(|_| DIFFERENT)
}

/// The error of registers that are not as they were.
const DIFFERENT: Error = Error::numbered(1);

/// Keeps the core busy.
fn wait(ticks: u64) {
    let start = runtime::time::ticks();
    while runtime::time::ticks().wrapping_sub(start) < ticks {
        core::hint::spin_loop();
    }
}
