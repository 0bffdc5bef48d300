//! Synchronous invocation and return: the caller's thread migrates into the server and back.
//!
//! This is the specification of the kernel's `entry` path, which does the same
//! for the common case and comes here for every other.

use crate::capability::Invocation;
use crate::component::{Reference, index_of};
use crate::core_state::CoreState;
use crate::dispatch;
use crate::fault;
use crate::outcome::{Outcome, Registers};
use crate::store::{Store, get, set};
use crate::thread::{self, entry};
use abi::crossing::METHODS;
use abi::error::Error;
use abi::layout::PAGE;
use abi::operation::ThreadEnd;

/// Invokes `method` of `capability` with four words.
///
/// # Errors
///
/// [`Error::MethodNotPermitted`]; [`Error::Revoked`]; [`Error::DepthExceeded`].
pub fn invoke(
    store: &impl Store,
    core: &mut CoreState,
    capability: Invocation,
    method: u16,
    [rdi, rsi, rdx, r10]: [u64; 4],
) -> Result<Outcome, Error> {
    if method >= METHODS || capability.methods & (1 << method) == 0 {
        return Err(Error::MethodNotPermitted);
    }
    capability.server.live(store)?;
    push(store, core, capability.server, capability.entry)?;
    let (r8, r9) = (capability.token, core.identity);
    Ok(Outcome::resume(core, Registers { rax: u64::from(method), rdi, rsi, rdx, r10, r8, r9 }))
}

/// Returns from the current invocation with a status and two words; from a
/// thread's first component, this ends the thread.
pub fn return_with(store: &impl Store, core: &mut CoreState, status: u16, words: [u64; 2]) -> Outcome {
    if thread::is_at_first_entry(core) {
        let outcome = dispatch::end(store, core, ThreadEnd::Returned, status);
        return settle(store, core, outcome);
    }
    core.top -= entry::BYTES;
    let outcome = if thread::unmark_faulted(store, core) {
        fault::follow(store, core, status, words)
    } else {
        Outcome::resume(core, Registers::answer(u64::from(status), words))
    };
    settle(store, core, outcome)
}

/// Leaves the current level with `error` for the next level that lives; with none, the thread ends.
pub fn unwind(store: &impl Store, core: &mut CoreState, error: Error) -> Outcome {
    let outcome = unwind_thread(store, core, error);
    settle(store, core, outcome)
}

/// Lets `outcome` stand if the level that it resumes lives, and unwinds that level's thread too if not.
#[inline(always)]
pub fn settle(store: &impl Store, core: &mut CoreState, mut outcome: Outcome) -> Outcome {
    while outcome.goes_on() && !core.is_live(store) {
        outcome = unwind_thread(store, core, Error::Revoked);
    }
    outcome
}

#[cold]
#[inline(never)]
fn unwind_thread(store: &impl Store, core: &mut CoreState, error: Error) -> Outcome {
    while !thread::is_at_first_entry(core) {
        core.top -= entry::BYTES;
        // A level whose fault was being handled has no handler any more: it goes the same way.
        if !thread::unmark_faulted(store, core) && core.is_live(store) {
            return error.into();
        }
    }
    dispatch::end(store, core, ThreadEnd::Faulted, error.status())
}

/// The components on the current thread's invocation stack, the innermost first.
pub fn levels(store: &impl Store, core: &CoreState) -> impl Iterator<Item = Reference> {
    let words = store.words(core.thread());
    let first = entry::BOTTOM + entry::WORDS;
    let tops = (first..=entry::index(core.top)).rev().step_by(entry::WORDS);
    tops.map(|at| Reference {
        descriptor: index_of(get(words, at + entry::DESCRIPTOR)),
        epoch: get(words, at + entry::EPOCH) & !entry::FAULTED,
    })
}

