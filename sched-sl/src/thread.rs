//! One thread, as the scheduler knows it.

use crate::state::{State, Wakeup};
use core::num::NonZeroU64;

/// Names a thread. The name of one that has ended never means a newer one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ThreadId {
    pub(crate) place: u16,
    pub(crate) generation: NonZeroU64,
}

impl ThreadId {
    /// The thread's place, below the scheduler's capacity: dense, for tables beside the scheduler's.
    pub const fn place(self) -> usize {
        self.place as usize
    }
}

/// What the scheduler keeps about a thread; `T` is the kernel's name for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Thread<T> {
    pub(crate) name: T,
    state: State,
    /// What keeps it from running: none of these, if it can be dispatched on its own time.
    obstacles: u8,
    /// Whether its timer is set: then it ends a block or a sleep.
    pub(crate) is_timed: bool,
    pub(crate) wakeup: Option<Wakeup>,
    /// On whose time it was dispatched last, if not on its own.
    pub(crate) payer: Option<ThreadId>,
}

/// It has stopped by its own wish: what its state says.
const STOPPED: u8 = 1;
/// The kernel holds it in a receive: a fact beside the state, see [`state`](crate::state).
const SUSPENDED: u8 = 2;
/// Its budget is used up: a fact beside the state as well.
const EXHAUSTED: u8 = 4;

impl<T> Thread<T> {
    pub(crate) const fn new(name: T) -> Self {
        Self { name, state: State::Running, obstacles: 0, is_timed: false, wakeup: None, payer: None }
    }

    pub(crate) const fn state(&self) -> State {
        self.state
    }

    #[inline]
    pub(crate) fn set_state(&mut self, state: State) {
        self.state = state;
        self.set(STOPPED, !state.wants_to_run());
    }

    pub(crate) const fn is_suspended(&self) -> bool {
        self.obstacles & SUSPENDED != 0
    }

    pub(crate) fn set_suspended(&mut self, is_suspended: bool) {
        self.set(SUSPENDED, is_suspended);
    }

    pub(crate) const fn is_exhausted(&self) -> bool {
        self.obstacles & EXHAUSTED != 0
    }

    pub(crate) fn set_exhausted(&mut self, is_exhausted: bool) {
        self.set(EXHAUSTED, is_exhausted);
    }

    /// Whether it can be dispatched, on its own time.
    pub(crate) const fn is_ready(&self) -> bool {
        self.obstacles == 0
    }

    /// Whether it can be dispatched on its own time once it wants to run.
    pub(crate) const fn only_waits(&self) -> bool {
        self.obstacles == STOPPED
    }

    /// Whether it can be dispatched, if it has time.
    pub(crate) const fn can_go_on(&self) -> bool {
        self.obstacles & !EXHAUSTED == 0
    }

    #[inline]
    fn set(&mut self, obstacle: u8, is_there: bool) {
        self.obstacles = self.obstacles & !obstacle | if is_there { obstacle } else { 0 };
    }
}
