//! Threads: an invocation stack and what is needed to go on.
//!
//! A thread is one frame.
//!
//! | words | meaning |
//! |---|---|
//! | 0 | index \| core << 32: what servers are told |
//! | 1 | address of the top entry of its invocation stack, while it does not run |
//! | 2 | [`State`] |
//! | 3 | its [`Scheduler`] |
//! | 4 | address at which it starts |
//! | 5–10 | its receive end-point, see [`crate::endpoint`] |
//! | 11 | address of the entry whose fault is being handled, or 0 |
//! | 12 | the root before this thread became the core's, see [`dispatch`](crate::dispatch) |
//! | 16–31, 48–49, 64–127 | [`saved`] registers, while it is preempted |
//! | 32–47, 50–51, 128–191 | [`saved`] registers of the level whose fault is being handled |
//! | 192–511 | invocation stack: [`entry`]s of four words, growing up |
//!
//! The entry at the bottom belongs to no component: its epoch is one that
//! descriptor 0 never has, so that a return from the first component fails the
//! same check as a return into a revoked one, without a test of its own.

use crate::component::Reference;
use crate::core_state::CoreState;
use crate::endpoint;
use crate::frame::Frame;
use crate::outcome::{Outcome, Registers};
use crate::store::{Store, get, set};
use abi::error::Error;
use core::sync::atomic::Ordering::{AcqRel, Acquire};

const IDENTITY: usize = 0;
const TOP: usize = 1;
const STATE: usize = 2;
const SCHEDULER: usize = 3;
const START: usize = 4;
const FAULTED_ENTRY: usize = 11;
const ROOT_BEFORE: usize = 12;

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
    pub const BOTTOM: usize = 192;

    /// In the epoch of an entry: its fault is being handled. No component ever has such an epoch, so that
    /// a return into the level fails the same check as one into a revoked component.
    pub const FAULTED: u64 = 1 << 63;

    /// The word of its thread at which the entry with this address starts.
    pub const fn index(address: u64) -> usize {
        (address % 4096 / 8) as usize
    }
}

/// What is kept of a level that does not go on by itself. Address and stack pointer are in its entry.
pub mod saved {
    /// Where the registers of a level are kept, in words of the thread.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Area {
        /// First of the fifteen general registers other than `rsp`, `r15` to `rax`.
        pub registers: usize,
        /// RFLAGS.
        pub flags: usize,
        /// FS base.
        pub fs_base: usize,
        /// GS base.
        pub gs_base: usize,
        /// First word of the x87 and SSE state, in the processor's format.
        pub floating_point: usize,
    }

    /// General registers that are kept.
    pub const COUNT: usize = 15;
    /// Of a preempted thread.
    pub const PREEMPTED: Area = Area { registers: 16, flags: 31, fs_base: 48, gs_base: 49, floating_point: 64 };
    /// Of the level whose fault is being handled.
    pub const FAULTED: Area = Area { registers: 32, flags: 47, fs_base: 50, gs_base: 51, floating_point: 128 };
    /// The word that says whether the area for faults is in use.
    pub const IN_USE: usize = super::FAULTED_ENTRY;
}

/// An epoch that descriptor 0 never has.
const NEVER: u64 = 1;

/// What a thread is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum State {
    /// At its start, waiting to be dispatched.
    AtStart = 0,
    /// Running on its core.
    Running = 1,
    /// Ended by a fault, for good.
    Faulted = 2,
    /// It dispatched another, and goes on when somebody dispatches it.
    Suspended = 3,
    /// It waits at its receive end-point.
    Receiving = 4,
    /// The core was taken from it; all its registers are [`saved`].
    Preempted = 5,
    /// It dispatched another and waits for that one's end.
    Waiting = 6,
}

/// Who goes on when a thread does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheduler {
    /// Nobody: the first thread of all.
    None,
    /// A thread that waits in its dispatch, for the end.
    Waiting(Frame),
    /// A thread that takes events in, at its receive end-point.
    EndPoint(Frame),
}

impl Scheduler {
    const WAITING: u64 = 1;

    const fn to_word(self) -> u64 {
        match self {
            Self::None => 0,
            Self::Waiting(thread) => thread.address() | Self::WAITING,
            Self::EndPoint(thread) => thread.address(),
        }
    }

