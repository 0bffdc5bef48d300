//! The interface `sched`: a thread's wishes about time, and threads of its own.
//!
//! The graph makes the server of this interface the scheduler of its clients: it decides when their threads run. A
//! component has one scheduler at most.
#![no_std]

#[cfg(test)]
extern crate std;

mod threads;

pub use threads::{Thread, Threads};

use runtime::{Error, Result};

/// Schedules threads. Each method is about the thread that calls it, unless it says otherwise.
///
/// Times are points in time, in ticks of the time-stamp counter ([`runtime::time::ticks`]). [`Threads`] puts these
/// methods into friendlier words.
#[runtime::interface]
pub trait Sched {
    /// Lets other threads of the same priority go first.
    fn yield_now(&self) -> Result<()>;

    /// Waits until woken. Returns at once if that has happened since the last wait: no wake-up is lost, but
    /// several before one wait are as one.
    fn block(&self) -> Result<()>;

    /// Waits until woken, or until `time`. Answers whether it was woken.
    fn block_until(&self, time: u64) -> Result<bool>;

    /// Waits until `time`. A wake-up does not shorten this; the next wait finds it.
    fn sleep_until(&self, time: u64) -> Result<()>;

    /// Wakes the thread with this index, or makes its next wait return at once.
    ///
    /// A component can wake its own threads, and those of components that can call it, directly or through others:
    /// these can come to wait in it.
    fn wake(&self, thread: u64) -> Result<()>;

    /// Creates a thread in the calling component, which starts with `word`; answers its index. The
    /// graph says how many there can be at once, and their priorities: the first that is free is taken.
    fn create(&self, word: u64) -> Result<u64>;

    /// Says that the thread is there for others: the system ends without waiting for its end.
    ///
    /// For drivers and other servers that wait for what comes, for as long as somebody may need them.
    fn background(&self) -> Result<()>;

    /// Answers how many ticks there are in a second.
    fn frequency(&self) -> Result<u64>;
}

/// The error of a thread that this scheduler does not schedule: somebody else's, on loan to a client.
pub const NOT_SCHEDULED: Error = Error::Server(1);

/// The error about a thread that there is not, or that the caller may not wake.
pub const NO_SUCH_THREAD: Error = Error::Server(2);

/// The error of a component all of whose threads exist, or whose scheduler has no room for more.
pub const TOO_MANY_THREADS: Error = Error::Server(3);

/// The error of a thread that wants to wait before the system has started: while it initialises its component.
pub const NOT_STARTED: Error = Error::Server(4);

/// The error of a word that stands for a phase, with which only a component's own thread starts.
pub const BAD_WORD: Error = Error::Server(5);

/// The error of a scheduler that cannot decide. It is a defect of the scheduler.
pub const NO_DECISION: Error = Error::Server(6);
