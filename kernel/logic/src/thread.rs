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
//! | 5–10, 15 | its receive end-point, see [`crate::endpoint`] |
//! | 11 | address of the entry whose fault is being handled, or 0 |
//! | 12 | the root before this thread became the core's, see [`dispatch`](crate::dispatch) |
//! | 13 | FS base with which it starts |
//! | 14 | what it runs on when it goes on of its own accord, see [`crate::budget`] |
//! | 16–31, 48–49, 64–127 | [`saved`] registers, while it is preempted |
//! | 32–47, 50–51, 128–191 | [`saved`] registers of the level whose fault is being handled |
//! | 52 | its limit, see [`dispatch`](crate::dispatch) |
//! | 53 | how many threads it schedules |
//! | 54 | the span of its stack, if it has joined, see [`unheard`](crate::unheard) |
//! | 56–61 | what other cores write, see [`cross_core`](crate::cross_core) and [`launch`](crate::launch) |
//! | 192–511 | invocation stack: [`entry`]s of four words, growing up |
//!
//! The entry at the bottom belongs to no component: its epoch is one that
//! descriptor 0 never has, so that a return from the first component fails the
//! same check as a return into a revoked one, without a test of its own.

use crate::budget;
use crate::component::Reference;
use crate::core_state::CoreState;
use crate::endpoint;
use crate::frame::Frame;
use crate::outcome::{Outcome, Registers};
use crate::store::{Level, Store, Words, get, set};
use abi::crossing::EXIT_FLAGS;
use abi::error::Error;
use abi::register::Register;
use core::sync::atomic::Ordering::{AcqRel, Acquire};

pub(crate) const IDENTITY: usize = 0;
pub(crate) const TOP: usize = 1;
pub(crate) const STATE: usize = 2;
pub(crate) const SCHEDULER: usize = 3;
const START: usize = 4;
const FAULTED_ENTRY: usize = 11;
const ROOT_BEFORE: usize = 12;
const START_FS_BASE: usize = 13;
const SCHEDULED: usize = 53;

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

/// What a thread is doing. From [`Running`](Self::Running) on, it is a thread that a decision can leave the core to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum State {
    /// At its start, waiting to be dispatched.
    AtStart = 0,
    /// Ended by a fault, for good.
    Faulted = 1,
    /// It dispatched another and waits for that one's end.
    Waiting = 2,
    /// Running on its core.
    Running = 3,
    /// It dispatched another, and goes on when somebody dispatches it.
    Suspended = 4,
    /// It waits at its receive end-point.
    Receiving = 5,
    /// The core was taken from it; all its registers are [`saved`].
    Preempted = 6,
}

impl State {
    #[inline(always)]
    pub(crate) const fn from_word(word: u64) -> Self {
        match word {
            0 => Self::AtStart,
            2 => Self::Waiting,
            3 => Self::Running,
            4 => Self::Suspended,
            5 => Self::Receiving,
            6 => Self::Preempted,
            _ => Self::Faulted,
        }
    }
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
    /// Its core, on which it was launched: nobody on this one.
    Launched,
}

impl Scheduler {
    const WAITING: u64 = 1;
    const LAUNCHED: u64 = 2;

    const fn to_word(self) -> u64 {
        match self {
            Self::None => 0,
            Self::Launched => Self::LAUNCHED,
            Self::Waiting(thread) => thread.address() | Self::WAITING,
            Self::EndPoint(thread) => thread.address(),
        }
    }

