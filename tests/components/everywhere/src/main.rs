//! The image of a component that prepares something on each of its cores: on all of them at once, when it has initialised, and before
//! anybody is served and before it runs.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Writer};
use core::fmt::Write;
use core::hint::spin_loop;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use pong_interface::{Pong, PongClient};
use runtime::{Core, Error, Result};
use sched_interface::{Sched, SchedClient};

runtime::import!(CONSOLE: ConsoleClient);
runtime::optional_import!(SERVER: PongClient);
runtime::optional_import!(SCHED: SchedClient);
runtime::parameter!(CALLS: u64 = 0, "calls");
// The index of the core on which it fails.
runtime::parameter!(FAILS: u64 = u64::MAX, "fails");

/// Something was done in the wrong order.
const TOO_EARLY: Error = Error::numbered(1);
/// It was to fail.
const FAILED: Error = Error::numbered(2);

/// How long each core is slower than the one before it.
const LATER: u32 = 200_000;

static INITIALISED: AtomicU64 = AtomicU64::new(0);
static ARRIVED: AtomicU64 = AtomicU64::new(0);
static DONE: AtomicU64 = AtomicU64::new(0);
/// A bit for each core of the machine on which something was prepared, and one for each index.
static CORES: AtomicU64 = AtomicU64::new(0);
static INDICES: AtomicU64 = AtomicU64::new(0);
static COUNT: AtomicU64 = AtomicU64::new(0);

runtime::component! { initialise: initialise, parallel_initialise: prepare, main: main }

fn initialise() -> Result<()> {
    if CALLS.get() != 0 {
        SERVER.call()?;
    }
    INITIALISED.fetch_add(1, Release);
    Ok(())
}

/// Waits until all are here: if they came one after another, nobody would leave. Then each takes longer than the one before.
fn prepare(core: Core) -> Result<()> {
    if INITIALISED.load(Acquire) != 1 {
        return Err(TOO_EARLY);
    }
    if FAILS.get() == core.index.into() {
        return Err(FAILED);
    }
    CORES.fetch_or(1 << core.number, Relaxed);
    INDICES.fetch_or(1 << core.index, Relaxed);
    COUNT.store(core.count.into(), Relaxed);
    ARRIVED.fetch_add(1, Release);
    while FAILS.get() == u64::MAX && ARRIVED.load(Acquire) != core.count.into() {
        spin_loop();
    }
    (0..core.index * LATER).for_each(|_| spin_loop());
    DONE.fetch_add(1, Release);
    Ok(())
}

fn main() -> Result<()> {
    while FAILS.get() != u64::MAX {
        // It should not be here.
        spin_loop();
    }
    let [done, count, cores, indices] = [&DONE, &COUNT, &CORES, &INDICES].map(|of| of.load(Acquire));
    let text = format_args!("{done} of {count} prepared, on cores {cores:#b}, as {indices:#b}");
    // Whether anyone schedules it, and can read it, does not change what is shown.
    let _ = SCHED.yield_now();
    let _ = writeln!(Writer::new(&CONSOLE), "everywhere: {text}");
    Ok(())
}

/// Serves once all of its cores are prepared.
struct Server;

static SERVES: Server = Server;

runtime::export!(pong_interface::PongServer => SERVES);

impl Pong for Server {
    fn call(&self) -> pong_interface::Result<()> {
        let count = COUNT.load(Acquire);
        if count != 0 && DONE.load(Acquire) == count { Ok(()) } else { Err(TOO_EARLY.into()) }
    }

    fn add(&self, _: u64, _: u64) -> pong_interface::Result<u64> {
        self.call().map(|()| 0)
    }

    fn args(&self, _: u64, _: u64, _: u64, _: u64) -> pong_interface::Result<(u64, u64)> {
        self.call().map(|()| (0, 0))
    }

    fn fails(&self) -> pong_interface::Result<()> {
        self.call()
    }
}
