//! What both cores see, and the component that is made and destroyed sees too: where the caller is, and how far the life has come.

use crate::asking::PAGES;
use abi::layout::PAGE;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{Acquire, Release};

/// A page of words.
#[repr(C, align(4096))]
pub struct Shared {
    /// The caller, and the component's thread, which it dispatches. The first word of all: a thread starts with 0 in `rsi`.
    pub caller: Visitor,
    /// The cores that only invoke, none of which is waited for.
    pub other: Visitor,
    /// Turns that it executes before it invokes the server.
    pub spin: Word,
    /// Whether the server keeps whoever enters it.
    pub hold: Word,
    /// Number of the life, and a [`Phase`].
    pub(super) state: Word,
    /// The epoch that must be past before the reclaimed thread's frame is used.
    pub epoch: Word,
    /// Answers that the caller got and should not have got.
    pub wrong: Word,
    /// The first of those: who asked, and the answer.
    pub first: [Word; 2],
    /// Invocations and threads that ended in an error although they had entered the component.
    pub unwound: Word,
    /// Visits of the component that ended as they should.
    pub visits: Word,
    /// Threads that were preempted.
    pub preempted: Word,
    /// Invocations by the cores that only invoke: those that came back with an answer, and those of them with a wrong one.
    pub others: Word,
    /// See `others`.
    pub others_wrong: Word,
}

/// What the component and the server note of who is inside.
#[repr(C)]
pub struct Visitor {
    /// Where it is: one of the [places](place).
    pub place: Word,
    /// How often it has entered the component.
    pub entered: Word,
}

/// Where the constructor maps the frame that is shared.
pub const ADDRESS: u64 = PAGES + 120 * PAGE;

/// It is one page, and the component sees all of it.
pub fn shared() -> &'static Shared {
    // SAFETY: the constructor maps the page before anybody comes here, and unmaps it when nobody will any more; all words
    // are atomic.
    unsafe { &*(ADDRESS as *const Shared) }
}

/// Where a visitor is.
pub mod place {
    /// In the component.
    pub const COMPONENT: u64 = 1;
    /// In the server, invoked by the component.
    pub const SERVER: u64 = 2;
}

/// How far a life has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Phase {
    /// The component is made, or what led to it is taken away.
    Making = 0,
    /// All that leads to it works.
    Alive = 1,
    /// It is destroyed.
    Ending = 2,
    /// It is gone, and its frames are memory of hostile words.
    Dead = 3,
    /// The caller has tried all that led to it, and reclaimed its thread.
    Tried = 4,
    /// The thread's frame is memory of hostile words too.
    Buried = 5,
    /// The caller has tried all that led to the thread.
    Left = 6,
    /// There will be no more.
    Over = 7,
}

/// The number of a life, and its phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State(u64);

impl State {
    /// Of the life with this number.
    pub const fn new(life: u64, phase: Phase) -> Self {
        Self(life << 3 | phase as u64)
    }

    /// Number of the life.
    pub const fn life(self) -> u64 {
        self.0 >> 3
    }

    /// Whether it is in this phase.
    pub const fn is(self, phase: Phase) -> bool {
        self.0 & 7 == phase as u64
    }

    /// The same life in another phase.
    pub const fn with(self, phase: Phase) -> Self {
        Self::new(self.life(), phase)
    }

    /// Whether all that led to the component is there, and has to be stale.
    pub const fn is_stale(self) -> bool {
        self.0 & 7 >= Phase::Dead as u64 && self.0 & 7 <= Phase::Left as u64
    }
}

impl Shared {
    /// How it stands.
    pub fn state(&self) -> State {
        State(self.state.get())
    }

    /// Notes how it stands.
    pub fn enter(&self, state: State) {
        self.state.set(state.0);
    }
}

/// A word that one core writes at a time.
#[repr(transparent)]
pub struct Word(AtomicU64);

impl Word {
    /// What it is.
    pub fn get(&self) -> u64 {
        self.0.load(Acquire)
    }

    /// What it is from now on.
    pub fn set(&self, word: u64) {
        self.0.store(word, Release);
    }

    /// One more.
    pub fn count(&self) {
        self.set(self.get() + 1);
    }
}
