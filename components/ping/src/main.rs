//! The image of ping.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Logger};
use log::LevelFilter;
use pong_interface::PongClient;
use runtime::{Result, time};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(PONG: PongClient);
runtime::parameter!(ROUNDS: u64 = 1000, "rounds");

static LOGGER: Logger<ConsoleClient> = Logger::new(&CONSOLE);

runtime::component! { main: run }

fn run() -> Result<()> {
    LOGGER.install(LevelFilter::Info);
    ping::run(&PONG, ROUNDS.get(), time::ticks)
}
