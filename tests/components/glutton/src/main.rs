//! A thread that never gives the core back, or one that finds out how much of the core others get.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Writer};
use core::fmt::Write;
use runtime::{Result, time};
use sched_interface::{Sched, SchedClient};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(SCHED: SchedClient);

// Whether this is the one that never gives the core back.
runtime::parameter!(GREEDY: bool = false, "greedy");
// Microseconds over which the other one looks, and those that others are to have of them.
runtime::parameter!(WATCH: u64 = 10_000, "watch");
runtime::parameter!(TAKEN: u64 = 0, "taken");

runtime::component! { main: main }

fn main() -> Result<()> {
    if GREEDY.get() { spin() } else { watch() }
}

fn spin() -> Result<()> {
    SCHED.background()?;
    loop {
        core::hint::spin_loop();
    }
}

/// Compares what others took with what they were to have, to a hundredth of the time: the way to them and back costs some of it.
fn watch() -> Result<()> {
    let microsecond = SCHED.frequency()? / 1_000_000;
    let taken = others(WATCH.get() * microsecond) / microsecond;
    let fits = taken.abs_diff(TAKEN.get()) <= WATCH.get() / 100;
    let verdict = if fits { "as it was to be" } else { "NOT as it was to be" };
    let _ = writeln!(Writer::new(&CONSOLE), "watcher: others took {taken} of {} microseconds, {verdict}", WATCH.get());
    Ok(())
}

/// Ticks, out of so many from the first on, in which this thread did not run: the clock jumps.
fn others(ticks: u64) -> u64 {
    const JUMP: u64 = 1_000;
    let start = time::ticks();
    let (mut last, mut lost) = (start, 0);
    while last - start < ticks {
        let now = time::ticks();
        lost += if now - last >= JUMP { now - last } else { 0 };
        last = now;
    }
    lost
}
