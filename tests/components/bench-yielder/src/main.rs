//! The image that measures a scheduler component: two threads of one priority that yield to each other.
//!
//! An iteration is two yields: away from the thread that measures, and back. The row's code is a function with the row's
//! name, for debuggers; that attribute is unsafe, and this image measures and does nothing else.
#![no_std]
#![no_main]

use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering::Relaxed;

use bench_client::Row;
use console_interface::{ConsoleClient, Writer};
use runtime::{Result, time};
use sched_interface::{Sched, SchedClient, Threads};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(SCHED: SchedClient);

runtime::component! { main: run }

/// Whether everything has been measured.
static IS_DONE: AtomicBool = AtomicBool::new(false);

fn run() -> Result<()> {
    SCHED.spawn(yield_back, 0)?;
    let rows = [Row::new("yield_sched", &yield_sched)];
    let measured = bench_client::run(&rows, &mut Writer::new(&CONSOLE), &time::ticks);
    IS_DONE.store(true, Relaxed);
    measured
}

/// Yields to the other thread, which yields back.
#[unsafe(no_mangle)]
#[inline(never)]
fn yield_sched(iterations: u64) -> Result<()> {
    (0..iterations).try_for_each(|_| SCHED.yield_now())
}

/// The other thread.
fn yield_back(_: u64) -> Result<()> {
    while !IS_DONE.load(Relaxed) {
        SCHED.yield_now()?;
    }
    Ok(())
}
