//! A component whose threads come to a server at the same time as others do.
#![no_std]
#![no_main]

use concurrency::thread;
use console_interface::{ConsoleClient, Logger};
use log::{LevelFilter, info};
use pong_interface::{Pong, PongClient};
use runtime::Result;

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(PONG: PongClient);
runtime::parameter!(THREADS: u64 = 1, "threads");
runtime::parameter!(TIMES: u64 = 1, "times");
runtime::parameter!(ALL: u64 = 1, "all");

static LOGGER: Logger<ConsoleClient> = Logger::new(&CONSOLE);

runtime::component! { main: run }

fn run() -> Result<()> {
    LOGGER.install(LevelFilter::Info);
    for _ in 1..THREADS.get() {
        drop(thread::spawn(come)?);
    }
    come()
}

/// Comes so many times. The last one of all tells.
fn come() -> Result<()> {
    for _ in 1..TIMES.get() {
        PONG.add(1, 0)?;
    }
    let sum = PONG.add(1, 0)?;
    if sum == ALL.get() {
        info!("all came: {sum} times");
    }
    Ok(())
}
