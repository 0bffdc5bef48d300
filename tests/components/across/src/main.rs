//! Threads of several cores that add to one number under one lock, each not in one step: so what they add is right only if one at a time
//! is inside, and all of it only if none waits for ever.
#![no_std]
#![no_main]

use concurrency::sync::Mutex;
use concurrency::thread;
use console_interface::{ConsoleClient, Writer};
use core::fmt::Write;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{AcqRel, Acquire};
use runtime::Result;
use runtime::time::ticks;

runtime::import!(CONSOLE: ConsoleClient);

runtime::parameter!(ROUNDS: u64 = 200, "rounds");

runtime::component! { main: main }

/// Threads that the graph lets the component create.
const THREADS: usize = 4;

/// How long one is inside, in ticks.
const WHILE: u64 = 20_000;

static SUM: Mutex<u64> = Mutex::new(0);
/// Times that a thread came out of the lock on another core than its own.
static ASTRAY: AtomicU64 = AtomicU64::new(0);

fn main() -> Result<()> {
    let all = [(); THREADS].map(|()| thread::spawn(add));
    for one in all {
        one?.join()??;
    }
    let (sum, astray) = (*SUM.lock()?, ASTRAY.load(Acquire));
    let _ = writeln!(Writer::new(&CONSOLE), "across: {sum} added by {THREADS} threads, {astray} astray");
    Ok(())
}

fn add() -> Result<()> {
    let core = runtime::thread::core();
    for _ in 0..ROUNDS.get() {
        {
            let mut sum = SUM.lock()?;
            let (before, until) = (*sum, ticks() + WHILE);
            while ticks() < until {}
            *sum = before + 1;
        }
        ASTRAY.fetch_add(u64::from(runtime::thread::core() != core), AcqRel);
    }
    Ok(())
}
