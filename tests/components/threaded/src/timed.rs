//! What has to do with time.

use crate::{SCHED, say};
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;
use runtime::{Result, time};
use sched_interface::{Sched, Threads};

/// Ticks in a millisecond.
fn millisecond() -> Result<u64> {
    Ok(SCHED.frequency()? / 1000)
}

fn work_until(end: u64) {
    while time::ticks() < end {
        core::hint::spin_loop();
    }
}

/// Works for five milliseconds, without a pause.
pub fn work() -> Result<()> {
    say(format_args!("works"));
    work_until(time::ticks() + 5 * millisecond()?);
    say(format_args!("has done its work"));
    Ok(())
}

/// Sleeps two milliseconds, in the midst of whatever others do.
pub fn nap() -> Result<()> {
    say(format_args!("sleeps"));
    SCHED.sleep(2 * millisecond()?)?;
    say(format_args!("is up"));
    Ok(())
}

/// Threads sleep for a while, each for another: the shortest sleep ends first.
pub fn sleep_in_order() -> Result<()> {
    for length in [3, 1, 2] {
        SCHED.spawn(sleep, length)?;
    }
    SCHED.sleep(5 * millisecond()?)?;
    // A time that has come already is no reason to wait.
    SCHED.sleep_until(0)?;
    say(format_args!("slept 5 ms"));
    Ok(())
}

fn sleep(length: u64) -> Result<()> {
    SCHED.sleep(length * millisecond()?)?;
    say(format_args!("slept {length} ms"));
    Ok(())
}

/// The thread that has said something last.
static SPOKE_LAST: AtomicU64 = AtomicU64::new(0);

/// Two threads that never yield: each says when it has the core again, which takes the other's turn to end.
pub fn take_turns() -> Result<()> {
    SCHED.spawn(turns, 2)?;
    turns(1)
}

fn turns(number: u64) -> Result<()> {
    for turn in 1..5 {
        say(format_args!("thread {number}, turn {turn}"));
        SPOKE_LAST.store(number, Relaxed);
        while turn < 4 && SPOKE_LAST.load(Relaxed) == number {
            core::hint::spin_loop();
        }
    }
    Ok(())
}

/// Waits that end by their time, and one that a wake-up ends.
pub fn wait_with_a_time() -> Result<()> {
    let soon = || millisecond().map(|millisecond| time::ticks() + millisecond);
    say(format_args!("woken: {}", SCHED.block_until(soon()?)?));
    SCHED.spawn(wake, 0)?;
    say(format_args!("woken: {}", SCHED.block_until(u64::MAX)?));
    SCHED.spawn(wake, 0)?;
    SCHED.yield_now()?;
    say(format_args!("woken: {}", SCHED.block_until(soon()?)?));
    say(format_args!("woken: {}", SCHED.block_until(0)?));
    Ok(())
}

/// The index of this component's own thread, in the graph that has this.
const OWN: u64 = 3;

fn wake(_: u64) -> Result<()> {
    Ok(SCHED.wake(OWN)?)
}
