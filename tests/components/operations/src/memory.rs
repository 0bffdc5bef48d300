//! Pages at run time.

use crate::{MEMORY, NEIGHBOUR, PAGES, registered};
use memory_interface::{Memory, MemoryError, MemoryPosts};
use runtime::Result;
use taker::Taker;

pub fn allocate() -> Result<bool> {
    let memory = MEMORY.open()?;
    registered(&memory, || {
        let page = granted(&memory)?;
        write(page, 7);
        let is_there = read(page) == 7;
        MEMORY.direct().give_back(page, 1)?;
        Ok(is_there)
    })
}

/// Another component maps what is offered, and reads what lies there.
pub fn map() -> Result<bool> {
    let memory = MEMORY.open()?;
    registered(&memory, || {
        let page = granted(&memory)?;
        write(page, 9);
        memory.post().offer(page, 1, NEIGHBOUR.token()?, false)?.wait(&PAGES)?;
        let (there, _) = NEIGHBOUR.map(page, false)?;
        let seen = NEIGHBOUR.read(there)?;
        NEIGHBOUR.release(there)?;
        MEMORY.direct().give_back(page, 1)?;
        Ok(seen == 9)
    })
}

/// What is taken back cannot be mapped any more, and what is given back can be had again.
pub fn unmap() -> Result<bool> {
    let memory = MEMORY.open()?;
    registered(&memory, || {
        let before = MEMORY.direct().left()?;
        let page = granted(&memory)?;
        MEMORY.direct().offer(page, 1, NEIGHBOUR.token()?, false)?;
        memory.post().take_back(page)?.wait(&PAGES)?;
        let refused = NEIGHBOUR.map(page, false);
        memory.post().give_back(page, 1)?.wait(&PAGES)?;
        Ok(refused == Err(MemoryError::NotYours) && MEMORY.direct().left()? == before)
    })
}

fn granted(memory: &MemoryPosts) -> Result<u64> {
    Ok(memory.post().grant(1)?.wait(&PAGES)?)
}

fn read(address: u64) -> u64 {
    // SAFETY: a word of memory that this component was given, at which no Rust value lies.
    unsafe { core::ptr::with_exposed_provenance::<u64>(address as usize).read_volatile() }
}

fn write(address: u64, word: u64) {
    // SAFETY: likewise.
    unsafe { core::ptr::with_exposed_provenance_mut::<u64>(address as usize).write_volatile(word) }
}
