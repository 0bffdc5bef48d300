//! The image of a component that allocates on each of its cores at once, before anybody is scheduled: who finds the heap's lock taken waits for
//! another core. What it takes is there, and all of it goes back.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::boxed::Box;
use alloc::vec::Vec;
use concurrency::sync::{LazyLock, Mutex};
use console_interface::{ConsoleClient, Writer};
use core::fmt::Write;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Release};
use memory_interface::Memory;
use runtime::{Core, Error, Result};

heap::global!();

runtime::import!(CONSOLE: ConsoleClient);

runtime::component! { initialise: initialise, parallel_initialise: stock, main: main }

/// Boxes that each core makes, so many at once.
const BOXES: u64 = 10_000;
const AT_ONCE: u64 = 20;

/// Pages that are left when the heap has taken its first block.
static BEFORE: AtomicU64 = AtomicU64::new(0);
/// Cores that have come.
static HERE: AtomicU64 = AtomicU64::new(0);
static MADE: Mutex<u64> = Mutex::new(0);
static LIST: LazyLock<Vec<u64>> = LazyLock::new(|| (0..100).collect());

fn left() -> Result<u64> {
    Ok(heap::manager().left().map_err(Error::from)?.0)
}

fn initialise() -> Result<()> {
    drop(core::hint::black_box(Box::new(0_u64)));
    BEFORE.store(left()?, Release);
    Ok(())
}

/// Begins when all cores are here.
fn stock(core: Core) -> Result<()> {
    HERE.fetch_add(1, AcqRel);
    while HERE.load(Acquire) < u64::from(core.count) {
        core::hint::spin_loop();
    }
    for first in (0..BOXES).step_by(AT_ONCE as usize) {
        let some: Vec<_> = (first..first + AT_ONCE).map(|number| Box::new([number; 8])).collect();
        let right = some.iter().zip(first..).filter(|(one, number)| ***one == [*number; 8]).count();
        *MADE.lock()? += right as u64;
    }
    *MADE.lock()? += LIST.len() as u64;
    Ok(())
}

fn main() -> Result<()> {
    let (made, before, after) = (*MADE.lock()?, BEFORE.load(Acquire), left()?);
    let verdict = if before == after { "all is back" } else { "NOT all is back" };
    // Whether anyone can read it does not change what is shown.
    let _ = writeln!(Writer::new(&CONSOLE), "stockers: {made} made, {verdict}");
    Ok(())
}
