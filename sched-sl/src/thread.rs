//! One thread, as the scheduler knows it.

use crate::state::{State, Wakeup};

/// Names a thread. The name of one that has ended never means a newer one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ThreadId {
    pub(crate) place: u16,
    pub(crate) generation: u64,
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
    pub(crate) state: State,
    /// Whether the kernel holds it in a receive: a fact beside the state, see [`state`](crate::state).
    pub(crate) suspended: bool,
    /// Whether its budget is used up: a fact beside the state as well.
    pub(crate) exhausted: bool,
    pub(crate) wakeup: Option<Wakeup>,
}

impl<T> Thread<T> {
    pub(crate) const fn new(name: T) -> Self {
        Self { name, state: State::Running, suspended: false, exhausted: false, wakeup: None }
    }

    /// Whether it can be dispatched.
    pub(crate) const fn is_ready(&self) -> bool {
        self.state.wants_to_run() && !self.suspended && !self.exhausted
    }
}
