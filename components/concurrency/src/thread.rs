//! Threads: as many at once as the graph permits the component.

mod packet;

use crate::scheduler::{self, SCHED};
use crate::time;
use packet::Packet;
pub use packet::ROOM;
use runtime::Result;
use sched_interface::{Sched, TOO_MANY_THREADS};
use sched_sl::{Duration, Instant};

/// A thread, as `std::thread::Thread`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thread {
    index: u64,
}

impl Thread {
    /// Its index in the system. One that has ended leaves its index to another.
    pub const fn id(self) -> u64 {
        self.index
    }

    /// Lets the thread go on from its [`park`], or from the next that it makes.
    pub fn unpark(self) {
        // One that has ended is not parked.
        let _ = SCHED.wake(self.index);
    }
}

/// The thread that executes this.
pub fn current() -> Thread {
    Thread { index: scheduler::index(scheduler::number()) }
}

/// Waits until somebody unparks this thread, or has done so since it was last parked.
///
/// # Errors
///
/// The scheduler's.
pub fn park() -> Result<()> {
    SCHED.block()
}

/// As [`park`], but at most for so long.
///
/// # Errors
///
/// The scheduler's.
pub fn park_timeout(length: Duration) -> Result<()> {
    SCHED.block_until(time::now().after(length).0).map(|_| ())
}

/// Lets others of the same rank go first.
///
/// # Errors
///
/// The scheduler's.
pub fn yield_now() -> Result<()> {
    SCHED.yield_now()
}

/// Waits for so long.
///
/// # Errors
///
/// The scheduler's.
pub fn sleep(length: Duration) -> Result<()> {
    sleep_until(time::now().after(length))
}

/// Waits until a point in time.
///
/// # Errors
///
/// The scheduler's.
pub fn sleep_until(until: Instant) -> Result<()> {
    SCHED.sleep_until(until.0)
}

/// Starts a thread that runs `function`.
///
/// # Errors
///
/// [`TOO_MANY_THREADS`]: as many as the graph permits exist already; the scheduler's.
pub fn spawn<F, T>(function: F) -> Result<JoinHandle<T>>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let packet = Packet::claim(function).ok_or(TOO_MANY_THREADS)?;
    let prepared = runtime::thread::prepare(packet.entry(), packet.number());
    let started = prepared.ok_or(TOO_MANY_THREADS).and_then(|prepared| {
        let index = SCHED.create(prepared.word())?;
        prepared.started();
        Ok(index)
    });
    match started {
        Ok(index) => Ok(JoinHandle { packet, thread: Thread { index } }),
        Err(error) => {
            packet.take_back();
            Err(error)
        }
    }
}

/// A thread that can be waited for, as `std::thread::JoinHandle`. Dropped, nobody waits for it.
#[derive(Debug)]
pub struct JoinHandle<T> {
    packet: Packet<T>,
    thread: Thread,
}

impl<T> JoinHandle<T> {
    /// The thread.
    pub const fn thread(&self) -> Thread {
        self.thread
    }

    /// Whether it has returned.
    pub fn is_finished(&self) -> bool {
        self.packet.is_finished()
    }

    /// Waits for the thread to return; answers with what it returned. A thread that panics does not return.
    ///
    /// # Errors
    ///
    /// The scheduler's.
    pub fn join(self) -> Result<T> {
        self.packet.wait()
    }
}
