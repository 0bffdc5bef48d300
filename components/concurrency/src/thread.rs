//! Threads: as many at once as the graph permits the component, each with the stack that the graph gives it.

mod builder;
mod holder;
mod packet;
mod place;
mod scope;

use crate::scheduler::{self, SCHED};
use crate::time::{Duration, Instant};
pub use builder::Builder;
pub use packet::NOT_KEPT;
use packet::Packet;
pub use place::ROOM;
use runtime::Result;
use sched_interface::Sched;
pub use scope::{NOT_ITS_OWN, Scope, ScopedJoinHandle, scope};

/// A thread, as `std::thread::Thread`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thread {
    index: u64,
    name: Option<&'static str>,
}

impl Thread {
    /// The one that has this index now.
    pub(crate) const fn with_index(index: u64) -> Self {
        Self { index, name: None }
    }

    /// Its index in the system. One that has ended leaves its index to another.
    pub const fn id(self) -> u64 {
        self.index
    }

    /// The name that it was given.
    pub const fn name(self) -> Option<&'static str> {
        self.name
    }

    /// Lets the thread go on from its [`park`], or from the next that it makes.
    pub fn unpark(self) {
        // One that has ended is not parked.
        let _ = SCHED.wake(self.index);
    }
}

/// The thread that executes this.
pub fn current() -> Thread {
    let index = scheduler::index(scheduler::number());
    Thread { index, name: packet::name_of(index) }
}

/// Waits until somebody unparks this thread, or has done so since it was last parked.
///
/// # Errors
///
/// The scheduler's.
pub fn park() -> Result<()> {
    Ok(SCHED.block()?)
}

/// As [`park`], but at most for so long.
///
/// # Errors
///
/// The scheduler's.
pub fn park_timeout(length: Duration) -> Result<()> {
    park_until(Instant::now().after(length)?)
}

/// As [`park`], but at most until a point in time.
///
/// # Errors
///
/// The scheduler's.
pub fn park_until(until: Instant) -> Result<()> {
    SCHED.block_until(until.ticks())?;
    Ok(())
}

/// Lets others of the same rank go first.
///
/// # Errors
///
/// The scheduler's.
pub fn yield_now() -> Result<()> {
    Ok(SCHED.yield_now()?)
}

/// Lets others go on for a moment, however less urgent they are: for whoever asks again for what another has. Before the start, that is
/// another core, which goes on anyway.
pub fn pause() {
    let _ = sleep(Duration::from_micros(20));
}

/// Waits for so long.
///
/// # Errors
///
/// The scheduler's.
pub fn sleep(length: Duration) -> Result<()> {
    sleep_until(Instant::now().after(length)?)
}

/// Waits until a point in time.
///
/// # Errors
///
/// The scheduler's.
pub fn sleep_until(until: Instant) -> Result<()> {
    Ok(SCHED.sleep_until(until.ticks())?)
}

/// Goes on on another core, on which the scheduler runs, too.
///
/// # Errors
///
/// [`NoSuchCore`](sched_interface::SchedError::NoSuchCore): the scheduler does not run there, or the thread cannot leave its own core; the scheduler's.
pub fn migrate(core: u64) -> Result<()> {
    Ok(SCHED.migrate(core)?)
}

/// Starts a thread that runs `function`, as `std::thread::spawn`.
///
/// There is room for a bounded number of results that nobody has waited for yet. If it is used up, those go first whose handles were lost,
/// with a thread that faulted or panicked; then the oldest of those that methods have started which a client called, as nobody can tell
/// whether they still run: whoever has such a handle after all gets [`NOT_KEPT`]. Others are kept as long as there is a handle.
///
/// # Errors
///
/// [`TooManyThreads`](sched_interface::SchedError::TooManyThreads): as many as the graph permits exist already, those among them
/// that a panic or a fault has ended, or as many results wait for their handles as there is room for; the scheduler's.
pub fn spawn<F, T>(function: F) -> Result<JoinHandle<T>>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    Builder::new().spawn(function)
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

    /// Whether it has returned, or panicked. Of one that has not returned, the scheduler is asked. As in `std`, the thread itself may be there for a
    /// moment longer: until [`Self::join`] it counts among those that there may be.
    pub fn is_finished(&self) -> bool {
        self.packet.is_finished()
    }

    /// Waits for the thread to return; answers with what it returned. Meanwhile the thread runs on the time of the one that waits.
    ///
    /// # Errors
    ///
    /// [`HolderEnded`](sched_interface::SchedError::HolderEnded): it has panicked, or faulted; [`NOT_KEPT`]; the scheduler's.
    pub fn join(self) -> Result<T> {
        self.packet.wait()
    }
}
