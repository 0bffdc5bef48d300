//! A base constructor that has players call the kernel at random, while neighbours work. See the library `play`.
//!
//! What it prints is for `tests/campaign`, which starts it and judges it:
//!
//! | line | meaning |
//! |---|---|
//! | `code RETURNS UNWINDS DEEPENS PLAYER` | at first: where code lies |
//! | `at CALLS SUM` | after every part: calls so far, and the sum over their answers |
//! | `answer CALL WORD W0 W1 W2 W3 STATUS W0 W1` | a call of the part to be listed, and what it was answered |
//! | `status NUMBER COUNT` | at the end: how often an answer had this status |
//! | `outcome KIND NUMBER STATUS COUNT` | at the end: how often an operation had this status; number 31 stands for all that are none |
//! | `tally TRIED ANSWERED DEATHS` | at the end |
//! | `neighbours ROUNDS WRONG` | at the end |
#![no_std]
#![no_main]

mod code;
mod neighbours;
mod report;
mod scenes;
mod stage;

use abi::error::Error;
use abi::kind::Kind;
use core::sync::atomic::Ordering::Relaxed;
use neighbours::Neighbours;
use play::world::FIRST_FRAME;
use play::{Director, Played, Stage};
use report::Report;
use stage::Guest;

runtime::constructor!(CONSTRUCTOR);
runtime::parameter!(CALLS: u64 = 100_000, "calls");
runtime::parameter!(PART: u64 = 10_000, "part");
runtime::parameter!(SEED: u64 = 1, "seed");
runtime::parameter!(TIMED: bool = true, "timed");
runtime::parameter!(NEIGHBOURS: bool = true, "neighbours");
runtime::parameter!(CORES: u64 = 1, "cores");
// The first call of the part that is listed, or no call's number.
runtime::parameter!(LIST: u64 = 0xffff_ffff_ffff_ffff, "list");

runtime::component! { initialise: run }

/// Bytes of the neighbours' memory, in front of the players'.
const BLOCK: u64 = 2 << 20;

fn run() -> u16 {
    let status = match fuzz() {
        Ok(()) => 0,
        Err(error) => {
            Report(&CONSTRUCTOR).line(format_args!("refused {}", error.status()));
            error.status()
        }
    };
    let _ = CONSTRUCTOR.operate(abi::boot::slot::POWER, 0, [status.into(), 0, 0, 0]);
    1
}

fn fuzz() -> Result<(), Error> {
    let report = Report(&CONSTRUCTOR);
    let mut guest = Guest { constructor: &CONSTRUCTOR };
    let mut neighbours =
        if NEIGHBOURS.get() { Some(Neighbours::new(FIRST_FRAME - BLOCK, CORES.get(), &mut guest)?) } else { None };
    let mut director = Director::new(code::places(), TIMED.get(), &mut guest)?;
    report.code(&code::places());
    guest.player().starts_with(SEED.get());
    let mut done = 0;
    while done < CALLS.get() {
        let part = PART.get().min(CALLS.get() - done);
        stage::list(LIST.get() == done);
        if director.play(part, &mut guest)? == Played::Exhausted {
            break;
        }
        done += part;
        report.line(format_args!("at {done} {:016x}", guest.player().tally.sum));
        if let Some(neighbours) = &mut neighbours {
            neighbours.work(&mut guest)?;
        }
    }
    if let Some(mut neighbours) = neighbours {
        scenes::play(&mut neighbours, &mut guest)?;
        let (rounds, wrong) = neighbours.end(&mut guest)?;
        scenes::after(&mut neighbours, &mut guest)?;
        report.line(format_args!("neighbours {rounds} {wrong}"));
    }
    for (operation, statuses) in code::HANDLED.iter().enumerate() {
        for (status, count) in statuses.iter().enumerate() {
            let count = count.load(Relaxed) as u32;
            guest.player().tally.count(Kind::HandledLevel, operation as u16, status as u16, count);
        }
    }
    report.tally(&guest.player().tally, director.deaths);
    Ok(())
}
