//! The image of batcher.
#![no_std]
#![no_main]

use batcher::{BATCH, cost};
use console_interface::{ConsoleClient, Logger};
use log::{LevelFilter, info};
use pages_interface::PagesClient;
use pong_interface::{Pong, PongError, PongPosts};
use runtime::page::Ticket;
use runtime::{Result, time};
use sched_interface::{Sched, SchedClient};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(PAGES: PagesClient);
runtime::import!(SCHED: SchedClient);
runtime::import_page!(PONG: pong_interface::PongPage);

static LOGGER: Logger<ConsoleClient> = Logger::new(&CONSOLE);

runtime::component! { main: run }

fn run() -> Result<()> {
    LOGGER.install(LevelFilter::Info);
    let pong = PONG.open()?;
    pong.register(&PAGES)?;
    // Once before it counts, so that all that is loaded at first use has been.
    for counts in [false, true] {
        // With a whole turn ahead, none ends while it counts.
        SCHED.yield_now()?;
        let direct = cost(BATCH, time::ticks, directly)?;
        let mut right = 0;
        let paged = cost(BATCH, time::ticks, || {
            right = by_page(&pong)?;
            Ok::<_, runtime::Error>(())
        })?;
        if counts {
            info!("{BATCH} calls, one after another: {direct} ticks each");
            info!("{BATCH} calls, posted to a page and served in one batch: {paged} ticks each, {right} right");
        }
    }
    Ok(())
}

fn directly() -> Result<()> {
    Ok((0..BATCH).try_for_each(|number| PONG.direct().add(number, 1).map(|_| ()))?)
}

fn by_page(pong: &PongPosts) -> Result<u64> {
    let mut sums: [Option<Ticket<u64, PongError>>; BATCH as usize] = [const { None }; BATCH as usize];
    for (number, sum) in (0..).zip(&mut sums) {
        *sum = Some(pong.post().add(number, 1)?);
    }
    let mut right = 0;
    for (number, sum) in (0..).zip(&mut sums) {
        let sum = sum.take().map(|sum| sum.wait(&PAGES)).transpose()?;
        right += u64::from(sum == Some(number + 1));
    }
    Ok(right)
}
