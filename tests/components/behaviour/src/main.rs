//! A component that does what the suite of behaviours does: the same source that is run against the standard library.
#![no_std]
#![no_main]
#![allow(clippy::unwrap_used, reason = "this is how a behaviour fails")]

use concurrency::sync::Semaphore;
use concurrency::time::Instant;
use console_interface::{ConsoleClient, Logger};
use log::{LevelFilter, info};

#[path = "../../../../components/concurrency/src/tests/subject.rs"]
mod subject;
#[path = "../../../../components/concurrency/src/tests/suite.rs"]
mod suite;

runtime::import!(CONSOLE: ConsoleClient);
// Whether all is to be waited for without the scheduler's knowing of it.
runtime::parameter!(POLLS: bool = false, "polls");

static LOGGER: Logger<ConsoleClient> = Logger::new(&CONSOLE);

runtime::component! { main: run }

fn run() {
    LOGGER.install(LevelFilter::Info);
    if POLLS.get() {
        use_all_points();
    }
    for behaviour in suite::ALL {
        (behaviour.tries)();
        info!("{}: {}", behaviour.name, behaviour.text);
    }
    info!("all {} behave", suite::ALL.len());
}

/// As many blockpoints as a scheduler has room for.
const POINTS: usize = 512;

static WAITED_FOR: [Semaphore; POINTS] = [const { Semaphore::new(0) }; POINTS];

/// Waits for each of these for no time at all: from then on the scheduler knows of them, and of no others.
fn use_all_points() {
    let soon = Instant::now();
    let came = WAITED_FOR.iter().filter(|one| one.acquire_until(soon).unwrap()).count();
    assert_eq!(came, 0, "nobody gives a permit");
}
