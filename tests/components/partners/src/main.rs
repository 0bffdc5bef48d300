//! Pairs of threads that wake each other, on one core and across cores, as often as the graph says; and whether each was woken
//! exactly as often as its partner woke it.
//!
//! The graph gives the component an even number of threads: the first is the second's partner, the third the fourth's.
#![no_std]
#![no_main]

use abi::plan::CREATED;
use console_interface::{ConsoleClient, Writer};
use core::fmt::{Arguments, Write};
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Release};
use runtime::{Error, Result, thread};
use sched_interface::{Sched, SchedClient, Threads};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(SCHED: SchedClient);

// Times that each of a pair wakes the other.
runtime::parameter!(ROUNDS: u64 = 1_000, "rounds");
runtime::parameter!(PAIRS: u64 = 1, "pairs");
runtime::parameter!(SEED: u64 = 1, "seed");
// Ticks between two lines that say how many rounds there have been; 0 for none.
runtime::parameter!(REPORT: u64 = 0, "report");
// Whether threads go to another core now and then.
runtime::parameter!(CORES: u64 = 1, "cores");
runtime::parameter!(MIGRATE: bool = false, "migrate");

runtime::component! { main: main }

/// A thread was woken before its partner woke it.
const WOKEN_TOO_EARLY: Error = Error::numbered(1);

/// What is known of a thread.
struct Partner {
    /// Its index, once it is known.
    index: AtomicU64,
    /// How often it has woken the other.
    woke: AtomicU64,
    /// Whether it has come to its end, and how often it went to another core.
    moved: AtomicU64,
}

static PARTNERS: [Partner; CREATED] =
    [const { Partner { index: AtomicU64::new(0), woke: AtomicU64::new(0), moved: AtomicU64::new(0) } }; CREATED];

/// Threads that have come to their end.
static ENDED: AtomicU64 = AtomicU64::new(0);

fn say(text: Arguments<'_>) {
    // Whether anyone can read it does not change what is shown.
    let _ = writeln!(Writer::new(&CONSOLE), "partners: {text}");
}

fn main() -> Result<()> {
    let count = 2 * PAIRS.get();
    for (partner, number) in PARTNERS.iter().zip(0..count) {
        let thread = SCHED.spawn(play, number)?;
        partner.index.store(thread.index, Release);
    }
    let moment = SCHED.frequency()? / 1_000;
    while ENDED.load(Acquire) < count {
        SCHED.sleep(if REPORT.get() == 0 { moment } else { REPORT.get() })?;
        if REPORT.get() != 0 {
            say(format_args!("{} rounds", rounds()));
        }
    }
    let moved: u64 = PARTNERS.iter().map(|partner| partner.moved.load(Acquire)).sum();
    say(format_args!("{} pairs woke each other {} times; {moved} moves", PAIRS.get(), rounds()));
    Ok(())
}

/// Rounds of all pairs so far: in each, one has woken the other and was woken.
fn rounds() -> u64 {
    PARTNERS.iter().map(|partner| partner.woke.load(Acquire)).sum::<u64>() / 2
}

/// One of a pair. The one with the even number begins.
fn play(number: u64) -> Result<()> {
    let played = take_turns(number);
    if let Err(error) = played {
        say(format_args!("thread {number} failed: {error}"));
    }
    ENDED.fetch_add(1, AcqRel);
    played
}

fn take_turns(number: u64) -> Result<()> {
    let (Some(me), Some(other)) = (PARTNERS.get(number as usize), PARTNERS.get((number ^ 1) as usize)) else {
        return Ok(());
    };
    while other.index.load(Acquire) == 0 {
        SCHED.yield_now()?;
    }
    let mut dice = Dice(SEED.get().wrapping_mul(2 * number + 1) | 1);
    for round in 1..=ROUNDS.get() {
        if number.is_multiple_of(2) {
            wake(me, other)?;
        }
        SCHED.block()?;
        if other.woke.load(Acquire) < round {
            return Err(WOKEN_TOO_EARLY);
        }
        dice.dawdle(me)?;
        if !number.is_multiple_of(2) {
            wake(me, other)?;
        }
    }
    Ok(())
}

fn wake(me: &Partner, other: &Partner) -> Result<()> {
    me.woke.fetch_add(1, AcqRel);
    Ok(SCHED.wake(other.index.load(Acquire))?)
}

/// What threads do between two rounds, by chance.
struct Dice(u64);

impl Dice {
    fn throw(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Yields, sleeps, works or moves now and then.
    fn dawdle(&mut self, me: &Partner) -> Result<()> {
        match self.throw() % 64 {
            0 => Ok(SCHED.yield_now()?),
            1 => Ok(SCHED.sleep(self.throw() % 4_096)?),
            2 => {
                (0..self.throw() % 1_024).for_each(|_| core::hint::spin_loop());
                Ok(())
            }
            3 if MIGRATE.get() => {
                let there = self.throw() % CORES.get();
                SCHED.migrate(there)?;
                me.moved.fetch_add(1, AcqRel);
                if u64::from(thread::core()) == there { Ok(()) } else { Err(WOKEN_TOO_EARLY) }
            }
            _ => Ok(()),
        }
    }
}
