//! Calls between threads, on behalf of one caller.

use super::elsewhere::refuse_call;
use super::{Call, decide, reconsider};
use crate::Machine;
use crate::context::Context;
use crate::directory::Entry;
use crate::state::{Called, State, Target, refused};
use crate::visit::{Visit, refusal};
use runtime::section::Guard;
use sched_interface::{Result, SchedError};
use sched_sl::{Kernel, ThreadId};

impl<M: Machine> Call<'_, M> {
    /// The entry of a thread that the caller names.
    #[inline(always)]
    fn other(&self, index: u64) -> Result<Entry> {
        match self.scheduler.directory.find(index) {
            Some(entry) => Ok(entry),
            None => Err(refusal(SchedError::NoSuchThread)),
        }
    }

    #[inline(always)]
    pub(super) fn exchange_with(&self, server: u64, word: u64) -> Result<u64> {
        let visit = self.visit()?;
        match self.scheduler.directory.find(server) {
            Some(server) => self.exchange_with_one(visit, server, word),
            None => Err(refuse_call(server, visit, self.scheduler.shared, self.caller.token)),
        }
    }

    /// Calls a thread that was found, and may have ended meanwhile.
    #[inline(always)]
    pub(crate) fn exchange_with_one(&self, visit: Visit<'_, M>, server: Entry, word: u64) -> Result<u64> {
        let letters = &self.scheduler.letters;
        let (mut state, now) = (visit.enter(), visit.now());
        let by = (visit.me(), self.caller.token, self.caller.thread);
        match state.call(letters, by, (server, word), now) {
            Ok(Called::Taken(quick)) => {
                visit.follow(state, quick, |context, state| call_unusually(context, state, server))?;
            }
            Ok(Called::Queued) => call_unusually(visit.context(), state, server)?,
            Err(error) => return Err(visit.leave_with(state, error)),
        }
        letters.take(visit.me().place()).map(|(_, word)| word)
    }

    pub(super) fn accept_call(&self) -> Result<(u64, u64)> {
        let (visit, letters) = (self.visit()?, &self.scheduler.letters);
        let mut state = visit.enter();
        if state.accept(letters, visit.me()) {
            visit.leave(state);
        } else {
            wait(visit.context(), state, |state, me, now| state.threads.hold(me, None, None, now).map_err(refused))?;
        }
        letters.take(visit.me().place())
    }

    pub(super) fn answer_call(&self, client: u64, word: u64) -> Result<()> {
        let visit = self.visit()?;
        let client = self.other(client)?;
        let mut state = visit.enter();
        let answered = state.answer(&self.scheduler.letters, (visit.me(), self.caller.thread), (client, word));
        match answered {
            Ok(()) => go_on(visit.context(), state, client),
            Err(error) => Err(visit.leave_with(state, error)),
        }
    }

    #[inline(always)]
    pub(super) fn answer_and_accept_call(&self, client: u64, word: u64) -> Result<(u64, u64)> {
        let (visit, letters) = (self.visit()?, &self.scheduler.letters);
        let client = self.other(client)?;
        let mut state = visit.enter();
        if let Err(error) = state.answer(letters, (visit.me(), self.caller.thread), (client, word)) {
            return Err(visit.leave_with(state, error));
        }
        if state.accept(letters, visit.me()) {
            go_on(visit.context(), state, client)?;
        } else {
            let me = (visit.me().place(), |name: Target| name.is(visit.me()));
            let to = (client.place(), |name: Target| name.is(client));
            let quick = state.threads.quick_answer(me, to, visit.now());
            visit.follow(state, quick, |context, state| answer_unusually(context, state, client))?;
        }
        letters.take(visit.me().place())
    }
}

#[cold]
#[inline(never)]
fn call_unusually<M: Machine>(context: Context<'_, M>, state: Guard<'_, State>, server: Entry) -> Result<()> {
    wait(context, state, |state, me, now| {
        let called = state.other(server).and_then(|server| state.call_slowly(me, server, now));
        called.inspect_err(|_| state.take_back(me))
    })
}

#[cold]
#[inline(never)]
fn answer_unusually<M: Machine>(context: Context<'_, M>, state: Guard<'_, State>, client: Entry) -> Result<()> {
    wait(context, state, |state, me, now| state.threads.answer(me, state.other(client)?, now).map_err(refused))
}

/// Notes what the thread does that makes it wait, and switches.
fn wait<M: Machine>(
    context: Context<'_, M>,
    mut state: Guard<'_, State>,
    note: impl FnOnce(&mut State, ThreadId, sched_sl::Instant) -> Result<()>,
) -> Result<()> {
    let decided = context.check_started().and_then(|()| {
        let (now, me) = (context.now(), state.thread(context.me())?);
        note(&mut state, me, now)?;
        decide(&context, &mut state, now)
    });
    if decided.is_err() {
        state.give_up(context.me());
    }
    context.leave(state);
    let (token, decision) = decided?;
    context.carry_out(decision, token)
}

/// Lets a thread go on that was served, and switches to it if it is its turn.
#[cold]
#[inline(never)]
fn go_on<M: Machine>(context: Context<'_, M>, mut state: Guard<'_, State>, client: Entry) -> Result<()> {
    let released = state.other(client).and_then(|client| state.threads.release(client).map_err(refused));
    let decided = released.and_then(|_| reconsider(&context, &mut state));
    context.leave(state);
    match decided? {
        Some((token, decision)) => context.carry_out(decision, token),
        None => Ok(()),
    }
}
