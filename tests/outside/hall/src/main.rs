//! The image of hall, which has a desk on each of its cores.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Writer};
use core::fmt::Write;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use runtime::{Core, Result};

runtime::import!(CONSOLE: ConsoleClient);

runtime::component! { initialise: unlock, parallel_initialise: open_desk, main: welcome }

runtime::errors! {
    /// Why a desk does not open.
    pub enum DeskError {
        Locked = 1: "the hall is locked",
    }
}

static KEYS: AtomicU32 = AtomicU32::new(0);
static DESKS: AtomicU32 = AtomicU32::new(0);

/// Once, and alone.
fn unlock() {
    KEYS.fetch_add(1, Relaxed);
}

/// On each core, on all of them at once.
fn open_desk(core: Core) -> Result<(), DeskError> {
    if KEYS.load(Relaxed) == 0 {
        return Err(DeskError::Locked);
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
