//! The scheduler's side of a blockpoint.

use loom::sync::{Condvar, Mutex};
use sched_sl::Epoch;
use std::convert::Infallible;

/// The scheduler's side of one blockpoint, as simple as it can be.
pub struct Desk {
    /// The last epoch that it was told, and who waits.
    pub state: Mutex<(Epoch, Vec<u32>)>,
    changed: Condvar,
}

impl Desk {
    pub fn new() -> Self {
        Self { state: Mutex::new((Epoch(0), Vec::new())), changed: Condvar::new() }
    }

    pub fn wait(&self, who: u32, seen: Epoch) -> Result<(), Infallible> {
        let mut state = self.state.lock().unwrap();
        if seen >= state.0 {
            state.1.push(who);
        }
        while state.1.contains(&who) {
            state = self.changed.wait(state).unwrap();
        }
        Ok(())
    }

    pub fn wake(&self, epoch: Epoch, wakes: usize) {
        let mut state = self.state.lock().unwrap();
        state.0 = state.0.max(epoch);
        let wakes = wakes.min(state.1.len());
        state.1.drain(..wakes);
        self.changed.notify_all();
    }
}
