//! Blockpoints, on the scheduler's side: who waits where, who goes on when, and why. Held against lists.
#![allow(clippy::unwrap_used, reason = "this is how a test fails")]

#[path = "../common/mod.rs"]
mod common;
mod examples;
mod quick;
mod reference;

use common::{Five, PLACES, five};
use sched_sl::policy::fixed_priority_round_robin::Priority;
use sched_sl::*;

const POINTS: usize = 3;
const NOW: Instant = Instant(0);

type Three = Points<POINTS, PLACES>;

/// A scheduler with blockpoints.
struct World {
    scheduler: Five,
    points: Three,
}

impl World {
    fn new() -> Self {
        Self { scheduler: five(), points: Points::new() }
    }

    fn create(&mut self, priority: u8) -> ThreadId {
        self.scheduler.create(0, Priority(priority)).unwrap()
    }

    fn point(&mut self) -> PointId {
        self.points.allocate(0, POINTS, |_| true).unwrap()
    }

    fn wait(&mut self, thread: ThreadId, point: PointId, epoch: u64) -> Result<Waits, WaitError> {
        self.wait_for(thread, point, epoch, None)
    }

    fn wait_for(
        &mut self,
        thread: ThreadId,
        point: PointId,
        epoch: u64,
        holder: Option<ThreadId>,
    ) -> Result<Waits, WaitError> {
        let wait = Wait { point, epoch: Epoch(epoch), holder, until: None };
        self.points.wait(&mut self.scheduler, thread, wait, NOW)
    }

    fn wait_until(&mut self, thread: ThreadId, point: PointId, until: u64, now: u64) -> Waits {
        let wait = Wait { point, epoch: Epoch(0), holder: None, until: Some(Instant(until)) };
        self.points.wait(&mut self.scheduler, thread, wait, Instant(now)).unwrap()
    }

    fn trigger(&mut self, point: PointId, epoch: u64, wakes: Wakes) -> Result<bool, WaitError> {
        self.points.trigger(&mut self.scheduler, point, Epoch(epoch), wakes)
    }

    fn free(&mut self, point: PointId) -> Result<(), WaitError> {
        self.points.free(&mut self.scheduler, point)
    }

    fn end(&mut self, thread: ThreadId) {
        self.points.forget(&mut self.scheduler, thread);
        self.scheduler.exit(thread).unwrap();
    }

    fn waits(&self, thread: ThreadId) -> bool {
        !self.scheduler.state(thread).unwrap().wants_to_run()
    }

    fn runs(&mut self, now: u64) -> Option<ThreadId> {
        match self.scheduler.decide(Instant(now)).unwrap() {
            Decision::Run { thread, .. } => Some(thread),
            Decision::Idle { .. } => None,
        }
    }
}
