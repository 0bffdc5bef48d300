//! The kernel, as a thread inside the scheduler has it: what decisions lead to.

use super::{Context, timeout};
use crate::Machine;
use crate::directory::Entry;
use crate::limits::Provided;
use crate::state::{Target, Threads};
use abi::error::Error as KernelError;
use runtime::CallError;
use runtime::scheduling::Budget;
use sched_interface::SchedError;
use sched_sl::{DispatchError, Duration, Event, Exclusive, Instant, Kernel, Payer, ThreadId, Token};

/// Turns, the shortest that there are, until a scheduler that has no time looks whether it has some.
const PAUSES: u64 = 5;

impl<M: Machine> Context<'_, M> {
    /// Switches to a thread on the time of one that has a limit, which is the thread itself or waits for it.
    #[cold]
    #[inline(never)]
    fn dispatch_limited(
        self,
        target: Target,
        payer: Entry,
        until: Option<Instant>,
        token: Token,
    ) -> core::result::Result<(), DispatchError> {
        let thread = target.thread().ok_or(DispatchError::NoSuchThread)?;
        let provided = self.inside(|state| state.provide(&self.scheduler.machine, payer));
        let Some(Provided { budget, until: end, .. }) = provided.map_err(|error| self.not_provided(error, payer))?
        else {
            return Err(self.used_up(payer));
        };
        let (machine, timeout) = (&self.scheduler.machine, timeout(until.map_or(end, |until| until.min(end))));
        match machine.dispatch(thread, budget, target.word().into(), timeout, token.0) {
            Err(SchedError::Call(CallError::Kernel(KernelError::BudgetExhausted))) => Err(self.used_up(payer)),
            dispatched => dispatched.or_else(|error| self.refused(error)),
        }
    }

    /// A thread has had its time in this period.
    #[cold]
    fn used_up(self, payer: Entry) -> DispatchError {
        self.inside(|state| state.exhaust(payer));
        DispatchError::Stale
    }

    /// There was nothing for a thread to run on. If the scheduler itself has no time left, it will have some later, and does not ask
    /// again and again until then.
    #[cold]
    #[inline(never)]
    fn not_provided(self, error: SchedError, payer: Entry) -> DispatchError {
        if error != SchedError::Call(CallError::Kernel(KernelError::BudgetExhausted)) {
            return DispatchError::NoSuchThread;
        }
        let later = self.now().after(Duration(PAUSES * M::SHORTEST_TURN));
        self.inside(|state| state.put_off(payer, later));
        DispatchError::Stale
    }

    /// What a thread without a limit runs on: what this one runs on, if it has none either. The kernel switches sooner
    /// if that is not named.
    #[inline(always)]
    fn common_time(&self, before: Option<Target>) -> Budget {
        match before {
            Some(before) if !before.is_limited() && !self.names_time => Budget::SAME,
            _ => self.scheduler.machine.time(),
        }
    }
}

impl<M: Machine> Exclusive<Threads> for Context<'_, M> {
    #[inline]
    fn with<R>(&self, body: impl FnOnce(&mut Threads) -> R) -> R {
        self.inside(|state| body(&mut state.threads))
    }
}

impl<M: Machine> Kernel for Context<'_, M> {
    type Thread = Target;

    fn may_have_timer(&self) -> bool {
        self.own.is_none()
    }

    fn now(&self) -> Instant {
        Instant(self.scheduler.machine.now())
    }

    fn token(&self) -> Token {
        Token(self.scheduler.machine.token())
    }

    #[inline(always)]
    fn dispatch(
        &self,
        target: Target,
        payer: Payer<Target>,
        until: Option<Instant>,
        token: Token,
    ) -> core::result::Result<(), DispatchError> {
        if let Some(payer) = payer.now.entry().filter(|_| payer.now.is_limited()) {
            return self.dispatch_limited(target, payer, until, token);
        }
        let thread = target.thread().ok_or(DispatchError::NoSuchThread)?;
        let (budget, timeout) = (self.common_time(payer.before), timeout(until.unwrap_or(Instant::NEVER)));
        match self.scheduler.machine.dispatch(thread, budget, target.word().into(), timeout, token.0) {
            Ok(()) => Ok(()),
            Err(error @ SchedError::Call(CallError::Kernel(KernelError::BudgetExhausted))) => {
                Err(payer.now.entry().map_or(DispatchError::Stale, |payer| self.not_provided(error, payer)))
            }
            Err(error) => self.refused(error),
        }
    }

    /// A client's thread cannot wait for others: the scheduler's own does, after it has decided the same.
    #[inline(always)]
    fn idle(&self, until: Option<Instant>, _: Token) -> core::result::Result<(), DispatchError> {
        match self.own {
            Some(own) => self.wait(own, until),
            None => self.switch_to_own(),
        }
    }

    fn has_lost(&self, thread: ThreadId) {
        self.inside(|state| state.lose(&self.scheduler.part(), thread));
    }

    /// A client's thread gets no events: the scheduler's own takes them in.
    fn receive(&self) -> Option<Event> {
        let Some(own) = self.own else {
            let _ = self.switch_to_own();
            return None;
        };
        loop {
            let event = self.next_event(own);
            if own.is_called.take() {
                self.take_mail();
            }
            let event = self.translate(event?);
            if event.is_some() {
                return event;
            }
        }
    }
}
