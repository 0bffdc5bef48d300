//! What has to do with time.

use crate::{SCHED, say};
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

/// Two threads that never yield: each says when it has the core again.
pub fn take_turns() -> Result<()> {
    SCHED.spawn(turns, 2)?;
    turns(1)
}

fn turns(number: u64) -> Result<()> {
    let lost = millisecond()? / 2;
    say(format_args!("thread {number}, turn 1"));
    let (mut last, mut turn) = (time::ticks(), 1);
    while turn < 4 {
        let now = time::ticks();
        if now - last > lost {
            turn += 1;
            say(format_args!("thread {number}, turn {turn}"));
        }
        last = now;
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
    SCHED.wake(OWN)
}
