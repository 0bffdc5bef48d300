//! What a core knows of the thread that it runs.

use crate::budget::Account;
use crate::component::{self, Reference};
use crate::frame::Frame;
use crate::outcome::Registers;
use crate::store::{Descriptor, Store};
use crate::thread::entry;
use core::sync::atomic::Ordering::{Acquire, Relaxed};

/// A core's own words, read and written by that core alone.
///
/// The entry paths use the same fields, at the same offsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct CoreState {
    /// Address of the entry that is the top of the current thread's invocation stack.
    pub top: u64,
    /// The current thread's index | this core's index << 32.
    pub identity: u64,
    /// Address of the current thread.
    pub thread: u64,
    /// When the core is to be taken from the current thread, in ticks of the time-stamp counter; 0 for never.
    pub timeout: u64,
    /// Address of the thread for whose end another waits, the last one of these; 0 for none. It goes on
    /// when no scheduler can.
    pub root: u64,
    /// The core's own number.
    pub number: u64,
    /// Whose time is used up.
    pub account: Account,
    /// What a level resumes with, where an [`Outcome`](crate::outcome::Outcome) says so.
    pub registers: Registers,
}

impl CoreState {
    /// The first core, while it runs nothing.
    pub const IDLE: Self = Self {
        top: 0,
        identity: 0,
        thread: 0,
        timeout: 0,
        root: 0,
        number: 0,
        account: Account::NONE,
        registers: Registers::ZERO,
    };

    /// The current thread.
    pub const fn thread(&self) -> Frame {
        Frame::at(self.thread)
    }

    /// The component that the current thread executes in.
    pub fn component(&self, store: &impl Store) -> Reference {
        let [_, _, descriptor, epoch] = store.level(self.top);
        Reference {
            descriptor: component::index_of(descriptor.load(Relaxed)),
            epoch: epoch.load(Relaxed) & !entry::FAULTED,
        }
    }

    /// The hot descriptor of the current level's component, dead or alive.
    pub fn descriptor<'s>(&self, store: &'s impl Store) -> &'s Descriptor {
        let [_, _, descriptor, _] = store.level(self.top);
        store.descriptor_at(descriptor.load(Relaxed))
    }

    /// Whether the current level may go on: its component lives, and no fault of it is being handled.
    pub fn is_live(&self, store: &impl Store) -> bool {
        let [_, _, descriptor, epoch] = store.level(self.top);
        store.descriptor_at(descriptor.load(Relaxed)).epoch.load(Acquire) == epoch.load(Relaxed)
    }
}
