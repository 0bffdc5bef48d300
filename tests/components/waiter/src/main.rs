//! A component that posts calls to pong's page and waits for them by the scheduler.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Logger};
use log::{LevelFilter, info};
use pages_interface::PagesClient;
use pong_interface::{Pong, PongError, PongPosts};
use runtime::page::{PageError, Ticket};
use runtime::{CallError, Error, Result, time};
use sched_interface::{Sched, SchedClient};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(SCHED: SchedClient);
runtime::import!(PAGES: PagesClient);
runtime::import_page!(PONG: pong_interface::PongPage);
runtime::parameter!(TURNS: u64 = 1, "turns");

static LOGGER: Logger<ConsoleClient> = Logger::new(&CONSOLE);

runtime::component! { main: run }

/// Calls of a batch.
const BATCH: usize = 32;

fn run() -> Result<()> {
    LOGGER.install(LevelFilter::Info);
    let pong = PONG.open()?;
    let early = pong.post().call()?;
    info!("before it is registered: {}", text(early.wait(&PAGES).map_err(|error| Error::from(error).into())));
    pong.register(&PAGES)?;
    info!("registered again: {}", text(pong.register(&PAGES)));
    info!("another's page: {}", text(pages_interface::Pages::register(&PAGES, 1 << 40)));
    for _ in 0..TURNS.get() {
        let right = batch(&pong)?;
        SCHED.yield_now()?;
        info!("waited for {BATCH} calls, {right} results are right, {} slots are free", pong.free());
    }
    info!("nothing to wait for: {}", pong.wait(&PAGES)?);
    let posted = pong.post().add(20, 22)?.wait(&PAGES)?;
    info!("waited for {posted}, called {}", PONG.direct().add(20, 22)?);
    info!(
        "waited for, a call costs {} ticks alone, {} in batches of {BATCH}",
        cost::<1>(&pong)?,
        cost::<BATCH>(&pong)?
    );
    Ok(())
}

/// The ticks of a call, all in: posting, its share of the wait, being served, and taking the result.
fn cost<const CALLS: usize>(pong: &PongPosts) -> Result<u64> {
    const ROUNDS: u64 = 64;
    let start = time::ticks();
    for _ in 0..ROUNDS {
        let sums: [_; CALLS] = core::array::from_fn(|number| pong.post().add(number as u64, 1));
        for sum in sums {
            sum?.wait(&PAGES)?;
        }
    }
    Ok((time::ticks() - start) / ROUNDS / CALLS as u64)
}

fn batch(pong: &PongPosts) -> Result<u64> {
    let mut sums: [Option<Ticket<u64, PongError>>; BATCH] = [const { None }; BATCH];
    for (number, sum) in (0..).zip(&mut sums) {
        *sum = Some(pong.post().add(number, 1000)?);
        if number % 2 == 0 {
            pong.post().call()?;
        }
    }
    let mut right = 0;
    for (number, sum) in (0..).zip(&mut sums) {
        let sum = sum.take().map(|sum| sum.wait(&PAGES)).transpose()?;
        right += u64::from(sum == Some(number + 1000));
    }
    Ok(right)
}

fn text(result: pages_interface::Result<()>) -> &'static str {
    match result {
        Ok(()) => "no error",
        Err(pages_interface::PagesError::NoSuchPage) => "no such page",
        Err(pages_interface::PagesError::Registered) => "registered already",
        Err(pages_interface::PagesError::Call(CallError::Kernel(error))) => error.text(),
        Err(pages_interface::PagesError::Call(CallError::Page(PageError::NotServed))) => "not served",
        Err(_) => "another error",
    }
}
