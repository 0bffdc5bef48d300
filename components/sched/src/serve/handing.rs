//! Letting another thread go on and waiting, both at once, on behalf of one caller.

use super::{Call, decide, reconsider};
use crate::Machine;
use crate::context::Context;
use crate::directory::Entry;
use crate::state::{State, Target, refused};
use core::cell::Cell;
use runtime::section::Guard;
use sched_interface::{Result, Sched};
use sched_sl::{Block, Decision, Kernel, Token};

impl<M: Machine> Call<'_, M> {
    #[inline(always)]
    pub(super) fn wake_other_and_block(&self, thread: u64) -> Result<()> {
        let visit = self.visit()?;
        let Some(woken) = self.scheduler.directory.find(thread) else { return self.wake_elsewhere_and_block(thread) };
        let (mut state, now) = (visit.enter(), visit.now());
        if let Err(error) = state.check_wake(visit.me(), self.caller.token, woken) {
            return Err(visit.leave_with(state, error));
        }
        let me = (visit.me().place(), |name: Target| name.is(visit.me()));
        let to = (woken.place(), |name: Target| name.is(woken));
        let quick = state.threads.quick_wake_and_block(me, to, now);
        visit.follow(state, quick, |context, state| wake_and_block(context, state, woken))
    }

    #[cold]
    #[inline(never)]
    fn wake_elsewhere_and_block(&self, thread: u64) -> Result<()> {
        self.context()?.check_started()?;
        self.wake_elsewhere(thread)?;
        self.block()
    }

    #[inline(always)]
    pub(super) fn trigger_there_and_wait_here(&self, there: (u64, u64), here: (u64, u64)) -> Result<()> {
        let visit = self.visit()?;
        let (mut state, now, token) = (visit.enter(), visit.now(), self.caller.token);
        let answers = &self.scheduler.answers;
        answers.expect(visit.me().place());
        let quick = state.quick_trigger_and_wait(visit.me(), token, (there, here), (now, answers));
        // Whether there was nothing to wait for.
        let had_happened = Cell::new(false);
        visit.follow(state, quick, |context, state| {
            had_happened.set(trigger_and_wait(context, state, token, (there, here))?);
            Ok(())
        })?;
        if answers.is_given(visit.me().place()) || had_happened.get() {
            return Ok(());
        }
        self.finish_wait(visit).map(|_| ())
    }
}

/// The other goes on, and this one waits unless it has been woken meanwhile. Before the start, neither happens.
#[cold]
#[inline(never)]
fn wake_and_block<M: Machine>(context: Context<'_, M>, mut state: Guard<'_, State>, woken: Entry) -> Result<()> {
    let decided = context.check_started().and_then(|()| {
        let (woken, me) = (state.other(woken)?, state.thread(context.me())?);
        state.threads.wake(woken).map_err(refused)?;
        let now = context.now();
        match state.threads.block(me, now).map_err(refused)? {
            Block::Blocked => decide(&context, &mut state, now).map(Some),
            Block::WokenBefore => reconsider(&context, &mut state),
        }
    });
    context.leave(state);
    carry_out(&context, decided?)
}

/// The same of blockpoints. Answers whether what this one would wait for has happened.
#[cold]
#[inline(never)]
fn trigger_and_wait<M: Machine>(
    context: Context<'_, M>,
    mut state: Guard<'_, State>,
    token: u64,
    both: ((u64, u64), (u64, u64)),
) -> Result<bool> {
    let decided = context.check_started().and_then(|()| {
        let (now, me) = (context.now(), state.thread(context.me())?);
        if state.trigger_and_wait(token, me, both, now)? {
            Ok((decide(&context, &mut state, now).map(Some)?, false))
        } else {
            Ok((reconsider(&context, &mut state)?, true))
        }
    });
    context.leave(state);
    let (decided, had_happened) = decided?;
    carry_out(&context, decided).map(|()| had_happened)
}

fn carry_out<M: Machine>(context: &Context<'_, M>, decided: Option<(Token, Decision<Target>)>) -> Result<()> {
    decided.map_or(Ok(()), |(token, decision)| context.carry_out(decision, token))
}
