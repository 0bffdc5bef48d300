//! Two threads that hand over to each other without the kernel.
//!
//! To hand over without the kernel is unsafe, and this image tests that.

use crate::SCHED;
use crate::others::OWN;
use crate::strike::{HAS_COME, LOOKED, STAGE, WAITS};
use crate::ways::WRONG;
use core::sync::atomic::Ordering::Relaxed;
use core::sync::atomic::{AtomicBool, AtomicU64};
use runtime::peers::Member;
use runtime::{Result, thread};
use sched_interface::{Sched, Threads};

pub static PEER: AtomicU64 = AtomicU64::new(0);
static IS_WOKEN: AtomicBool = AtomicBool::new(false);

/// In a round.
const HAND_OVERS: usize = 20;

/// How long the peer has to park, in ticks.
const MOMENT: u64 = 5_000;

/// Hands over to the peer, again and again, and goes on when that hands back, or when the kernel runs it; by then the kernel takes it for who it is.
pub fn to_peer() -> Result<()> {
    let member = Member::join()?;
    if !IS_WOKEN.swap(true, Relaxed) {
        SCHED.wake(PEER.load(Relaxed))?;
        SCHED.sleep(MOMENT)?;
    }
    let peer = member.peer(PEER.load(Relaxed)).ok_or(WRONG)?;
    // The peer may have lost the core where it was not parked.
    SCHED.yield_now()?;
    let hand_over = |_: &usize| {
        STAGE.store(LOOKED, Relaxed);
        // SAFETY: it reports before it calls.
        unsafe { member.hand_over_unheard(peer) == Ok(true) }
    };
    // Until it comes: behind that, the peer may not be parked.
    let gone = (0..HAND_OVERS).take_while(hand_over).count();
    member.report();
    let is_right = gone == HAND_OVERS || gone > 0 && HAS_COME.load(Relaxed) != 0;
    if is_right && thread::current() == OWN.load(Relaxed) { Ok(()) } else { Err(WRONG) }
}

/// The peer: hands back whenever it is handed over to.
pub fn back(_: u64) -> Result<()> {
    SCHED.background()?;
    SCHED.block()?;
    let member = Member::join()?;
    let own = member.peer(OWN.load(Relaxed)).ok_or(WRONG)?;
    loop {
        member.leave();
        let hand_back = || {
            let _ = STAGE.compare_exchange(LOOKED, WAITS, Relaxed, Relaxed);
            // SAFETY: it reports before it calls.
            unsafe { member.hand_over_unheard(own) == Ok(true) }
        };
        while hand_back() {}
    }
}
