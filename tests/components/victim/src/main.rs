//! A component that posts calls to a server that answers with garbage, and calls to one that does not, in turns: whatever
//! comes of the first, every result of the others is right.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Logger};
use gate::{Gate, GatePage, GatePosts};
use log::{LevelFilter, info};
use pages_interface::PagesClient;
use runtime::Result;
use runtime::page::Ticket;
use sched_interface::{Sched, SchedClient};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(SCHED: SchedClient);
runtime::import!(PAGES: PagesClient);
runtime::import_page!(GARBAGE: GatePage, workers: SCHED, "garbage");
runtime::import_page!(GATE: GatePage, "gate");
runtime::parameter!(ROUNDS: u64 = 1000, "rounds");

static LOGGER: Logger<ConsoleClient> = Logger::new(&CONSOLE);

runtime::component! { main: run }

/// Calls of a batch.
const BATCH: usize = 16;

fn run() -> Result<()> {
    LOGGER.install(LevelFilter::Info);
    let (garbage, gate) = (GARBAGE.open()?, GATE.open()?);
    garbage.register(&PAGES)?;
    gate.register(&PAGES)?;
    let (mut ended, mut right) = (0, 0);
    for round in 0..ROUNDS.get() {
        ended += endure(&garbage, round);
        right += batch(&gate, round)?;
        SCHED.yield_now()?;
    }
    let written = GARBAGE.direct().echo(0)?;
    info!("{right} of {} results are right, beside {written} words of garbage", ROUNDS.get() * BATCH as u64);
    info!("of calls that were answered with garbage, some ended: {}", ended > 0);
    Ok(())
}

/// Posts as many calls as fit, has the page destroyed, by a flush and by a wait in turns, and gives up what did not end; answers how
/// many did.
fn endure<'p>(garbage: &'p GatePosts<'p>, round: u64) -> u64 {
    let mut tickets: [Option<Ticket<'p, u64>>; BATCH] = [const { None }; BATCH];
    for (number, ticket) in (round..).zip(&mut tickets) {
        *ticket = garbage.post().echo(number).ok();
    }
    // Whatever it says of that.
    let _ = match round % 2 {
        0 => garbage.flush().map(drop).is_ok(),
        _ => garbage.wait(&PAGES).is_ok(),
    };
    let ended = tickets.iter_mut().filter_map(Option::take).filter_map(|ticket| ticket.poll().ok());
    ended.count() as u64
}

/// Posts a batch, with a flush and a wait in turns; answers how many results are right.
fn batch<'p>(gate: &'p GatePosts<'p>, round: u64) -> Result<u64> {
    let mut tickets: [Option<Ticket<'p, u64>>; BATCH] = [const { None }; BATCH];
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
