//! The workers that run what waits in [backlogs](crate::backlog), so that no call is forgotten.
//!
//! Whoever leaves a call to them looks whether one of them may run it, and has a thread started for it; a worker that finds no more
//! calls ends. Each of the two writes and then looks at what the other one writes: the one adds its call and then looks who is busy and
//! who is there, the other says that it is not busy, or not there any more, and then looks for calls. A full fence stands between the
//! two steps on both sides, so one of them sees the other.

use crate::backlog::{Backlog, Common, Work};
use crate::layout::ENTRIES;
use crate::word::Word;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;

/// How often a thread that is ending is waited for.
const PATIENCE: usize = 64;

/// All calls of a server that wait for workers.
#[derive(Debug)]
pub struct Calls<'a, W, const N: usize = ENTRIES> {
    /// Of each edge, in the order of the server's rows.
    pub edges: &'a [Backlog<W, N>],
    /// The workers that edges have together.
    pub common: &'a Common<W>,
    /// Threads that there can be to run them.
    pub threads: u64,
}

/// Where workers come from, and what becomes of calls for which there is none.
pub trait Crew {
    /// Starts a thread that does what [`Workers::work`] does; `false` if there is none.
    fn spawn(&self) -> bool;

    /// Lets other threads run for a moment; `false` if that cannot be.
    fn pause(&self) -> bool;

    /// Answers a call of this row that nobody can run.
    fn refuse(&self, row: u64, work: Work);
}

/// The workers of a server.
#[derive(Debug)]
pub struct Workers<W> {
    /// Those that will look for calls once more before they end.
    alive: W,
}

impl Workers<AtomicU64> {
    /// The same as [`Workers::new`], for a static.
    pub const fn none() -> Self {
        Self { alive: AtomicU64::new(0) }
    }
}

impl<W: Word> Workers<W> {
    /// Nobody.
    pub fn new() -> Self {
        Self { alive: W::new(0) }
    }

    /// Sees to it that what waits is run.
    pub fn start<const N: usize>(&self, calls: &Calls<'_, W, N>, crew: &impl Crew) {
        let mut patience = PATIENCE;
        while calls.is_any_ready() {
            self.alive.fetch_add(1, Relaxed);
            if crew.spawn() {
                continue;
            }
            let others = self.alive.fetch_sub(1, Relaxed) - 1;
            if others > 0 && others >= calls.threads {
                // There are no more, and one of them will look for calls again.
                return;
            }
            // One has looked for the last time and is about to end: its thread is not free yet.
            if patience == 0 || !crew.pause() {
                calls.take_each(|row, _, work| crew.refuse(row, work));
            }
            patience = patience.saturating_sub(1);
        }
    }

    /// What a worker does: has calls run by `run`, which is told the row, and its backlog, until there are none that it may run.
    pub fn work<const N: usize>(&self, calls: &Calls<'_, W, N>, mut run: impl FnMut(u64, &Backlog<W, N>, Work)) {
        loop {
            calls.take_each(&mut run);
            self.alive.fetch_sub(1, Relaxed);
            if !calls.is_any_ready() {
                return;
            }
            self.alive.fetch_add(1, Relaxed);
        }
    }
}

impl<W: Word> Default for Workers<W> {
    fn default() -> Self {
        Self::new()
    }
}

impl<W: Word, const N: usize> Calls<'_, W, N> {
    /// Whether a call waits that a worker may run, after whatever was written before.
    fn is_any_ready(&self) -> bool {
        W::full_fence();
        self.edges.iter().any(|edge| edge.is_ready(self.common))
    }

    /// Takes calls until there are none that may be run: one of each edge in turn.
    fn take_each(&self, mut each: impl FnMut(u64, &Backlog<W, N>, Work)) {
        let mut is_idle = false;
        while !is_idle {
            is_idle = true;
            for (row, edge) in (0..).zip(self.edges) {
                if let Some(work) = edge.take(self.common) {
                    is_idle = false;
                    each(row, edge, work);
                    edge.leave(self.common);
                }
            }
        }
    }
}
