//! The image of a component whose urgent thread wants regions while a less urgent one is with the memory manager: it lets that one go on.
#![no_std]
#![no_main]

use concurrency::thread;
use console_interface::{ConsoleClient, Writer};
use core::fmt::Write;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;
use core::time::Duration;
use memory_interface::{Memory, MemoryClient};
use regions::{Owned, Source};
use runtime::Result;

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(MEMORY: MemoryClient);

runtime::component! { main: run }

static REGIONS: Source = Source::new(&MEMORY).pausing(pause);

/// How often the urgent thread found the manager with the other.
static PAUSES: AtomicU64 = AtomicU64::new(0);

/// Regions that the urgent thread has, one after the other.
const TIMES: u64 = 200;

/// Words of the regions of the other: the manager is with it for a good part of the time.
const WORDS: usize = 8 * 512;

/// What it does between one and the next.
const WORK: usize = 20_000;

fn pause() {
    PAUSES.fetch_add(1, Relaxed);
    thread::pause();
}

fn run() -> Result<()> {
    let urgent = thread::spawn(hurry)?;
    while !urgent.is_finished() {
        Owned::<u64>::new(&REGIONS, WORDS)?;
        (0..WORK).for_each(|_| core::hint::spin_loop());
    }
    let regions = urgent.join()??;
    let (_, has) = MEMORY.left()?;
    let verdict = if PAUSES.load(Relaxed) > 0 { "paused" } else { "never met another" };
    // Whether anyone can read it does not change what came back.
    let _ = writeln!(Writer::new(&CONSOLE), "hasty: {verdict}, had {regions} regions, and keeps {has} pages");
    Ok(())
}

/// Has a region, again and again, from different moments on.
fn hurry() -> Result<u64> {
    for number in 0..TIMES {
        thread::sleep(Duration::from_micros(50 + number % 7))?;
        Owned::<u64>::new(&REGIONS, 1)?;
    }
    Ok(TIMES)
}
