//! The image that measures a scheduler component: what its threads ask for, and what its timer costs them.
//!
//! The row's code is a function with the row's name, for debuggers; that attribute is unsafe, and this image measures and does nothing
//! else. Each row has helpers of its own, which end with it.
#![no_std]
#![no_main]

mod timed;
mod unheard;

use core::hint::black_box;
use core::sync::atomic::Ordering::Relaxed;
use core::sync::atomic::{AtomicBool, AtomicU64};

use bench_client::Row;
use console_interface::{ConsoleClient, Writer};
use runtime::thread::Function;
use runtime::{Result, thread, time};
use sched_interface::{Sched, SchedClient, Thread, Threads};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(SCHED: SchedClient);

runtime::component! { main: run }

/// Whether a row has been measured: its helper is to end.
static IS_DONE: AtomicBool = AtomicBool::new(false);

/// Index of the thread that helps.
static HELPER: AtomicU64 = AtomicU64::new(0);

/// Index of the thread that measures.
static SELF: AtomicU64 = AtomicU64::new(0);

fn run() -> Result<()> {
    SELF.store(thread::index(thread::number()), Relaxed);
    helped(yield_back, &Row::new("yield_sched", &yield_sched))?;
    helped(hand_back, &Row::new("block_wake_sched", &block_wake_sched))?;
    helped(block_back, &Row::new("block_wake_apart", &block_wake_apart))?;
    helped(answer, &Row::new("sync_exchange_roundtrip", &sync_exchange_roundtrip))?;
    timed::run()?;
    helped(unheard::hand_back, &Row::new("thread_switch_user", &unheard::thread_switch_user))?;
    helped(unheard::hand_back_told, &Row::new("thread_switch_told", &unheard::thread_switch_told))
}

/// Measures a row with the help of another thread of the same priority.
fn helped(function: Function, row: &Row<'_>) -> Result<()> {
    IS_DONE.store(false, Relaxed);
    let helper = SCHED.spawn(function, 0)?;
    HELPER.store(helper.index, Relaxed);
    // It says who it waits for.
    SCHED.yield_now()?;
    bench_client::run(core::slice::from_ref(row), &mut Writer::new(&CONSOLE), &time::ticks)?;
    IS_DONE.store(true, Relaxed);
    // It finds out by whatever it waits for.
    let _ = (SCHED.unblock(helper), SCHED.exchange(helper.index, 0));
    // It ends, and the scheduler learns of that.
    Ok(SCHED.sleep(MOMENT)?)
}

/// Long enough for a thread to end.
pub const MOMENT: u64 = 100_000;

/// Yields to the other thread, which yields back.
#[unsafe(no_mangle)]
#[inline(never)]
fn yield_sched(iterations: u64) -> Result<()> {
    Ok((0..iterations).try_for_each(|_| SCHED.yield_now())?)
}

fn yield_back(_: u64) -> Result<()> {
    while !IS_DONE.load(Relaxed) {
        SCHED.yield_now()?;
    }
    Ok(())
}

/// Wakes the other thread and blocks, both at once: that goes on, and does the same.
#[unsafe(no_mangle)]
#[inline(never)]
fn block_wake_sched(iterations: u64) -> Result<()> {
    let helper = HELPER.load(Relaxed);
    Ok((0..iterations).try_for_each(|_| SCHED.wake_and_block(helper))?)
}

fn hand_back(_: u64) -> Result<()> {
    let measuring = SELF.load(Relaxed);
    SCHED.block()?;
    while !IS_DONE.load(Relaxed) {
        SCHED.wake_and_block(measuring)?;
    }
    Ok(())
}

/// The same by two calls.
#[unsafe(no_mangle)]
#[inline(never)]
fn block_wake_apart(iterations: u64) -> Result<()> {
    let helper = Thread { index: HELPER.load(Relaxed) };
    for _ in 0..iterations {
        SCHED.unblock(helper)?;
        SCHED.block()?;
    }
    Ok(())
}

fn block_back(_: u64) -> Result<()> {
    let measuring = Thread { index: SELF.load(Relaxed) };
    SCHED.block()?;
    while !IS_DONE.load(Relaxed) {
        SCHED.unblock(measuring)?;
        SCHED.block()?;
    }
    Ok(())
}

/// Calls the other thread, which answers and waits for the next call.
#[unsafe(no_mangle)]
#[inline(never)]
fn sync_exchange_roundtrip(iterations: u64) -> Result<()> {
    let helper = HELPER.load(Relaxed);
    for word in 0..iterations {
        black_box(SCHED.exchange(helper, word)?);
    }
    Ok(())
}

fn answer(_: u64) -> Result<()> {
    let (mut client, mut word) = SCHED.accept()?;
    while !IS_DONE.load(Relaxed) {
        (client, word) = SCHED.answer_and_accept(client, word + 1)?;
    }
    Ok(())
}
