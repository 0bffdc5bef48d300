//! Methods that may block: their calls are handed to threads of the server, so that others go on.
//!
//! A call that is parked waits in a place of the server's own memory. Each serving looks for a thread to run what is
//! parked: it has one created if the graph permits one more; if not, one that exists takes the call when it is through
//! with its own. A worker that finds no call ends, and its thread can be created again.
//!
//! A worker runs a method as its client would have: by an invocation of the server, which is its own component. So a method that
//! faults ends that invocation, and the worker answers the call with what the kernel says of it, and goes on.

use super::PageTable;
use crate::Result;
use crate::capability::invoke_trusted;
use crate::thread::Function;
use core::sync::atomic::AtomicU64;
use syscall_page::workers::Crew;
use syscall_page::{Reply, Request, Work};

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

/// The workers of an interface that a server serves by pages.
pub struct Workers(syscall_page::workers::Workers<AtomicU64>);

impl Workers {
    /// Nobody.
    pub const fn new() -> Self {
        Self(syscall_page::workers::Workers::none())
    }

    /// Sees to it that what is parked is run: by `function`, which is [`Workers::work`].
    pub fn start(&self, table: &PageTable, threads: &impl WorkerThreads, function: Function) {
        if let Some(calls) = table.calls() {
            self.0.start(&calls, &Started { table, threads, function });
        }
    }

    /// What a worker does. Whoever waits for a call's result is waited for by the system; its worker is not, and so neither for a
    /// call whose client has ended.
    pub fn work(&self, table: &PageTable, threads: &impl WorkerThreads) {
        // Otherwise the system ends later, and nothing else changes.
        let _ = threads.background();
        self.work_by(table, threads, invoke);
    }

    /// The same, with calls run by `run`, which is told how the server is entered.
    pub(super) fn work_by(
        &self,
        table: &PageTable,
        threads: &impl WorkerThreads,
        mut run: impl FnMut(u64, &Request) -> Reply,
    ) {
        let Some(calls) = table.calls() else { return };
        self.0.work(&calls, |row, edge, Work { request, blocked }| {
            let reply = run(edge.entry(), &request);
            table.complete(row, blocked, &reply, threads);
        });
    }
}

impl Default for Workers {
    fn default() -> Self {
        Self::new()
    }
}

/// Threads that the scheduler starts.
struct Started<'t, T> {
    table: &'t PageTable,
    threads: &'t T,
    function: Function,
}

impl<T: WorkerThreads> Crew for Started<'_, T> {
    fn spawn(&self) -> bool {
        self.threads.spawn(self.function).is_ok()
    }

    fn pause(&self) -> bool {
        self.threads.pause().is_ok()
    }

    fn refuse(&self, row: u64, work: Work) {
        self.table.complete(row, work.blocked, &super::table::exhausted(), self.threads);
    }
}

/// Runs a call as its client would have.
fn invoke(entry: u64, request: &Request) -> Reply {
    // SAFETY: the composer put the word beside the page, so this is an image, and it names an invocation of this component, which is
    // entered as by any client.
    let (status, words) = unsafe { invoke_trusted(entry | u64::from(request.method), request.args) };
    Reply { status, words: if status == 0 { words } else { [0; 2] } }
}
