//! Threads that are created, wait at a blockpoint and end, again and again, and each time the blockpoint is another one: what is left for
//! others is afterwards what it was before.

use crate::{ROUNDS, SCHED, say};
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{AcqRel, Acquire};
use runtime::Result;
use sched_interface::{NEVER, NOBODY, Sched, Threads};

runtime::parameter!(REPORT: u64 = 0, "report");

/// Threads in a round.
const TOGETHER: u64 = 2;

/// More blockpoints than a component can have.
const POINTS: usize = 1_024;

/// Threads that have come to their ends, or to where they wait.
static ENDED: AtomicU64 = AtomicU64::new(0);
static WAITING: AtomicU64 = AtomicU64::new(0);

/// So many rounds, and then whether there is room for as much as before.
pub fn again_and_again() -> Result<()> {
    let before = room()?;
    for round in 1..=ROUNDS.get() {
        live()?;
        if REPORT.get() > 0 && round % REPORT.get() == 0 {
            say(format_args!("{} lives", round * TOGETHER));
        }
    }
    let after = room()?;
    let verdict = if before == after { "as before" } else { "NOT as before" };
    let (threads, points) = after;
    say(format_args!(
        "{} lives; room for {threads} threads and {points} blockpoints, {verdict}",
        ROUNDS.get() * TOGETHER
    ));
    Ok(())
}

/// One round.
fn live() -> Result<()> {
    let (point, ended, waiting) = (SCHED.create_point()?, ENDED.load(Acquire), WAITING.load(Acquire));
    for _ in 0..TOGETHER {
        SCHED.spawn(wait, point)?;
    }
    until(&WAITING, waiting + TOGETHER)?;
    SCHED.trigger(point, 1)?;
    until(&ENDED, ended + TOGETHER)?;
    SCHED.free_point(point)
}

fn wait(point: u64) -> Result<()> {
    WAITING.fetch_add(1, AcqRel);
    SCHED.wait_on(point, 0, NOBODY, NEVER)?;
    end(0)
}

fn end(_: u64) -> Result<()> {
    ENDED.fetch_add(1, AcqRel);
    Ok(())
}

/// Lets others go first until so many have come there. Who says last that it ends has ended when it has yielded once more.
fn until(count: &AtomicU64, most: u64) -> Result<()> {
    while count.load(Acquire) < most {
        SCHED.yield_now()?;
    }
    SCHED.yield_now()
}

/// How many threads and blockpoints there can be beside those that there are.
fn room() -> Result<(u64, usize)> {
    let ended = ENDED.load(Acquire);
    let threads = (0..).take_while(|_| SCHED.spawn(end, 0).is_ok()).count() as u64;
    until(&ENDED, ended + threads)?;
    let mut points = [0; POINTS];
    let mut count = 0;
    for place in &mut points {
        let Ok(point) = SCHED.create_point() else { break };
        *place = point;
        count += 1;
    }
    points.iter().take(count).try_for_each(|point| SCHED.free_point(*point))?;
    Ok((threads, count))
}
