//! A thread inside the scheduler: how it enters the section, and how it has its decisions carried out.

mod kernel;
mod own;

pub use own::Own;

use crate::directory::Entry;
use crate::state::{State, Target};
use crate::{Machine, Scheduler};
use abi::error::Error as KernelError;
use core::num::NonZeroU32;
use runtime::CallError;
use runtime::scheduling::{Budget, Thread};
use runtime::section::Guard;
use sched_interface::{Result, SchedError};
use sched_sl::{Decision, DispatchError, Instant, Kernel, Ran, Token, carry_out, recover, reschedule};

/// A thread inside the scheduler.
pub struct Context<'s, M> {
    scheduler: &'s Scheduler<M>,
    me: Entry,
    own: Option<&'s Own>,
    /// Whether it is not certain on whose time the thread runs.
    names_time: bool,
}

impl<M> Clone for Context<'_, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for Context<'_, M> {}

impl<'s, M: Machine> Context<'s, M> {
    /// A client's thread.
    #[inline]
    pub const fn of_client(scheduler: &'s Scheduler<M>, me: Entry) -> Self {
        Self { scheduler, me, own: None, names_time: false }
    }

    /// The scheduler's own thread.
    pub const fn of_own(scheduler: &'s Scheduler<M>, me: Entry, own: &'s Own) -> Self {
        Self { scheduler, me, own: Some(own), names_time: true }
    }

    /// The thread.
    pub const fn me(&self) -> Entry {
        self.me
    }

    /// Nobody waits before the system has started.
    ///
    /// # Errors
    ///
    /// [`SchedError::NotStarted`].
    pub fn check_started(&self) -> Result<()> {
        if self.scheduler.is_started() { Ok(()) } else { Err(SchedError::NotStarted) }
    }

    /// Does something with all that is known.
    #[inline(always)]
    pub fn inside<R>(&self, body: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.enter();
        let result = body(&mut state);
        self.leave(state);
        result
    }

    /// Enters the section, for as long as the guard is there. It is to be given to [`Context::leave`].
    #[inline(always)]
    pub fn enter(&self) -> Guard<'s, State> {
        match self.scheduler.section.enter(self.me.number()) {
            Ok(guard) => guard,
            Err(owner) => self.enter_behind(owner),
        }
    }

    /// Leaves the section, and lets in who waits for that.
    #[inline(always)]
    pub fn leave(&self, state: Guard<'s, State>) {
        if state.leave() {
            self.let_in();
        }
    }

    /// Enters once the owner has left.
    pub fn enter_behind(self, mut owner: NonZeroU32) -> Guard<'s, State> {
        loop {
            self.let_finish(Entry::with_number(owner));
            match self.scheduler.section.enter(self.me.number()) {
                Ok(guard) => return guard,
                Err(next) => owner = next,
            }
        }
    }

    /// The scheduler's own thread waits for this one to leave. If it has run since, a switch to it is refused, and as well.
    #[cold]
    #[inline(never)]
    pub fn let_in(self) {
        if self.own.is_none() {
            let _ = self.switch_to_own();
        }
    }

    /// Runs the owner of the section, until it leaves.
    fn let_finish(&self, owner: Entry) {
        let Some(thread) = owner.thread() else { return };
        // It runs on what this one runs on, for it is this one's way that it clears.
        match self.dispatch_at_once(thread, Budget::SAME) {
            Err(DispatchError::EventsPending) => self.make_room(),
            // It is gone from inside: it cannot have been left like that.
            Err(DispatchError::NoSuchThread) => unreachable!("a thread ended inside the scheduler"),
            Ok(()) | Err(DispatchError::Stale) => {}
        }
    }

    /// Takes events that cannot be noted yet out of the way.
    fn make_room(&self) {
        let Some(own) = self.own else {
            let _ = self.switch_to_own();
            return;
        };
        while let Ok(received) = self.scheduler.machine.poll() {
            own.keep(received);
        }
    }

    fn dispatch_at_once(&self, thread: Thread, budget: Budget) -> core::result::Result<(), DispatchError> {
        let dispatched = self.scheduler.machine.dispatch(thread, budget, 0, 0, self.token().0);
        dispatched.or_else(|error| self.refused(error))
    }

    /// What a refusal of the kernel's means.
    ///
    /// # Errors
    ///
    /// As the kernel answers a scheduler, unless somebody else has decided for this thread.
    pub fn refused(self, error: SchedError) -> core::result::Result<(), DispatchError> {
        match error {
            // A client's thread that was overtaken runs again: whoever overtook it has chosen it meanwhile, knowing
            // what it wanted. So its decision is made already.
            SchedError::Call(CallError::Kernel(KernelError::Stale)) if self.own.is_none() => Ok(()),
            // What it was to run on is used up, and the kernel has told that.
            SchedError::Call(CallError::Kernel(KernelError::Stale | KernelError::BudgetExhausted)) => {
                Err(DispatchError::Stale)
            }
            SchedError::Call(CallError::Kernel(KernelError::EventsPending)) => Err(DispatchError::EventsPending),
            _ => Err(DispatchError::NoSuchThread),
        }
    }

    /// Lets the scheduler's own thread go on. If the time that it should have is used up, it takes what this one has: else
    /// this one would go on with what is not its own.
    fn switch_to_own(&self) -> core::result::Result<(), DispatchError> {
        let machine = &self.scheduler.machine;
        let own = machine.own_thread().ok_or(DispatchError::NoSuchThread)?;
        match machine.dispatch(own, machine.time(), 0, 0, self.token().0) {
            Err(SchedError::Call(CallError::Kernel(KernelError::BudgetExhausted))) => {
                self.dispatch_at_once(own, Budget::SAME)
            }
            dispatched => dispatched.or_else(|error| self.refused(error)),
        }
    }

    /// Decides who runs, and switches there. Returns when the caller runs again.
    ///
    /// # Errors
    ///
    /// [`SchedError::NoDecision`].
    #[cold]
    #[inline(never)]
    pub fn reschedule(self) -> Result<()> {
        let again = Self { names_time: true, ..self };
        loop {
            let ran = reschedule(&again, &again).map_err(|_| SchedError::NoDecision)?;
            // Where only time has passed, there is nothing to take in.
            if ran != Ran::Nobody || !self.own.is_some_and(|own| own.was_due.take()) {
                return Ok(());
            }
        }
    }

    /// Switches to whom a decision names. Returns when the caller runs again.
    ///
    /// # Errors
    ///
    /// [`SchedError::NoDecision`].
    pub fn carry_out(&self, decision: Decision<Target>, token: Token) -> Result<()> {
        match carry_out(self, self, decision, token) {
            Some(_) => Ok(()),
            None => self.reschedule(),
        }
    }

    /// Notes why a thread was not dispatched, by a decision made at that point, and decides who is instead.
    ///
    /// # Errors
    ///
    /// [`SchedError::NoDecision`].
    pub fn decide_again(self, since: Instant, error: DispatchError) -> Result<()> {
        recover(&self, &self, since, error);
        self.reschedule()
    }

    /// Lets the scheduler's own thread run, unless that is refused.
    pub fn let_own_run(&self) {
        let _ = self.switch_to_own();
    }
}

/// A point in time, as the kernel has it: 0 stands for none.
#[inline(always)]
pub fn timeout(until: Instant) -> u64 {
    if until == Instant::NEVER { 0 } else { until.0 }
}
