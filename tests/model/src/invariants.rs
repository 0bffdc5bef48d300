//! What must hold between two entries, whatever they were.

use crate::state::{Capability, Entry, Frame, Model, Scheduler, State};
use abi::time::UNLIMITED;
use std::collections::BTreeMap;

impl Model {
    /// What does not hold, if anything.
    ///
    /// # Errors
    ///
    /// What it is.
    pub fn check(&self) -> Result<(), String> {
        self.check_frames()?;
        self.check_threads()?;
        self.check_budgets()
    }

    /// Every frame is what objects and mappings say of it, and of one kind only.
    fn check_frames(&self) -> Result<(), String> {
        let mut objects = BTreeMap::<u64, u64>::new();
        for frame in self.object_frames().filter(|frame| self.memory.contains(frame)) {
            *objects.entry(frame).or_default() += 1;
        }
        let mut mappings = BTreeMap::<u64, u64>::new();
        for entry in self.page_tables.values().flat_map(|table| table.pages.values()) {
            if let Entry::Mapping(frame, ..) = entry {
                *mappings.entry(*frame).or_default() += 1;
            }
        }
        for (frame, kind) in &self.frames {
            let (used, mapped) = (objects.get(frame).copied(), mappings.get(frame).copied());
            let expected = match kind {
                Frame::Untyped(_) => (None, None),
                Frame::Object => (Some(1), None),
                Frame::User(count) => (None, Some(*count)),
            };
            if (used, mapped) != expected {
                return Err(format!("frame {frame:#x} is {kind:?}: part of {used:?} objects, mapped {mapped:?} times"));
            }
        }
        match objects.keys().chain(mappings.keys()).find(|frame| !self.frames.contains_key(frame)) {
            Some(frame) => Err(format!("frame {frame:#x} is used, and never was claimed")),
            None => Ok(()),
        }
    }

    fn object_frames(&self) -> impl Iterator<Item = u64> {
        let tables =
            self.tables.values().flat_map(|table| table.leaves.values().map(|leaf| leaf.frame).chain([table.frame]));
        let pages = self.page_tables.values().flat_map(|table| table.nodes.values().copied().chain([table.frame]));
        let components = self.components.values().map(|component| component.frame);
        let threads = self.threads.values().map(|thread| thread.frame);
        tables.chain(pages).chain(components).chain(threads).chain(self.times.values().map(|time| time.frame))
    }

    /// One thread runs; a thread with an event is in the list of its scheduler, once, and no other is in any.
    fn check_threads(&self) -> Result<(), String> {
        let running: Vec<_> = self.threads.iter().filter(|(_, thread)| thread.state == State::Running).collect();
        if !self.idle && (running.len() != 1 || running[0].0 != &self.current) {
            return Err(format!("{} threads run", running.len()));
        }
        for (id, thread) in &self.threads {
            let listed: Vec<_> = self.threads.iter().filter(|(_, other)| other.events.contains(id)).collect();
            let is_right = match (thread.event, listed.as_slice()) {
                (None, []) => true,
                (Some(_), [(scheduler, _)]) => thread.scheduler == Scheduler::EndPoint(**scheduler),
                _ => false,
            };
            if !is_right {
                return Err(format!(
                    "thread {} has the event {:?} in {} lists",
                    thread.index,
                    thread.event,
                    listed.len()
                ));
            }
        }
        Ok(())
    }

    /// No cycle is made or lost: what is left and what was used is what the unlimited ones gave.
    fn check_budgets(&self) -> Result<(), String> {
        let limited = self.times.values().filter(|time| time.left != UNLIMITED);
        let there: i128 = limited.map(|time| i128::from(time.left) + i128::from(time.used)).sum();
        if there + self.ended == self.granted {
            return Ok(());
        }
        Err(format!("{there} cycles are there and {} have ended, but {} were given", self.ended, self.granted))
    }

    /// Capabilities that can be used. Those to what is gone cannot.
    pub fn usable(&self) -> impl Iterator<Item = Capability> {
        let leaves = self.tables.values().flat_map(|table| table.leaves.values());
        let held = leaves.flat_map(|leaf| leaf.slots.values()).map(|held| held.capability);
        held.filter(|capability| self.is_fresh(*capability))
    }
}
