//! Launching: a core that runs nothing begins to run a thread, because another core said so.
//!
//! The thread is its core's root: it runs until it ends, and all that happens on that core happens by its decisions. At its
//! end the core is free again, whoever launched the thread can ask how it ended, and, if it gave a send capability, is
//! sent to. Nobody waits for another core.
//!
//! | word of the thread | meaning |
//! |---|---|
//! | 58 | the word with which it starts |
//! | 59, 60 | address and life of the thread that is sent to at its end, or 0 |
//! | 61 | 0 if it was never launched, `RUNNING`, or how it ended |

use crate::budget::Budget;
use crate::core_state::CoreState;
use crate::cross_core::{self, Cores, launched};
use crate::endpoint;
use crate::frame::{self, Frame};
use crate::invocation;
use crate::outcome::Outcome;
use crate::store::{Store, get, set};
use crate::thread::{self, Scheduler, State};
use abi::error::Error;
use abi::operation::ThreadEnd;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Release};

const WORD: usize = 58;
const TOLD: usize = 59;
const TOLD_LIFE: usize = 60;
const ENDED: usize = 61;

/// Launched, and not ended.
const RUNNING: u64 = 1;
const END: u64 = 1 << 63;
const HOW_SHIFT: u32 = 32;

/// Lets the core of `thread`, which runs nothing, run it. `told` is sent to at its end. Answers the core, which has to be
/// interrupted.
///
/// # Errors
///
/// [`Error::InUse`] if the core runs something; [`Error::NotDispatchable`] if the thread is not at its start.
pub fn launch(store: &impl Store, thread: Frame, word: u64, told: Option<Frame>) -> Result<u32, Error> {
    let core = thread::core_of(store, thread);
    let launched = slot(store, core)?;
    launched.compare_exchange(launched::IDLE, launched::CLAIMED, AcqRel, Acquire).map_err(|_| Error::InUse)?;
    // The core is ours: it runs nothing, so nothing happens to its threads.
    if thread::state(store, thread) != State::AtStart {
        launched.store(launched::IDLE, Release);
        return Err(Error::NotDispatchable);
    }
    let words = store.words(thread);
    set(words, WORD, word);
    set(words, TOLD, told.map_or(0, Frame::address));
    set(words, TOLD_LIFE, told.map_or(frame::NO_LIFE, |told| frame::life(store, told)));
    set(words, ENDED, RUNNING);
    launched.store(thread.address(), Release);
    Ok(core)
}

/// What a component does that launches `thread`.
///
/// # Errors
///
/// As [`launch`].
pub fn begin(
    store: &impl Store,
    cores: &mut impl Cores,
    thread: Frame,
    word: u64,
    told: Option<Frame>,
) -> Result<Outcome, Error> {
    let core = launch(store, thread, word, told)?;
    cores.interrupt(core);
    Ok(Outcome::DONE)
}

/// How `thread`, which was launched, ended: a [`ThreadEnd`] and its status.
///
/// # Errors
///
/// [`Error::NothingPending`] if it was never launched; [`Error::Pending`] if it has not ended.
pub fn ended(store: &impl Store, thread: Frame) -> Result<[u64; 2], Error> {
    match get(store.words(thread), ENDED) {
        0 => Err(Error::NothingPending),
        RUNNING => Err(Error::Pending),
        end => Ok([(end & !END) >> HOW_SHIFT, end & u64::from(u16::MAX)]),
    }
}

/// Ends the current thread, which was launched: the core runs nothing from now on.
pub fn end(store: &impl Store, core: &mut CoreState, state: State, how: ThreadEnd, status: u16) -> Outcome {
    let thread = core.thread();
    thread::set_scheduler(store, thread, Scheduler::None);
    thread::leave_root(store, core, thread);
    thread::set_state(store, thread, state);
    let mut account = core.account;
    account.run_on(Budget::NONE);
    *core = CoreState { number: core.number, account, ..CoreState::IDLE };
    note_end(store, thread, how, status);
    Outcome::Idle
}

/// What a core does that runs nothing: it says that what it ran has ended, and begins what was launched.
pub fn next(store: &impl Store, cores: &mut impl Cores, core: &mut CoreState) -> Outcome {
    let Ok(slot) = slot(store, core.number as u32) else { return Outcome::Idle };
    let mut address = slot.load(Acquire);
    if is_thread(address) && ended(store, Frame::at(address)).is_ok() {
        leave(store, cores, core, slot, Frame::at(address));
        address = slot.load(Acquire);
    }
    if !is_thread(address) {
        return Outcome::Idle;
    }
    let thread = Frame::at(address);
    match thread::start(store, core, thread, get(store.words(thread), WORD)) {
        Ok(outcome) => {
            thread::set_scheduler(store, thread, Scheduler::Launched);
            thread::enter_root(store, core, thread);
            invocation::settle(store, core, outcome)
        }
        Err(error) => {
            note_end(store, thread, ThreadEnd::Faulted, error.status());
            leave(store, cores, core, slot, thread);
            Outcome::Idle
        }
    }
}

/// The core is free first, and whoever waits for that is told then.
fn leave(store: &impl Store, cores: &mut impl Cores, core: &CoreState, slot: &AtomicU64, thread: Frame) {
    let words = store.words(thread);
    let (told, life) = (get(words, TOLD), get(words, TOLD_LIFE));
    slot.store(launched::IDLE, Release);
    if told == 0 || !frame::lives(store, Frame::at(told), life) {
        return;
    }
    let told = Frame::at(told);
    if u64::from(thread::core_of(store, told)) == core.number {
        endpoint::notify(store, told);
    } else if let Ok(Some(other)) = cross_core::send(store, told, false) {
        cores.interrupt(other);
    }
}

fn note_end(store: &impl Store, thread: Frame, how: ThreadEnd, status: u16) {
    set(store.words(thread), ENDED, END | (how as u64) << HOW_SHIFT | u64::from(status));
}

fn slot(store: &impl Store, core: u32) -> Result<&AtomicU64, Error> {
    store.shared(core).map(|shared| &shared.launched.0).ok_or(Error::BadArgument)
}

const fn is_thread(address: u64) -> bool {
    address > launched::CLAIMED
}

#[cfg(test)]
mod tests;
