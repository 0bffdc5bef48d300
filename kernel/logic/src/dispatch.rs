//! Dispatch: who runs next, by a scheduler's decision.
//!
//! A scheduler is a thread with a receive end-point. It, or any thread that
//! executes in its component, switches the core to a thread; when that one
//! blocks, ends, faults or meets its timeout, the scheduler's thread goes on, and finds out at its
//! end-point what happened. A decision carries a *token*, a number that grows with every
//! decision: one that was overtaken, because its maker was preempted
//! before it took effect, is refused as stale. This replaces disabling interrupts.
//! (Token-validated dispatch is Composite's idea.)
//!
//! A scheduler below another has the core until the timeout of the dispatch that gave it a temporal capability: its *limit*. Nothing
//! that it dispatches has it for longer, and when the limit is past, the scheduler above decides, not this one. So no scheduler trusts
//! one below it to give the core back.
//!
//! | word of the thread | meaning |
//! |---|---|
//! | 52 | its limit, 0 for none: what it dispatches runs no longer, if it has a scheduler itself |

use crate::budget::{self, Budget};
use crate::core_state::CoreState;
use crate::endpoint;
use crate::frame::Frame;
use crate::interrupt;
use crate::launch;
use crate::outcome::Outcome;
use crate::store::{Store, get, set};
use crate::temporal_capability;
use crate::thread::{self, Scheduler, State};
use abi::error::Error;
use abi::event::What;
use abi::operation::ThreadEnd;

/// Schedulers above each other that control passes through when none of them can go on.
const LEVELS: usize = 8;

/// The number of levels, for loops that are not to be written out: that would be a hundredth of the kernel.
#[inline(always)]
pub(crate) fn levels() -> core::ops::Range<usize> {
    0..core::hint::black_box(LEVELS)
}

const LIMIT: usize = 52;

/// A scheduler's decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The thread of the scheduler's end-point.
    pub scheduler: Frame,
    /// The number of the decision.
    pub token: u64,
    /// When the core comes back at the latest, or 0.
    pub timeout: u64,
    /// The temporal capability that the thread runs on, unless that is to stay the same.
    pub budget: Option<Frame>,
}

/// Runs `thread`, which is at its start; the current thread waits for its end.
///
/// # Errors
///
/// [`Error::BadArgument`] if the caller has a scheduler, which `thread` would keep the core from;
/// [`Error::WrongCore`] if `thread` belongs to another core; [`Error::NotDispatchable`] if it is not at its start;
/// [`Error::Revoked`] if its component is dead.
pub fn wait_for(store: &impl Store, core: &mut CoreState, thread: Frame, word: u64) -> Result<Outcome, Error> {
    if matches!(thread::scheduler(store, core.thread()), Scheduler::EndPoint(_)) {
        return Err(Error::BadArgument);
    }
    thread::check_core(store, core, thread)?;
    if thread::state(store, thread) != State::AtStart {
        return Err(Error::NotDispatchable);
    }
    let caller = core.thread();
    let outcome = thread::start(store, core, thread, word)?;
    thread::set_state(store, caller, State::Waiting);
    thread::set_scheduler(store, thread, Scheduler::Waiting(caller));
    thread::enter_root(store, core, thread);
    Ok(outcome)
}

/// Switches to `thread` by a scheduler's decision; the current thread is suspended, unless it is that one.
///
/// # Errors
///
/// [`Error::WrongCore`] if it or the scheduler belongs to another core; [`Error::NotDispatchable`] if it cannot go on, or
/// if the scheduler could not go on after it; [`Error::Stale`]; [`Error::EventsPending`], unless it is the scheduler that is
/// switched to; [`Error::Revoked`]; [`Error::BudgetExhausted`] if the temporal capability has no cycles left, and
/// [`Error::WrongCore`] if it is another core's.
pub fn switch_to(
    store: &impl Store,
    core: &mut CoreState,
    thread: Frame,
    word: u64,
    decision: Decision,
) -> Result<Outcome, Error> {
    let (caller, scheduler) = (core.thread(), decision.scheduler);
    thread::check_core(store, core, thread)?;
    thread::check_core(store, core, scheduler)?;
    let budget = decision.budget.map(|capability| budget::choose(store, core, capability)).transpose()?;
    let timeout = within_limit(store, core, scheduler, decision.timeout);
    endpoint::check_token(store, scheduler, decision.token)?;
    if scheduler != caller && !can_go_on(store, scheduler) {
        return Err(Error::NotDispatchable);
    }
    if thread != scheduler && endpoint::has_pending(store, scheduler) {
        return Err(Error::EventsPending);
    }
    if thread == caller {
        // Its scheduler lets it go on: of the decision, that leaves the time.
        limit(store, core, thread, scheduler, timeout, budget);
        return Ok(Outcome::DONE);
    }
    let outcome = match thread::resume(store, core, thread, word) {
        Err(Error::NotDispatchable) if thread::state(store, thread) == State::Receiving => {
            end_wait(store, core, thread)
        }
        resumed => resumed?,
    };
    thread::set_state(store, caller, State::Suspended);
    // Whoever waits for the end of a thread is told of it, whoever schedules the thread until then.
    let is_awaited = matches!(thread::scheduler(store, thread), Scheduler::Waiting(_) | Scheduler::Launched);
    if thread != scheduler && !is_awaited {
        thread::set_scheduler(store, thread, Scheduler::EndPoint(scheduler));
    }
    limit(store, core, thread, scheduler, timeout, budget);
    Ok(outcome)
}

