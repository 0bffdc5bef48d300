//! A component in which an urgent thread waits for a lock that one of little urgency has, while one in between has much to do.
//!
//! The one that has the lock works in a server meanwhile: it is the same thread there.
#![no_std]
#![no_main]

use concurrency::sync::Mutex;
use concurrency::thread::{self, JoinHandle};
use concurrency::time::{Duration, Instant, now};
use console_interface::{ConsoleClient, Logger};
use log::{LevelFilter, info};
use pong_interface::{Pong, PongClient};
use runtime::Result;

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(PONG: PongClient);

static LOGGER: Logger<ConsoleClient> = Logger::new(&CONSOLE);

runtime::component! { main: run }

/// How long the lock is held after the urgent thread has asked for it, in ticks.
const HELD: Duration = Duration(1_000_000);

/// What scheduling may add to that.
const MARGIN: Duration = Duration(100_000);

/// How long the thread in between works.
const WORK: [Duration; 2] = [Duration(5_000_000), Duration(20_000_000)];

static INHERITED: Mutex<()> = Mutex::new(());
static PLAIN: Mutex<()> = Mutex::with_inheritance((), false);
/// The second lock of a chain.
static NESTED: Mutex<()> = Mutex::new(());

fn run() -> Result<()> {
    LOGGER.install(LevelFilter::Info);
    show("one lock", |work| invert(&INHERITED, false, work))?;
    show("one lock without inheritance", |work| invert(&PLAIN, false, work))?;
    show("a chain of two locks", |work| invert(&INHERITED, true, work))?;
    show("a chain of two, the second without inheritance", |work| invert(&PLAIN, true, work))
}

/// Says what the urgent thread's wait depends on.
fn show(what: &str, invert: impl Fn(Duration) -> Result<Duration>) -> Result<()> {
    let [short, long] = WORK;
    let waits = [invert(short)?, invert(long)?];
    let is_bounded = waits.iter().all(|wait| *wait < HELD.plus(MARGIN));
    let grows = waits.iter().zip(WORK).all(|(wait, work)| *wait >= work);
    let by = match (is_bounded, grows) {
        (true, false) => "as long as it is held",
        (false, true) => "as long as others work",
        _ => "otherwise",
    };
    info!("{what}: the urgent thread waits {by}");
    Ok(())
}

/// How long the urgent thread waits for what this one, of little urgency, has. In a chain it waits for a thread that waits for this one.
fn invert(lock: &'static Mutex<()>, is_chain: bool, work: Duration) -> Result<Duration> {
    let start = now().after(HELD);
    let guard = lock.lock()?;
    // The first thread that is created is the most urgent, the second is in between, the third between these.
    let urgent: JoinHandle<Result<Duration>> =
        thread::spawn(move || ask(if is_chain { &NESTED } else { lock }, start.after(MARGIN)))?;
    let middle = thread::spawn(move || busy(start.after(MARGIN).after(MARGIN), work))?;
    let third = thread::spawn(move || if is_chain { take_both(lock, start) } else { Ok(()) })?;
    work_in_server(start.after(MARGIN).after(HELD))?;
    drop(guard);
    let waited = urgent.join()??;
    middle.join()??;
    third.join()??;
    Ok(waited)
}

fn ask(lock: &Mutex<()>, at: Instant) -> Result<Duration> {
    thread::sleep_until(at)?;
    let asked = now();
    drop(lock.lock()?);
    Ok(now().since(asked))
}

fn busy(from: Instant, length: Duration) -> Result<()> {
    thread::sleep_until(from)?;
    let until = now().after(length);
    while now() < until {}
    Ok(())
}

/// Has the one lock while it waits for the other.
fn take_both(lock: &Mutex<()>, at: Instant) -> Result<()> {
    thread::sleep_until(at)?;
    let nested = NESTED.lock()?;
    drop(lock.lock()?);
    drop(nested);
    Ok(())
}

fn work_in_server(until: Instant) -> Result<()> {
    while now() < until {
        PONG.call()?;
    }
    Ok(())
}
