//! Waiting at blockpoints and triggering them, on behalf of one caller.

use super::{Call, decide};
use crate::Machine;
use runtime::Result;
use sched_interface::{NO_DECISION, NOT_STARTED};
use sched_sl::{Kernel, Waits, Wakes};

impl<M: Machine> Call<'_, M> {
    pub(super) fn wait_at(&self, words: [u64; 4]) -> Result<bool> {
        if !self.scheduler.is_started() {
            return Err(NOT_STARTED);
        }
        let context = self.context()?;
        let (waits, decided) = context.inside(|state| {
            let (now, thread) = (context.now(), state.thread(context.me())?);
            let wait = state.wait_from(&self.scheduler.directory, words);
            let waits = state.wait_on(self.caller.token, thread, wait, now)?;
            Ok::<_, runtime::Error>((
                waits,
                match waits {
                    Waits::Held => Some(decide(&context, state, now)?),
                    Waits::EpochIsPast | Waits::TimeIsPast => None,
                },
            ))
        })?;
        let Some((token, decision)) = decided else { return Ok(waits == Waits::EpochIsPast) };
        context.carry_out(decision, token)?;
        context.inside(|state| {
            let thread = state.thread(context.me())?;
            state.finish_wait(thread)
        })
    }

    pub(super) fn trigger_at(&self, point: u64, epoch: u64, wakes: Wakes) -> Result<()> {
        let context = self.context()?;
        let decided = context.inside(|state| {
            if !state.trigger(self.caller.token, point, epoch, wakes)? {
                return Ok(None);
            }
            let token = context.token();
            let decision = state.threads.reconsider(context.now()).map_err(|_| NO_DECISION)?;
            Ok::<_, runtime::Error>(decision.map(|decision| (token, decision)))
        })?;
        match decided {
            Some((token, decision)) if self.scheduler.is_started() => context.carry_out(decision, token),
            _ => Ok(()),
        }
    }
}
