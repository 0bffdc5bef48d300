//! A component that uses crates as everybody does: each of them does something, and says what came of it.
#![no_std]
#![no_main]

extern crate alloc;

mod formats;
mod futures_and_channels;
mod memory;
mod network;
mod others;

use console_interface::{ConsoleClient, Logger};
use log::{LevelFilter, info};
use runtime::Result;

runtime::import!(CONSOLE: ConsoleClient);

// Whether the component takes more memory than it may have, without asking.
runtime::parameter!(IS_GREEDY: bool = false, "greedy");

static LOGGER: Logger<ConsoleClient> = Logger::new(&CONSOLE);

heap::global!();

runtime::component! { main: run }

fn run() -> Result<()> {
    LOGGER.install(LevelFilter::Info);
    if IS_GREEDY.get() {
        memory::take_too_much();
    }
    info!("hashbrown: {}", others::hashbrown());
    info!("smallvec: {}", others::smallvec());
    info!("serde_json: {}", formats::json());
    info!("postcard: {}", formats::postcard());
    info!("rand_core: {}", others::rand_core());
    info!("embedded-io: {}", others::embedded_io(&CONSOLE));
    info!("futures: {}", futures_and_channels::futures()?);
    info!("embassy-sync: {}", futures_and_channels::embassy_sync()?);
    info!("smoltcp: {}", network::smoltcp());
    info!("heap: {}", memory::comes_and_goes()?);
    Ok(())
}
