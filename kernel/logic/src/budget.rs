//! Budgets: on whose temporal capability a core's time is used up.
//!
//! The current thread runs on the one that it was dispatched with, or else on the one that its dispatcher ran on; a thread that
//! is switched away from remembers it. A scheduler that goes on because one of its threads cannot runs on its own
//! again, so that time below it is not charged to it twice, and none above it is charged to those below.
//!
//! No decision looks at a clock: it says on what the core runs from now on, and the way out [settles](settle) what it ran on
//! before. No cycle is counted as long as that stays the same.
//!
//! A thread that nobody dispatched with one runs on none: that time is not counted.

use crate::core_state::CoreState;
use crate::frame::{self, Frame};
use crate::store::{Store, get, set};
use crate::temporal_capability as temporal;
use abi::error::Error;
use abi::layout::THREADS;
use abi::time::UNLIMITED;
use core::sync::atomic::Ordering::Acquire;

/// The word of a thread that says what it runs on when it goes on of its own accord.
pub(crate) const BUDGET: usize = 14;

/// What a thread runs on, as a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Budget(u64);

impl Budget {
    /// No temporal capability: the time is not counted.
    pub const NONE: Self = Self(0);
    /// One that has been reclaimed: there is no time.
    const ENDED: Self = Self(1);

    /// The temporal capability in `frame`.
    pub const fn of(frame: Frame) -> Self {
        Self(frame.address())
    }

    /// The temporal capability, if it is one that lives.
    pub fn capability(self) -> Option<Frame> {
        (self != Self::NONE && self != Self::ENDED).then_some(Frame::at(self.0))
    }

    /// Whether there is time to run.
    fn has_time(self, store: &impl Store) -> bool {
        self == Self::NONE || self.capability().is_some_and(|capability| temporal::left(store, capability) != 0)
    }
}

/// What a core knows of the budget that is being used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Account {
    /// What the current thread runs on.
    current: Budget,
    /// What time is charged to, as of the last time that it was charged.
    charged: Budget,
    /// When that was.
    since: u64,
    /// When nothing is left of it; 0 for never.
    end: u64,
    /// Whether there is something to [`settle`].
    is_open: bool,
}

impl Account {
    /// Where the account says what the current thread runs on, in bytes.
    pub const RUNS_ON: usize = core::mem::offset_of!(Self, current);

    /// No time is counted.
    pub const NONE: Self = Self { current: Budget::NONE, charged: Budget::NONE, since: 0, end: 0, is_open: false };

    /// Whether there is nothing to [`settle`].
    #[inline(always)]
    pub const fn is_settled(&self) -> bool {
        !self.is_open
    }

    /// What the current thread runs on.
    pub const fn runs_on(&self) -> Budget {
        self.current
    }

    /// Says on what the core runs from now on.
    pub fn run_on(&mut self, budget: Budget) {
        self.is_open |= self.current != budget;
        self.current = budget;
    }

    /// Says that the timer is to be set again.
    pub const fn open(&mut self) {
        self.is_open = true;
    }

    /// When the core is to be taken from the current thread: at `timeout` or when its budget ends; 0 for never.
    pub const fn deadline(&self, timeout: u64) -> u64 {
        // 0 is later than everything.
        let (timeout, end) = (timeout.wrapping_sub(1), self.end.wrapping_sub(1));
        (if timeout < end { timeout } else { end }).wrapping_add(1)
    }

    /// Whether the budget has ended.
    pub const fn has_ended(&self, now: u64) -> bool {
        self.end != 0 && self.end <= now
    }
}

/// Charges the time until `now` to what the core ran on, and says when what it runs on ends.
pub fn account(store: &impl Store, core: &mut CoreState, now: u64) {
    let account = &mut core.account;
    if let Some(charged) = account.charged.capability() {
        temporal::charge(store, charged, now.saturating_sub(account.since));
    }
    (account.charged, account.since) = (account.current, now);
    refresh(store, core);
}

/// What is done on the way out, before the timer is set: see [`account`].
pub fn settle(store: &impl Store, core: &mut CoreState, now: u64) {
    account(store, core, now);
    core.account.is_open = false;
}

