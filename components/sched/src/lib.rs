//! The scheduler: by the library `sched-sl`, under the policy that the graph chooses.
//!
//! | question | module |
//! |---|---|
//! | what does it need of the kernel? | [`machine`] |
//! | what does it know of its threads, and who may do what to whom? | [`state`] |
//! | who is scheduled here? | [`directory`] |
//! | how do threads of several cores reach it, and meet in it? | [`cores`] |
//! | what do its parts on several cores have in common? | [`shared`] |
//! | how do a thread inside and the kernel come together? | [`context`] |
//! | the same where nothing is in the way? | [`visit`] |
//! | what do threads that call each other say? | [`letters`] |
//! | what do threads find that waited? | [`answers`] |
//! | what can its clients ask for? | [`serve`] |
//! | how long may a thread run? | [`limits`] |
//! | by which policy? | [`policy`] |
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

pub mod answers;
pub mod context;
pub mod cores;
pub mod directory;
pub mod letters;
pub mod limits;
pub mod machine;
pub mod pages;
pub mod policy;
pub mod run;
pub mod serve;
pub mod shared;
pub mod state;
#[cfg(test)]
mod tests;
pub mod visit;

pub use machine::Machine;
pub use serve::Call;

use answers::Answers;
use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering::{Acquire, Release};
use directory::Directory;
use letters::Letters;
use runtime::Caller;
use runtime::section::Section;
use shared::Shared;
use state::{Part, State};

/// A scheduler on one core.
pub struct Scheduler<M> {
    machine: M,
    directory: Directory,
    letters: Letters,
    answers: Answers,
    shared: &'static Shared,
    section: Section<State>,
    /// Whether threads are dispatched already.
    is_started: AtomicBool,
}

impl<M: Machine> Scheduler<M> {
    /// A scheduler on one core, which knows nobody yet; what it shares with those on others is `shared`.
    pub const fn new(machine: M, shared: &'static Shared) -> Self {
        Self {
            machine,
            directory: Directory::new(),
            letters: Letters::new(),
            answers: Answers::new(),
            shared,
            section: Section::new(State::new()),
            is_started: AtomicBool::new(false),
        }
    }

    /// What is asked for on behalf of a client.
    pub const fn serve(&self, caller: Caller) -> Call<'_, M> {
        Call::new(self, caller)
    }

    const fn part(&self) -> Part<'_, M> {
        Part { machine: &self.machine, directory: &self.directory, shared: self.shared, letters: &self.letters }
    }

    fn is_started(&self) -> bool {
        self.is_started.load(Acquire)
    }

    fn start(&self) {
        self.is_started.store(true, Release);
    }
}
