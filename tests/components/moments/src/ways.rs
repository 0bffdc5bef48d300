//! The ways to wait, or to let others run.

use crate::handing;
use crate::others::{
    self, BYSTANDER_RUNS, DEED, PARTNER, PARTNER_ENDS, PARTNER_RUNS, POINT, POINT_NAME, TRIGGER, WAKE, WAKE_BYSTANDER,
    WAKER,
};
use crate::strike::{self, AT, BACK, BEFORE, HAS_COME, LOOKED, LOST, Met, RECEIVED, STAGE, WAITS, WAITS_AGAIN};
use crate::{LINE, SCHED, say};
use abi::error::Error as KernelError;
use core::sync::atomic::Ordering::Relaxed;
use runtime::{Error, Result, time};
use sched_interface::{NEVER, NOBODY, Sched, Threads};
use sched_sl::Epoch;

/// How long before the look the first comes, in ticks; how long all have to come to rest behind a round; and what is long after all wait.
const LEAD: u64 = 100;
const REST: u64 = 5_000;
const LATE: u64 = 20_000;

/// How long a wait in the kernel is: until long after all wait.
const RECEIVES: u64 = 2_400;

/// Something was not as it has to be in a round.
pub const WRONG: Error = Error::numbered(1);

/// One way through the scheduler: what it is called, how many rounds there are, what the waker does, and in which stages it has to have come.
struct Way {
    name: &'static str,
    rounds: u64,
    deed: u64,
    stages: &'static [u64],
    go: fn() -> Result<()>,
}

const WAYS: [Way; 5] = [
    Way { name: "block", rounds: 1_200, deed: WAKE, stages: &[BEFORE, LOOKED, WAITS], go: look_and_block },
    Way {
        name: "receive and block",
        rounds: 6_000,
        deed: WAKE,
        stages: &[BEFORE, LOOKED, WAITS, RECEIVED, WAITS_AGAIN],
        go: receive_and_block,
    },
    Way { name: "blockpoint", rounds: 1_200, deed: TRIGGER, stages: &[BEFORE, LOOKED, WAITS], go: look_and_wait },
    Way {
        name: "yield",
        rounds: 1_500,
        deed: WAKE_BYSTANDER,
        stages: &[BEFORE, LOOKED, WAITS, BACK],
        go: yield_to_partner,
    },
    Way {
        name: "hand-over",
        rounds: 5_000,
        deed: WAKE_BYSTANDER,
        stages: &[BEFORE, LOOKED, WAITS, BACK],
        go: handing::to_peer,
    },
];

fn look_and_block() -> Result<()> {
    STAGE.store(LOOKED, Relaxed);
    SCHED.block()?;
    has_come()
}

/// Nothing comes to the thread's end-point: the wait there ends by its time.
fn receive_and_block() -> Result<()> {
    SCHED.end_wait_at(time::ticks() + RECEIVES)?;
    STAGE.store(LOOKED, Relaxed);
    let received = LINE.wait();
    STAGE.store(RECEIVED, Relaxed);
    SCHED.block()?;
    if received == Err(Error::Kernel(KernelError::TimedOut)) { has_come() } else { Err(WRONG) }
}

fn look_and_wait() -> Result<()> {
    STAGE.store(LOOKED, Relaxed);
    let look = || (HAS_COME.load(Relaxed) != 0).then_some(());
    let wait = |epoch: Epoch| SCHED.wait_on(POINT_NAME.load(Relaxed), epoch.0, NOBODY, NEVER).map(|_| ());
    Ok(POINT.wait_for_change(look, wait)?)
}

/// The partner runs meanwhile, once, whoever else comes, and does not go on before this one does.
fn yield_to_partner() -> Result<()> {
    let runs = PARTNER_RUNS.load(Relaxed);
    SCHED.wake(PARTNER.load(Relaxed))?;
    STAGE.store(LOOKED, Relaxed);
    SCHED.yield_now()?;
    if PARTNER_RUNS.load(Relaxed) == runs + 1 && PARTNER_ENDS.load(Relaxed) == runs { Ok(()) } else { Err(WRONG) }
}

fn has_come() -> Result<()> {
    if HAS_COME.load(Relaxed) == 0 { Err(WRONG) } else { Ok(()) }
}

pub fn all() -> Result<()> {
    others::begin()?;
    SCHED.sleep(REST)?;
    WAYS.iter().try_for_each(through_all_moments)
}

fn through_all_moments(way: &Way) -> Result<()> {
    DEED.store(way.deed, Relaxed);
    let to_look = round(way, LATE)?;
    let _ = (Met::take(), LOST.swap(0, Relaxed));
    let wrong = (0..way.rounds).filter(|later| round(way, to_look - LEAD + later).is_err()).count();
    let (met, lost) = (Met::take(), LOST.swap(0, Relaxed));
    let is_right = met.has_all(way.stages) && wrong == 0 && lost == 0;
    let verdict = if is_right { "as it was to be" } else { "NOT as it was to be" };
    say(format_args!("{}: {} rounds, {wrong} wrong, {lost} lost, {verdict}; met at{met}", way.name, way.rounds));
    Ok(())
}

/// One round, in which something comes so many ticks behind its start. Answers how many it took to the way's start.
fn round(way: &Way, comes_in: u64) -> Result<u64> {
    let bystander = BYSTANDER_RUNS.load(Relaxed);
    let start = time::ticks();
    AT.store(start + comes_in, Relaxed);
    SCHED.wake(WAKER.load(Relaxed))?;
    let goes = time::ticks();
    let gone = (way.go)();
    STAGE.store(BACK, Relaxed);
    SCHED.sleep_until(AT.load(Relaxed).max(time::ticks()) + REST)?;
    strike::rest();
    let woken = u64::from(way.deed == WAKE_BYSTANDER);
    gone.and(if BYSTANDER_RUNS.load(Relaxed) == bystander + woken { Ok(goes - start) } else { Err(WRONG) })
}
