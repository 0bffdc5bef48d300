//! What is asked for of threads of other cores.
//!
//! All that is said to another core is said inside the section: somebody more urgent who says the same, and finds that it has been said,
//! has let finish who began to, and need not wait until that one has the core again.

use super::Call;
use crate::Machine;
use crate::shared::Shared;
use crate::shared::mail::WAKE;
use crate::visit::Visit;
use sched_interface::{Result, SchedError};
use sched_sl::{Epoch, Kernel, PointId, Wakes};

impl<M: Machine> Call<'_, M> {
    /// Wakes a thread that is not of this core.
    #[cold]
    #[inline(never)]
    pub(super) fn wake_elsewhere(&self, thread: u64) -> Result<()> {
        let (context, shared) = (self.context()?, self.scheduler.shared);
        let client = shared.home(thread).and_then(|_| shared.client(thread)).ok_or(SchedError::NoSuchThread)?;
        context.inside(|state| {
            if !state.may_wake(self.caller.token, client) {
                return Err(SchedError::NoSuchThread);
            }
            shared.send(&self.scheduler.machine, thread, WAKE);
            Ok(())
        })
    }

    /// Says that an epoch has begun at a blockpoint of another core.
    #[cold]
    #[inline(never)]
    pub(crate) fn trigger_elsewhere(&self, home: u64, point: u64, epoch: u64, wakes: Wakes) -> Result<()> {
        let (context, shared) = (self.context()?, self.scheduler.shared);
        let (home, point) = (u32::try_from(home).map_err(|_| SchedError::NoSuchPoint)?, PointId::from_word(point));
        context.inside(|state| {
            state.check_elsewhere(shared, self.caller.token, home, point)?;
            shared.send_trigger(&self.scheduler.machine, home, point, (Epoch(epoch), wakes))
        })
    }

    /// Gives up a blockpoint of another core.
    #[cold]
    #[inline(never)]
    pub(crate) fn free_elsewhere(&self, home: u64, point: u64) -> Result<()> {
        let (context, shared) = (self.context()?, self.scheduler.shared);
        let (home, point) = (u32::try_from(home).map_err(|_| SchedError::NoSuchPoint)?, PointId::from_word(point));
        context.inside(|state| {
            state.check_elsewhere(shared, self.caller.token, home, point)?;
            shared.send_free(&self.scheduler.machine, home, point)
        })
    }

    /// Goes on on another core.
    #[inline(never)]
    pub(super) fn migrate_to(&self, core: u64) -> Result<()> {
        let own = self.scheduler.machine.core();
        if core == u64::from(own) {
            return Ok(());
        }
        if !self.scheduler.is_started() {
            return Err(SchedError::NotStarted);
        }
        let (context, core) = (self.context()?, u32::try_from(core).map_err(|_| SchedError::NoSuchCore)?);
        let me = (context.me(), u64::from(self.caller.thread));
        context.inside(|state| state.set_out(&self.scheduler.part(), me, core, context.now()))?;
        // The scheduler's own thread moves this one, as soon as that does not run; what it asks for on the other core is refused.
        while self.scheduler.machine.executing_core() == own {
            if self.scheduler.shared.take_stay(me.1) {
                return Err(SchedError::BoundToCore);
            }
            context.let_own_run();
        }
        Ok(())
    }
}

/// Why a thread is not called, by the edge with this token, that is not of this core. What it needs is in registers where it is asked:
/// who calls a thread of this core does nothing for it.
#[cold]
#[inline(never)]
pub(super) fn refuse_call<M: Machine>(thread: u64, visit: Visit<'_, M>, shared: &Shared, token: u64) -> SchedError {
    let Some(client) = shared.home(thread).and_then(|_| shared.client(thread)) else { return SchedError::NoSuchThread };
    if visit.context().inside(|state| state.may_enter(token, client)) {
        SchedError::OnAnotherCore
    } else {
        SchedError::NoSuchThread
    }
}