/// `thread` waits, and nothing has come: its scheduler, which was to wake it at some time, ends that.
#[cold]
#[inline(never)]
fn end_wait(store: &impl Store, core: &mut CoreState, thread: Frame) -> Outcome {
    thread::switch(store, core, thread);
    Error::TimedOut.into()
}

/// The timeout of a decision, or the scheduler's limit if that is earlier. Without a timeout, no limit holds; and
/// one that stays as it is was looked at before.
#[inline]
fn within_limit(store: &impl Store, core: &CoreState, scheduler: Frame, timeout: u64) -> u64 {
    if core.timeout == 0 || timeout == core.timeout {
        return timeout;
    }
    earlier(timeout, limit_of(store, scheduler))
}

/// The earlier of two times, of which 0 is later than everything.
#[cold]
#[inline(never)]
fn earlier(one: u64, other: u64) -> u64 {
    one.wrapping_sub(1).min(other.wrapping_sub(1)).wrapping_add(1)
}

/// Until when the scheduler above `scheduler` has left it the core; 0 if that has no end, or if there is none above.
#[cold]
#[inline(never)]
pub fn limit_of(store: &impl Store, scheduler: Frame) -> u64 {
    thread::above(store, scheduler).map_or(0, |_| get(store.words(scheduler), LIMIT))
}

/// Leaves the core to `thread` until `timeout`, on `budget` if that is to change: then this is the thread's limit as well.
#[inline(always)]
fn limit(
    store: &impl Store,
    core: &mut CoreState,
    thread: Frame,
    scheduler: Frame,
    timeout: u64,
    budget: Option<Budget>,
) {
    core.timeout = timeout;
    let Some(budget) = budget else { return };
    core.account.run_on(budget);
    // A scheduler's own threads do not say how long it has.
    if thread != scheduler {
        set(store.words(thread), LIMIT, timeout);
    }
}

/// Ends the current thread; its scheduler goes on.
pub fn end(store: &impl Store, core: &mut CoreState, how: ThreadEnd, status: u16) -> Outcome {
    let thread = core.thread();
    let (state, what) = match how {
        ThreadEnd::Returned => (State::AtStart, What::Ended(status)),
        ThreadEnd::Faulted | ThreadEnd::Exited => (State::Faulted, What::Faulted(status)),
    };
    let scheduler = thread::scheduler(store, thread);
    match scheduler {
        Scheduler::None => {
            thread::set_state(store, thread, state);
            Outcome::NothingToRun
        }
        Scheduler::Waiting(waiting) => {
            thread::set_scheduler(store, thread, Scheduler::None);
            thread::leave_root(store, core, thread);
            thread::switch(store, core, waiting);
            budget::resume(store, core);
            thread::set_state(store, thread, state);
            Outcome::pair(core, [how as u64, status.into()])
        }
        Scheduler::Launched => launch::end(store, core, state, how, status),
        Scheduler::EndPoint(scheduler) => hand_over(store, core, scheduler, state, what),
    }
}

/// Takes the core from the current thread, whose registers the entry has saved; its scheduler goes on, or the first above
/// that one whose own limit is not past, and which is `above` or above it.
///
/// A thread that nobody schedules keeps the core.
#[inline(never)]
pub fn preempt(store: &impl Store, core: &mut CoreState, now: u64, above: usize) -> Outcome {
    let thread = core.thread();
    let Some(mut scheduler) = thread::above(store, thread) else {
        core.timeout = 0;
        return Outcome::Restore;
    };
    thread::set_state(store, thread, State::Preempted);
    endpoint::tell(store, scheduler, thread, What::Preempted);
    for level in levels().skip(1) {
        let limit = limit_of(store, scheduler);
        let is_past = core.timeout != 0 && limit != 0 && limit <= now;
        let Some(next) = thread::above(store, scheduler).filter(|_| is_past || level <= above) else { break };
        endpoint::tell(store, next, scheduler, What::Preempted);
        scheduler = next;
    }
    resume_scheduler(store, core, scheduler)
}

/// What an interrupt of the current thread, whose registers the entry has saved, leads to. With `decide`, its scheduler
/// goes on, or one so many levels above it.
pub fn interrupted(store: &impl Store, core: &mut CoreState, now: u64, decide: Option<usize>) -> Outcome {
    if core.account.has_ended(now) {
        budget::account(store, core, now);
        return expire(store, core);
    }
    match decide {
        Some(above) => preempt(store, core, now, above),
        None => Outcome::Restore,
    }
}

/// What an interrupt leads to that has told `receiver` something: see [`interrupted`].
pub fn interrupted_for(store: &impl Store, core: &mut CoreState, now: u64, receiver: Frame) -> Outcome {
    match taking_precedence(store, core, receiver) {
        Some(scheduler) if !core.account.has_ended(now) => give_way(store, core, scheduler, State::Preempted),
        _ => {
            let decide = interrupt::calls_for_decision(store, core, receiver);
            interrupted(store, core, now, decide)
        }
    }
}

