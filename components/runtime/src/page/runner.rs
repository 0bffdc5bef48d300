//! A page that the graph has served on another core: by a thread of the client there, its runner.
//!
//! The runner invokes the server as the client would, so the client pays for it, has the authority that it has anyway, and is
//! told of the server's faults; a server knows nothing of all this. It sleeps while there is nothing to do; who posts then
//! wakes it, and is woken when there is an answer. What the two tell each other is [`syscall_page::relay`].

use super::{PageError, WorkerThreads};
use crate::thread::Function;
use crate::{CallError, Error, Result};
use abi::page::{ENTRIES, MORE};
use core::sync::atomic::Ordering::Relaxed;
use core::sync::atomic::{AtomicBool, AtomicU64};
use syscall_page::{Header, Relay};

/// The scheduler, as a runner and who posts need it.
pub trait RunnerThreads: WorkerThreads + Sync {
    /// The index of the thread that calls.
    fn current(&self) -> u64;

    /// Waits until woken.
    ///
    /// # Errors
    ///
    /// The scheduler's.
    fn block(&self) -> Result<()>;

    /// Goes on on this core.
    ///
    /// # Errors
    ///
    /// The scheduler's.
    fn migrate(&self, core: u64) -> Result<()>;
}

/// What a runner has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    /// How often it invoked the server.
    pub passes: u64,
    /// How often it looked for something to do.
    pub looks: u64,
}

/// A page's runner, and whom it serves.
pub struct Runner {
    relay: Relay<AtomicU64>,
    threads: &'static dyn RunnerThreads,
    /// What its thread runs.
    function: Function,
    is_started: AtomicBool,
    /// Index of its thread.
    thread: AtomicU64,
    /// Index of the thread that posts.
    poster: AtomicU64,
    passes: AtomicU64,
    looks: AtomicU64,
}

impl Runner {
    /// One whose thread comes from `threads`, and runs `function`.
    #[doc(hidden)]
    pub const fn new(threads: &'static dyn RunnerThreads, function: Function) -> Self {
        Self {
            relay: Relay::unused(),
            threads,
            function,
            is_started: AtomicBool::new(false),
            thread: AtomicU64::new(0),
            poster: AtomicU64::new(0),
            passes: AtomicU64::new(0),
            looks: AtomicU64::new(0),
        }
    }

    /// The thread that calls is the one that posts from here on.
    pub(super) fn start(&self) -> Result<()> {
        self.poster.store(self.threads.current(), Relaxed);
        if self.is_started.swap(true, Relaxed) {
            return Ok(());
        }
        self.threads.spawn(self.function).inspect_err(|_| self.is_started.store(false, Relaxed))
    }

    /// Something was submitted, or is to be looked at again.
    pub(super) fn announce(&self) {
        if self.relay.announce()
            && let Err(error) = self.threads.wake(self.thread.load(Relaxed))
        {
            self.relay.note_that_it_cannot_be_woken(error.status());
        }
    }

    /// Slots of calls that were answered. Waits for some, or until woken for another reason; if `for_end`, for the server to have
    /// looked at everything. As [`Runner::collect`].
    pub(super) fn wait(&self, for_end: bool, learn: impl Fn(Error)) -> Result<u64> {
        self.announce();
        let mut answered = 0;
        loop {
            let is_through = self.relay.is_through();
            answered |= self.collect(&learn)?;
            if if for_end { is_through } else { answered != 0 } {
                return Ok(answered);
            }
            if self.relay.prepare_to_wait(for_end) {
                self.threads.block()?;
                if !for_end {
                    return self.collect(&learn);
                }
            }
        }
    }

    /// Slots of calls that were answered until now. If the page could not be served, `learn` is told why before it is served again.
    pub(super) fn collect(&self, learn: impl Fn(Error)) -> Result<u64> {
        let Some(status) = self.relay.failure() else { return Ok(self.relay.take_done()) };
        let failure = Error::check(status);
        let _ = failure.inspect_err(|error| learn(*error));
        self.relay.forgive();
        failure.map(|()| 0)
    }

    /// Says that the thread that posts waits. Answers whether it is to; if not, there is something to look at.
    pub(super) fn prepare_to_wait(&self) -> bool {
        self.relay.prepare_to_wait(false)
    }

    /// What it has done so far.
    pub(super) fn service(&self) -> Service {
        Service { passes: self.passes.load(Relaxed), looks: self.looks.load(Relaxed) }
    }

    /// What its thread does: has the page with this header served, on `core`, by `serve`.
    pub(super) fn run(
        &self,
        core: u64,
        header: &Header<AtomicU64>,
        serve: impl Fn() -> Result<[u64; 2], CallError>,
    ) -> Result<()> {
        self.thread.store(self.threads.current(), Relaxed);
        let ended = self.run_until_it_cannot_wait(core, header, serve);
        // Whoever opens the page next starts another.
        self.is_started.store(false, Relaxed);
        self.tell(self.relay.fail(ended.status()));
        Err(ended)
    }

    /// Answers why.
    fn run_until_it_cannot_wait(
        &self,
        core: u64,
        header: &Header<AtomicU64>,
        serve: impl Fn() -> Result<[u64; 2], CallError>,
    ) -> Error {
        let arrived = self.threads.background().and_then(|()| self.threads.migrate(core));
        let mut seen = 0;
        loop {
            count(&self.looks);
            if let Some(announced) = self.relay.announced_since(seen) {
                seen = announced;
                self.tell(match arrived.and_then(|()| self.pass(header, &serve)) {
                    Ok(answered) => self.relay.end(announced, answered),
                    Err(error) => self.relay.fail(error.status()),
                });
            }
            // Calls of methods that wait are answered by threads of the server, which wake this one.
            self.tell(self.relay.hand_over(header.take_done()));
            if header.wait_for_client().is_some() && self.relay.prepare_to_sleep(seen) {
                if let Err(error) = self.threads.block() {
                    return error;
                }
                self.relay.rise();
            }
        }
    }

    /// Has the server look at everything that was submitted. What it says that there is more to do is believed as often as a page
    /// has calls, of which it answers one each time, or leaves it to a worker; what is submitted meanwhile is announced again.
    fn pass(&self, header: &Header<AtomicU64>, serve: impl Fn() -> Result<[u64; 2], CallError>) -> Result<u64> {
        let mut all = 0;
        for _ in 0..ENTRIES {
            count(&self.passes);
            let [answered, flags] = serve()?;
            if flags & MORE == 0 {
                return Ok(answered);
            }
            let answered = answered | header.take_done();
            self.tell(self.relay.hand_over(answered));
            all |= answered;
        }
        if all == 0 { Err(Error::Page(PageError::NotServed)) } else { Ok(0) }
    }

    /// Wakes the thread that posts, if it waits. It may have ended meanwhile; then nobody waits.
    fn tell(&self, waits: bool) {
        if waits {
            let _ = self.threads.wake(self.poster.load(Relaxed));
        }
    }
}

/// Only the runner counts.
fn count(counter: &AtomicU64) {
    counter.store(counter.load(Relaxed) + 1, Relaxed);
}

#[cfg(test)]
pub(super) mod tests;
