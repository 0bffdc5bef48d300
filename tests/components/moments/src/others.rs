//! The threads beside the one that goes into the scheduler.

use crate::strike::{self, AT, LOST, STAGE, WAITS};
use crate::{SCHED, handing};
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;
use runtime::{Result, thread};
use sched_interface::{Sched, Threads};
use sched_sl::Blockpoint;

/// What the waker does when it is time.
pub static DEED: AtomicU64 = AtomicU64::new(0);
/// It wakes the component's own thread.
pub const WAKE: u64 = 0;
/// It triggers the blockpoint.
pub const TRIGGER: u64 = 1;
/// It wakes the bystander.
pub const WAKE_BYSTANDER: u64 = 2;

/// What the component's own thread waits at in one of the ways, and what the scheduler calls it.
pub static POINT: Blockpoint<AtomicU64> = Blockpoint::new(AtomicU64::new(0));
pub static POINT_NAME: AtomicU64 = AtomicU64::new(0);

/// Indices of the threads, how often the bystander and the partner have run, and how often that has gone on behind its yield.
pub static OWN: AtomicU64 = AtomicU64::new(0);
pub static WAKER: AtomicU64 = AtomicU64::new(0);
pub static BYSTANDER: AtomicU64 = AtomicU64::new(0);
pub static PARTNER: AtomicU64 = AtomicU64::new(0);
pub static BYSTANDER_RUNS: AtomicU64 = AtomicU64::new(0);
pub static PARTNER_RUNS: AtomicU64 = AtomicU64::new(0);
pub static PARTNER_ENDS: AtomicU64 = AtomicU64::new(0);

/// In the order in which the graph lists their priorities. The system does not wait for their ends.
pub fn begin() -> Result<()> {
    POINT_NAME.store(SCHED.create_point()?, Relaxed);
    OWN.store(thread::current(), Relaxed);
    WAKER.store(SCHED.spawn(wake, 0)?.index, Relaxed);
    BYSTANDER.store(SCHED.spawn(stand_by, 0)?.index, Relaxed);
    PARTNER.store(SCHED.spawn(take_turns, 0)?.index, Relaxed);
    SCHED.spawn(idle, 0)?;
    handing::PEER.store(SCHED.spawn(handing::back, 0)?.index, Relaxed);
    Ok(())
}

fn wake(_: u64) -> Result<()> {
    SCHED.background()?;
    loop {
        SCHED.block()?;
        SCHED.sleep_until(AT.load(Relaxed))?;
        strike::come();
        do_deed()?;
    }
}

fn do_deed() -> Result<()> {
    match DEED.load(Relaxed) {
        WAKE => SCHED.wake(OWN.load(Relaxed))?,
        TRIGGER => trigger()?,
        _ => SCHED.wake(BYSTANDER.load(Relaxed))?,
    }
    Ok(())
}

fn trigger() -> Result<()> {
    if let Some(epoch) = POINT.trigger() {
        SCHED.trigger(POINT_NAME.load(Relaxed), epoch.0)?;
    }
    Ok(())
}

fn stand_by(_: u64) -> Result<()> {
    SCHED.background()?;
    loop {
        SCHED.block()?;
        BYSTANDER_RUNS.fetch_add(1, Relaxed);
    }
}

/// Runs once each time that it is woken, and lets the other go on.
fn take_turns(_: u64) -> Result<()> {
    SCHED.background()?;
    loop {
        SCHED.block()?;
        STAGE.store(WAITS, Relaxed);
        PARTNER_RUNS.fetch_add(1, Relaxed);
        SCHED.yield_now()?;
        PARTNER_ENDS.fetch_add(1, Relaxed);
    }
}

fn idle(_: u64) -> Result<()> {
    SCHED.background()?;
    loop {
        if strike::all_wait() {
            LOST.fetch_add(1, Relaxed);
            do_deed()?;
        }
    }
}
