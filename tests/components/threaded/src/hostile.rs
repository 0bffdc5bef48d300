//! A client that tries what it may not.

use crate::{SCHED, say};
use runtime::Result;
use sched_interface::{Sched, Threads};

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
