//! What threads with limits run on.

use super::State;
use crate::Machine;
use crate::directory::{Directory, Entry};
use crate::limits::Provided;
use sched_interface::Result;
use sched_sl::Instant;

impl State {
    /// What a thread with a limit is to run on, if it has not had its time.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn provide(&mut self, machine: &impl Machine, entry: Entry) -> Result<Option<Provided>> {
        let Some(thread) = entry.thread() else { return Ok(Some(Provided::common(machine.time()))) };
        let id = self.threads.at(entry.place());
        let counted = id.and_then(|id| self.threads.take_counted(id).ok());
        self.limits.charge(thread, counted.unwrap_or_default());
        let provided = self.limits.provide(machine, thread)?;
        if let (Some(id), Some(from)) = (id, provided.and_then(|provided| provided.counted_from)) {
            // If it has ended meanwhile, there is no turn.
            let _ = self.threads.count_turn(id, from);
        }
        Ok(provided)
    }

    /// Notes that the budget of a thread is used up.
    pub fn exhaust(&mut self, entry: Entry) {
        let next = entry.thread().and_then(|thread| self.limits.next_period(thread));
        if let (Some(id), Some(next)) = (self.threads.at(entry.place()), next) {
            // If it has ended meanwhile, that is as well.
            let _ = self.threads.exhaust(id, next);
        }
    }

    /// Notes that there is no time to run a thread on before this point, or before it has a budget again.
    pub fn put_off(&mut self, entry: Entry, until: Instant) {
        let next = entry.thread().and_then(|thread| self.limits.next_period(thread)).unwrap_or(until);
        if let Some(id) = self.threads.at(entry.place()) {
            // If it has ended meanwhile, that is as well.
            let _ = self.threads.exhaust(id, next.max(until));
        }
    }

    /// A thread lets others of its rank go first, as the kernel tells.
    pub fn yield_for(&mut self, directory: &Directory, index: u64, now: Instant) {
        if let Some(id) = directory.find(index).and_then(|entry| self.threads.at(entry.place())) {
            // One that does not run has nothing to give.
            let _ = self.threads.yield_now(id, now);
        }
    }
}
