//! When sleeps end, and that nothing comes when nothing is due: by a clock that counts instructions.

use crate::{SCHED, say};
use core::hint::black_box;
use runtime::{Result, time};
use sched_interface::{Sched, Threads};

/// Sleeps, and how long the longest is, in ticks: the shortest end before the scheduler has been asked.
const SLEEPS: u64 = 200;
const LONGEST: u64 = 100_003;

/// Ticks after which a thread that nobody keeps from it goes on whose sleep is over.
const LATE: u64 = 1_500;

/// Pieces of work, and how long each of them is, in rounds of a loop.
const PIECES: usize = 50;
const ROUNDS: u64 = 20_000;

/// Sleeps, works while nobody sleeps, and works while another sleeps, which is more urgent.
pub fn punctual() -> Result<()> {
    let (mut early, mut late) = (0, 0);
    for sleep in 0..SLEEPS {
        let until = time::ticks() + sleep * sleep * 37 % LONGEST;
        SCHED.sleep_until(until)?;
        let now = time::ticks();
        early += u64::from(now < until);
        late += u64::from(now >= until + LATE);
    }
    say(format_args!("{SLEEPS} sleeps: {early} end early, {late} end late"));
    say(format_args!("nothing is due: {} of {PIECES} pieces of work are interrupted", interrupted()));
    SCHED.spawn(|_| Ok(SCHED.sleep(10 * ROUNDS)?), 0)?;
    say(format_args!("one sleeps: {} of {PIECES}", interrupted()));
    say(format_args!("nobody sleeps: {} of {PIECES}", interrupted()));
    Ok(())
}

/// How many of several pieces of work take longer than the shortest: nothing else can be, as each is the same instructions.
fn interrupted() -> usize {
    let mut lengths = [0; PIECES];
    lengths.iter_mut().for_each(|length| *length = work());
    let shortest = lengths.iter().min();
    lengths.iter().filter(|length| Some(*length) != shortest).count()
}

/// Works, and answers for how many ticks.
#[inline(never)]
fn work() -> u64 {
    let start = time::ticks();
    (0..ROUNDS).for_each(|round| _ = black_box(round));
    time::ticks() - start
}