    const fn from_word(word: u64) -> Self {
        match (word, word & Self::WAITING) {
            (0, _) => Self::None,
            (Self::LAUNCHED, _) => Self::Launched,
            (_, 0) => Self::EndPoint(Frame::at(word)),
            _ => Self::Waiting(Frame::at(word - Self::WAITING)),
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
    if component.is_foreign() {
        keep_start(words, start);
    }
    Ok(())
}

/// What is kept of a thread of a foreign component before it starts, as if it had been preempted there.
fn keep_start(words: &Words, start: u64) {
    const CONTROL: u64 = 0x37f;
    const MXCSR: u64 = 0x1f80;
    let area = saved::PREEMPTED;
    set(words, entry::BOTTOM + entry::WORDS + entry::ADDRESS, start);
    set(words, area.flags, EXIT_FLAGS);
    set(words, area.floating_point, CONTROL);
    set(words, area.floating_point + 3, MXCSR);
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
#[inline(always)]
pub fn resume(store: &impl Store, core: &mut CoreState, thread: Frame, word: u64) -> Result<Outcome, Error> {
    let outcome = match state(store, thread) {
        State::AtStart => return start(store, core, thread, word),
        State::Suspended => Outcome::DONE,
        State::Receiving => Outcome::pair(core, endpoint::take_awaited(store, thread).ok_or(Error::NotDispatchable)?),
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
#[cold]
#[inline(never)]
pub fn start(store: &impl Store, core: &mut CoreState, thread: Frame, word: u64) -> Result<Outcome, Error> {
    let words = store.words(thread);
    first_component(store, thread).live(store)?;
    if is_foreign(store, thread) {
        switch(store, core, thread);
        return Ok(Outcome::Restore);
    }
    let first = entry::BOTTOM + entry::WORDS;
    set(words, first + entry::ADDRESS, get(words, START));
    set(words, first + entry::STACK, 0);
    set(words, first + entry::EPOCH, get(words, first + entry::EPOCH) & !entry::FAULTED);
    set(words, TOP, first_entry(thread));
    set(words, FAULTED_ENTRY, 0);
    // The first thread of all follows nobody.
    if core.thread == 0 {
        enter(store, core, thread)
    } else {
        switch(store, core, thread)
    }
    let identity = core.identity;
    Ok(Outcome::resume(core, Registers { rdi: word, r9: identity, ..Registers::ZERO }))
}

/// Makes `thread` the current one in place of another; what its registers get is up to the caller.
///
/// This is where the core changes hands, whatever the reason.
#[inline(always)]
pub fn switch(store: &impl Store, core: &mut CoreState, thread: Frame) {
    set(store.words(core.thread()), TOP, core.top);
    budget::keep(store, core);
    enter(store, core, thread);
}

#[inline(always)]
fn enter(store: &impl Store, core: &mut CoreState, thread: Frame) {
    let words = store.words(thread);
    set(words, STATE, State::Running as u64);
    (core.thread, core.top, core.identity) = (thread.address(), get(words, TOP), get(words, IDENTITY));
}

/// What `thread` is doing.
#[inline(always)]
pub fn state(store: &impl Store, thread: Frame) -> State {
    State::from_word(get(store.words(thread), STATE))
}

/// Says what `thread` is doing from now on.
#[inline(always)]
pub fn set_state(store: &impl Store, thread: Frame, state: State) {
    set(store.words(thread), STATE, state as u64);
}

/// Who goes on when `thread` does not.
#[inline(always)]
pub fn scheduler(store: &impl Store, thread: Frame) -> Scheduler {
    Scheduler::from_word(get(store.words(thread), SCHEDULER))
}

/// The scheduler of `thread` that takes events in, if it has such a one.
#[inline(never)]
pub fn above(store: &impl Store, thread: Frame) -> Option<Frame> {
    let word = get(store.words(thread), SCHEDULER);
    (word > Scheduler::LAUNCHED && word & Scheduler::WAITING == 0).then(|| Frame::at(word))
}

/// Says who goes on when `thread` does not. What the one before was to be told of it is nobody's business any more.
#[inline(always)]
pub fn set_scheduler(store: &impl Store, thread: Frame, scheduler: Scheduler) {
    let words = store.words(thread);
    if get(words, SCHEDULER) != scheduler.to_word() {
        change_scheduler(store, thread, scheduler);
    }
}

#[cold]
#[inline(never)]
fn change_scheduler(store: &impl Store, thread: Frame, scheduler: Scheduler) {
    if let Some(before) = above(store, thread) {
        endpoint::forget(store, before, thread);
        count_scheduled(store, before, u64::MAX);
    }
    set(store.words(thread), SCHEDULER, scheduler.to_word());
    if let Some(now) = above(store, thread) {
        count_scheduled(store, now, 1);
    }
}

fn count_scheduled(store: &impl Store, scheduler: Frame, more: u64) {
    let words = store.words(scheduler);
    set(words, SCHEDULED, get(words, SCHEDULED).wrapping_add(more));
}

/// Whether `thread` is the scheduler of any other.
pub fn schedules(store: &impl Store, thread: Frame) -> bool {
    get(store.words(thread), SCHEDULED) != 0
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

/// The entry at which `thread` starts.
pub fn first_level(store: &impl Store, thread: Frame) -> &Level {
    store.level(first_entry(thread))
}

/// Whether `thread`, which does not run, has no invocation to return from.
pub fn is_at_first(store: &impl Store, thread: Frame) -> bool {
    top(store, thread) == first_entry(thread)
}

/// Says where `thread` starts from now on.
pub fn set_start(store: &impl Store, thread: Frame, start: u64) {
    set(store.words(thread), START, start);
}

/// Whether both have a scheduler that takes events in, and the same.
pub fn has_same_scheduler(store: &impl Store, thread: Frame, other: Frame) -> bool {
    get(store.words(thread), SCHEDULER) == get(store.words(other), SCHEDULER) && above(store, thread).is_some()
}

/// What was kept of one thread in `area` is the other's.
pub fn move_saved(store: &impl Store, from: Frame, to: Frame, area: saved::Area) {
    const FLOATING_POINT: usize = 64;
    let (from, to) = (store.words(from), store.words(to));
    copy(from, to, area.registers, 16);
    copy(from, to, area.fs_base, 2);
    copy(from, to, area.floating_point, FLOATING_POINT);
}

/// It is there once, and not written out.
#[inline(never)]
fn copy(from: &Words, to: &Words, first: usize, count: usize) {
    for at in first..first + count {
        set(to, at, get(from, at));
    }
}

/// The top entry of the invocation stack of `thread`, which does not run.
pub fn top(store: &impl Store, thread: Frame) -> u64 {
    get(store.words(thread), TOP)
}

/// Whether `thread` starts in a foreign component. Then it never leaves it, for its `syscall` is none of ours.
pub fn is_foreign(store: &impl Store, thread: Frame) -> bool {
    first_component(store, thread).is_foreign()
}

/// FS base with which `thread` starts.
pub fn start_fs_base(store: &impl Store, thread: Frame) -> u64 {
    get(store.words(thread), START_FS_BASE)
}

/// The word of a thread at its start that holds `register`, if it has such a word.
pub const fn start_word(register: Register) -> Option<usize> {
    match register {
        Register::Instruction => Some(START),
        Register::FsBase => Some(START_FS_BASE),
        _ => None,
    }
}

/// The index of `thread`.
pub fn index(store: &impl Store, thread: Frame) -> u32 {
    get(store.words(thread), IDENTITY) as u32
}

/// Its index | its core << 32.
pub fn identity(store: &impl Store, thread: Frame) -> u64 {
    get(store.words(thread), IDENTITY)
}

/// Whether `thread` belongs to `core`.
///
/// # Errors
///
/// [`Error::WrongCore`].
pub fn check_core(store: &impl Store, core: &CoreState, thread: Frame) -> Result<(), Error> {
    if u64::from(core_of(store, thread)) == core.number { Ok(()) } else { Err(Error::WrongCore) }
}

/// The core that `thread` belongs to.
pub fn core_of(store: &impl Store, thread: Frame) -> u32 {
    (get(store.words(thread), IDENTITY) >> 32) as u32
}

/// Says which core `thread` belongs to.
pub fn set_core(store: &impl Store, thread: Frame, core: u32) {
    set(store.words(thread), IDENTITY, u64::from(index(store, thread)) | u64::from(core) << 32);
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
        let (waiting, scheduling) = (Scheduler::Waiting(Frame::numbered(7)), Scheduler::EndPoint(Frame::numbered(7)));
        for said in [Scheduler::None, Scheduler::Launched, waiting, scheduling] {
            set_scheduler(&memory, thread, said);
            assert_eq!(scheduler(&memory, thread), said);
        }
    }
}
