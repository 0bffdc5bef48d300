//! Two threads that hand over to each other one instruction at a time: each has a debug exception behind it, and its handler sees who is told of.

use crate::{INDICES, SCHED, say};
use core::arch::asm;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;
use runtime::peers::{Member, Peer};
use runtime::{Error, Result, thread};
use sched_interface::{Sched, Threads};

/// How often the one hands over.
const ROUNDS: u64 = 20;

/// How far the other is, and is to go: it has joined; it is to leave the core; it is to end; it has ended.
static STAGE: AtomicU64 = AtomicU64::new(0);
const JOINED: u64 = 1;
const LEAVES: u64 = 2;
const ENDS: u64 = 3;
const ENDED: u64 = 4;

/// How often the other went on because the one handed over to it.
static ARRIVALS: AtomicU64 = AtomicU64::new(0);

const NOBODY: Error = Error::numbered(1);

pub fn run() -> Result<()> {
    INDICES[0].store(thread::current(), Relaxed);
    let index = SCHED.spawn(hand_back, 0)?.index;
    let member = Member::join()?;
    wait_for(JOINED)?;
    let other = member.peer(index).ok_or(NOBODY)?;
    say(format_args!("handed over to one that is not parked: {}", step(&member, other)?));
    STAGE.store(LEAVES, Relaxed);
    while !member.hand_over(other)? {
        SCHED.yield_now()?;
    }
    let handed = (0..ROUNDS).filter(|_| step(&member, other) == Ok(true)).count();
    STAGE.store(ENDS, Relaxed);
    wait_for(ENDED)?;
    say(format_args!("handed over {handed} times, and the other has seen it: {}", ARRIVALS.load(Relaxed) > ROUNDS));
    // SAFETY: the handler goes on behind it.
    unsafe { asm!("ud2") };
    Ok(())
}

/// Hands over, and goes on until another hands back, instruction by instruction. To report ends the steps, as every system call does.
fn step(member: &Member, other: Peer<'_>) -> Result<bool> {
    const TRAP: u64 = 1 << 8;
    // SAFETY: changes a flag for what follows, at which the handler retries; it reports before it calls.
    let gone = unsafe {
        asm!("pushfq", "or qword ptr [rsp], {trap}", "popfq", trap = const TRAP);
        member.hand_over_unheard(other)
    };
    member.report();
    gone
}

/// The other: hands back whenever it is handed over to.
fn hand_back(_: u64) -> Result<()> {
    let member = Member::join()?;
    let one = member.peer(INDICES[0].load(Relaxed)).ok_or(NOBODY);
    STAGE.store(JOINED, Relaxed);
    wait_for(LEAVES)?;
    let one = one?;
    member.leave();
    while STAGE.load(Relaxed) != ENDS {
        ARRIVALS.fetch_add(1, Relaxed);
        // SAFETY: it reports before it calls.
        if unsafe { member.hand_over_unheard(one) } != Ok(true) {
            member.leave();
        }
    }
    member.report();
    STAGE.store(ENDED, Relaxed);
    Ok(())
}

fn wait_for(stage: u64) -> Result<()> {
    while STAGE.load(Relaxed) < stage {
        SCHED.yield_now()?;
    }
    Ok(())
}