/// Says again when what the core runs on ends: cycles came or went, and all time until now has been charged.
pub fn refresh(store: &impl Store, core: &mut CoreState) {
    let account = &mut core.account;
    account.is_open = true;
    let left = account.current.capability().map(|capability| temporal::left(store, capability));
    account.end = match left {
        None if account.current == Budget::NONE => 0,
        Some(UNLIMITED) => 0,
        left => account.since.saturating_add(left.unwrap_or(0)),
    };
}

/// Charges the time until `now`; from then on the core sleeps, at nobody's expense.
pub fn pause(store: &impl Store, core: &mut CoreState, now: u64) {
    let current = core.account.current;
    core.account.run_on(Budget::NONE);
    account(store, core, now);
    core.account.run_on(current);
}

/// What a thread can be dispatched with on `core`: the temporal capability in `frame`.
///
/// # Errors
///
/// [`Error::WrongCore`]; [`Error::BudgetExhausted`].
#[inline]
pub fn choose(store: &impl Store, core: &CoreState, frame: Frame) -> Result<Budget, Error> {
    if temporal::core_of(store, frame) != core.number {
        return Err(Error::WrongCore);
    }
    if temporal::left(store, frame) == 0 {
        return Err(Error::BudgetExhausted);
    }
    Ok(Budget::of(frame))
}

/// Notes on what the current thread runs, for when it goes on of its own accord.
#[inline(always)]
pub fn keep(store: &impl Store, core: &CoreState) {
    set(store.words(core.thread()), BUDGET, core.account.current.0);
}

/// What `thread`, which does not run, runs on when it goes on of its own accord.
pub fn of(store: &impl Store, thread: Frame) -> Budget {
    Budget(get(store.words(thread), BUDGET))
}

/// Whether `thread`, which does not run, has time to go on of its own accord.
pub fn has_time(store: &impl Store, thread: Frame) -> bool {
    of(store, thread).has_time(store)
}

/// Whether nothing changes when `thread` goes on of its own accord: no time is counted, before and after.
#[inline(always)]
pub fn stays(store: &impl Store, core: &CoreState, thread: Frame) -> bool {
    get(store.words(thread), BUDGET) | core.account.current.0 == Budget::NONE.0
}

/// Lets the current thread, which goes on of its own accord, run on what it ran on before.
pub fn resume(store: &impl Store, core: &mut CoreState) {
    core.account.run_on(of(store, core.thread()));
}

/// Has `thread` remember no budget.
pub fn forget(store: &impl Store, thread: Frame) {
    set(store.words(thread), BUDGET, Budget::NONE.0);
}

/// Counts the time of `thread` no more if it has none.
pub fn count_no_more(store: &impl Store, thread: Frame) {
    if !has_time(store, thread) {
        set(store.words(thread), BUDGET, Budget::NONE.0);
    }
}

/// Ends the temporal capability in `capability`, whose life is `life`: whoever remembers it has no time. Returns the epoch that must be past
/// before the frame is used.
///
/// # Errors
///
/// [`Error::WrongCore`] if it is another core's; [`Error::InUse`] if the core runs on it; [`Error::Revoked`] if it has ended already.
pub fn reclaim(store: &impl Store, core: &CoreState, capability: Frame, life: u64) -> Result<u64, Error> {
    if !frame::lives(store, capability, life) {
        return Err(Error::Revoked);
    }
    check_unused(store, core, capability)?;
    let budget = Budget::of(capability);
    for thread in threads(store).filter(|thread| of(store, *thread) == budget) {
        set(store.words(thread), BUDGET, Budget::ENDED.0);
    }
    frame::end(store, capability, life)
}

/// Whether `capability` is the core's, and the core does not run on it.
///
/// # Errors
///
/// As [`reclaim`].
pub fn check_unused(store: &impl Store, core: &CoreState, capability: Frame) -> Result<(), Error> {
    if temporal::core_of(store, capability) != core.number {
        return Err(Error::WrongCore);
    }
    let is_used = [core.account.current, core.account.charged].contains(&Budget::of(capability));
    if is_used { Err(Error::InUse) } else { Ok(()) }
}

fn threads(store: &impl Store) -> impl Iterator<Item = Frame> {
    let entries = (0..u32::from(THREADS)).filter_map(|index| store.thread_entry(index));
    entries.map(|entry| entry.load(Acquire)).filter(|address| *address != 0).map(Frame::at)
}

#[cfg(test)]
mod tests;
