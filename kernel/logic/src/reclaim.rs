//! Reclaiming: an object ends, every capability to it is stale at once, and its frame is untyped again.
//!
//! | object | what has to have happened before |
//! |---|---|
//! | capability table, page table | everything in it is taken away, and the components that used it are reclaimed |
//! | component | it was revoked, and that is past everywhere |
//! | temporal capability | the core, which is the caller's, does not run on it |
//! | thread | it does not run, nobody waits for its end and it waits for nobody's; it is one of the caller's core, or of a core that runs nothing |
//!
//! Work is bounded: by the entries of a frame, or by the number of threads.

use crate::budget;
use crate::capability::{Slot, word};
use crate::capability_table::CapabilityTable;
use crate::component;
use crate::core_state::CoreState;
use crate::cross_core::{self, launched};
use crate::endpoint;
use crate::frame::{self, Frame};
use crate::page_table::PageTable;
use crate::slot;
use crate::store::Store;
use crate::thread::{self, Scheduler, State};
use abi::error::Error;
use abi::kind::Kind;
use abi::layout::THREADS;
use abi::rights;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Release};

/// Ends the object behind the capability in `slot`. Returns the epoch that must be past before its frame is used.
///
/// # Errors
///
/// [`Error::Empty`]; [`Error::Revoked`]; [`Error::WrongKind`] if there is no object of its own behind it;
/// [`Error::RightsExceeded`]; those of the object.
pub fn object(store: &impl Store, core: &CoreState, slot: &Slot) -> Result<u64, Error> {
    let header = slot::fresh(store, slot)?;
    let (object, life) = (Frame::at(slot::get(slot, word::OBJECT)), slot::get(slot, word::LIFE));
    let kind = Kind::from_number(header as u8).ok_or(Error::Empty)?;
    if !has_own_object(kind) {
        return Err(Error::WrongKind);
    }
    slot::check(slot, kind, rights::RECLAIM)?;
    match kind {
        Kind::CapabilityTable => CapabilityTable(object).reclaim(store, life),
        Kind::PageTable => PageTable(object).reclaim(store, life),
        Kind::Component => component::reclaim(store, object, life),
        Kind::TemporalCapability => budget::reclaim(store, core, object, life),
        _ => thread(store, core, object, life),
    }
}

/// Whether there is an object behind capabilities of `kind`, and not somebody else's.
const fn has_own_object(kind: Kind) -> bool {
    use Kind::{CapabilityTable, Component, PageTable, TemporalCapability, Thread};
    matches!(kind, CapabilityTable | PageTable | Component | Thread | TemporalCapability)
}

/// Ends `thread`, whose life is `life`.
///
/// # Errors
///
/// [`Error::InUse`] if it runs, waits for another's end or is waited for; [`Error::WrongCore`] if it belongs to another
/// core that runs something, or that has schedulers which know it; [`Error::Pending`] if what another core sent to it is on its way.
pub fn thread(store: &impl Store, core: &CoreState, thread: Frame, life: u64) -> Result<u64, Error> {
    if thread::check_core(store, core, thread).is_err() {
        return elsewhere(store, thread, life);
    }
    check_idle(store, thread)?;
    cross_core::close(store, thread)?;
    let above = scheduler_above(store, core, thread);
    inherit(store, thread, above);
    thread::set_scheduler(store, thread, Scheduler::None);
    finish(store, thread, life)
}

/// Whether `thread` neither runs nor is part of a wait.
fn check_idle(store: &impl Store, thread: Frame) -> Result<(), Error> {
    let waits = matches!(thread::state(store, thread), State::Running | State::Waiting);
    let is_awaited = matches!(thread::scheduler(store, thread), Scheduler::Waiting(_) | Scheduler::Launched);
    if waits || is_awaited { Err(Error::InUse) } else { Ok(()) }
}

fn finish(store: &impl Store, thread: Frame, life: u64) -> Result<u64, Error> {
    let index = thread::index(store, thread);
    let epoch = frame::end(store, thread, life)?;
    if let Some(entry) = store.thread_entry(index) {
        // It is this thread's until here: nobody else changes it.
        let _ = entry.compare_exchange(thread.address(), 0, AcqRel, Acquire);
    }
    Ok(epoch)
}

/// Who schedules, from now on, those that `thread` scheduled: who schedules `thread`, or whoever is there in any case.
fn scheduler_above(store: &impl Store, core: &CoreState, thread: Frame) -> Frame {
    match thread::scheduler(store, thread) {
        Scheduler::EndPoint(above) if above != thread => above,
        _ if core.root != 0 && core.root != thread.address() => Frame::at(core.root),
        _ => core.thread(),
    }
}

/// Leaves the threads that `thread` schedules to `above`, with what is to be told of them.
fn inherit(store: &impl Store, thread: Frame, above: Frame) {
    endpoint::disband(store, thread);
    for scheduled in scheduled_by(store, thread) {
        let event = endpoint::take_back(store, scheduled);
        thread::set_scheduler(store, scheduled, Scheduler::EndPoint(above));
        if let Some(event) = event {
            endpoint::post(store, above, scheduled, event.what);
        }
    }
}

fn scheduled_by(store: &impl Store, scheduler: Frame) -> impl Iterator<Item = Frame> {
    let threads = (0..u32::from(THREADS)).filter_map(|index| store.thread_entry(index));
    let threads = threads.map(|entry| entry.load(Acquire)).filter(|address| *address != 0).map(Frame::at);
    threads.filter(move |thread| thread::scheduler(store, *thread) == Scheduler::EndPoint(scheduler))
}

/// Ends a thread of a core that runs nothing: while we keep it from beginning anything, nothing happens to its threads.
fn elsewhere(store: &impl Store, thread: Frame, life: u64) -> Result<u64, Error> {
    let core = store.shared(thread::core_of(store, thread)).ok_or(Error::WrongCore)?;
    let launched = &core.launched.0;
    launched.compare_exchange(launched::IDLE, launched::CLAIMED, AcqRel, Acquire).map_err(|_| Error::WrongCore)?;
    let ended = finish_unknown(store, thread, life);
    launched.store(launched::IDLE, Release);
    ended
}

/// Ends a thread that no scheduler knows. (What schedulers know changes when an interrupt brings a send, even on a core
/// that runs nothing.)
fn finish_unknown(store: &impl Store, thread: Frame, life: u64) -> Result<u64, Error> {
    let is_known = matches!(thread::scheduler(store, thread), Scheduler::EndPoint(_));
    if is_known || scheduled_by(store, thread).next().is_some() {
        return Err(Error::WrongCore);
    }
    check_idle(store, thread)?;
    cross_core::close(store, thread)?;
    finish(store, thread, life)
}

#[cfg(test)]
mod tests;
