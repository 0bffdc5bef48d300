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
    /// What keeps it from running, and whether its timer is set.
    facts: u8,
    /// How its last block or sleep ended: [`WOKEN`], [`TIMED_OUT`], or neither before the first has.
    wakeup: u8,
}

/// It has stopped by its own wish: what its state says.
const STOPPED: u8 = 1;
/// The kernel holds it in a receive: a fact beside the state, see [`state`](crate::state).
const SUSPENDED: u8 = 2;
/// Its budget is used up: a fact beside the state as well.
const EXHAUSTED: u8 = 4;
/// Its timer is set: then that ends a block or a sleep. It keeps nobody from running.
const TIMED: u8 = 8;
/// Its timer is set, and ends a wait in a receive alone.
const RECEIVE_TIMED: u8 = 16;
/// That time has come, and it has not begun to wait: then it does not.
const OVERDUE: u8 = 32;

const WOKEN: u8 = 1;
const TIMED_OUT: u8 = 2;

impl<T> Thread<T> {
    pub(crate) const fn new(name: T) -> Self {
        Self { name, state: State::Running, facts: 0, wakeup: 0 }
    }

    pub(crate) const fn state(&self) -> State {
        self.state
    }

    #[inline]
    pub(crate) fn set_state(&mut self, state: State) {
        self.state = state;
        self.set(STOPPED, !state.wants_to_run());
    }

    /// Whether it has stopped in this state, and that alone keeps it from running, for no certain time.
    #[inline(always)]
    pub(crate) fn only_waits_in(&self, state: State) -> bool {
        self.state == state && self.facts == STOPPED
    }

    /// Goes on, of a thread that only waited.
    #[inline(always)]
    pub(crate) const fn go_on(&mut self) {
        (self.state, self.facts, self.wakeup) = (State::Running, 0, WOKEN);
    }

    /// How its last block or sleep ended.
    pub(crate) const fn wakeup(&self) -> Option<Wakeup> {
        match self.wakeup {
            WOKEN => Some(Wakeup::Woken),
            TIMED_OUT => Some(Wakeup::TimedOut),
            _ => None,
        }
    }

    #[inline]
    pub(crate) const fn set_wakeup(&mut self, wakeup: Wakeup) {
        self.wakeup = match wakeup {
            Wakeup::Woken => WOKEN,
            Wakeup::TimedOut => TIMED_OUT,
        };
    }

    pub(crate) const fn is_suspended(&self) -> bool {
        self.facts & SUSPENDED != 0
    }

    /// Notes what the kernel says. Who is overdue is not held up once.
    pub(crate) fn set_suspended(&mut self, is_suspended: bool) {
        let ends_at_once = is_suspended && self.facts & OVERDUE != 0;
        self.set(SUSPENDED, is_suspended && !ends_at_once);
        if ends_at_once {
            self.set(OVERDUE, false);
        }
    }

    /// Its timer is set for a wait in a receive, or not; what it was set for is over.
    pub(crate) fn set_receive_timed(&mut self, is_timed: bool) {
        self.set(TIMED | RECEIVE_TIMED | OVERDUE, false);
        self.set(RECEIVE_TIMED, is_timed);
    }

    pub(crate) const fn is_receive_timed(&self) -> bool {
        self.facts & RECEIVE_TIMED != 0
    }

    /// That time has come: for the wait in which it is, or for the next.
    pub(crate) fn end_receive(&mut self) {
        let waits = self.is_suspended();
        self.set(SUSPENDED | RECEIVE_TIMED, false);
        self.set(OVERDUE, !waits);
    }

    pub(crate) const fn is_exhausted(&self) -> bool {
        self.facts & EXHAUSTED != 0
    }

    pub(crate) fn set_exhausted(&mut self, is_exhausted: bool) {
        self.set(EXHAUSTED, is_exhausted);
    }

    /// Its timer is set for a block or a sleep.
    #[inline]
    pub(crate) fn set_timed(&mut self) {
        self.set(TIMED, true);
    }

    /// Its timer is not set for a block or a sleep any more. Whether it was.
    #[inline]
    pub(crate) fn take_timed(&mut self) -> bool {
        let was = self.facts & TIMED != 0;
        self.set(TIMED, false);
        was
    }

    /// Whether it can be dispatched, on its own time.
    pub(crate) const fn is_ready(&self) -> bool {
        self.facts & (STOPPED | SUSPENDED | EXHAUSTED) == 0
    }

    /// Whether it can be dispatched, if it has time.
    pub(crate) const fn can_go_on(&self) -> bool {
        self.facts & (STOPPED | SUSPENDED) == 0
    }

    #[inline]
    fn set(&mut self, fact: u8, is_so: bool) {
        self.facts = self.facts & !fact | if is_so { fact } else { 0 };
    }
}
