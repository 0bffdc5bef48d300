//! Mail: what other cores want of threads of this one.

use super::{Part, State};
use crate::Machine;
use crate::shared::mail::{ARRIVE, START, WAKE};

impl State {
    /// Does what is wanted of a thread.
    pub fn deliver(&mut self, part: &Part<impl Machine>, index: u64, what: u8) {
        if part.shared.home(index).is_some_and(|home| home != part.machine.core()) {
            // It has gone elsewhere meanwhile.
            return part.shared.send(part.machine, index, what);
        }
        if what & START != 0 {
            self.take_in(part, index);
        }
        if what & ARRIVE != 0 {
            self.arrive(part, index);
        }
        if what & WAKE != 0 {
            self.wake_sent(part, index);
        }
    }

    /// A thread was created on another core. If it cannot start here, it has ended.
    fn take_in(&mut self, part: &Part<impl Machine>, index: u64) {
        let shared = part.shared;
        if let Err(error) = self.start(part, index, shared.word(index)) {
            shared.leave(index, part.machine.core());
            shared.end(index, false);
            shared.note(error.status());
            shared.await_less();
        }
    }

    fn wake_sent(&mut self, part: &Part<impl Machine>, index: u64) {
        match part.directory.find(index).and_then(|entry| self.thread(entry).ok()) {
            // If it has ended, that is as well.
            Some(thread) => _ = self.threads.wake(thread),
            // It is on its way here, or has ended.
            None => part.shared.send(part.machine, index, WAKE),
        }
    }
}
