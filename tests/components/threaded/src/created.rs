//! Threads that are created at run time.

use crate::{SCHED, say};
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;
use runtime::Result;
use sched_interface::{Sched, Threads};

fn speak(number: u64) -> Result<()> {
    say(format_args!("thread {number} runs"));
    Ok(())
}

/// Creates one thread more than the graph permits; once those have ended, there can be others.
pub fn as_many_as_may_be() -> Result<()> {
    for number in 1.. {
        match SCHED.spawn(speak, number) {
            Ok(thread) => say(format_args!("thread {number} has index {}", thread.index)),
            Err(error) => {
                say(format_args!("thread {number}: {error:?}"));
                break;
            }
        }
    }
    SCHED.sleep(100_000)?;
    for number in 11..13 {
        let thread = SCHED.spawn(speak, number)?;
        say(format_args!("thread {number} has index {}", thread.index));
    }
    Ok(())
}

/// Creates a thread while the component initialises.
pub fn early() {
    let index = SCHED.spawn(speak, 0).map(|thread| thread.index);
    say(format_args!("created: {index:?}"));
}

/// A thread that faults is lost: of the two that the graph permits, one is left.
pub fn that_faults() -> Result<()> {
    SCHED.spawn(fault, 0)?;
    SCHED.yield_now()?;
    SCHED.spawn(speak, 1)?;
    say(format_args!("one more: {:?}", SCHED.spawn(speak, 2).err()));
    Ok(())
}

fn fault(_: u64) -> Result<()> {
    say(format_args!("thread 0 faults"));
    // SAFETY: the instruction is undefined for ever: it faults, and nothing runs after it.
    unsafe { core::arch::asm!("ud2", options(noreturn, nomem, nostack)) }
}

/// What the threads of the crowd have done together.
static DONE: AtomicU64 = AtomicU64::new(0);

/// Times that each thread of the crowd calls the scheduler.
const CALLS: u64 = 500;

/// Threads that ask so much of the scheduler that they often lose the core in there.
pub fn a_crowd() -> Result<()> {
    for _ in 0..3 {
        SCHED.spawn(ask, 0)?;
    }
    ask(0)?;
    while DONE.load(Relaxed) < 4 * CALLS {
        SCHED.sleep(10_000)?;
    }
    say(format_args!("{} calls, none is lost", DONE.load(Relaxed)));
    Ok(())
}

fn ask(_: u64) -> Result<()> {
    for call in 0..CALLS {
        match call % 3 {
            0 => SCHED.yield_now()?,
            1 => SCHED.sleep(call)?,
            _ => {
                SCHED.wake(OWN)?;
                SCHED.block_until(0)?;
            }
        }
        DONE.fetch_add(1, Relaxed);
    }
    Ok(())
}

/// The index of this component's own thread, in the graph that has this.
const OWN: u64 = 3;
