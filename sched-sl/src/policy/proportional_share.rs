//! Each thread has time in proportion to its weight.
//!
//! A thread's *pass* is how long it has run, divided by its weight; the least pass
//! runs. So of two threads that want to run all the time, neither is ever ahead of what its
//! weight says by more than a turn of its own and one of the other's, each divided by the weight: stride scheduling
//! (Waldspurger and Weihl, 1995) with the bound of start-time fair queueing (Goyal, Vin and Cheng, 1996).
//!
//! The system's pass is the least of those that are ready. Who becomes ready starts there, or where it left off if that is later: time
//! in which it did not want to run earns it nothing, and what it had too much it cannot get rid of by
//! sleeping a moment. It starts with the next decision, when it is known how far whoever runs has come.
//!
//! What happens to a thread costs a step in a heap, at most log₂ N.

use crate::heap::Heap;
use crate::policy::{BadParameters, Choice, Parameters, Past, Policy};
use crate::time::{Duration, Instant};

/// By which a graph chooses it.
pub const NAME: &str = "proportional-share";

/// The keys of a graph's threads at which it looks, or whoever analyses what it does.
pub const KEYS: &[&str] = &["weight", "budget", "period", "deadline", "cost"];

/// The largest weight.
pub const MAX_WEIGHT: u32 = 1024;

/// A thread's weight, from 1 to [`MAX_WEIGHT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weight(pub u32);

impl From<Parameters> for Weight {
    fn from(of: Parameters) -> Self {
        Self(of.weight)
    }
}

/// By how much the pass of a thread of weight 1 grows in a tick.
const STRIDE: u64 = 1 << 32;

/// How long a thread has run, divided by its weight; wide enough to count for ever.
type Pass = u128;

#[derive(Clone, Copy, Debug)]
struct Member {
    /// By how much its pass grows in a tick.
    stride: u64,
    pass: Pass,
}

/// Shares in proportion to weights.
#[derive(Debug)]
pub struct ProportionalShare<const N: usize> {
    quantum: Duration,
    members: [Member; N],
    /// Ready threads, by their passes.
    ready: Heap<Pass, N>,
    /// Those that have become ready since the last decision.
    arrived: Heap<(), N>,
    /// The least pass of those that are ready, or were last.
    pass: Pass,
}

impl<const N: usize> ProportionalShare<N> {
    /// Nobody is ready. `quantum` is the length of a turn; one of zero length counts as one tick.
    pub const fn new(quantum: Duration) -> Self {
        let quantum = at_least_a_tick(quantum);
        Self {
            quantum,
            members: [Member { stride: STRIDE, pass: 0 }; N],
            ready: Heap::new(0),
            arrived: Heap::new(()),
            pass: 0,
        }
    }

    /// Changes the length of a turn.
    pub const fn set_quantum(&mut self, quantum: Duration) {
        self.quantum = at_least_a_tick(quantum);
    }

    fn catch_up(&mut self) {
        self.pass = self.ready.first().map_or(self.pass, |(_, least)| least.max(self.pass));
    }

    fn set_pass(&mut self, place: usize, pass: Pass) {
        self.members[place].pass = pass;
        self.ready.set(place, pass);
    }
}

const fn at_least_a_tick(quantum: Duration) -> Duration {
    Duration(if quantum.0 == 0 { 1 } else { quantum.0 })
}

impl<const N: usize> Policy<N> for ProportionalShare<N> {
    type Parameters = Weight;

    fn admit(&mut self, place: usize, Weight(weight): Weight) -> Result<(), BadParameters> {
        if !(1..=MAX_WEIGHT).contains(&weight) {
            return Err(BadParameters);
        }
        self.members[place] = Member { stride: STRIDE / u64::from(weight), pass: self.pass };
        Ok(())
    }

    fn dismiss(&mut self, place: usize) {
        self.unready(place);
    }

    /// What a thread was ahead of the others, it still is in its next life, on whichever core.
    fn past(&self, place: usize) -> Past {
        let ahead = self.members[place].pass.saturating_sub(self.pass);
        Past([u64::try_from(ahead).unwrap_or(u64::MAX), 0, 0])
    }

    fn recall(&mut self, place: usize, Past([ahead, ..]): Past) {
        self.members[place].pass = self.pass + Pass::from(ahead);
    }

    fn ready(&mut self, place: usize) {
        if !self.ready.contains(place) {
            self.arrived.set(place, ());
        }
    }

    fn unready(&mut self, place: usize) {
        self.ready.remove(place);
        self.arrived.remove(place);
    }

    /// It gives up what it is behind whoever comes next, and goes after them.
    fn yielded(&mut self, place: usize) {
        if self.ready.contains(place) {
            self.ready.remove(place);
            let next = self.ready.first().map_or(0, |(_, pass)| pass);
            self.set_pass(place, self.members[place].pass.max(next));
        }
    }

    fn ran(&mut self, place: usize, length: Duration) {
        let Member { stride, pass } = self.members[place];
        let pass = pass + Pass::from(length.0) * Pass::from(stride);
        self.members[place].pass = pass;
        if self.ready.contains(place) {
            self.ready.set(place, pass);
            self.catch_up();
        }
    }

    fn choose(&mut self, now: Instant) -> Option<Choice> {
        while let Some((place, ())) = self.arrived.take(()) {
            self.set_pass(place, self.members[place].pass.max(self.pass));
        }
        self.catch_up();
        let (place, _) = self.ready.first()?;
        let until = if self.ready.has_second() { now.after(self.quantum) } else { Instant::NEVER };
        Some(Choice { place, until })
    }
}
