//! Methods that may block: their calls are handed to threads of the server, so that others go on.
//!
//! A call that is parked waits in a job of the server's own memory. Each serving looks for a thread to run what is
//! parked: it has one created if the graph permits one more; if not, one that exists takes the job when it is through
//! with its own. A worker that finds no job ends, and its thread can be created again.

use super::PageTable;
use crate::Result;
use crate::server::{Invocation, Reply};
use crate::thread::Function;
use core::cell::UnsafeCell;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use core::sync::atomic::{AtomicU64, fence};
use syscall_page::{Blocked, Call, Outcome, Request};

/// Where workers come from: the scheduler, as its interface's client.
pub trait WorkerThreads {
    /// Starts a thread that runs `function`.
    ///
    /// # Errors
    ///
    /// The scheduler's: among others, that as many as the graph permits exist already.
    fn spawn(&self, function: Function) -> Result<()>;

    /// Wakes the thread with this index.
    ///
    /// # Errors
    ///
    /// The scheduler's.
    fn wake(&self, thread: u64) -> Result<()>;

    /// Lets other threads, of any priority, run for a moment.
    ///
    /// # Errors
    ///
    /// The scheduler's.
    fn pause(&self) -> Result<()>;

    /// Says of the thread that calls that the system need not wait for its end.
    ///
    /// # Errors
    ///
    /// The scheduler's.
    fn background(&self) -> Result<()>;
}

/// Calls of one interface that are parked at once, at most.
const JOBS: usize = 64;

/// How often a thread that is ending is waited for.
const PATIENCE: usize = 64;

/// A call that waits for a worker.
struct Work {
    /// Its page's row in the table.
    row: u64,
    request: Request,
    /// The right to answer it.
    blocked: Blocked,
}

struct Job {
    state: AtomicU64,
    work: UnsafeCell<Option<Work>>,
}

/// Life of a job. One thread has it while it is taken: the one that changed the state.
mod state {
    pub const FREE: u64 = 0;
    pub const READY: u64 = 1;
    pub const TAKEN: u64 = 2;
}

/// The workers of an interface that a server serves by pages.
pub struct Workers {
    jobs: [Job; JOBS],
    /// Workers that will look for jobs once more before they end.
    alive: AtomicU64,
}

// SAFETY: a job's work is touched by the thread that changed its state to `TAKEN`, until it changes that again.
unsafe impl Sync for Workers {}

impl Workers {
    /// Nobody, and nothing to do.
    pub const fn new() -> Self {
        let jobs = [const { Job { state: AtomicU64::new(state::FREE), work: UnsafeCell::new(None) } }; JOBS];
        Self { jobs, alive: AtomicU64::new(0) }
    }

    /// Parks a call of the page in `row`. With too many that wait already, the call is refused.
    pub(super) fn park(&self, row: u64, call: Call<'_, '_, AtomicU64>) -> Outcome {
        let Some(job) = self.claim(state::FREE) else {
            return call.answer(&super::table::exhausted());
        };
        let request = call.request();
        let (work, next, outcome) = match call.block() {
            // Whom this would wake is the client, whose thread this is.
            Ok(parked) => (Some(Work { row, request, blocked: parked.blocked }), state::READY, parked.outcome),
            Err(outcome) => (None, state::FREE, outcome),
        };
        // SAFETY: this thread claimed the job.
        unsafe { *job.work.get() = work };
        job.state.store(next, Release);
        outcome
    }

    /// Sees to it that what is parked is run: by `function`, which is [`Workers::work`].
    pub fn start(&self, table: &PageTable, threads: &impl WorkerThreads, function: Function) {
        let mut patience = PATIENCE;
        while self.is_work_ready() {
            self.alive.fetch_add(1, SeqCst);
            if threads.spawn(function).is_ok() {
                continue;
            }
            if self.alive.fetch_sub(1, SeqCst) > 1 {
                // One of them will look for jobs again.
                return;
            }
            // The last one has looked for the last time and is about to end: its thread is not free yet.
            if patience == 0 || threads.pause().is_err() {
                return self.refuse_all(table, threads);
            }
            patience -= 1;
        }
    }

    /// What a worker does. Whoever waits for a call's result is waited for by the system; its worker is not, and so neither for a
    /// call whose client has ended.
    pub fn work(&self, table: &PageTable, threads: &impl WorkerThreads, mut dispatch: impl FnMut(Invocation) -> Reply) {
        // Otherwise the system ends later, and nothing else changes.
        let _ = threads.background();
        loop {
            while let Some(Work { row, request, blocked }) = self.take() {
                let (method, words) = (request.method.into(), request.args);
                let reply = dispatch(Invocation { method, words, token: table.token(row) });
                table.complete(row, blocked, &super::table::reply(&reply), threads);
            }
            self.alive.fetch_sub(1, SeqCst);
            if !self.is_work_ready() {
                return;
            }
            self.alive.fetch_add(1, SeqCst);
        }
    }

    fn refuse_all(&self, table: &PageTable, threads: &impl WorkerThreads) {
        while let Some(Work { row, blocked, .. }) = self.take() {
            table.complete(row, blocked, &super::table::exhausted(), threads);
        }
    }

    fn take(&self) -> Option<Work> {
        let job = self.claim(state::READY)?;
        // SAFETY: this thread claimed the job.
        let work = unsafe { (*job.work.get()).take() };
        job.state.store(state::FREE, Release);
        work
    }

    fn claim(&self, from: u64) -> Option<&Job> {
        self.jobs.iter().find(|job| job.state.compare_exchange(from, state::TAKEN, Acquire, Relaxed).is_ok())
    }

    /// Whether a job waits. Together with the count of those alive: either a worker that ends sees a job, or who made the job
    /// sees that there is one worker less.
    fn is_work_ready(&self) -> bool {
        fence(SeqCst);
        self.jobs.iter().any(|job| job.state.load(Relaxed) == state::READY)
    }
}

impl Default for Workers {
    fn default() -> Self {
        Self::new()
    }
}
