//! Threads: an invocation stack and what is needed to go on.
//!
//! A thread is one frame.
//!
//! | words | meaning |
//! |---|---|
//! | 0 | index \| core << 32: what servers are told |
//! | 1 | address of the top entry of its invocation stack, while it does not run |
//! | 2 | [`State`] |
//! | 3 | address of the thread that dispatched it, or 0 |
//! | 4 | address at which it starts |
//! | 128–511 | invocation stack: [`entry`]s of four words, growing up |
//!
//! The entry at the bottom belongs to no component: its epoch is one that
//! descriptor 0 never has, so that a return from the first component fails the
//! same check as a return into a revoked one, without a test of its own.

use crate::capability::{self, Capability};
use crate::component::Reference;
use crate::core_state::CoreState;
use crate::frame::Frame;
use crate::outcome::{End, Outcome, Registers};
use crate::store::{Store, get, set};
use abi::error::Error;
use abi::operation::ThreadEnd;
use core::sync::atomic::Ordering::{AcqRel, Acquire};

const IDENTITY: usize = 0;
const TOP: usize = 1;
const STATE: usize = 2;
const DISPATCHER: usize = 3;
const START: usize = 4;

/// An entry of an invocation stack, in words from the entry's start.
pub mod entry {
    /// Where the component goes on when the invocation that it made returns.
    pub const ADDRESS: usize = 0;
    /// Its stack pointer there.
    pub const STACK: usize = 1;
    /// Descriptor offset of the component.
    pub const DESCRIPTOR: usize = 2;
    /// Epoch of the component.
    pub const EPOCH: usize = 3;
    /// Words of an entry.
    pub const WORDS: usize = 4;
    /// Bytes of an entry.
    pub const BYTES: u64 = 8 * WORDS as u64;
    /// Word of the thread at which the stack's bottom entry lies.
    pub const BOTTOM: usize = 128;

    /// The word of its thread at which the entry with this address starts.
    pub const fn index(address: u64) -> usize {
        (address % 4096 / 8) as usize
    }
}

/// An epoch that descriptor 0 never has.
const NEVER: u64 = 1;

/// What a thread is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum State {
    /// At its start, waiting to be dispatched.
    AtStart = 0,
    /// Running, or waiting for a thread that it dispatched.
    Running = 1,
    /// Ended by a fault, for good.
    Faulted = 2,
}

/// Makes the claimed frame `thread` a thread with the free `index` that starts at `start` in `component`.
///
/// # Errors
///
/// [`Error::BadArgument`] if there is no such index; [`Error::IndexTaken`].
pub fn create(
    store: &impl Store,
    thread: Frame,
    index: u32,
    core: u32,
    component: Reference,
    start: u64,
) -> Result<(), Error> {
    let taken = store.thread_entry(index).ok_or(Error::BadArgument)?;
    let swapped = taken.compare_exchange(0, thread.address(), AcqRel, Acquire);
    swapped.map_err(|_| Error::IndexTaken)?;
    let words = store.words(thread);
    set(words, IDENTITY, u64::from(index) | u64::from(core) << 32);
    set(words, START, start);
    set(words, TOP, first_entry(thread));
    set(words, entry::BOTTOM + entry::EPOCH, NEVER);
    let first = entry::BOTTOM + entry::WORDS;
    set(words, first + entry::DESCRIPTOR, component.offset());
    set(words, first + entry::EPOCH, component.epoch);
    Ok(())
}

/// Whether a thread with this index can be made.
///
/// # Errors
///
/// As [`create`].
pub fn check_index(store: &impl Store, index: u32) -> Result<(), Error> {
    let taken = store.thread_entry(index).ok_or(Error::BadArgument)?;
    if taken.load(Acquire) == 0 { Ok(()) } else { Err(Error::IndexTaken) }
}

/// Puts a capability to `thread` into the claimed `slot`.
pub fn commit(slot: &capability::Slot, thread: Frame) {
    capability::commit(slot, Capability::Thread(thread));
}

/// Runs `thread`, which is at its start, on this core; the current thread waits for its end.
///
/// # Errors
///
/// [`Error::NotDispatchable`] if it is not at its start; [`Error::Revoked`] if its component is dead.
pub fn dispatch(store: &impl Store, core: &mut CoreState, thread: Frame, word: u64) -> Result<Outcome, Error> {
    let words = store.words(thread);
    if get(words, STATE) != State::AtStart as u64 {
        return Err(Error::NotDispatchable);
    }
    first_component(store, thread).live(store)?;
    set(words, DISPATCHER, core.thread);
    Ok(start(store, core, thread, word))
}

/// Makes `thread` the current one, from its start. Used by [`dispatch`] and for the first thread of all.
pub fn start(store: &impl Store, core: &mut CoreState, thread: Frame, word: u64) -> Outcome {
    let words = store.words(thread);
    set(words, STATE, State::Running as u64);
    let first = entry::BOTTOM + entry::WORDS;
    set(words, first + entry::ADDRESS, get(words, START));
    set(words, first + entry::STACK, 0);
    switch(store, core, thread, first_entry(thread));
    Outcome::Resume(Registers { rdi: word, r9: core.identity, ..Registers::default() })
}

