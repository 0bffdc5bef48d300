//! The scheduler: fixed priorities, round robin among equals, by the library `sched-sl`.
//!
//! | question | module |
//! |---|---|
//! | what does it need of the kernel? | [`machine`] |
//! | what does it know of its threads, and who may do what to whom? | [`state`] |
//! | how do a thread inside and the kernel come together? | [`context`] |
//! | what can its clients ask for? | [`serve`] |
//! | how long may a thread run? | [`limits`] |
//! | how does it have syscall pages served? | [`pages`] |
//! | what does its own thread do? | [`run`] |
//!
//! # Whose thread does what
//!
//! A client's thread that asks for something comes here by its invocation, notes its wish, decides who runs next and
//! switches there itself: one decision, one switch, no thread in between. The scheduler's own thread runs when the
//! kernel has something to tell: a timeout, the end of a thread, a fault. It takes the events in, and decides.
//!
//! What is known of the threads is for one at a time. A client's thread can lose the core while it is inside; the
//! kernel then resumes the scheduler's own thread, which finds the section taken, lets the owner finish (without a
//! timeout: what is left is a few hundred instructions) and is resumed by it on its way out. So nobody spins, and
//! interrupts stay on.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

pub mod context;
pub mod limits;
pub mod machine;
pub mod pages;
pub mod run;
pub mod serve;
pub mod state;
#[cfg(test)]
mod tests;

pub use machine::Machine;
pub use serve::Call;

use core::num::NonZeroU32;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64};
use runtime::scheduling::Thread;
use runtime::section::Section;
use runtime::{Caller, Error, Result};
use state::State;

/// The error of a system with more clients or threads than a scheduler has room for.
pub const TOO_LARGE: Error = Error::Server(32);

/// The error of a system in which every thread that is left waits, and nobody is there to wake one.
pub const DEADLOCK: Error = Error::Server(33);

/// A scheduler on one core.
pub struct Scheduler<M> {
    machine: M,
    /// By thread index, the slot of each thread that is scheduled here; 0 for the others.
    slots: [AtomicU32; abi::layout::THREADS as usize],
    section: Section<State>,
    /// Number of the last decision.
    token: AtomicU64,
    /// Whether threads are dispatched already.
    is_started: AtomicBool,
}

impl<M: Machine> Scheduler<M> {
    /// A scheduler that knows nobody yet.
    pub const fn new(machine: M) -> Self {
        Self {
            machine,
            slots: [const { AtomicU32::new(0) }; abi::layout::THREADS as usize],
            section: Section::new(State::new()),
            token: AtomicU64::new(0),
            is_started: AtomicBool::new(false),
        }
    }

    /// What is asked for on behalf of a client.
    pub const fn serve(&self, caller: Caller) -> Call<'_, M> {
        Call::new(self, caller)
    }

    /// The thread with this index, if it is scheduled here.
    fn thread(&self, index: u32) -> Option<Thread> {
        let slot = self.slots.get(index as usize)?.load(Relaxed);
        NonZeroU32::new(slot).map(Thread::with_number)
    }

    fn enlist(&self, index: u64, thread: Thread) -> Result<()> {
        let slot = usize::try_from(index).ok().and_then(|index| self.slots.get(index)).ok_or(TOO_LARGE)?;
        slot.store(thread.number().get(), Relaxed);
        Ok(())
    }

    /// A number for the next decision: it overtakes all earlier ones.
    fn next_token(&self) -> u64 {
        self.token.fetch_add(1, Relaxed) + 1
    }

    fn is_started(&self) -> bool {
        self.is_started.load(Acquire)
    }

    fn start(&self) {
        self.is_started.store(true, Release);
    }
}
