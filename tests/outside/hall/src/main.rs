//! The image of hall, which has a desk on each of its cores.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Writer};
use core::fmt::Write;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use runtime::{Core, Error, Result};

runtime::import!(CONSOLE: ConsoleClient);

runtime::component! { initialise: unlock, parallel_initialise: open_desk, main: welcome }

/// The error of a desk in a hall that is locked.
const LOCKED: Error = Error::Server(1);

static KEYS: AtomicU32 = AtomicU32::new(0);
static DESKS: AtomicU32 = AtomicU32::new(0);

/// Once, and alone.
fn unlock() {
    KEYS.fetch_add(1, Relaxed);
}

/// On each core, on all of them at once.
fn open_desk(core: Core) -> Result<()> {
    if KEYS.load(Relaxed) == 0 {
        return Err(LOCKED);
    }
    DESKS.fetch_or(1 << core.index, Relaxed);
    Ok(())
}

/// Once, when the last desk is open.
fn welcome() {
    let desks = DESKS.load(Relaxed).count_ones();
    // Whether anyone can read it does not change the desks.
    let _ = writeln!(Writer::new(&CONSOLE), "hall: {desks} desks are open");
}
