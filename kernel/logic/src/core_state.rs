//! What a core knows of the thread that it runs.

use crate::component::{self, Reference};
use crate::frame::Frame;
use crate::store::{Store, get};
use crate::thread::entry;

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
}

impl CoreState {
    /// A core that runs nothing.
    pub const IDLE: Self = Self { top: 0, identity: 0, thread: 0, timeout: 0, root: 0 };

    /// The current thread.
    pub const fn thread(&self) -> Frame {
        Frame::at(self.thread)
    }

    /// The component that the current thread executes in.
    pub fn component(&self, store: &impl Store) -> Reference {
        let words = store.words(self.thread());
        let at = entry::index(self.top);
        Reference {
            descriptor: component::index_of(get(words, at + entry::DESCRIPTOR)),
            epoch: get(words, at + entry::EPOCH) & !entry::FAULTED,
        }
    }
}
