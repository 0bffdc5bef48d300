//! The image of survivor.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Logger};
use log::LevelFilter;
use pong_interface::PongClient;
use runtime::Result;

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(FRAGILE: PongClient, "fragile");
runtime::import!(PONG: PongClient, "pong");

static LOGGER: Logger<ConsoleClient> = Logger::new(&CONSOLE);

runtime::component! { main: run }

fn run() -> Result<()> {
    LOGGER.install(LevelFilter::Info);
    survivor::run(&FRAGILE, &PONG)
}
