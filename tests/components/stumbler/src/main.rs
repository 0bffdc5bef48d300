//! A component that posts calls which may block, at which their server faults: more than that has workers.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Logger};
use gate::{Gate, GatePosts};
use log::{LevelFilter, info};
use pages_interface::PagesClient;
use runtime::page::Ticket;
use runtime::{Error, Result};
use sched_interface::SchedClient;

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(SCHED: SchedClient);
runtime::import!(PAGES: PagesClient);
runtime::import_page!(GATE: gate::GatePage);

static LOGGER: Logger<ConsoleClient> = Logger::new(&CONSOLE);

runtime::component! { main: run }

/// Calls of a round, and rounds.
const CALLS: usize = 10;
const ROUNDS: u64 = 2;

const FAULTED: Error = Error::Kernel(abi::error::Error::Faulted);

fn run() -> Result<()> {
    LOGGER.install(LevelFilter::Info);
    info!("called: {}", GATE.direct().stumble(1, 0).err() == Some(FAULTED));
    let gate = GATE.open()?;
    gate.register(&PAGES)?;
    for _ in 0..ROUNDS {
        stumble(&gate)?;
    }
    info!("divided: {}", gate.post().stumble(84, 2)?.wait(&PAGES)?);
    info!("{} slots are free", gate.free());
    Ok(())
}

fn stumble(gate: &GatePosts) -> Result<()> {
    let mut tickets: [Option<Ticket<u64>>; CALLS] = [const { None }; CALLS];
    for ticket in &mut tickets {
        *ticket = Some(gate.post().stumble(1, 0)?);
    }
    let results = tickets.iter_mut().map(|ticket| ticket.take().map(|ticket| ticket.wait(&PAGES)));
    let faults = results.filter(|result| *result == Some(Err(FAULTED))).count();
    info!("posted: {faults} of {CALLS} faulted");
    Ok(())
}
