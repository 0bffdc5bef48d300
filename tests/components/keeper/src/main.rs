//! The image of a component that makes, uses, breaks and ends another, again and again.
#![no_std]
#![no_main]

use capabilities_interface::{Capabilities, CapabilitiesClient, CapabilitiesError, name_words};
use console_interface::{ConsoleClient, Writer};
use core::fmt::Write;
use memory_interface::{Memory, MemoryClient};
use pong_interface::{Pong, PongClient};
use runtime::{Error, Result};
use sched_interface::{Sched, SchedClient};

runtime::import!(CAPABILITIES: CapabilitiesClient);
runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(MEMORY: MemoryClient);
runtime::import!(PONG: PongClient);
runtime::import!(SCHED: SchedClient);

// How often the other is made.
runtime::parameter!(LIVES_OF_IT: u64 = 100, "lives");
// Every how many lives it faults, and its supervisor makes it anew; 0 for never.
runtime::parameter!(FAULTS: u64 = 0, "faults");

runtime::component! { main: run }

/// What went wrong with life number `life`.
enum Wrong {
    Refused(&'static str, Error),
    Answered(&'static str),
}

fn run() -> Result<u16> {
    let mut out = Writer::new(&CONSOLE);
    let [first, second, third, fourth] = name_words("phoenix");
    let phoenix = CAPABILITIES.find(first, second, third, fourth)?;
    let before = MEMORY.left()?;
    for life in 0..LIVES_OF_IT.get() {
        SCHED.yield_now()?;
        if let Err(wrong) = live(phoenix, life) {
            let _ = match wrong {
                Wrong::Refused(what, error) => writeln!(out, "keeper: life {life}: {what}: {error}"),
                Wrong::Answered(what) => writeln!(out, "keeper: life {life}: {what}"),
            };
            return Ok(1);
        }
    }
    let state = CAPABILITIES.state(phoenix)?;
    let (lives, made) = (LIVES_OF_IT.get(), state.made);
    let holder = CAPABILITIES.holder(phoenix, 1)?;
    let _ = writeln!(
        out,
        "keeper: {lives} lives, made {made} times; the first to hold it is {}, by {:#x}",
        holder.0, holder.1
    );
    Ok(u16::from(MEMORY.left()? != before))
}

fn live(phoenix: u64, life: u64) -> core::result::Result<(), Wrong> {
    expect("adding", PONG.add(life, 1).map(|sum| sum == life + 1))?;
    expect("running", CAPABILITIES.run(phoenix).map(|status| status == 0))?;
    if FAULTS.get() != 0 && life.is_multiple_of(FAULTS.get()) {
        // Its supervisor makes it anew before the call returns.
        if PONG.fails().is_ok() {
            return Err(Wrong::Answered("it did not fail"));
        }
    } else {
        memory()?;
        expect("ending", CAPABILITIES.destroy(phoenix).map(|()| true))?;
        if CAPABILITIES.destroy(phoenix) != Err(CapabilitiesError::Dead) || PONG.call().is_ok() {
            return Err(Wrong::Answered("it lives after its end"));
        }
        expect("making", CAPABILITIES.create(phoenix).map(|()| true))?;
    }
    if CAPABILITIES.create(phoenix) != Err(CapabilitiesError::Lives) {
        return Err(Wrong::Answered("there are two"));
    }
    Ok(())
}

/// Memory comes and goes as well.
fn memory() -> core::result::Result<(), Wrong> {
    let pages = MEMORY.grant(2).map_err(|error| Wrong::Refused("getting memory", error.into()))?;
    expect("giving it back", MEMORY.give_back(pages, 2).map(|()| true))
}

fn expect(what: &'static str, result: core::result::Result<bool, impl Into<Error>>) -> core::result::Result<(), Wrong> {
    match result {
        Ok(true) => Ok(()),
        Ok(false) => Err(Wrong::Answered(what)),
        Err(error) => Err(Wrong::Refused(what, error.into())),
    }
}
