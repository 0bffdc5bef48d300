//! Threads, locks and channels inside a component, named and behaving as in the standard library.
//!
//! ```ignore
//! use concurrency::sync::Mutex;
//! use concurrency::thread;
//!
//! static COUNT: Mutex<u64> = Mutex::new(0);
//!
//! fn run() -> runtime::Result<()> {
//!     let other = thread::spawn(|| *COUNT.lock()? += 1)?;
//!     *COUNT.lock()? += 1;
//!     other.join()?
//! }
//! ```
//!
//! All of it stands on the interface `sched` and on its blockpoints, so a component that uses it names a scheduler in its
//! line of the graph. Nothing here enters the kernel, or calls anybody, unless a thread has to wait or one waits: the
//! protocols are those of `sched_sl`, explored there in every order in which threads can meet. The scheduler is told
//! about a lock or a condition when first somebody waits for it, and forgets it when that is dropped; how many it can
//! know of at once for each component is bounded, and what comes on top polls instead, more slowly: who waits so is told as well that a thread has
//! ended, and lends it nothing meanwhile.
//!
//! # On the host
//!
//! A library that uses this is tested on the host as any other, if the package asks for the feature `host` under its `dev-dependencies`: then
//! threads are those of the standard library, and so is the clock, and a scheduler is played. No image is built with what is asked for there.
//! Without it, whatever would ask a scheduler outside an image panics. One difference is left: a panic unwinds there, and gives locks back.
//!
//! # What is different from the standard library
//!
//! - *Nothing unwinds.* A panic or a fault ends its thread, or the call of another component in which it happens, and drops nothing. So there
//!   is no poison: a lock that a thread held when it ended is never given back, and whoever wants it is told so, by
//!   [`HolderEnded`](sched_interface::SchedError::HolderEnded), as is whoever joins the thread or waits for what it was doing [once](sync::Once). What it
//!   held to read, or to send and receive by, stays held. Handles of threads go with it, and what those threads return
//!   [makes room for others](thread::spawn()) when there is none.
//! - *A lock that a call held which was ended stays that of its thread*, the client's, which lives on: it is told
//!   [`WouldDeadlock`](sched_interface::SchedError::WouldDeadlock) when it wants the lock again, and all others wait until it ends. So does what
//!   the call was to do [once](sync::Once). A server's method does what can fail before it takes a lock, and moves what came of it in; where
//!   it cannot, all take the lock with a limit ([`lock_until`](sync::Mutex::lock_until)), so that what fails for one fails for the others in time.
//! - *A thread that panics or faults takes its place along*: the component can have one fewer of those that its graph permits, for as long as it
//!   lives, and [`spawn`](thread::spawn()) says [`TooManyThreads`](sched_interface::SchedError::TooManyThreads) when none is left. So who starts another for each that is
//!   lost comes to an end. A `RefCell` among a thread's own values that a panicked call had borrowed stays borrowed for that client's thread.
//! - *A lock whose owner waits for who wants it* is an error, [`WouldDeadlock`](sched_interface::SchedError::WouldDeadlock), as is a lock of one's own. Who reads by an
//!   [`RwLock`](sync::RwLock) is counted, not known: a thread that reads and then writes, or reads twice with a writer between, waits for ever, and so
//!   does a writer behind a reader that has ended. Of threads that poll for locks, no circle is found but a lock of one's own.
//! - *A lock's owner runs in place of those that wait for it*, whatever the scheduler's policy: see `sched_sl::inherit`. So does a thread that
//!   is joined.
//! - *Nothing is allocated.* A channel's room is part of its type, and a thread's function fits into [`thread::ROOM`] bytes. A thread's stack
//!   is the graph's to say, and its name is a `&'static str`.
//! - *What may wait can fail*: `spawn`, `join`, `park`, `sleep`, `yield_now` and whatever takes a lock answer a `Result`, where `std` answers
//!   nothing or panics.
//! - *A channel's room is a power of two* and more than one, so there is no rendezvous, and no queue without bounds. `Channel::send` that fails
//!   has dropped the value; `try_send` and the sender of a queue give it back.
//! - *A thread's index is another's when it has ended*: a [`Thread`](thread::Thread) that is kept for longer unparks whoever has it then.
//! - *An [event set](sync::EventSet) is told of events and of queues*; a point in time or a call cannot be one of what it waits for.
//! - *Not here* are `mpsc::channel` and `sync_channel` (a queue is [split](sync::mpsc::Queue::split), once), `Once::call_once_force` and
//!   `thread::available_parallelism`. A value of a `thread_local!` is aligned to 8 bytes at most. A point in time that lies beyond
//!   [the end of time](time::Instant::NEVER) is that, where `std` panics.
//! - *Whoever is woken of those that wait* is the first in the order of the scheduler's policy; of equals, who came first. A lock is not handed
//!   over, so another may be faster. Readers that come after a writer wait behind it.
#![no_std]
#![cfg_attr(test, allow(clippy::duplicate_mod, reason = "the suite is run against two libraries"))]

#[cfg(test)]
extern crate self as concurrency;
#[cfg(any(test, feature = "host"))]
extern crate std;

pub mod future;
mod point;
mod scheduler;
pub mod sync;
#[cfg(test)]
mod tests;
pub mod thread;
pub mod time;

pub use scheduler::background;

runtime::errors! {
    /// What the threads of a component meet with each other, beyond what their scheduler says.
    pub enum ThreadError {
        NoTimeLeft = 64: "the time was up",
        NotItsOwn = 65: "the thread is somebody else's, on loan: it cannot wait here for those of its own",
        NotKept = 66: "what the thread returned was not kept: others have been started meanwhile",
        Disconnected = 67: "nobody is at the other end any more",
        Full = 68: "there is no room for another value",
        Empty = 69: "there is no value",
        WouldBlock = 70: "somebody else has the lock",
    }
}

/// The error of a thread that waited until its time was up.
pub const NO_TIME_LEFT: runtime::Error = ThreadError::NoTimeLeft.error();

/// The error of a thread that waits for one that has ended.
const HOLDER_ENDED: runtime::Error = sched_interface::SchedError::HolderEnded.error();

/// The error of a component all of whose threads exist.
const TOO_MANY_THREADS: runtime::Error = sched_interface::SchedError::TooManyThreads.error();