fn push(store: &impl Store, core: &mut CoreState, server: Reference, address: u64) -> Result<(), Error> {
    let top = core.top + entry::BYTES;
    if top.is_multiple_of(PAGE) {
        return Err(Error::DepthExceeded);
    }
    let (words, at) = (store.words(core.thread()), entry::index(top));
    set(words, at + entry::ADDRESS, address);
    set(words, at + entry::STACK, 0);
    set(words, at + entry::DESCRIPTOR, server.offset());
    set(words, at + entry::EPOCH, server.epoch);
    core.top = top;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component;
    use crate::testing::System;
    use abi::crossing::INVOCATION_DEPTH;

    fn to(server: Reference) -> Invocation {
        Invocation { server, entry: 0x50_0000, token: 77, methods: 0b10 }
    }

    #[test]
    fn a_call_enters_the_server_and_a_return_comes_back() {
        let mut system = System::new();
        let server = system.component(4);
        let before = system.place();
        let outcome = invoke(&system.memory, &mut system.core, to(server), 1, [1, 2, 3, 4]).unwrap();
        let expected = Registers { rax: 1, rdi: 1, rsi: 2, rdx: 3, r10: 4, r8: 77, r9: before.identity };
        assert_eq!(system.resumed(outcome), expected);
        assert_eq!(system.resume_point(), (0x50_0000, 0));
        assert_eq!(system.core.component(&system.memory), server);
        let outcome = return_with(&system.memory, &mut system.core, 300, [8, 9]);
        assert_eq!(system.told(outcome), (300, [8, 9]));
        assert_eq!(system.place(), before);
    }

    #[test]
    fn only_permitted_methods_pass() {
        let mut system = System::new();
        let server = system.component(4);
        for method in [0, 2, 63, 64, 65, u16::MAX] {
            let result = invoke(&system.memory, &mut system.core, to(server), method, [0; 4]);
            assert_eq!(result, Err(Error::MethodNotPermitted), "method {method}");
        }
    }

    #[test]
    fn a_revoked_server_is_not_entered() {
        let mut system = System::new();
        let server = system.component(4);
        component::revoke(&system.memory, server).unwrap();
        let result = invoke(&system.memory, &mut system.core, to(server), 1, [0; 4]);
        assert_eq!(result, Err(Error::Revoked));
    }

    #[test]
    fn depth_is_checked_before_the_push() {
        let mut system = System::new();
        let server = system.component(4);
        for _ in 0..INVOCATION_DEPTH {
            invoke(&system.memory, &mut system.core, to(server), 1, [0; 4]).unwrap();
        }
        let before = system.core;
        let result = invoke(&system.memory, &mut system.core, to(server), 1, [0; 4]);
        assert_eq!(result, Err(Error::DepthExceeded));
        assert_eq!(system.core, before);
        assert_eq!(levels(&system.memory, &system.core).count() as u64, INVOCATION_DEPTH + 1);
        for _ in 0..INVOCATION_DEPTH {
            return_with(&system.memory, &mut system.core, 0, [0; 2]);
        }
        assert_eq!(levels(&system.memory, &system.core).count(), 1);
    }

    #[test]
    fn a_return_into_a_dead_client_goes_on_to_the_next_live_level() {
        let mut system = System::new();
        let (outer, inner) = (system.component(4), system.component(5));
        let before = system.place();
        for server in [outer, inner] {
            invoke(&system.memory, &mut system.core, to(server), 1, [0; 4]).unwrap();
        }
        component::revoke(&system.memory, outer).unwrap();
        let outcome = return_with(&system.memory, &mut system.core, 0, [0; 2]);
        assert_eq!(outcome, Error::Revoked.into());
        assert_eq!(system.place(), before);
    }

    #[test]
    fn a_thread_whose_dispatcher_died_does_not_resume_it() {
        let mut system = System::new();
        let (middle, middle_component) = system.thread(4, 0x41_0000);
        let (inner, _) = system.thread(5, 0x42_0000);
        let before = system.place();
        dispatch::wait_for(&system.memory, &mut system.core, middle, 0).unwrap();
        dispatch::wait_for(&system.memory, &mut system.core, inner, 0).unwrap();
        component::revoke(&system.memory, middle_component).unwrap();
        let outcome = return_with(&system.memory, &mut system.core, 0, [0; 2]);
        let status = u64::from(Error::Revoked.status());
        assert_eq!(system.told(outcome), (0, [ThreadEnd::Faulted as u64, status]));
        assert_eq!(system.place(), before);
    }

    #[test]
    fn unwinding_takes_one_level() {
        let mut system = System::new();
        let (outer, inner) = (system.component(4), system.component(5));
        for server in [outer, inner] {
            invoke(&system.memory, &mut system.core, to(server), 1, [0; 4]).unwrap();
        }
        assert_eq!(unwind(&system.memory, &mut system.core, Error::Faulted), Error::Faulted.into());
        assert_eq!(system.core.component(&system.memory), outer);
    }

    #[test]
    fn a_return_from_the_first_component_ends_the_thread() {
        let mut system = System::new();
        let outcome = return_with(&system.memory, &mut system.core, 0, [0; 2]);
        assert_eq!(outcome, Outcome::NothingToRun);
    }
}
