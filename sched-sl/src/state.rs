//! The states of a thread, and the race that shapes them.
//!
//! # Woken before blocked
//!
//! A thread that waits for something does two things: it finds the thing
//! missing, and it blocks. Between the two it can be preempted, or another core
//! is faster; the thing arrives, and whoever brings it wakes the thread, which
//! is not blocked yet. A scheduler that says "it runs, nothing to do" loses that
//! wake-up, and then the thread blocks for good. Composite, whose scheduler
//! library gave us this state, met the race again from another side: there one
//! flag stood both for *blocked by its own wish* and for *suspended in the
//! kernel*, and an event of the one kind wiped out a wake-up of the other
//! (gwsystems/composite, issue 332).
//!
//! So, first, a wake-up of a thread that runs is remembered: the thread is
//! [`State::Woken`], and its next block returns at once. Wake-ups do not add
//! up, as a thread looks again at what it waits for in any case. And second,
//! what the kernel says about a thread is a fact of its own beside the state,
//! and neither changes the other.
//!
//! ```text
//!             wake                      block
//!   Running ────────▶ Woken    Running ───────▶ Blocked ── wake, timeout ──▶ Running
//!      ▲                │
//!      └──── block ─────┘  (returns at once)
//!
//!             sleep               wake
//!   Running ────────▶ Asleep ───────────▶ AsleepWoken
//!      ▲                 │ time                │ time
//!      └─────────────────┘                     └──────▶ Woken
//! ```

/// What a thread is doing, by its own wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// It runs or wants to.
    Running,
    /// As `Running`, and a wake-up came that no block has used yet.
    Woken,
    /// It waits for a wake-up, or for its timeout if it has one.
    Blocked,
    /// It waits for a point in time and for nothing else.
    Asleep,
    /// As `Asleep`, and a wake-up came: it does not shorten the sleep and is not lost.
    AsleepWoken,
}

/// How a thread's last block or sleep came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wakeup {
    /// Somebody woke it.
    Woken,
    /// Its time came.
    TimedOut,
}

impl State {
    /// Whether the thread wants the processor.
    pub const fn wants_to_run(self) -> bool {
        matches!(self, Self::Running | Self::Woken)
    }

    /// The state after a wake-up.
    #[must_use]
    pub const fn woken(self) -> Self {
        match self {
            Self::Running | Self::Woken => Self::Woken,
            Self::Blocked => Self::Running,
            Self::Asleep | Self::AsleepWoken => Self::AsleepWoken,
        }
    }

    /// The state after the thread's time has come.
    #[must_use]
    pub const fn timed_out(self) -> Self {
        match self {
            Self::Running | Self::Blocked | Self::Asleep => Self::Running,
            Self::Woken | Self::AsleepWoken => Self::Woken,
        }
    }

    /// The state after the thread has blocked, if it runs: still running if a wake-up was waiting.
    pub const fn blocked(self) -> Option<Self> {
        match self {
            Self::Running => Some(Self::Blocked),
            Self::Woken => Some(Self::Running),
            Self::Blocked | Self::Asleep | Self::AsleepWoken => None,
        }
    }

    /// The state after the thread has gone to sleep, if it runs.
    pub const fn asleep(self) -> Option<Self> {
        match self {
            Self::Running => Some(Self::Asleep),
            Self::Woken => Some(Self::AsleepWoken),
            Self::Blocked | Self::Asleep | Self::AsleepWoken => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [State; 5] = [State::Running, State::Woken, State::Blocked, State::Asleep, State::AsleepWoken];

    #[test]
    fn a_wake_up_survives_in_every_state() {
        for state in ALL {
            let awake = state.woken().timed_out();
            assert!(awake.wants_to_run());
            let used_to_unblock = state == State::Blocked;
            assert_eq!(awake == State::Woken, !used_to_unblock, "{state:?}");
        }
    }

    #[test]
    fn only_what_runs_can_stop() {
        for state in ALL {
            assert_eq!(state.blocked().is_some(), state.wants_to_run());
            assert_eq!(state.asleep().is_some(), state.wants_to_run());
        }
    }

    #[test]
    fn a_wake_up_is_used_by_one_block() {
        let once = State::Running.woken().woken().blocked();
        assert_eq!(once, Some(State::Running));
        assert_eq!(once.and_then(State::blocked), Some(State::Blocked));
    }
}
