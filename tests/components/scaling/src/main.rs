//! Independent work under one scheduler: pairs of threads that yield to each other, a pair on one core, then on each of two, then of four.
//!
//! By a clock that counts the instructions of all cores together, a yield has to cost the same each time, and each core has to do as many:
//! then what one core does costs the others nothing, and four do four times as much.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Writer};
use core::fmt::{Arguments, Write};
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Release};
use runtime::{Error, Result, thread, time};
use sched_interface::{Sched, SchedClient, Threads};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(SCHED: SchedClient);

// Yields of each thread.
runtime::parameter!(ROUNDS: u64 = 20_000, "rounds");

runtime::component! { main: main }

/// Threads of a pair. The graph lets the component create a pair for each core, one after the other; its own thread waits for them.
const PAIR: u64 = 2;

/// Cores, at most.
const CORES: usize = 4;

/// What counts as the same, in thousandths: threads start and end in the time that is measured.
const SLACK: u64 = 20;

/// The work was not spread over the cores as the graph says.
const NOT_SPREAD: Error = Error::numbered(1);

/// How long threads have to end, in ticks.
const MOMENT: u64 = 1_000_000;

/// Yields that were made on each core.
static YIELDS: [AtomicU64; CORES] = [const { AtomicU64::new(0) }; CORES];
static RUNNING: AtomicU64 = AtomicU64::new(0);
/// The thread that waits for the end of the others.
static WAITING: AtomicU64 = AtomicU64::new(0);

fn say(text: Arguments<'_>) {
    // Whether anyone can read it does not change what is shown.
    let _ = writeln!(Writer::new(&CONSOLE), "scaling: {text}");
}

/// The work of one pair, and of several at once. This thread waits meanwhile.
fn main() -> Result<()> {
    WAITING.store(thread::current(), Release);
    let costs = [measure(1)?, measure(2)?, measure(4)?];
    let is_as_much = |cost: &u64| cost.abs_diff(costs[0]) * 1_000 / costs[0].max(1) <= SLACK;
    let verdict = if costs.iter().all(is_as_much) { "as much" } else { "NOT as much" };
    let [one, two, four] = costs;
    say(format_args!("a yield costs {one} ticks on one core, {two} on two at once, {four} on four: {verdict}"));
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
    check(pairs as usize)?;
    // They have said that they are about to end: until they have, none can start again.
    SCHED.sleep(MOMENT)?;
    Ok(passed / (PAIR * pairs * ROUNDS.get()))
}

/// Each of so many cores, and no other, has done as much as a pair does.
fn check(cores: usize) -> Result<()> {
    let done = YIELDS.each_ref().map(|yields| yields.swap(0, AcqRel));
    let expected = |core| if core < cores { PAIR * ROUNDS.get() } else { 0 };
    if (0..).zip(done).all(|(core, done)| done == expected(core)) {
        return Ok(());
    }
    say(format_args!("where {cores} cores were to work, they made so many yields: {done:?}"));
    Err(NOT_SPREAD)
}

fn yields(_: u64) -> Result<()> {
    for _ in 0..ROUNDS.get() {
        SCHED.yield_now()?;
    }
    if let Some(yields) = YIELDS.get(thread::core() as usize) {
        yields.fetch_add(ROUNDS.get(), AcqRel);
    }
    if RUNNING.fetch_sub(1, AcqRel) == 1 {
        SCHED.wake(WAITING.load(Acquire))?;
    }
    Ok(())
}
