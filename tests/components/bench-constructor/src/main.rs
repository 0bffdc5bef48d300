//! The image of a base constructor that measures the kernel's operations, without anybody in between.
//!
//! It makes a few components that share its page table, so that their threads run its code, and holds what a scheduler
//! holds. What is measured are loops written by hand (`loops`); this is what they run on.
//!
//! | row | one iteration |
//! |---|---|
//! | `thread_switch` | a thread dispatches another of its component, by a decision at their scheduler's end-point |
//! | `thread_switch_budget` | the same between threads on two temporal capabilities: each names that of the other |
//! | `receive` | a scheduler looks for sends and events, and there are none |
//! | `asnd` | a thread sends to one that waits; the scheduler of that one is told, nobody switches |
//! | `asnd_budget` | the same, from a thread on a temporal capability to one that waits on another, of less precedence |
//! | `asnd_arcv` | a scheduler sends to a thread that waits, takes the event in and dispatches it; it waits again |
//! | `fault_handler` | a thread faults, and resumes behind that by its handler's answer |
//!
//! Other rows are of two cores, and calls are counted on several at once (`cores`).
//!
//! All other operations are one loop each (`operations`), on what is there before the clock is read (`fixture`).
#![no_std]
#![no_main]

mod cores;
mod fixture;
mod loops;
mod objects;
mod operations;

use abi::boot::slot;
use abi::operation::{PowerOperation, ReceiveOperation, ThreadOperation};
use bench_client::Row;
use core::fmt::Write;
use core::sync::atomic::Ordering::Relaxed;
use fixture::Fixture;
use loops::{Entry, FAULTING, PROGRAM, SCHEDULER, SCHEDULER_RECEIVE, STATUS};
use runtime::{DebugConsole, Error, Result, time};

runtime::constructor!(CONSTRUCTOR);

runtime::component! { initialise: run }

/// Ends the system with the status of the measurement.
fn run() -> u16 {
    let status = measure_here().map_or_else(Error::status, |()| 0);
    let _ = CONSTRUCTOR.operate(slot::POWER, PowerOperation::End as u16, [status.into(), 0, 0, 0]);
    1
}

/// With one core, the rows of one core; with two, those of two; with more, what they do at once.
fn measure_here() -> Result<()> {
    let mut console = DebugConsole::new(&CONSTRUCTOR);
    let fixture = Fixture::make(&CONSTRUCTOR)?;
    match CONSTRUCTOR.information().cores() {
        1 => measure(&fixture, &mut console),
        2 => cores::run_rows(&fixture, &mut console),
        _ => cores::run_scaling(&fixture, &mut console),
    }
}

fn measure(fixture: &Fixture, console: &mut DebugConsole<'_>) -> Result<()> {
    objects::make(&CONSTRUCTOR)?;
    tell_frequency()?;
    bench_client::run(
        &[
            Row::new("thread_switch", &|iterations| schedule(loops::run_switches, iterations / 2)),
            Row::new("thread_switch_budget", &|iterations| schedule(loops::run_budget_switches, iterations / 2)),
            Row::new("receive", &|iterations| schedule(loops::run_receives, iterations)),
            Row::new("asnd", &|iterations| schedule(loops::run_sends, iterations)),
            Row::new("asnd_budget", &|iterations| schedule(loops::run_budget_sends, iterations)),
            Row::new("asnd_arcv", &|iterations| schedule(loops::run_round_trips, iterations)),
            Row::new("fault_handler", &|iterations| run_to_its_end(FAULTING, iterations)),
        ],
        console,
        &time::ticks,
    )?;
    operations::run(fixture, console)
}

/// Writes how often the clock ticks in a second: where it measures time, figures can be turned into seconds.
fn tell_frequency() -> Result<()> {
    let asked = CONSTRUCTOR.operate(SCHEDULER_RECEIVE, ReceiveOperation::Frequency as u16, [0; 4]);
    let [frequency, _] = asked.map_err(Error::Kernel)?;
    // Whether anyone can read it does not change what is measured.
    let _ = writeln!(DebugConsole::new(&CONSTRUCTOR), "clock {frequency}");
    Ok(())
}

/// Lets the scheduler's thread run `program`.
fn schedule(program: Entry, iterations: u64) -> Result<()> {
    PROGRAM.store(program as *mut (), Relaxed);
    run_to_its_end(SCHEDULER, iterations)
}

/// Dispatches `thread`, which returns from its start when it is done.
fn run_to_its_end(thread: u32, word: u64) -> Result<()> {
    STATUS.store(0, Relaxed);
    let answer = CONSTRUCTOR.operate(thread, ThreadOperation::Dispatch as u16, [word, 0, 0, 0]);
    let [_, status] = answer.map_err(Error::Kernel)?;
    Error::check((status | STATUS.load(Relaxed)) as u16)
}
