//! A client's thread inside the scheduler in the common case: it finds the section free, and switches.
//!
//! Whatever is not common is the business of [`Context`], and out of the way.

use crate::context::{Context, timeout};
use crate::directory::Entry;
use crate::state::{State, Target};
use crate::{Machine, Scheduler};
use core::num::NonZeroU32;
use runtime::scheduling::Budget;
use runtime::section::Guard;
use sched_interface::{Result, SchedError};
use sched_sl::{Instant, Payer, Quick, Turn};

/// A client's thread inside the scheduler.
pub struct Visit<'s, M> {
    scheduler: &'s Scheduler<M>,
    me: Entry,
}

impl<M> Clone for Visit<'_, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for Visit<'_, M> {}

impl<'s, M: Machine> Visit<'s, M> {
    /// That of the thread with this index.
    ///
    /// # Errors
    ///
    /// [`SchedError::NotScheduled`].
    #[inline(always)]
    pub fn of(scheduler: &'s Scheduler<M>, index: u32) -> Result<Self> {
        match scheduler.directory.find(index.into()) {
            Some(me) => Ok(Self { scheduler, me }),
            None => Err(refusal(SchedError::NotScheduled)),
        }
    }

    /// The thread.
    #[inline(always)]
    pub const fn me(self) -> Entry {
        self.me
    }

    /// The same thread, for what is not common.
    pub const fn context(self) -> Context<'s, M> {
        Context::of_client(self.scheduler, self.me)
    }

    /// What time it is.
    #[inline(always)]
    pub fn now(self) -> Instant {
        Instant(self.scheduler.machine.now())
    }

    /// Enters the section, for as long as the guard is there. It is to be given to what leaves.
    #[inline(always)]
    pub fn enter(self) -> Guard<'s, State> {
        match self.scheduler.section.enter(self.me.number()) {
            Ok(state) => state,
            Err(owner) => self.enter_behind(owner),
        }
    }

    #[cold]
    #[inline(never)]
    fn enter_behind(self, owner: NonZeroU32) -> Guard<'s, State> {
        self.context().enter_behind(owner)
    }

    /// Leaves the section, and lets in who waits for that.
    #[inline(always)]
    pub fn leave(self, state: Guard<'s, State>) {
        if state.leave() {
            self.let_in();
        }
    }

    #[cold]
    #[inline(never)]
    fn let_in(self) {
        self.context().let_in();
    }

    /// The same, where something was refused.
    #[cold]
    #[inline(never)]
    pub fn leave_with(self, state: Guard<'s, State>, error: SchedError) -> SchedError {
        self.leave(state);
        error
    }

    /// Leaves the section, and does what has been decided there. Returns when the caller runs again. If nothing has, that is `unusual`.
    ///
    /// # Errors
    ///
    /// [`SchedError::NoDecision`]; those of `unusual`.
    #[inline(always)]
    pub fn follow(
        self,
        state: Guard<'s, State>,
        quick: Quick<Target>,
        unusual: impl FnOnce(Context<'s, M>, Guard<'s, State>) -> Result<()>,
    ) -> Result<()> {
        match quick {
            Quick::Turn(turn) => self.switch(state, turn),
            Quick::Stays => {
                self.leave(state);
                Ok(())
            }
            Quick::Noted => self.decide(state),
            Quick::Idle => self.let_own_wait(state),
            Quick::Unusual => unusual(self.context(), state),
        }
    }

    /// Switches, and names what the thread is to run on only if that is not what this one runs on: so the kernel switches sooner.
    #[inline(always)]
    fn switch(self, state: Guard<'s, State>, turn: Turn<Target>) -> Result<()> {
        let Turn { name, payer, since, until, .. } = turn;
        let (Some(thread), true) = (name.thread(), is_common(payer)) else { return self.name_time(state, since) };
        let token = self.scheduler.machine.token();
        self.leave(state);
        match self.scheduler.machine.dispatch(thread, Budget::SAME, name.word().into(), timeout(until), token) {
            Ok(()) => Ok(()),
            Err(error) => self.refused(since, error),
        }
    }

    /// Leaves the section, and lets the scheduler's own thread wait until somebody is ready.
    #[inline(never)]
    fn let_own_wait(self, state: Guard<'s, State>) -> Result<()> {
        let token = self.scheduler.machine.token();
        self.leave(state);
        let machine = &self.scheduler.machine;
        let own = machine.own_thread().ok_or(SchedError::NoDecision)?;
        match machine.dispatch(own, machine.time(), 0, 0, token) {
            Ok(()) => Ok(()),
            Err(error) => self.wait_refused(error),
        }
    }

    #[cold]
    #[inline(never)]
    fn wait_refused(self, error: SchedError) -> Result<()> {
        let context = self.context();
        context.refused(error).or_else(|_| context.reschedule())
    }

    /// Decides anew, in the common way: the thread is to run on something else than this one.
    #[cold]
    #[inline(never)]
    fn name_time(self, mut state: Guard<'s, State>, since: Instant) -> Result<()> {
        state.threads.retract(since);
        self.decide(state)
    }

    #[cold]
    #[inline(never)]
    fn refused(self, since: Instant, error: SchedError) -> Result<()> {
        let context = self.context();
        context.refused(error).or_else(|error| context.decide_again(since, error))
    }

    /// Decides in the common way: somebody runs in place of another.
    #[cold]
    #[inline(never)]
    fn decide(self, mut state: Guard<'s, State>) -> Result<()> {
        let (context, token) = (self.context(), self.scheduler.machine.token());
        let decision = state.threads.decide(self.now());
        self.leave(state);
        context.carry_out(decision.map_err(|_| SchedError::NoDecision)?, sched_sl::Token(token))
    }
}

/// An error, out of the way of what succeeds.
#[cold]
#[inline(never)]
pub fn refusal(error: SchedError) -> SchedError {
    error
}

/// Whether both run on what threads without a limit run on.
#[inline(always)]
fn is_common(payer: Payer<Target>) -> bool {
    const UNKNOWN: u64 = Entry::LIMITED as u64;
    let limited = payer.now.to_word() | payer.before.map_or(UNKNOWN, Target::to_word);
    limited & UNKNOWN == 0
}