    const fn from_word(word: u64) -> Self {
        match (word, word & Self::WAITING) {
            (0, _) => Self::None,
            (_, 0) => Self::EndPoint(Frame::at(word)),
            _ => Self::Waiting(Frame::at(word)),
        }
    }
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

/// Makes `thread`, which is not running, the current one: it goes on where it is. `word` is for one at its start.
///
/// The thread that was current keeps the state that the caller gave it.
///
/// # Errors
///
/// [`Error::NotDispatchable`] if it cannot go on; [`Error::Revoked`] if it would start in a dead component.
pub fn resume(store: &impl Store, core: &mut CoreState, thread: Frame, word: u64) -> Result<Outcome, Error> {
    let outcome = match state(store, thread) {
        State::AtStart => return start(store, core, thread, word),
        State::Suspended => Outcome::DONE,
        State::Receiving => endpoint::take(store, thread).ok_or(Error::NotDispatchable)?,
        State::Preempted => Outcome::Restore,
        State::Running | State::Waiting | State::Faulted => return Err(Error::NotDispatchable),
    };
    switch(store, core, thread);
    Ok(outcome)
}

/// Makes `thread`, which is at its start, the current one.
///
/// # Errors
///
/// [`Error::Revoked`] if its component is dead.
pub fn start(store: &impl Store, core: &mut CoreState, thread: Frame, word: u64) -> Result<Outcome, Error> {
    let words = store.words(thread);
    first_component(store, thread).live(store)?;
    let first = entry::BOTTOM + entry::WORDS;
    set(words, first + entry::ADDRESS, get(words, START));
    set(words, first + entry::STACK, 0);
    set(words, first + entry::EPOCH, get(words, first + entry::EPOCH) & !entry::FAULTED);
    set(words, TOP, first_entry(thread));
    set(words, FAULTED_ENTRY, 0);
    switch(store, core, thread);
    Ok(Outcome::Resume(Registers { rdi: word, r9: core.identity, ..Registers::default() }))
}

/// Makes `thread` the current one; what its registers get is up to the caller.
pub fn switch(store: &impl Store, core: &mut CoreState, thread: Frame) {
    if core.thread != 0 {
        set(store.words(core.thread()), TOP, core.top);
    }
    set_state(store, thread, State::Running);
    let words = store.words(thread);
    (core.thread, core.top, core.identity) = (thread.address(), get(words, TOP), get(words, IDENTITY));
}

/// What `thread` is doing.
pub fn state(store: &impl Store, thread: Frame) -> State {
    match get(store.words(thread), STATE) {
        0 => State::AtStart,
        1 => State::Running,
        3 => State::Suspended,
        4 => State::Receiving,
        5 => State::Preempted,
        6 => State::Waiting,
        _ => State::Faulted,
    }
}

/// Says what `thread` is doing from now on.
pub fn set_state(store: &impl Store, thread: Frame, state: State) {
    set(store.words(thread), STATE, state as u64);
}

/// Who goes on when `thread` does not.
pub fn scheduler(store: &impl Store, thread: Frame) -> Scheduler {
    Scheduler::from_word(get(store.words(thread), SCHEDULER))
}

/// Says who goes on when `thread` does not. What the one before was to be told of it is nobody's business any more.
pub fn set_scheduler(store: &impl Store, thread: Frame, scheduler: Scheduler) {
    if let Scheduler::EndPoint(before) = self::scheduler(store, thread)
        && scheduler != Scheduler::EndPoint(before)
    {
        endpoint::forget(store, before, thread);
    }
    set(store.words(thread), SCHEDULER, scheduler.to_word());
}

/// Makes `thread` the core's root.
pub fn enter_root(store: &impl Store, core: &mut CoreState, thread: Frame) {
    set(store.words(thread), ROOT_BEFORE, core.root);
    core.root = thread.address();
}

/// Makes the root what it was before `thread` was it.
pub fn leave_root(store: &impl Store, core: &mut CoreState, thread: Frame) {
    if core.root == thread.address() {
        core.root = get(store.words(thread), ROOT_BEFORE);
    }
}

/// Marks the current level as one whose fault is being handled; false if another of the thread is.
pub fn mark_faulted(store: &impl Store, core: &CoreState) -> bool {
    let (words, at) = (store.words(core.thread()), entry::index(core.top));
    if get(words, FAULTED_ENTRY) != 0 {
        return false;
    }
    set(words, FAULTED_ENTRY, core.top);
    set(words, at + entry::EPOCH, get(words, at + entry::EPOCH) | entry::FAULTED);
    true
}

/// Takes the mark away from the current level; false if it has none.
pub fn unmark_faulted(store: &impl Store, core: &CoreState) -> bool {
    let (words, at) = (store.words(core.thread()), entry::index(core.top));
    if get(words, FAULTED_ENTRY) != core.top {
        return false;
    }
    set(words, FAULTED_ENTRY, 0);
    set(words, at + entry::EPOCH, get(words, at + entry::EPOCH) & !entry::FAULTED);
    true
}

/// Whether the current thread has no invocation left to return from.
pub fn is_at_first_entry(core: &CoreState) -> bool {
    core.top <= first_entry(core.thread())
}

/// The index of `thread`.
pub fn index(store: &impl Store, thread: Frame) -> u32 {
    get(store.words(thread), IDENTITY) as u32
}

/// The core that `thread` belongs to.
pub fn core_of(store: &impl Store, thread: Frame) -> u32 {
    (get(store.words(thread), IDENTITY) >> 32) as u32
}

fn first_component(store: &impl Store, thread: Frame) -> Reference {
    CoreState { top: first_entry(thread), thread: thread.address(), ..CoreState::IDLE }.component(store)
}

const fn first_entry(thread: Frame) -> u64 {
    thread.address() + (8 * entry::BOTTOM) as u64 + entry::BYTES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Memory;

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

    #[test]
    fn a_state_and_a_scheduler_are_what_was_said() {
        use State::*;
        let memory = Memory::new();
        let thread = memory.kernel();
        for said in [AtStart, Running, Faulted, Suspended, Receiving, Preempted, Waiting] {
            set_state(&memory, thread, said);
            assert_eq!(state(&memory, thread), said);
        }
        for said in [Scheduler::None, Scheduler::Waiting(Frame(7)), Scheduler::EndPoint(Frame(7))] {
            set_scheduler(&memory, thread, said);
            assert_eq!(scheduler(&memory, thread), said);
        }
    }
}
