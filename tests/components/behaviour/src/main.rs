//! A component that does what the suite of behaviours does: the same source that is run against the standard library.
#![no_std]
#![no_main]
#![allow(clippy::unwrap_used, reason = "this is how a behaviour fails")]

use console_interface::{ConsoleClient, Logger};
use log::{LevelFilter, info};

#[path = "../../../../components/concurrency/src/tests/subject.rs"]
mod subject;
#[path = "../../../../components/concurrency/src/tests/suite.rs"]
mod suite;

runtime::import!(CONSOLE: ConsoleClient);

static LOGGER: Logger<ConsoleClient> = Logger::new(&CONSOLE);

runtime::component! { main: run }

fn run() {
    LOGGER.install(LevelFilter::Info);
    for behaviour in suite::ALL {
        (behaviour.tries)();
        info!("{}: {}", behaviour.name, behaviour.text);
    }
    info!("all {} behave", suite::ALL.len());
}
