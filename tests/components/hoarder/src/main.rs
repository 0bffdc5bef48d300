//! The image of a component that takes all memory that it may have, and uses each page of it.
#![no_std]
#![no_main]

use abi::layout::PAGE;
use console_interface::{ConsoleClient, Writer};
use core::fmt::Write;
use memory_interface::{Memory, MemoryClient, MemoryError};
use runtime::Result;

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(MEMORY: MemoryClient);

runtime::component! { main: run }

/// The component fails if a page that it may have is not to be had.
fn run() -> Result<()> {
    let (may_have, _) = MEMORY.left()?;
    let first = MEMORY.grant(may_have)?;
    let refused = MEMORY.grant(1) == Err(MemoryError::NoMemory);
    let pages = || (0..may_have).map(|page| first + page * PAGE);
    pages().for_each(write);
    let kept = pages().filter(|page| read(*page) == *page).count();
    let verdict = if refused { "no more" } else { "MORE" };
    let _ = writeln!(Writer::new(&CONSOLE), "hoarder: has {kept} of {may_have} pages, and {verdict}");
    Ok(())
}

fn write(page: u64) {
    // SAFETY: memory of the component's own, which it was just granted, and of which no references are made.
    unsafe { core::ptr::with_exposed_provenance_mut::<u64>(page as usize).write_volatile(page) }
}

fn read(page: u64) -> u64 {
    // SAFETY: as in `write`.
    unsafe { core::ptr::with_exposed_provenance::<u64>(page as usize).read_volatile() }
}
