//! Who runs next, and for how long: a policy's whole business.
//!
//! A policy knows threads by their place, a number below `N`: the scheduler names
//! no other. It is told which of them are ready and how long each has run; it
//! never sees states, timers or the kernel. A new policy is one file like
//! [`fixed_priority_round_robin`].

pub mod fixed_priority_round_robin;

use crate::time::{Duration, Instant};

/// The parameters are outside what the policy can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadParameters;

/// A policy's answer: this place, until then at the latest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Who runs.
    pub place: usize,
    /// When the policy wants to be asked again; `None` if only something that happens can change its mind.
    pub until: Option<Instant>,
}

/// Decides among at most `N` threads.
pub trait Policy<const N: usize> {
    /// What it has to know about a thread.
    type Parameters: Copy;

    /// Takes a new thread, which is not ready yet.
    ///
    /// # Errors
    ///
    /// [`BadParameters`]; the thread was not taken.
    fn admit(&mut self, place: usize, parameters: Self::Parameters) -> Result<(), BadParameters>;

    /// Forgets a thread, which is not ready.
    fn dismiss(&mut self, place: usize);

    /// A thread has become ready: it was created or woken, its time came, or the kernel let it go.
    fn ready(&mut self, place: usize);

    /// A thread is not ready any more.
    fn unready(&mut self, place: usize);

    /// A ready thread lets others of its rank go first.
    fn yielded(&mut self, place: usize);

    /// A thread has run this long. If the kernel suspended it, it is unready by the time that this is known.
    fn ran(&mut self, place: usize, length: Duration);

    /// Who runs from now on; `None` if nobody is ready.
    fn choose(&mut self, now: Instant) -> Option<Choice>;
}
