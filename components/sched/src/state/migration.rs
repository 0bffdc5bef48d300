//! Threads that go to another core, and those that come.
//!
//! A thread says where it wants to go, and lets the scheduler's own thread run, which takes it from here: the kernel moves only who
//! does not run. It is told of its arrival by finding itself there.

use super::{Member, PLACES, Part, State, refused};
use crate::Machine;
use crate::directory::Entry;
use crate::letters::Unanswered;
use crate::shared::Shared;
use abi::error::Error as KernelError;
use abi::plan;
use runtime::CallError;
use runtime::scheduling::Thread;
use sched_interface::{Result, SchedError};
use sched_sl::{Instant, State as Is};

impl State {
    /// Notes that the thread with this index, which runs, is to go to this core. From now on it does not go on here.
    ///
    /// # Errors
    ///
    /// [`SchedError::NoSuchCore`]: the scheduler does not run there, or has no room there; [`SchedError::BoundToCore`]: the thread cannot leave this one.
    pub fn set_out(
        &mut self,
        part: &Part<impl Machine>,
        (entry, index): (Entry, u64),
        core: u32,
        now: Instant,
    ) -> Result<()> {
        let runs_there = part.machine.cores().checked_shr(core).is_some_and(|cores| cores & 1 != 0);
        if !runs_there {
            return Err(SchedError::NoSuchCore);
        }
        if self.is_bound(entry, &self.planned(part, index)?) {
            return Err(SchedError::BoundToCore);
        }
        let thread = self.thread(entry)?;
        part.shared.reserve(core, PLACES).map_err(|_| SchedError::NoSuchCore)?;
        let held = self.threads.hold(thread, None, None, now).map_err(refused);
        held.inspect_err(|_| part.shared.vacate(core))?;
        let Some(Some(member)) = self.members.get_mut(entry.place()) else { return Err(SchedError::NotScheduled) };
        member.leaves = Some((index, core));
        self.leaving += 1;
        Ok(())
    }

    /// Whether a thread cannot leave this core: its time is limited, also by a policy that keeps budgets itself, or it schedules others; or
    /// those that have called it wait for it here.
    fn is_bound(&self, entry: Entry, of: &plan::Parameters) -> bool {
        let has_limit = entry.thread().is_none_or(|thread| self.limits.has(thread));
        has_limit || of.budget != 0 || self.parties.is_waited_for(entry.place())
    }

    /// Whether anybody is about to go.
    pub const fn is_anyone_leaving(&self) -> bool {
        self.leaving > 0
    }

    /// Has all go who are about to. Those to which somebody has just sent go next time; those that the kernel does not let go stay.
    pub fn send_off(&mut self, part: &Part<impl Machine>) {
        for place in 0..PLACES {
            let member = self.members.get(place).copied().flatten();
            if let Some((member, (index, core))) = member.and_then(|member| Some((member, member.leaves?))) {
                self.send_one_off(part, member, index, core);
            }
        }
    }

    fn send_one_off(&mut self, part: &Part<impl Machine>, member: Member, index: u64, core: u32) {
        let Some(thread) = part.directory.find(index).and_then(Entry::thread) else { return };
        match part.machine.migrate(thread, core) {
            Ok(()) => self.have_gone(part, member, (index, thread), core),
            Err(SchedError::Call(CallError::Kernel(KernelError::Pending))) => {}
            Err(_) => self.let_stay(part.shared, member, (index, core)),
        }
    }

    /// A thread that cannot go after all, as one that has joined peers, goes on here.
    #[cold]
    fn let_stay(&mut self, shared: &Shared, member: Member, (index, core): (u64, u32)) {
        if let Some(member) = self.members.get_mut(member.id.place()).and_then(Option::as_mut) {
            member.leaves = None;
        }
        self.leaving -= 1;
        shared.vacate(core);
        shared.stay(index);
        // If it has ended, that is as well.
        let _ = self.threads.release(member.id);
    }

    fn have_gone(&mut self, part: &Part<impl Machine>, member: Member, (index, thread): (u64, Thread), core: u32) {
        let is_woken = self.threads.state(member.id) == Ok(Is::AsleepWoken);
        part.directory.take(index);
        self.remove(part, member, index, Unanswered::HasMoved);
        self.leaving -= 1;
        part.shared.keep(index, thread, core);
        part.shared.vacate(part.machine.core());
        // Whoever waits for it here hears of its end from there.
        part.shared.expect_end(index);
        part.shared.send_arrival(part.machine, (index, core), member.is_background, is_woken);
    }

    /// A thread has come from another core.
    pub(super) fn arrive(&mut self, part: &Part<impl Machine>, index: u64) {
        let Some(thread) = part.shared.thread(index) else { return };
        // There was room for it before it came.
        let arrived = self.planned(part, index).and_then(|of| self.parameters(part, thread, of));
        let arrived = arrived.and_then(|of| self.enlist(part, index, (thread, 0), of));
        let member = part.directory.find(index).and_then(|entry| self.members.get_mut(entry.place())?.as_mut());
        match (arrived, member) {
            (Ok(()), Some(member)) => member.is_background = part.shared.is_background(index),
            (error, _) => {
                part.shared.leave(index, part.machine.core());
                part.shared.note(error.err().unwrap_or(SchedError::NotScheduled).status());
                part.shared.await_less();
            }
        }
    }
}
