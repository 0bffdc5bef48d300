//! What is refused to a thread that has joined: to hand over to one that runs on another budget, and to go to another core, also to wait there.

use crate::{INDICES, SCHED, say};
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;
use runtime::peers::Member;
use runtime::{Error, Result, thread};
use sched_interface::{NEVER, NOBODY, Sched, Threads};

/// What the other is to do, and has done.
static STAGE: AtomicU64 = AtomicU64::new(0);
const JOINED: u64 = 1;
const ENDS: u64 = 2;
const ENDED: u64 = 3;

/// How often the kernel has run the other, or believed that it runs.
static TURNS: AtomicU64 = AtomicU64::new(0);

/// A blockpoint of another core.
static POINT: AtomicU64 = AtomicU64::new(0);

const NO_PEER: Error = Error::numbered(1);

/// Hands over to one with another budget.
pub fn hand_over() -> Result<()> {
    INDICES[0].store(thread::current(), Relaxed);
    let index = SCHED.spawn(park, 0)?.index;
    let member = Member::join()?;
    while STAGE.load(Relaxed) < JOINED {
        SCHED.yield_now()?;
    }
    let peer = member.peer(index).ok_or(NO_PEER)?;
    let before = TURNS.load(Relaxed);
    let handed = member.hand_over(peer);
    say(format_args!("hands over: {handed:?}; the other went on: {}", TURNS.load(Relaxed) != before));
    say(format_args!("taken for another: {}", u64::from(thread::current() != INDICES[0].load(Relaxed))));
    STAGE.store(ENDS, Relaxed);
    while STAGE.load(Relaxed) < ENDED {
        SCHED.yield_now()?;
    }
    Ok(())
}

/// Is parked whenever it runs.
fn park(_: u64) -> Result<()> {
    let member = Member::join()?;
    while STAGE.load(Relaxed) != ENDS {
        member.leave();
        member.report();
        TURNS.fetch_add(1, Relaxed);
        let _ = STAGE.compare_exchange(0, JOINED, Relaxed, Relaxed);
    }
    STAGE.store(ENDED, Relaxed);
    Ok(())
}

/// Goes to another core.
pub fn go_elsewhere() -> Result<()> {
    SCHED.spawn(make_point, 0)?;
    let member = Member::join()?;
    while POINT.load(Relaxed) == 0 {
        SCHED.sleep(100_000)?;
    }
    let goes = SCHED.migrate(1);
    let waits = SCHED.wait_on(POINT.load(Relaxed), 0, NOBODY, NEVER);
    member.report();
    say(format_args!("goes elsewhere: {goes:?}; waits elsewhere: {waits:?}; is on core {}", thread::core()));
    Ok(())
}

/// Makes a blockpoint where it is.
fn make_point(_: u64) -> Result<()> {
    POINT.store(SCHED.create_point()?, Relaxed);
    Ok(())
}
