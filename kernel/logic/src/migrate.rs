//! Migration: a thread that does not run goes to another core, because a thread of its own core said so.
//!
//! From then on nobody schedules it, until somebody there dispatches it. What other cores send meanwhile waits: a count that
//! is not theirs keeps them from listing the thread, and is taken away once it belongs to the other core. So a send is neither lost nor
//! delivered to a core that the thread has left.

use crate::budget;
use crate::core_state::CoreState;
use crate::cross_core::{self, Cores};
use crate::frame::Frame;
use crate::outcome::Outcome;
use crate::quiescence;
use crate::store::Store;
use crate::thread::{self, Scheduler, State};
use crate::unheard;
use abi::error::Error;

/// Moves `thread` to core number `to`.
///
/// # Errors
///
/// See [`Migrate`](abi::operation::ThreadOperation::Migrate).
pub fn migrate(
    store: &impl Store,
    cores: &mut impl Cores,
    core: &CoreState,
    thread: Frame,
    to: u64,
) -> Result<Outcome, Error> {
    thread::check_core(store, core, thread)?;
    let to = u32::try_from(to).ok().filter(|to| quiescence::is_online(store, *to)).ok_or(Error::BadArgument)?;
    if !matches!(thread::state(store, thread), State::AtStart | State::Suspended | State::Preempted) {
        return Err(Error::NotDispatchable);
    }
    let is_awaited = matches!(thread::scheduler(store, thread), Scheduler::Waiting(_) | Scheduler::Launched);
    if is_awaited || thread::schedules(store, thread) || unheard::has_joined(store, thread) {
        return Err(Error::InUse);
    }
    cross_core::hold(store, thread)?;
    thread::set_scheduler(store, thread, Scheduler::None);
    budget::forget(store, thread);
    thread::set_core(store, thread, to);
    if cross_core::let_go(store, thread)? {
        cores.interrupt(to);
    }
    Ok(Outcome::DONE)
}

#[cfg(test)]
mod tests;
