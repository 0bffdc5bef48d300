//! A thread whose time is limited, and which therefore stays on its core: what it is answered when it would wait at a blockpoint of another
//! core, go there, or call a thread there; and that it gives blockpoints up that were made there.
//!
//! Of the threads that the graph gives the component, the first is on the other core, and the second on this one, without a limit.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Writer};
use core::fmt::{Arguments, Write};
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Release};
use runtime::Result;
use sched_interface::{NEVER, NOBODY, Sched, SchedClient, Threads};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(SCHED: SchedClient);

runtime::component! { main: main }

/// More than there are blockpoints.
const ROUNDS: u64 = 600;

/// What a thread asks for that knows of no epoch.
const FIRST_EPOCH: u64 = 0;

/// The blockpoint that was made last; 0 if there is none.
static POINT: AtomicU64 = AtomicU64::new(0);
/// Blockpoints that were given up.
static FREED: AtomicU64 = AtomicU64::new(0);
/// Whether the thread of this core is about to wait.
static IS_WAITING: AtomicU64 = AtomicU64::new(0);

fn say(text: Arguments<'_>) {
    // Whether anyone can read it does not change what is shown.
    let _ = writeln!(Writer::new(&CONSOLE), "bound: {text}");
}

fn main() -> Result<()> {
    let moment = SCHED.frequency()? / 10_000;
    let there = SCHED.spawn(make_points, moment)?;
    let point = made(moment)?;
    say(format_args!("waits there: {:?}", SCHED.wait_on(point, FIRST_EPOCH, NOBODY, NEVER)));
    say(format_args!("goes there: {:?}, and nowhere: {:?}", SCHED.migrate(1), SCHED.migrate(7)));
    say(format_args!("calls there: {:?}", SCHED.exchange(there.index, 1)));
    SCHED.spawn(wait, point)?;
    while IS_WAITING.load(Acquire) == 0 {
        SCHED.sleep(moment)?;
    }
    SCHED.sleep(10 * moment)?;
    free(point)?;
    (1..ROUNDS).try_for_each(|_| free(made(moment)?))?;
    say(format_args!("gave {} up", FREED.load(Acquire)));
    Ok(())
}

/// The next blockpoint of the other core.
fn made(moment: u64) -> Result<u64> {
    loop {
        match POINT.swap(0, AcqRel) {
            0 => SCHED.sleep(moment)?,
            point => return Ok(point),
        }
    }
}

fn free(point: u64) -> Result<()> {
    SCHED.free_point(point)?;
    FREED.fetch_add(1, AcqRel);
    Ok(())
}

/// On the other core: makes one after the other.
fn make_points(moment: u64) -> Result<()> {
    for round in 0..ROUNDS {
        while FREED.load(Acquire) < round {
            SCHED.sleep(moment)?;
        }
        POINT.store(SCHED.create_point()?, Release);
    }
    Ok(())
}

/// On this core, without a limit: goes there to wait, until the blockpoint is given up.
fn wait(point: u64) -> Result<()> {
    IS_WAITING.store(1, Release);
    let answer = SCHED.wait_on(point, FIRST_EPOCH, NOBODY, NEVER);
    say(format_args!("who waited there: {answer:?}, back on core {}", runtime::thread::core()));
    Ok(())
}
