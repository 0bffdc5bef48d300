//! The image of racer.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Logger};
use core::hint::black_box;
use log::{LevelFilter, info};
use racer::{LAPS, Track};
use runtime::Result;
use sched_interface::{SchedClient, Threads};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(SCHED: SchedClient);
// Steps of a lap: more than a thread gets done in a turn.
runtime::parameter!(STEPS: u64 = 500_000, "steps");

static LOGGER: Logger<ConsoleClient> = Logger::new(&CONSOLE);
static TRACK: Track = Track::new();

runtime::component! { main: run }

fn run() -> Result<()> {
    LOGGER.install(LevelFilter::Info);
    [1, 2].into_iter().try_for_each(|runner| SCHED.spawn(race, runner).map(drop))?;
    Ok(())
}

fn race(runner: u64) -> Result<()> {
    for _ in 0..LAPS {
        (0..STEPS.get()).for_each(|step| {
            black_box(step);
        });
        if TRACK.finish(runner as usize) {
            info!("two threads that never yield finished their laps in this order: {TRACK}");
        }
    }
    Ok(())
}
