//! Waiting at blockpoints and triggering them, on behalf of one caller.

use super::{Call, decide, reconsider};
use crate::Machine;
use crate::context::Context;
use crate::state::State;
use crate::visit::Visit;
use core::cell::Cell;
use runtime::section::Guard;
use sched_interface::Result;
use sched_sl::{Kernel, Wait, Waits, Wakes};

impl<M: Machine> Call<'_, M> {
    #[inline(always)]
    pub(super) fn wait_at(&self, words: [u64; 4]) -> Result<bool> {
        let visit = self.visit()?;
        let (mut state, now) = (visit.enter(), visit.now());
        let wait = match state.wait_from(&self.scheduler.part(), words) {
            Ok(wait) => wait,
            Err(error) => return Err(visit.leave_with(state, error)),
        };
        let (token, answers) = (self.caller.token, &self.scheduler.answers);
        answers.expect(visit.me().place());
        let quick = state.quick_wait(visit.me(), token, wait, now);
        // What there was to wait for, if there was nothing.
        let had_happened = Cell::new(None);
        visit.follow(state, quick, |context, state| {
            had_happened.set(wait_unusually(context, state, token, wait)?);
            Ok(())
        })?;
        if answers.is_given(visit.me().place()) {
            return Ok(true);
        }
        if let Some(had_happened) = had_happened.get() {
            return Ok(had_happened);
        }
        self.finish_wait(visit)
    }

    /// Is back from a wait that did not end in the common way.
    #[cold]
    #[inline(never)]
    pub(super) fn finish_wait(&self, visit: Visit<'_, M>) -> Result<bool> {
        let mut state = visit.enter();
        let result = state.thread(visit.me()).and_then(|thread| state.finish_wait(thread));
        visit.leave(state);
        result
    }

    #[inline(always)]
    pub(super) fn trigger_at(&self, point: u64, epoch: u64, wakes: Wakes) -> Result<()> {
        let visit = self.visit()?;
        let (mut state, now) = (visit.enter(), visit.now());
        let token = self.caller.token;
        let by = (now, &self.scheduler.answers);
        let quick = state.quick_trigger(visit.me(), token, (point, epoch, wakes), by);
        visit.follow(state, quick, |context, state| trigger_unusually(context, state, token, (point, epoch, wakes)))
    }
}

/// Has the thread wait, and switches; or answers whether what it would wait for has happened, or its time has come.
#[cold]
#[inline(never)]
fn wait_unusually<M: Machine>(
    context: Context<'_, M>,
    mut state: Guard<'_, State>,
    token: u64,
    wait: Wait,
) -> Result<Option<bool>> {
    let noted = context.check_started().and_then(|()| {
        let (now, thread) = (context.now(), state.thread(context.me())?);
        match state.wait_on(token, thread, wait, now)? {
            Waits::Held => decide(&context, &mut state, now).map(Ok),
            Waits::EpochIsPast => Ok(Err(true)),
            Waits::TimeIsPast => Ok(Err(false)),
        }
    });
    context.leave(state);
    match noted? {
        Ok((token, decision)) => context.carry_out(decision, token).map(|()| None),
        Err(had_happened) => Ok(Some(had_happened)),
    }
}

#[cold]
#[inline(never)]
fn trigger_unusually<M: Machine>(
    context: Context<'_, M>,
    mut state: Guard<'_, State>,
    token: u64,
    (point, epoch, wakes): (u64, u64, Wakes),
) -> Result<()> {
    let decided = state.trigger(token, point, epoch, wakes).and_then(|any| {
        if !any {
            return Ok(None);
        }
        reconsider(&context, &mut state)
    });
    context.leave(state);
    match decided? {
        Some((token, decision)) if context.check_started().is_ok() => context.carry_out(decision, token),
        _ => Ok(()),
    }
}
