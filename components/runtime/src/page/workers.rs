//! Methods that may block: their calls are handed to threads of the server, so that others go on.
//!
//! A call that is parked waits in a place of the server's own memory. Each serving looks for a thread to run what is
//! parked: it has one created if the graph permits one more; if not, one that exists takes the call when it is through
//! with its own. A worker that finds no call ends, and its thread can be created again.
//!
//! A worker runs a method as its client would have: by an invocation of the server, which is its own component. So a method that
//! faults ends that invocation, and the worker answers the call with what the kernel says of it, and goes on.

use super::PageTable;
use super::parked::{Parked, Work};
use crate::Result;
use crate::capability::invoke_trusted;
use crate::thread::Function;
use core::sync::atomic::Ordering::SeqCst;
use core::sync::atomic::{AtomicU64, fence};
use syscall_page::{Reply, Request};

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

/// How often a thread that is ending is waited for.
const PATIENCE: usize = 64;

/// The workers of an interface that a server serves by pages.
pub struct Workers {
    /// Workers that will look for calls once more before they end.
    alive: AtomicU64,
}

impl Workers {
    /// Nobody.
    pub const fn new() -> Self {
        Self { alive: AtomicU64::new(0) }
    }

    /// Sees to it that what is parked is run: by `function`, which is [`Workers::work`].
    pub fn start(&self, table: &PageTable, threads: &impl WorkerThreads, function: Function) {
        let mut patience = PATIENCE;
        while is_work_ready(table) {
            self.alive.fetch_add(1, SeqCst);
            if threads.spawn(function).is_ok() {
                continue;
            }
            let others = self.alive.fetch_sub(1, SeqCst) - 1;
            if others > 0 && others >= table.threads() {
                // There are no more, and one of them will look for calls again.
                return;
            }
            // One has looked for the last time and is about to end: its thread is not free yet.
            if patience == 0 || threads.pause().is_err() {
                refuse_all(table, threads);
            }
            patience = patience.saturating_sub(1);
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
        loop {
            for_each_call(table, |row, parked, Work { request, blocked }| {
                let reply = run(parked.entry(), &request);
                table.complete(row, blocked, &reply, threads);
            });
            self.alive.fetch_sub(1, SeqCst);
            if !is_work_ready(table) {
                return;
            }
            self.alive.fetch_add(1, SeqCst);
        }
    }
}

impl Default for Workers {
    fn default() -> Self {
        Self::new()
    }
}

/// Runs a call as its client would have.
fn invoke(entry: u64, request: &Request) -> Reply {
    // SAFETY: the composer put the word beside the page, so this is an image, and it names an invocation of this component, which is
    // entered as by any client.
    let (status, words) = unsafe { invoke_trusted(entry | u64::from(request.method), request.args) };
    Reply { status, words: if status == 0 { words } else { [0; 2] } }
}

/// Takes calls until there are none that a worker may run: one of each edge in turn.
fn for_each_call(table: &PageTable, mut each: impl FnMut(u64, &Parked, Work)) {
    let Some(common) = table.common() else { return };
    let mut is_idle = false;
    while !is_idle {
        is_idle = true;
        for (row, parked) in table.parked() {
            if let Some(work) = parked.take(common) {
                is_idle = false;
                each(row, parked, work);
                parked.leave(common);
            }
        }
    }
}

fn refuse_all(table: &PageTable, threads: &impl WorkerThreads) {
    for_each_call(table, |row, _, Work { blocked, .. }| {
        table.complete(row, blocked, &super::table::exhausted(), threads);
    });
}

/// Whether a call waits that a worker may run. Together with the counts of those alive and of those busy: either a worker that ends
/// sees the call, or who parked the call sees that there is one worker less.
fn is_work_ready(table: &PageTable) -> bool {
    fence(SeqCst);
    table.common().is_some_and(|common| table.parked().any(|(_, parked)| parked.is_ready(common)))
}