/// Takes the core from the current thread, whose registers the entry has saved: its budget has ended. The first of the
/// schedulers above it that has time goes on; each below that one is told when it has time again.
///
/// A thread that nobody schedules keeps the core; from now on its time is not counted.
pub fn expire(store: &impl Store, core: &mut CoreState) -> Outcome {
    match thread::scheduler(store, core.thread()) {
        Scheduler::EndPoint(scheduler) => hand_over(store, core, scheduler, State::Preempted, What::Expired),
        Scheduler::None | Scheduler::Waiting(_) | Scheduler::Launched => {
            core.account.run_on(Budget::NONE);
            Outcome::Restore
        }
    }
}

/// Leaves the current thread in `state`, tells `scheduler` why, and lets it go on.
pub fn hand_over(store: &impl Store, core: &mut CoreState, scheduler: Frame, state: State, what: What) -> Outcome {
    let thread = core.thread();
    thread::set_state(store, thread, state);
    endpoint::post(store, scheduler, thread, what);
    resume_scheduler(store, core, scheduler)
}

/// The scheduler of `receiver`, which has just been told something, if the core is for that one now: what `receiver` waits on takes
/// [precedence](temporal_capability::takes_precedence) over what the current thread runs on, and both are scheduled.
pub fn taking_precedence(store: &impl Store, core: &CoreState, receiver: Frame) -> Option<Frame> {
    let current = core.account.runs_on().capability()?;
    let own = budget::of(store, receiver).capability()?;
    let scheduler = endpoint::told(store, receiver)?;
    thread::above(store, core.thread())?;
    let can_decide = can_go_on(store, scheduler) && budget::has_time(store, scheduler);
    (can_decide && temporal_capability::takes_precedence(store, own, current)).then_some(scheduler)
}

/// Leaves the current thread in `state`, tells its scheduler, and lets `scheduler` go on, which may be another.
pub fn give_way(store: &impl Store, core: &mut CoreState, scheduler: Frame, state: State) -> Outcome {
    let thread = core.thread();
    thread::set_state(store, thread, state);
    if let Some(own) = thread::above(store, thread) {
        endpoint::tell(store, own, thread, What::Preempted);
    }
    resume_scheduler(store, core, scheduler)
}

/// Lets `scheduler` go on, or the next one above it that can, or else the core's root.
fn resume_scheduler(store: &impl Store, core: &mut CoreState, mut scheduler: Frame) -> Outcome {
    for _ in levels() {
        if let Ok(outcome) = resume_started(store, core, scheduler) {
            return outcome;
        }
        let Some(above) = thread::above(store, scheduler) else { break };
        tell_of_expiry(store, above, scheduler);
        scheduler = above;
    }
    resume_root(store, core)
}

/// Schedulers can be led in circles, and end; somebody waits for the root, and so it is never forgotten.
fn resume_root(store: &impl Store, core: &mut CoreState) -> Outcome {
    core.timeout = 0;
    if core.root == 0 {
        return Outcome::NothingToRun;
    }
    let root = Frame::at(core.root);
    // Nobody is above it who could give it time.
    budget::count_no_more(store, root);
    if let Ok(outcome) = resume_started(store, core, root) {
        return outcome;
    }
    let is_receiving = thread::state(store, root) == State::Receiving;
    thread::switch(store, core, root);
    budget::resume(store, core);
    if is_receiving {
        thread::set_state(store, root, State::Receiving);
        return Outcome::Idle;
    }
    end(store, core, ThreadEnd::Faulted, Error::NotDispatchable.status())
}

/// A scheduler at its start has ended: it is not started again by what its threads do.
fn resume_started(store: &impl Store, core: &mut CoreState, scheduler: Frame) -> Result<Outcome, Error> {
    if !can_go_on(store, scheduler) {
        return Err(Error::NotDispatchable);
    }
    if !budget::has_time(store, scheduler) {
        return Err(Error::BudgetExhausted);
    }
    let outcome = thread::resume(store, core, scheduler, 0)?;
    budget::resume(store, core);
    // Without a timeout, no limit held.
    core.timeout = if core.timeout == 0 { 0 } else { limit_of(store, scheduler) };
    Ok(outcome)
}

/// Tells `above` if nothing keeps `scheduler` from going on but that it has no time.
fn tell_of_expiry(store: &impl Store, above: Frame, scheduler: Frame) {
    if can_go_on(store, scheduler) && !budget::has_time(store, scheduler) {
        endpoint::tell(store, above, scheduler, What::Expired);
    }
}

/// Whether `scheduler` has been started and waits for something to happen.
fn can_go_on(store: &impl Store, scheduler: Frame) -> bool {
    use State::{Preempted, Receiving, Suspended};
    matches!(thread::state(store, scheduler), Suspended | Receiving | Preempted)
}

#[cfg(test)]
mod budget_tests;
#[cfg(test)]
mod level_tests;
#[cfg(test)]
mod tests;
