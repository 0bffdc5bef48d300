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
//! know of at once for each component is bounded, and what comes on top polls instead, more slowly.
//!
//! # What is different from the standard library
//!
//! - *Nothing is poisoned.* A panic unwinds no thread's own frames here, so nothing that is dropped could see it: the invocation in which it
//!   happens ends, and a lock that it held stays taken. [`sync::Mutex::lock`] answers with a `Result` all the same: its
//!   error is [`WOULD_DEADLOCK`](sched_interface::WOULD_DEADLOCK), where the standard library would wait for ever.
//! - *A lock's owner runs in place of those that wait for it*, whatever the scheduler's policy: see `sched_sl::inherit`.
//! - *Nothing is allocated.* A channel's room is part of its type, and a thread's function fits into [`thread::ROOM`] bytes.
//! - *Times* are points in time and lengths of time in ticks of the time-stamp counter: [`time`].
#![no_std]
#![cfg_attr(test, allow(clippy::duplicate_mod, reason = "the suite is run against two libraries"))]

#[cfg(test)]
extern crate self as concurrency;
#[cfg(test)]
extern crate std;

mod point;
mod scheduler;
pub mod sync;
#[cfg(test)]
mod tests;
pub mod thread;
pub mod time;

pub use scheduler::background;

/// The error of a thread that waited until its time was up.
pub const NO_TIME_LEFT: runtime::Error = runtime::Error::Server(64);