/// Ends the current thread; whoever dispatched it goes on.
pub fn end(store: &impl Store, core: &mut CoreState, how: ThreadEnd, status: u64) -> Outcome {
    let words = store.words(core.thread());
    let state = if how == ThreadEnd::Returned { State::AtStart } else { State::Faulted };
    set(words, STATE, state as u64);
    set(words, TOP, first_entry(core.thread()));
    let dispatcher = get(words, DISPATCHER);
    if dispatcher == 0 {
        return Outcome::End(End::NothingToRun);
    }
    set(words, DISPATCHER, 0);
    let dispatcher = Frame::at(dispatcher);
    core.thread = 0;
    switch(store, core, dispatcher, get(store.words(dispatcher), TOP));
    Outcome::answer([how as u64, status])
}

/// Whether the current thread has no invocation left to return from.
pub fn is_at_first_entry(core: &CoreState) -> bool {
    core.top <= first_entry(core.thread())
}

/// The index of `thread`.
pub fn index(store: &impl Store, thread: Frame) -> u32 {
    get(store.words(thread), IDENTITY) as u32
}

fn first_component(store: &impl Store, thread: Frame) -> Reference {
    CoreState { top: first_entry(thread), identity: 0, thread: thread.address() }.component(store)
}

const fn first_entry(thread: Frame) -> u64 {
    thread.address() + (8 * entry::BOTTOM) as u64 + entry::BYTES
}

fn switch(store: &impl Store, core: &mut CoreState, to: Frame, top: u64) {
    if core.thread != 0 {
        set(store.words(core.thread()), TOP, core.top);
    }
    *core = CoreState { top, identity: get(store.words(to), IDENTITY), thread: to.address() };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component;
    use crate::testing::{Memory, System};

    #[test]
    fn a_thread_runs_and_comes_back_to_its_dispatcher() {
        let mut system = System::new();
        let (thread, _) = system.thread(5, 0x41_0000);
        let before = system.core;
        let outcome = dispatch(&system.memory, &mut system.core, thread, 42).unwrap();
        let Outcome::Resume(registers) = outcome else { panic!("{outcome:?}") };
        assert_eq!((registers.rdi, registers.r9), (42, 5));
        assert_eq!(system.resume_point(), (0x41_0000, 0));
        let outcome = end(&system.memory, &mut system.core, ThreadEnd::Returned, 9);
        assert_eq!(outcome, Outcome::answer([ThreadEnd::Returned as u64, 9]));
        assert_eq!(system.core, before);
    }

    #[test]
    fn a_thread_that_returned_runs_again_and_one_that_faulted_does_not() {
        let mut system = System::new();
        let (thread, _) = system.thread(5, 0x41_0000);
        for how in [ThreadEnd::Returned, ThreadEnd::Faulted] {
            dispatch(&system.memory, &mut system.core, thread, 0).unwrap();
            end(&system.memory, &mut system.core, how, 0);
        }
        let again = dispatch(&system.memory, &mut system.core, thread, 0);
        assert_eq!(again, Err(Error::NotDispatchable));
    }

    #[test]
    fn a_running_thread_is_not_dispatched() {
        let mut system = System::new();
        let (thread, _) = system.thread(5, 0x41_0000);
        let first = system.core.thread();
        dispatch(&system.memory, &mut system.core, thread, 0).unwrap();
        for running in [thread, first] {
            let result = dispatch(&system.memory, &mut system.core, running, 0);
            assert_eq!(result, Err(Error::NotDispatchable));
        }
    }

    #[test]
    fn a_thread_of_a_dead_component_is_not_dispatched() {
        let mut system = System::new();
        let (thread, component) = system.thread(5, 0x41_0000);
        component::revoke(&system.memory, component).unwrap();
        let result = dispatch(&system.memory, &mut system.core, thread, 0);
        assert_eq!(result, Err(Error::Revoked));
    }

    #[test]
    fn the_end_of_the_first_thread_leaves_nothing_to_run() {
        let mut system = System::new();
        let outcome = end(&system.memory, &mut system.core, ThreadEnd::Returned, 0);
        assert_eq!(outcome, Outcome::End(End::NothingToRun));
    }

    #[test]
    fn an_index_names_one_thread() {
        let memory = Memory::new();
        let component = Reference { descriptor: 1, epoch: 1 };
        let (one, other) = (memory.kernel(), memory.kernel());
        create(&memory, one, 7, 0, component, 0x40_0000).unwrap();
        assert_eq!(create(&memory, other, 7, 0, component, 0x40_0000), Err(Error::IndexTaken));
        assert_eq!(check_index(&memory, 7), Err(Error::IndexTaken));
        assert_eq!(check_index(&memory, u32::MAX), Err(Error::BadArgument));
    }
}
