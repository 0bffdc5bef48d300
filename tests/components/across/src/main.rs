//! Threads of several cores that add to one number under one lock, each not in one step: so what they add is right only if one at a time
//! is inside, and all of it only if none waits for ever. And threads that are lost on another core than that of who waits for them.
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
runtime::parameter!(LOSES: bool = false, "loses");

runtime::component! { main: main }

/// Threads that the graph lets the component create.
const THREADS: usize = 4;

/// How long one is inside, in ticks.
const WHILE: u64 = 20_000;

static SUM: Mutex<u64> = Mutex::new(0);
/// Times that a thread came out of the lock on another core than its own.
static ASTRAY: AtomicU64 = AtomicU64::new(0);

fn main() -> Result<()> {
    if LOSES.get() { lose() } else { add_up() }
}

/// Of the threads that the graph lets the component create, the first is of this core, the second of another.
fn lose() -> Result<()> {
    let first = thread::spawn(thread::park)?;
    let lost = thread::spawn(die)?.join();
    first.thread().unpark();
    first.join()??;
    let moves = || thread::migrate(1).map(|()| runtime::thread::core());
    let there = thread::spawn(moves)?.join()??;
    let again = thread::spawn(runtime::thread::core)?.join()?;
    let _ = writeln!(Writer::new(&CONSOLE), "across: a thread ends on core {there}, and starts on core {again} again");
    let moved = thread::spawn(|| thread::migrate(1).map(|()| die()))?.join();
    let core = runtime::thread::core();
    let _ = writeln!(
        Writer::new(&CONSOLE),
        "across: on core {core}, a lost thread: {lost:?}, one that had moved: {moved:?}"
    );
    Ok(())
}

/// Panics when whoever waits for this thread has come to wait.
#[expect(clippy::panic, reason = "what comes of it is what is tested")]
fn die() {
    let until = ticks() + 10 * WHILE;
    while ticks() < until {}
    panic!("on core {}", runtime::thread::core())
}

fn add_up() -> Result<()> {
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
