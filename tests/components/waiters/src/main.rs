//! A component with threads that wait while its own thread is in a server: for the lock that this one has, to be woken, and for their time.
#![no_std]
#![no_main]

use concurrency::sync::Mutex;
use concurrency::thread;
use concurrency::time::Duration;
use console_interface::{ConsoleClient, Logger};
use log::{LevelFilter, info};
use pong_interface::{Pong, PongClient};
use runtime::Result;

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(PONG: PongClient);

static LOGGER: Logger<ConsoleClient> = Logger::new(&CONSOLE);
static LOCK: Mutex<()> = Mutex::new(());

runtime::component! { main: run }

/// Longer than it takes until all wait.
const NAP: Duration = Duration::from_micros(1_000);

/// All that are created are more urgent than this thread: each has come to where it waits before this goes on.
fn run() -> Result<()> {
    LOGGER.install(LevelFilter::Info);
    let guard = LOCK.lock()?;
    let parks = thread::spawn(thread::park)?;
    let sleeps = thread::spawn(|| thread::sleep(NAP))?;
    // From then on this one is as urgent as that one, by inheritance.
    let locks = thread::spawn(|| LOCK.lock().map(drop))?;
    PONG.call()?;
    drop(guard);
    parks.thread().unpark();
    locks.join()??;
    parks.join()??;
    sleeps.join()??;
    info!("nobody waits any more");
    Ok(())
}
