//! A client that tries what it may not.

use crate::{PONG, SCHED, say};
use core::ops::Range;
use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering::Relaxed;
use pong_interface::Pong;
use runtime::{Result, time};
use sched_interface::{NOBODY, Sched, SchedError, Threads};

/// Indices of no thread, of threads that are others', and of this one in disguise.
const GUESSES: [u64; 11] = [0, 1, 2, 4, 5, 6, 1023, 1024, 1 << 32 | OWN, 1 << 16 | OWN, u64::MAX];

/// The index of this component's own thread, in the graph that has this.
const OWN: u64 = 3;

/// Wakes what is not its own, starts what only the scheduler starts.
pub fn guess() -> Result<()> {
    let is_refused = |guess: u64| {
        let calls = [SCHED.wake(guess), SCHED.wake_and_block(guess), SCHED.exchange(guess, 0).map(drop)];
        calls.iter().all(|call| call.is_err())
    };
    let refused = GUESSES.iter().filter(|guess| is_refused(**guess)).count();
    say(format_args!("{refused} of {} guesses are refused: {:?}", GUESSES.len(), SCHED.wake(4).err()));
    let own = SCHED.create_point()?;
    let points = [SCHED.trigger_and_wait(4, 1, own, 0).err(), SCHED.trigger_and_wait(own, 1, u64::MAX, 0).err()];
    say(format_args!("blockpoints of nobody: {points:?}"));
    say(format_args!("a phase: {:?}", [SCHED.create(0).err(), SCHED.create(1).err()]));
    // Its own threads are its own affair, and a word for which it has prepared nothing starts nothing.
    say(format_args!("a word of nothing: {:?}", [SCHED.create(u64::MAX), SCHED.create(u32::MAX.into())]));
    SCHED.yield_now()?;
    let thread = SCHED.spawn(|_| Ok(()), 0)?;
    SCHED.yield_now()?;
    say(format_args!("the dead: {:?}", SCHED.unblock(thread).err()));
    SCHED.wake(OWN)?;
    SCHED.block()?;
    say(format_args!("goes on"));
    Ok(())
}

/// The names that the scheduler gives to its first blockpoints: whoever knows how it makes them can say them.
const FIRST_POINTS: Range<u64> = 1 << 16..(1 << 16) + 8;

/// How long the server's lock is attacked, and how often, in ticks.
const ATTACKED: u64 = 40_000_000;
const PAUSE: u64 = 500_000;

static IS_OVER: AtomicBool = AtomicBool::new(false);

/// Meddles in who may have the lock of a server that it may call, and has those that wait for that lend their time to a thread of its own.
pub fn meddle() -> Result<()> {
    PONG.call()?;
    let greedy = SCHED.spawn(spin, 0)?.index;
    let (mut tried, mut refused, end) = (0_u64, 0, time::ticks() + ATTACKED);
    while time::ticks() < end {
        for answer in FIRST_POINTS.flat_map(|point| attempts(point, greedy)) {
            tried += 1;
            refused += u64::from(answer == Err(SchedError::NoSuchPoint));
        }
        SCHED.sleep(PAUSE)?;
    }
    IS_OVER.store(true, Relaxed);
    say(format_args!("a server's lock: {}", if refused == tried { "all is refused" } else { "open to all" }));
    Ok(())
}

/// Lets all go on for ever, one at once, and says that all wait for the greedy thread.
fn attempts(point: u64, greedy: u64) -> [sched_interface::Result<()>; 4] {
    [
        SCHED.trigger(point, u64::MAX),
        SCHED.trigger_one(point, u64::MAX),
        SCHED.wait_on(point, 0, greedy, 0).map(drop),
        SCHED.wait_on(point, 0, NOBODY, 0).map(drop),
    ]
}

fn spin(_: u64) -> Result<()> {
    while !IS_OVER.load(Relaxed) {
        core::hint::spin_loop();
    }
    Ok(())
}
