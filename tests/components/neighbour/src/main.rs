//! A component that posts calls beside somebody who destroys his own page, and looks at every result.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Logger};
use gate::{Gate, GatePosts};
use log::{LevelFilter, info};
use pages_interface::PagesClient;
use runtime::Result;
use runtime::page::Ticket;
use sched_interface::{Sched, SchedClient};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(SCHED: SchedClient);
runtime::import!(PAGES: PagesClient);
runtime::import_page!(GATE: gate::GatePage);
runtime::parameter!(ROUNDS: u64 = 1000, "rounds");
runtime::parameter!(NAPS: u64 = 0, "naps");

static LOGGER: Logger<ConsoleClient> = Logger::new(&CONSOLE);

runtime::component! { main: run }

/// Calls of a batch.
const BATCH: usize = 16;

fn run() -> Result<()> {
    LOGGER.install(LevelFilter::Info);
    let gate = GATE.open()?;
    gate.register(&PAGES)?;
    nap(&gate)?;
    let mut right = 0;
    for round in 0..ROUNDS.get() {
        right += batch(&gate, round)?;
        SCHED.yield_now()?;
    }
    info!("{right} of {} results are right", ROUNDS.get() * BATCH as u64);
    let waiting = gate.post().pass(7)?;
    gate.flush()?;
    let waiting = waiting.poll();
    info!("nobody has opened the gate: {}", waiting.is_err());
    GATE.direct().open(true)?;
    if let Err(waiting) = waiting {
        info!("passed: {}", waiting.wait(&PAGES)?);
    }
    Ok(())
}

/// Calls that may block, one after another.
fn nap(gate: &GatePosts) -> Result<()> {
    let mut right = 0;
    for number in 0..NAPS.get() {
        right += u64::from(gate.post().nap(number)?.wait(&PAGES)? == number);
    }
    if NAPS.get() > 0 {
        info!("{right} of {} naps came to an end", NAPS.get());
    }
    Ok(())
}

/// Posts a batch, with a flush and a wait in turns; answers how many results are right.
fn batch(gate: &GatePosts, round: u64) -> Result<u64> {
    let mut tickets: [Option<Ticket<u64>>; BATCH] = [const { None }; BATCH];
    for (number, ticket) in (round..).zip(&mut tickets) {
        *ticket = Some(gate.post().echo(number)?);
    }
    let mut right = 0;
    for (number, ticket) in (round..).zip(&mut tickets) {
        let take = |ticket: Ticket<u64>| if round.is_multiple_of(2) { ticket.take() } else { ticket.wait(&PAGES) };
        right += u64::from(ticket.take().map(take).transpose()? == Some(number));
    }
    Ok(right)
}
