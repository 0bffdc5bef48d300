//! The image of a component that gets memory, shares it, and takes it back: each step is held against what it can see.
#![no_std]
#![no_main]

use abi::layout::PAGE;
use console_interface::{ConsoleClient, Writer};
use core::fmt::Write;
use memory_interface::{Memory, MemoryClient, MemoryError};
use runtime::{CallError, Result};
use taker::{Taker, TakerClient};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(MEMORY: MemoryClient);
runtime::import!(NEIGHBOUR: TakerClient, "neighbour");
runtime::import!(READER: TakerClient, "reader");

runtime::component! { main: run }

const FAULTED: MemoryError = MemoryError::Call(CallError::Kernel(abi::error::Error::Faulted));

/// What is tried, and whether it came out as it should.
type Step = fn() -> Result<bool>;

fn run() -> Result<u16> {
    let steps: [(&str, Step); 6] = [
        ("quota", quota),
        ("zeros", zeros),
        ("shared", shared),
        ("read-only", read_only),
        ("given", given),
        ("again and again", again_and_again),
    ];
    let mut out = Writer::new(&CONSOLE);
    for (name, step) in steps {
        match step() {
            Ok(true) => {}
            other => {
                let _ = writeln!(out, "sharer: {name}: {other:?}");
                return Ok(1);
            }
        }
        let _ = writeln!(out, "sharer: {name}: as it should be");
    }
    Ok(0)
}

/// Eight pages may be had, no more; and nobody can give back what they were not given.
fn quota() -> Result<bool> {
    let pages = MEMORY.grant(8)?;
    let more = MEMORY.grant(1);
    let wrong = MEMORY.give_back(pages, 9);
    MEMORY.give_back(pages, 8)?;
    Ok(more == Err(MemoryError::NoMemory) && wrong == Err(MemoryError::NotYours) && MEMORY.left()? == (8, 0))
}

/// What was written by the last owner is never seen by the next.
fn zeros() -> Result<bool> {
    let mut all = true;
    for _ in 0..10 {
        let pages = MEMORY.grant(8)?;
        for word in (pages..pages + 8 * PAGE).step_by(8) {
            all &= read(word) == 0;
            write(word, 0xdead_beef);
        }
        MEMORY.give_back(pages, 8)?;
    }
    Ok(all)
}

/// Both see one memory, until it is taken back: then one faults.
fn shared() -> Result<bool> {
    let pages = MEMORY.grant(2)?;
    let before = NEIGHBOUR.map(pages, true);
    MEMORY.offer(pages, 2, NEIGHBOUR.token()?, true)?;
    let (there, count) = NEIGHBOUR.map(pages, true)?;
    write(pages + PAGE, 7);
    let seen = NEIGHBOUR.read(there + PAGE)?;
    NEIGHBOUR.write(there, 9)?;
    let answered = read(pages);
    MEMORY.take_back(pages)?;
    let after = NEIGHBOUR.read(there);
    MEMORY.give_back(pages, 2)?;
    NEIGHBOUR.release(there)?;
    Ok((before, count, seen, answered, after) == (Err(MemoryError::NotYours), 2, 7, 9, Err(FAULTED)))
}

/// What is offered to be read cannot be written, and giving it back takes it from those who have it.
fn read_only() -> Result<bool> {
    let page = MEMORY.grant(1)?;
    write(page, 5);
    MEMORY.offer(page, 1, READER.token()?, false)?;
    let refused = READER.map(page, true);
    let (there, _) = READER.map(page, false)?;
    let seen = READER.read(there)?;
    let written = READER.write(there, 6);
    let kept = read(page);
    MEMORY.give_back(page, 1)?;
    let after = READER.read(there);
    Ok((refused, seen, written, kept, after) == (Err(MemoryError::NotPermitted), 5, Err(FAULTED), 5, Err(FAULTED)))
}

/// What was given is the other's, and whoever gave it faults; along edges that do not say so, nothing is.
fn given() -> Result<bool> {
    let had = NEIGHBOUR.give(77)?;
    let theirs = NEIGHBOUR.read(had);
    let (page, count) = MEMORY.take(NEIGHBOUR.token()?, had)?;
    let seen = read(page);
    write(page, 78);
    MEMORY.give(page, count, NEIGHBOUR.token()?)?;
    let (there, _) = NEIGHBOUR.take(page)?;
    let back = NEIGHBOUR.read(there)?;
    NEIGHBOUR.discard(there, count)?;
    let refused = READER.give(1);
    Ok((theirs, count, seen, back, refused) == (Err(FAULTED), 1, 77, 78, Err(MemoryError::NotPermitted))
        && MEMORY.left()? == (8, 0))
}

/// Nothing wears out.
fn again_and_again() -> Result<bool> {
    let mut all = true;
    for _ in 0..1000 {
        all &= shared()? && given()?;
    }
    Ok(all && MEMORY.left()? == (8, 0))
}

fn read(address: u64) -> u64 {
    // SAFETY: a word of memory that this component was given, at which no Rust value lies.
    unsafe { core::ptr::with_exposed_provenance::<u64>(address as usize).read_volatile() }
}

fn write(address: u64, word: u64) {
    // SAFETY: likewise.
    unsafe { core::ptr::with_exposed_provenance_mut::<u64>(address as usize).write_volatile(word) }
}
