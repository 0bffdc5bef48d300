//! Independent work under one scheduler: pairs of threads that yield to each other, first on one core, then on two at once.
//!
//! By a clock that counts the instructions of all cores together, a yield has to cost the same both times: then what one core does costs
//! the other nothing, and two do twice as much.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Writer};
use core::fmt::{Arguments, Write};
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Release};
use runtime::{Result, time};
use sched_interface::{Sched, SchedClient, Threads};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(SCHED: SchedClient);

// Yields of each thread.
runtime::parameter!(ROUNDS: u64 = 20_000, "rounds");

runtime::component! { main: main }

/// Threads of a pair. The first that the graph lets the component create waits for the others; the next two are of one core, and the two
/// behind them of another.
const PAIR: u64 = 2;

/// What counts as the same, in thousandths: threads start and end in the time that is measured.
const SLACK: u64 = 20;

/// How long threads have to end, in ticks.
const MOMENT: u64 = 1_000_000;

static RUNNING: AtomicU64 = AtomicU64::new(0);
/// The thread that waits for the end of the others.
static WAITING: AtomicU64 = AtomicU64::new(0);

fn say(text: Arguments<'_>) {
    // Whether anyone can read it does not change what is shown.
    let _ = writeln!(Writer::new(&CONSOLE), "scaling: {text}");
}

fn main() -> Result<()> {
    let waiting = SCHED.spawn(|_| conduct(), 0)?;
    WAITING.store(waiting.index, Release);
    Ok(())
}

/// The work of one pair, and of two at once. This thread waits meanwhile.
fn conduct() -> Result<()> {
    let (one, two) = (measure(1)?, measure(2)?);
    let difference = one.abs_diff(two) * 1_000 / one.max(1);
    let verdict = if difference <= SLACK { "as much" } else { "NOT as much" };
    say(format_args!("a yield costs {one} ticks on one core, {two} on two at once: {verdict}"));
    Ok(())
}

/// Ticks of all together for each yield, with so many pairs.
fn measure(pairs: u64) -> Result<u64> {
    RUNNING.store(PAIR * pairs, Release);
    let start = time::ticks();
    (0..PAIR * pairs).try_for_each(|_| SCHED.spawn(yields, 0).map(|_| ()))?;
    while RUNNING.load(Acquire) > 0 {
        SCHED.block()?;
    }
    let passed = time::ticks() - start;
    // They have said that they are about to end: until they have, none can start again.
    SCHED.sleep(MOMENT)?;
    Ok(passed / (PAIR * pairs * ROUNDS.get()))
}

fn yields(_: u64) -> Result<()> {
    for _ in 0..ROUNDS.get() {
        SCHED.yield_now()?;
    }
    if RUNNING.fetch_sub(1, AcqRel) == 1 {
        SCHED.wake(WAITING.load(Acquire))?;
    }
    Ok(())
}
