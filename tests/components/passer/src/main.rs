//! A component that posts calls of a method that waits, and others behind them.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Logger};
use gate::{Gate, GatePosts};
use log::{LevelFilter, info};
use pages_interface::PagesClient;
use runtime::page::{Service, Ticket};
use runtime::{Error, Result};
use sched_interface::{SchedClient, Threads};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(SCHED: SchedClient);
runtime::import!(PAGES: PagesClient);
runtime::import_page!(GATE: gate::GatePage, workers: SCHED);

static LOGGER: Logger<ConsoleClient> = Logger::new(&CONSOLE);

runtime::component! { main: run }

fn run() -> Result<()> {
    LOGGER.install(LevelFilter::Info);
    let gate = GATE.open()?;
    gate.register(&PAGES)?;
    overtake(&gate)?;
    wait_blocked(&gate)?;
    more_than_workers(&gate)?;
    fault(&gate)?;
    place(&gate)
}

/// Calls that wait hold up nothing that is behind them.
fn overtake(gate: &GatePosts) -> Result<()> {
    let (first, second) = (gate.post().pass(10)?, gate.post().echo(1)?);
    let (third, fourth) = (gate.post().pass(20)?, gate.post().echo(2)?);
    info!("behind calls that wait: {} and {}", second.wait(&PAGES)?, fourth.wait(&PAGES)?);
    let (first, third) = (first.poll(), third.poll());
    info!("they wait still: {}", first.is_err() && third.is_err());
    gate.post().open(true)?;
    for ticket in [first, third].into_iter().filter_map(core::result::Result::err) {
        info!("passed: {}", ticket.wait(&PAGES)?);
    }
    Ok(())
}

/// With nothing to do but to wait, this thread waits too, until a worker is through. Another one opens the gate.
fn wait_blocked(gate: &GatePosts) -> Result<()> {
    GATE.direct().open(false)?;
    SCHED.spawn(open_later, 100_000)?;
    let ticket = gate.post().pass(30)?;
    info!("passed later: {}", ticket.wait(&PAGES)?);
    Ok(())
}

/// A call at which the server faults ends with that; those before it are answered, those behind it are served next.
fn fault(gate: &GatePosts) -> Result<()> {
    let before = gate.post().divide(84, 2)?;
    let faulty = gate.post().divide(1, 0)?;
    let behind = gate.post().echo(7)?;
    let flushed = gate.flush().map_err(Error::from).err() == Some(FAULTED);
    info!("the server faulted: {flushed}, {}", faulty.take().err() == Some(FAULTED));
    info!("before it {}, behind it {}", before.take()?, behind.wait(&PAGES)?);
    drop(gate.post().divide(1, 0)?);
    gate.post().echo(8)?;
    info!("waiting: {}, then {}", gate.wait(&PAGES).err() == Some(FAULTED), gate.post().echo(9)?.wait(&PAGES)?);
    info!("{} slots are free", gate.free());
    Ok(())
}

/// Where calls are served; and that who serves them on another core sleeps while there are none.
fn place(gate: &GatePosts) -> Result<()> {
    info!("served on core {}, called on core {}", gate.post().core()?.wait(&PAGES)?, GATE.direct().core()?);
    let Some(before) = gate.service() else { return Ok(()) };
    SCHED.sleep(1_000_000)?;
    info!("with nothing posted, {} looks", looks_since(before, gate));
    info!("then {}", gate.post().echo(1)?.wait(&PAGES)?);
    meanwhile(gate)?;
    let mut right = 0;
    for round in 0..100 {
        let mut tickets: [Option<Ticket<u64>>; 64] = [const { None }; 64];
        for (number, ticket) in (round..).zip(&mut tickets) {
            *ticket = Some(gate.post().echo(number)?);
        }
        gate.flush()?;
        for (number, ticket) in (round..).zip(&mut tickets) {
            right += u64::from(ticket.take().map(Ticket::take) == Some(Ok(number)));
        }
    }
    info!("{right} of 6400 answers are right, {} slots are free", gate.free());
    Ok(())
}

/// What is posted is served while this thread does something else: it neither flushes nor waits for it.
fn meanwhile(gate: &GatePosts) -> Result<()> {
    let mut tickets: [Option<Ticket<u64>>; 8] = [const { None }; 8];
    for (number, ticket) in (0..).zip(&mut tickets) {
        *ticket = Some(gate.post().echo(number)?);
    }
    gate.hasten();
    SCHED.sleep(1_000_000)?;
    let answers = tickets.into_iter().flatten().map(|ticket| ticket.poll().ok());
    let answered = answers.zip(0..).filter(|(answer, number)| *answer == Some(Ok(*number))).count();
    info!("{answered} of 8 were served meanwhile");
    Ok(())
}

fn looks_since(before: Service, gate: &GatePosts) -> u64 {
    gate.service().map_or(0, |now| now.looks - before.looks)
}

const FAULTED: Error = Error::Kernel(abi::error::Error::Faulted);

fn open_later(ticks: u64) -> Result<()> {
    SCHED.sleep(ticks)?;
    GATE.direct().open(true)
}

/// A worker that is through takes the next call that waits.
fn more_than_workers(gate: &GatePosts) -> Result<()> {
    const CALLS: usize = 20;
    let mut tickets: [Option<Ticket<u64>>; CALLS] = [const { None }; CALLS];
    GATE.direct().open(false)?;
    for (number, ticket) in (0..).zip(&mut tickets) {
        *ticket = Some(gate.post().pass(number)?);
    }
    SCHED.spawn(open_later, 100_000)?;
    let mut right = 0;
    for (number, ticket) in (0..).zip(&mut tickets) {
        let answer = ticket.take().map(|ticket| ticket.wait(&PAGES)).transpose()?;
        right += u64::from(answer == Some(number));
    }
    info!("{right} of {CALLS} passed, {} slots are free", gate.free());
    Ok(())
}
