//! A component in which an urgent thread waits for a lock that one of little urgency has, while one in between has much to do.
//!
//! The one that has the lock works in a server meanwhile: it is the same thread there.
#![no_std]
#![no_main]

use concurrency::sync::Mutex;
use concurrency::thread::{self, JoinHandle};
use concurrency::time::Instant;
use console_interface::{ConsoleClient, Logger};
use log::{LevelFilter, info};
use pong_interface::{Pong, PongClient};
use runtime::Result;
use runtime::time::ticks;

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(PONG: PongClient);

static LOGGER: Logger<ConsoleClient> = Logger::new(&CONSOLE);

// Whether the one that has the lock is on another core than the urgent one, and others with it or not.
runtime::parameter!(ACROSS: bool = false, "across");
// Whether the lock is a server's, which both threads come to by invocations.
runtime::parameter!(INSIDE: bool = false, "inside");

runtime::component! { main: run }

/// How long the lock is held after the urgent thread has asked for it, in ticks.
const HELD: u64 = 1_000_000;

/// What scheduling may add to that.
const MARGIN: u64 = 100_000;

/// How long the thread in between works.
const WORK: [u64; 2] = [5_000_000, 20_000_000];

static INHERITED: Mutex<()> = Mutex::new(());
static PLAIN: Mutex<()> = Mutex::with_inheritance((), false);
/// The second lock of a chain.
static NESTED: Mutex<()> = Mutex::new(());

fn run() -> Result<()> {
    LOGGER.install(LevelFilter::Info);
    if ACROSS.get() {
        show("others on the urgent thread's core", |work| invert_across(Others::WithTheUrgent, work))?;
        return show("others on the holder's core", |work| invert_across(Others::WithTheHolder, work));
    }
    if INSIDE.get() {
        return show("a server's lock", invert_inside);
    }
    show("one lock", |work| invert(&INHERITED, false, work))?;
    show("one lock without inheritance", |work| invert(&PLAIN, false, work))?;
    show("a chain of two locks", |work| invert(&INHERITED, true, work))?;
    show("a chain of two, the second without inheritance", |work| invert(&PLAIN, true, work))
}

/// Says what the urgent thread's wait depends on.
fn show(what: &str, invert: impl Fn(u64) -> Result<u64>) -> Result<()> {
    let [short, long] = WORK;
    let waits = [invert(short)?, invert(long)?];
    let is_bounded = waits.iter().all(|wait| *wait < HELD + MARGIN);
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
fn invert(lock: &'static Mutex<()>, is_chain: bool, work: u64) -> Result<u64> {
    let start = ticks() + HELD;
    let guard = lock.lock()?;
    // The first thread that is created is the most urgent, the second is in between, the third between these.
    let urgent: JoinHandle<Result<u64>> =
        thread::spawn(move || ask(if is_chain { &NESTED } else { lock }, start + MARGIN))?;
    let middle = thread::spawn(move || busy(start + MARGIN + MARGIN, work))?;
    let third = thread::spawn(move || if is_chain { take_both(lock, start) } else { Ok(()) })?;
    work_in_server(start + MARGIN + HELD)?;
    drop(guard);
    let waited = urgent.join()??;
    middle.join()??;
    third.join()??;
    Ok(waited)
}

/// Whose core those in between are on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Others {
    WithTheUrgent,
    WithTheHolder,
}

/// The same, where this thread is on another core than the urgent one: nobody's time goes there.
fn invert_across(others: Others, work: u64) -> Result<u64> {
    let start = ticks() + HELD;
    let guard = INHERITED.lock()?;
    let urgent: JoinHandle<Result<u64>> = thread::spawn(move || ask(&INHERITED, start + MARGIN))?;
    // The second thread that is created is on this core, the third on the urgent one's.
    let [here, there] = [Others::WithTheHolder, Others::WithTheUrgent].map(|with| {
        let works = if with == others { work } else { 0 };
        thread::spawn(move || busy(start + 2 * MARGIN, works))
    });
    work_in_server(start + MARGIN + HELD)?;
    drop(guard);
    let waited = urgent.join()??;
    here?.join()??;
    there?.join()??;
    Ok(waited)
}

/// The same, where the lock is a server's: this thread is inside with it, and the urgent one comes there by an invocation of its own. How
/// long that takes, without the time in which it has the lock itself.
fn invert_inside(work: u64) -> Result<u64> {
    let start = ticks() + MARGIN;
    let urgent: JoinHandle<Result<u64>> = thread::spawn(move || {
        thread::sleep_until(Instant::from_ticks(start))?;
        let asked = ticks();
        PONG.add(1, 0)?;
        Ok((ticks() - asked).saturating_sub(HELD))
    })?;
    let middle = thread::spawn(move || busy(start + MARGIN, work))?;
    PONG.add(1, 0)?;
    let waited = urgent.join()??;
    middle.join()??;
    Ok(waited)
}

fn ask(lock: &Mutex<()>, at: u64) -> Result<u64> {
    thread::sleep_until(Instant::from_ticks(at))?;
    let asked = ticks();
    drop(lock.lock()?);
    Ok(ticks() - asked)
}

fn busy(from: u64, length: u64) -> Result<()> {
    thread::sleep_until(Instant::from_ticks(from))?;
    let until = ticks() + length;
    while ticks() < until {
        // Lets an emulator that runs one core after another go on with the next one.
        core::hint::spin_loop();
    }
    Ok(())
}

/// Has the one lock while it waits for the other.
fn take_both(lock: &Mutex<()>, at: u64) -> Result<()> {
    thread::sleep_until(Instant::from_ticks(at))?;
    let nested = NESTED.lock()?;
    drop(lock.lock()?);
    drop(nested);
    Ok(())
}

fn work_in_server(until: u64) -> Result<()> {
    while ticks() < until {
        PONG.call()?;
    }
    Ok(())
}
