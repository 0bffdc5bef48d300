//! Rows of what the scheduler's timer leads to: each takes as long as it takes beyond the time that is slept or worked anyway.

use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;

use bench_client::Row;
use console_interface::Writer;
use runtime::thread::Function;
use runtime::{Result, time};
use sched_interface::{Sched, SchedError, Threads};

use crate::{CONSOLE, MOMENT, SCHED};

/// Ticks that are not counted: they were slept, or worked.
static UNCOUNTED: AtomicU64 = AtomicU64::new(0);

fn clock() -> u64 {
    time::ticks().wrapping_sub(UNCOUNTED.load(Relaxed))
}

/// When the first timer is to go off.
static START: AtomicU64 = AtomicU64::new(0);

/// Long enough for all that a wake-up leads to.
const SLEEP: u64 = 10_000;

pub fn run() -> Result<()> {
    let rows = [Row::new("sleep_wake", &sleep_wake).iterations(100)];
    bench_client::run(&rows, &mut Writer::new(&CONSOLE), &clock)?;
    interrupted("preempt_switch", PREEMPTING)?;
    interrupted("tick_overhead", WAITING)
}

/// Sleeps, alone. What counts is how much longer than asked for that takes: from the timer's interrupt by the scheduler's own thread to
/// here.
#[unsafe(no_mangle)]
#[inline(never)]
fn sleep_wake(iterations: u64) -> Result<()> {
    for _ in 0..iterations {
        SCHED.sleep_until(time::ticks() + SLEEP)?;
        UNCOUNTED.fetch_add(SLEEP, Relaxed);
    }
    Ok(())
}

/// How many helpers come before one of higher priority, which interrupts; and before those of lower priority, which do not.
const PREEMPTING: u64 = 1;
const WAITING: u64 = 2;

/// Measures what a busy thread loses by timers that go off meanwhile. The work that it does takes always the same time.
fn interrupted(name: &'static str, helpers: u64) -> Result<()> {
    let prepare = |iterations| prepare(helpers, iterations);
    let repeat = |_| {
        work(WORK);
        UNCOUNTED.fetch_add(unhindered(), Relaxed);
        Ok(())
    };
    let settle = |_| settle();
    let row = Row::new(name, &repeat).iterations(1).prepared_by(&prepare).settled_by(&settle);
    bench_client::run(&[row], &mut Writer::new(&CONSOLE), &clock)
}

/// Rounds of work: longer than all timers take that are set in any row.
const WORK: u64 = 100_000;

/// How long the work takes when nothing happens.
fn unhindered() -> u64 {
    static TAKES: AtomicU64 = AtomicU64::new(0);
    if TAKES.load(Relaxed) == 0 {
        let start = time::ticks();
        work(WORK);
        TAKES.store(time::ticks() - start, Relaxed);
    }
    TAKES.load(Relaxed)
}

/// Does something for so many rounds, with a state of the processor that has to be kept.
#[inline(never)]
fn work(rounds: u64) {
    // SAFETY: counts, and changes nothing else.
    unsafe { core::arch::asm!("2:", "dec {}", "jnz 2b", inout(reg) rounds => _, options(nomem, nostack)) }
}

/// Has so many timers go off once the work has begun: of one thread that goes on sleeping, or of as many threads.
fn prepare(helpers: u64, iterations: u64) -> Result<()> {
    unhindered();
    let start = time::ticks() + MOMENT;
    START.store(start, Relaxed);
    // Those whose priority is not the one that is wanted stand aside.
    for place in 0..helpers {
        ASIDE[place as usize % ASIDE.len()].store(spawn(stand_aside, 0)?, Relaxed);
    }
    if helpers == PREEMPTING {
        spawn(interrupt, iterations)?;
    } else {
        (0..iterations).try_for_each(|number| spawn(wait, number).map(|_| ()))?;
    }
    // They say until when they sleep, and the first of them is due behind this.
    Ok(SCHED.sleep_until(start - SLEEP / 2)?)
}

/// Starts a thread; by a clock that goes on while the emulator does other things, earlier ones may still be ending.
fn spawn(function: Function, argument: u64) -> Result<u64> {
    for _ in 0..PATIENCE {
        match SCHED.spawn(function, argument) {
            Err(SchedError::TooManyThreads) => SCHED.sleep(MOMENT)?,
            other => return Ok(other?.index),
        }
    }
    Err(SchedError::TooManyThreads.into())
}

/// How often an end is waited for.
const PATIENCE: u64 = 1_000;

fn settle() -> Result<()> {
    for aside in &ASIDE {
        // Not all are there.
        let _ = SCHED.wake(aside.load(Relaxed));
    }
    Ok(SCHED.sleep(MOMENT)?)
}

/// Indices of those that stand aside.
static ASIDE: [AtomicU64; 2] = [const { AtomicU64::new(0) }; 2];

fn stand_aside(_: u64) -> Result<()> {
    Ok(SCHED.block()?)
}

fn interrupt(times: u64) -> Result<()> {
    let start = START.load(Relaxed);
    Ok((0..times).try_for_each(|number| SCHED.sleep_until(start + number * SLEEP))?)
}

fn wait(number: u64) -> Result<()> {
    Ok(SCHED.sleep_until(START.load(Relaxed) + number * SLEEP)?)
}
