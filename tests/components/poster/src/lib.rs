//! What can be done with a page of pong.
#![no_std]
#![forbid(unsafe_code)]

use log::info;
use pong_interface::{Pong, PongError, PongPosts};
use runtime::page::{PageError, Ticket};
use runtime::{Error, Result};

/// Calls of a batch.
const BATCH: usize = 32;

/// Slots of a page.
const SLOTS: u64 = 64;

/// Posts a batch, has it served by one invocation, and reads back every result.
///
/// # Errors
///
/// Those of the calls.
pub fn batch(pong: &PongPosts) -> Result<()> {
    let mut sums: [Option<Ticket<u64, PongError>>; BATCH] = [const { None }; BATCH];
    for (number, sum) in (0..).zip(&mut sums) {
        *sum = Some(pong.post().add(number, 1000)?);
    }
    let served = pong.flush()?;
    let mut right = 0;
    for (number, sum) in (0..).zip(&mut sums) {
        let sum = sum.take().map(Ticket::take).transpose()?;
        right += u64::from(sum == Some(number + 1000));
    }
    info!("one invocation served {served} calls, {right} results are right");
    Ok(())
}

/// Calls with results, calls with errors and calls that nobody asks after, on one page.
///
/// # Errors
///
/// Those of the calls.
pub fn mixed(pong: &PongPosts) -> Result<()> {
    for round in 0..10 {
        let sum = pong.post().add(round, 2)?;
        pong.post().call()?;
        let refusal = pong.post().fails()?;
        let sums = pong.post().args(1, 2, 3, round)?;
        drop(pong.post().add(7, 7)?);
        pong.flush()?;
        let expected = (Ok(round + 2), Err(PongError::Refused), Ok((3, 3 + round)));
        if (sum.take(), refusal.take(), sums.take()) != expected {
            info!("round {round} is wrong");
        }
    }
    info!(
        "mixed calls: {} of {SLOTS} slots are in use by calls that nobody asks after",
        SLOTS - u64::from(pong.free())
    );
    Ok(())
}

/// A call that is taken at once is served at once, as a direct call is.
///
/// # Errors
///
/// Those of the calls.
pub fn lone(pong: &PongPosts, direct: &impl Pong) -> Result<()> {
    let posted = pong.post().add(20, 22)?.take()?;
    let direct = direct.add(20, 22)?;
    info!("posted and taken {posted}, called {direct}");
    Ok(())
}

/// Every slot in use is an error, and ends when results are taken or given up.
///
/// # Errors
///
/// Those of the calls.
pub fn exhaust(pong: &PongPosts) -> Result<()> {
    let mut kept: [Option<Ticket<u64, PongError>>; SLOTS as usize] = [const { None }; SLOTS as usize];
    for (number, sum) in (0..).zip(&mut kept) {
        *sum = Some(pong.post().add(number, number)?);
    }
    let refused = pong.post().call().err();
    info!("the call after {SLOTS} others: {}", text(refused.map(Error::from)));
    pong.flush()?;
    info!("served and not taken: {}", text(pong.post().call().err().map(Error::from)));
    let mut right = 0;
    for (number, sum) in (0..).zip(&mut kept) {
        right += u64::from(sum.take().map(Ticket::take) == Some(Ok(2 * number)));
    }
    info!("{right} results are right, {} slots are free", pong.free());
    // Ten pages' worth of calls that nobody asks after.
    let mut refusals = 0;
    for _ in 0..10 * SLOTS {
        if pong.post().call().is_err() {
            refusals += 1;
            pong.flush()?;
            pong.post().call()?;
        }
    }
    pong.flush()?;
    info!("{} calls, {refusals} refusals, all ended by a flush", 10 * SLOTS);
    Ok(())
}

/// A method that the edge does not permit is refused as a direct call is, and the calls around it are served.
///
/// # Errors
///
/// Those of the calls that are permitted.
pub fn forbidden(pong: &PongPosts, direct: &impl Pong) -> Result<()> {
    let before = pong.post().add(1, 2)?;
    let forbidden = pong.post().fails()?;
    let after = pong.post().add(3, 4)?;
    pong.flush()?;
    info!(
        "posted: {}; before it {}, behind it {}",
        text(forbidden.take().err().map(Error::from)),
        before.take()?,
        after.take()?
    );
    info!("called: {}", text(direct.fails().err().map(Error::from)));
    Ok(())
}

/// Says what became of opening a page that is open.
pub fn open_twice(again: Option<Error>) {
    info!("opened again: {}", text(again));
}

/// Says what a call costs in ticks, all in: posting, its share of the flush, being served, and taking the result.
///
/// # Errors
///
/// Those of the calls.
pub fn cost(pong: &PongPosts, direct: &impl Pong, clock: impl Fn() -> u64) -> Result<()> {
    let start = clock();
    (0..ROUNDS).try_for_each(|number| direct.add(number, 1).map(|_| ()))?;
    let called = (clock() - start) / ROUNDS;
    let [one, eight, all] = [costs::<1>(pong, &clock)?, costs::<8>(pong, &clock)?, costs::<BATCH>(pong, &clock)?];
    info!("a direct call costs {called} ticks; posted: {one} alone, {eight} in batches of 8, {all} of {BATCH}");
    Ok(())
}

const ROUNDS: u64 = 100;

fn costs<const B: usize>(pong: &PongPosts, clock: &impl Fn() -> u64) -> Result<u64> {
    let mut ticks = 0;
    for round in 0..2 * ROUNDS {
        let start = clock();
        let mut sums: [Option<Ticket<u64, PongError>>; B] = [const { None }; B];
        for (number, sum) in (0..).zip(&mut sums) {
            *sum = Some(pong.post().add(number, 1)?);
        }
        let posted = clock();
        pong.flush()?;
        let flushed = clock();
        for sum in &mut sums {
            sum.take().map(Ticket::take).transpose()?;
        }
        let end = clock();
        if round >= ROUNDS {
            ticks += end - start;
        }
        if round == ROUNDS {
            info!(
                "batch {B}: post {}, flush {}, take {}",
                (posted - start) / B as u64,
                (flushed - posted) / B as u64,
                (end - flushed) / B as u64
            );
        }
    }
    Ok(ticks / ROUNDS / B as u64)
}

fn text(error: Option<Error>) -> &'static str {
    match error {
        None => "no error",
        Some(Error::Page(PageError::Exhausted)) => "exhausted",
        Some(Error::Page(PageError::Open)) => "open already",
        Some(Error::Kernel(error)) => error.text(),
        Some(error) if error == PongError::Refused.into() => "refused by pong",
        Some(_) => "another error",
    }
}
