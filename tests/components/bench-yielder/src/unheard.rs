//! What it costs to hand over without the kernel, and what it costs more if that is told each time: there and back, which is two.

use crate::{HELPER, IS_DONE, SELF};
use core::sync::atomic::Ordering::Relaxed;
use runtime::peers::{Member, Peer};
use runtime::{Error, Result};

/// Nobody is there to hand over to.
const NOBODY: Error = Error::numbered(1);

/// Hands over to the other thread, which hands back, and the kernel hears of neither.
pub fn thread_switch_user(iterations: u64) -> Result<()> {
    let member = Member::join()?;
    let helper = member.peer(HELPER.load(Relaxed)).ok_or(NOBODY)?;
    // SAFETY: it says in the end that it is back.
    let done = (0..iterations).try_for_each(|_| check(unsafe { member.hand_over_unheard(helper) }));
    member.report();
    done
}

/// Hands over to the other thread, which hands back, and each says that it runs.
pub fn thread_switch_told(iterations: u64) -> Result<()> {
    let member = Member::join()?;
    let helper = member.peer(HELPER.load(Relaxed)).ok_or(NOBODY)?;
    (0..iterations).try_for_each(|_| check(member.hand_over(helper)))
}

fn check(gone: Result<bool>) -> Result<()> {
    if gone? { Ok(()) } else { Err(NOBODY) }
}

/// Is parked, and hands back, until the row has been measured.
pub fn hand_back(_: u64) -> Result<()> {
    // SAFETY: it says in the end that it is back.
    hand_back_by(|member, measuring| unsafe { member.hand_over_unheard(measuring) })
}

/// The same, and says each time that it runs.
pub fn hand_back_told(_: u64) -> Result<()> {
    hand_back_by(|member, measuring| member.hand_over(measuring))
}

#[inline(always)]
fn hand_back_by(hand_over: impl Fn(&Member, Peer<'_>) -> Result<bool>) -> Result<()> {
    let member = Member::join()?;
    member.leave();
    let measuring = member.peer(SELF.load(Relaxed)).ok_or(NOBODY)?;
    while !IS_DONE.load(Relaxed) {
        if hand_over(&member, measuring) != Ok(true) {
            member.leave();
        }
    }
    member.report();
    Ok(())
}
