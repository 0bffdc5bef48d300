//! The image of a component that breaks others, and sees what becomes of them.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Writer};
use core::fmt::Write;
use pong_interface::{Pong, PongClient};
use runtime::Result;
use sched_interface::{Sched, SchedClient};
use timer_interface::{Timer, TimerClient};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(FORGIVEN: PongClient, "forgiven");
runtime::import!(ENDED: PongClient, "ended");
runtime::import!(REPLACED: PongClient, "replaced");
runtime::import!(SCHED: SchedClient);
runtime::import!(TIMER: TimerClient);

runtime::component! { main: run }

fn run() -> Result<()> {
    SCHED.yield_now()?;
    mourn("forgiven", &FORGIVEN)?;
    mourn("ended", &ENDED)?;
    for _ in 0..3 {
        mourn("replaced", &REPLACED)?;
    }
    Ok(())
}

/// Breaks it, and says how long that took, in whole milliseconds, and whether it answers again.
fn mourn(name: &str, pong: &impl Pong) -> Result<()> {
    let before = TIMER.now()?;
    let failed = pong.fails();
    let milliseconds = (TIMER.now()? - before) / 1_000_000;
    let mut out = Writer::new(&CONSOLE);
    let _ = match (failed, pong.add(2, 3)) {
        (Err(error), Ok(5)) => writeln!(out, "mourner: {name}: {error}; after {milliseconds} ms it answers"),
        (Err(error), Err(after)) => writeln!(out, "mourner: {name}: {error}; after {milliseconds} ms: {after}"),
        other => writeln!(out, "mourner: {name}: {other:?}"),
    };
    Ok(())
}
