//! The image of a component whose faults take longer to handle than it has the core for at a time.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Writer};
use core::fmt::Write;
use runtime::Result;
use sched_interface::{Sched, SchedClient};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(SCHED: SchedClient);

runtime::parameter!(FAULTS: u64 = 0, "faults");
runtime::parameter!(BUSY: u64 = 0, "busy");
runtime::parameter!(BASE: u64 = 0, "base");
runtime::parameter!(YIELD: bool = false, "yield");
runtime::parameter!(LOOK: bool = false, "look");

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
    let turn = SCHED.frequency()? / 1000;
    for number in 1..=BUSY.get() {
        let bases = unlucky::bases_behind(BASE.get(), || wait(2 * turn));
        let _ = writeln!(out, "interrupted: bases behind turn {number}: {bases:x?}");
    }
    Ok(0)
}

/// Keeps the core busy.
fn wait(ticks: u64) {
    let start = runtime::time::ticks();
    while runtime::time::ticks().wrapping_sub(start) < ticks {
        core::hint::spin_loop();
    }
}
