//! The end of a budget, at each instruction on the way into the scheduler and back.

use crate::{SCHED, say};
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;
use runtime::{Result, thread, time};
use sched_interface::{Sched, Threads};

const ROUNDS: u64 = 1_200;

/// How long before the end of its time the thread starts on its way first, in ticks.
const LEAD: u64 = 50;

/// What the clock jumps by at least where the thread has no time.
const JUMP: u64 = 10_000;

static OWN: AtomicU64 = AtomicU64::new(0);
static ANSWERS: AtomicU64 = AtomicU64::new(0);

/// Wakes another and waits for it to do the same, with ever more of so many microseconds left.
pub fn ends_at_each_instruction(budget: u64) -> Result<()> {
    OWN.store(thread::current(), Relaxed);
    let other = SCHED.spawn(answer, 0)?.index;
    let budget = budget * (SCHED.frequency()? / 1_000_000);
    let (mut struck, mut wrong) = (0, 0);
    for left in LEAD..LEAD + ROUNDS {
        let begun = next_budget();
        while time::ticks() < begun + budget - left {}
        let (start, answers) = (time::ticks(), ANSWERS.load(Relaxed));
        SCHED.wake(other)?;
        SCHED.block()?;
        struck += u64::from(time::ticks() - start > JUMP);
        wrong += u64::from(ANSWERS.load(Relaxed) != answers + 1);
    }
    let verdict = if wrong == 0 && struck > 0 && struck < ROUNDS { "as it was to be" } else { "NOT as it was to be" };
    say(format_args!("budget: {ROUNDS} rounds, {wrong} wrong, {verdict}; it ended on the way in {struck}"));
    Ok(())
}

/// Works until the time is used up, and there is more.
fn next_budget() -> u64 {
    let mut last = time::ticks();
    loop {
        let now = time::ticks();
        if now - last > JUMP {
            return now;
        }
        last = now;
    }
}

fn answer(_: u64) -> Result<()> {
    SCHED.background()?;
    loop {
        SCHED.block()?;
        ANSWERS.fetch_add(1, Relaxed);
        SCHED.wake(OWN.load(Relaxed))?;
    }
}
