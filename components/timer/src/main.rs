//! The image of the timer.
#![no_std]
#![no_main]

use runtime::{Result, time};
use sched_interface::{Sched, SchedClient};
use timer::{Clock, Timing};

runtime::import!(SCHED: SchedClient);

static TIMING: Timing<Scheduled> = Timing(Scheduled);

runtime::export!(timer_interface::TimerServer => TIMING, workers: SCHED);

runtime::component! {}

/// The time-stamp counter, and the scheduler of whoever calls.
struct Scheduled;

impl Clock for Scheduled {
    fn ticks(&self) -> u64 {
        time::ticks()
    }

    fn frequency(&self) -> Result<u64> {
        Ok(SCHED.frequency()?)
    }

    fn sleep_until(&self, tick: u64) -> Result<()> {
        Ok(SCHED.sleep_until(tick)?)
    }
}
