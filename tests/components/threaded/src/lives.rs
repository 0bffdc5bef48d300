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
    let (before, mut lives) = (room()?, 0);
    for round in 1..=ROUNDS.get() {
        lives += self::round(TOGETHER)?;
        if REPORT.get() > 0 && round % REPORT.get() == 0 {
            say(format_args!("{lives} lives"));
        }
    }
    let after = room()?;
    let verdict = if before == after { "as before" } else { "NOT as before" };
    let (threads, points) = after;
    say(format_args!("{lives} lives; room for {threads} threads and {points} blockpoints, {verdict}"));
    Ok(())
}

/// So many threads, or as many as there can be, wait at a new blockpoint at once, and end. Answers how many.
fn round(most: u64) -> Result<u64> {
    let (point, ended, waiting) = (SCHED.create_point()?, ENDED.load(Acquire), WAITING.load(Acquire));
    let threads = (0..most).take_while(|_| can_spawn(point)).count() as u64;
    until(&WAITING, waiting + threads)?;
    SCHED.trigger(point, 1)?;
    until(&ENDED, ended + threads)?;
    SCHED.free_point(point)?;
    Ok(threads)
}

/// A thread that has said that it ends may have lost the core before it has.
fn can_spawn(point: u64) -> bool {
    const PATIENCE: u64 = 100;
    (0..PATIENCE).any(|_| {
        let is_spawned = SCHED.spawn(wait, point).is_ok();
        is_spawned || SCHED.yield_now().is_ok_and(|()| false)
    })
}

fn wait(point: u64) -> Result<()> {
    WAITING.fetch_add(1, AcqRel);
    SCHED.wait_on(point, 0, NOBODY, NEVER)?;
    ENDED.fetch_add(1, AcqRel);
    Ok(())
}

/// Lets others go first until so many have come there.
fn until(count: &AtomicU64, most: u64) -> Result<()> {
    while count.load(Acquire) < most {
        SCHED.yield_now()?;
    }
    Ok(())
}

/// How many threads and blockpoints there can be beside those that there are. All the threads are there at once: they wait for each other.
fn room() -> Result<(u64, usize)> {
    let threads = round(u64::MAX)?;
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
