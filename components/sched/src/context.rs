//! A thread inside the scheduler: how it enters the section, and how it has its decisions carried out.

use crate::state::{PLACES, State, Target, Threads};
use crate::{Machine, Scheduler};
use abi::error::Error as KernelError;
use abi::event::{Batch, What};
use core::cell::{Cell, RefCell};
use runtime::scheduling::{Budget, Thread};
use runtime::section::Guard;
use runtime::{Error, Result};
use sched_interface::NO_DECISION;
use sched_sl::{Decision, DispatchError, Event, Exclusive, Instant, Kernel, Token, carry_out, reschedule};

/// What only the scheduler's own thread has.
#[derive(Default)]
pub struct Own {
    /// Events that came while the section was taken, or that ended a wait.
    events: RefCell<Events>,
    /// Whether nobody will ever run again.
    pub is_stuck: Cell<bool>,
}

/// Events that were taken from the kernel and not noted yet. The kernel keeps one for each thread, and none happens
/// to a thread while the scheduler's own runs or lets an owner finish: so there is room.
struct Events {
    /// A ring of places, the oldest event at `first`.
    queue: [Option<abi::event::Event>; PLACES],
    first: usize,
    count: usize,
}

impl Own {
    fn keep(&self, batch: Batch) {
        batch.events.into_iter().flatten().for_each(|event| self.events.borrow_mut().push(event));
    }
}

impl Default for Events {
    fn default() -> Self {
        Self { queue: [None; PLACES], first: 0, count: 0 }
    }
}

impl Events {
    fn push(&mut self, event: abi::event::Event) {
        if let Some(place) = self.queue.get_mut((self.first + self.count) % PLACES) {
            *place = Some(event);
            self.count += 1;
        }
    }

    fn pop(&mut self) -> Option<abi::event::Event> {
        let event = self.queue.get_mut(self.first)?.take()?;
        self.first = (self.first + 1) % PLACES;
        self.count -= 1;
        Some(event)
    }
}

/// A thread inside the scheduler.
pub struct Context<'s, M> {
    scheduler: &'s Scheduler<M>,
    me: Thread,
    own: Option<&'s Own>,
}

impl<'s, M: Machine> Context<'s, M> {
    /// A client's thread.
    pub const fn of_client(scheduler: &'s Scheduler<M>, me: Thread) -> Self {
        Self { scheduler, me, own: None }
    }

    /// The scheduler's own thread.
    pub const fn of_own(scheduler: &'s Scheduler<M>, me: Thread, own: &'s Own) -> Self {
        Self { scheduler, me, own: Some(own) }
    }

    /// Does something with all that is known.
    pub fn inside<R>(&self, body: impl FnOnce(&mut State) -> R) -> R {
        let mut guard = self.enter();
        let result = body(&mut guard);
        if guard.leave() && self.own.is_none() {
            // The scheduler's own thread waits for this. If it has run since, that is refused, and as well.
            let _ = self.switch_to_own();
        }
        result
    }

    fn enter(&self) -> Guard<'s, State> {
        loop {
            match self.scheduler.section.enter(self.me.number()) {
                Ok(guard) => return guard,
                Err(owner) => self.let_finish(Thread::with_number(owner)),
            }
        }
    }

    /// Runs the owner of the section, until it leaves.
    fn let_finish(&self, owner: Thread) {
        // It runs on what this one runs on, for it is this one's way that it clears.
        match self.dispatch_at_once(owner, Budget::SAME) {
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
        self.dispatch_on(budget, Target { thread, word: 0, limited: None }, None, self.token())
    }

    fn dispatch_on(
        &self,
        budget: Budget,
        target: Target,
        until: Option<Instant>,
        token: Token,
    ) -> core::result::Result<(), DispatchError> {
        let machine = &self.scheduler.machine;
        let dispatched = machine.dispatch(target.thread, budget, target.word, timeout(until), token.0);
        match dispatched {
            Ok(()) => Ok(()),
            // A client's thread that was overtaken runs again: whoever overtook it has chosen it meanwhile, knowing
            // what it wanted. So its decision is made already.
            Err(Error::Kernel(KernelError::Stale)) if self.own.is_none() => Ok(()),
            Err(Error::Kernel(KernelError::Stale)) => Err(DispatchError::Stale),
            // It has used up what it had, and the kernel has told that.
            Err(Error::Kernel(KernelError::BudgetExhausted)) => {
                target.limited.iter().for_each(|index| self.inside(|state| state.exhaust(*index)));
                Err(DispatchError::Stale)
            }
            Err(Error::Kernel(KernelError::EventsPending)) => Err(DispatchError::EventsPending),
            Err(_) => Err(DispatchError::NoSuchThread),
        }
    }

    fn switch_to_own(&self) -> core::result::Result<(), DispatchError> {
        let own = self.scheduler.machine.own_thread().ok_or(DispatchError::NoSuchThread)?;
        self.dispatch_at_once(own, self.scheduler.machine.time())
    }

    /// Decides who runs, and switches there. Returns when the caller runs again.
    ///
    /// # Errors
    ///
    /// [`NO_DECISION`].
    pub fn reschedule(&self) -> Result<()> {
        reschedule(self, self).map(|_| ()).map_err(|_| NO_DECISION)
    }

    /// Switches to whom a decision names. Returns when the caller runs again.
    ///
    /// # Errors
    ///
    /// [`NO_DECISION`].
    pub fn carry_out(&self, decision: Decision<Target>, token: Token) -> Result<()> {
        match carry_out(self, self, decision, token) {
            Some(_) => Ok(()),
            None => self.reschedule(),
        }
    }

    /// Waits for something to happen. There is no reason to, if nobody is left who could make it happen.
    fn wait(&self, own: &Own, until: Option<Instant>) -> core::result::Result<(), DispatchError> {
        if own.events.borrow().count > 0 {
            return Err(DispatchError::EventsPending);
        }
        if until.is_none() && !self.inside(|state| state.threads.is_any_suspended()) {
            own.is_stuck.set(true);
            return Ok(());
        }
        if let Ok(received) = self.scheduler.machine.wait(timeout(until)) {
            own.keep(received);
        }
        Ok(())
    }

    /// What the scheduler has to be told of a thread. Its end is noted at once.
    fn translate(&self, event: abi::event::Event) -> Option<Event> {
        let of = |state: &State| state.thread(event.thread.into()).ok();
        let suspended = match event.what {
            What::Blocked => true,
            What::Woken | What::Preempted => false,
            What::Expired => {
                self.inside(|state| state.exhaust(event.thread.into()));
                false
            }
            What::Ended(_) | What::Faulted(_) => {
                self.inside(|state| state.end(event.thread, event.what));
                return None;
            }
        };
        Some(Event { thread: self.inside(|state| of(state))?, suspended })
    }

    fn next_event(&self, own: &Own) -> Option<abi::event::Event> {
        let kept = own.events.borrow_mut().pop();
        kept.or_else(|| {
            loop {
                // A send to the scheduler itself tells nothing of a thread.
                own.keep(self.scheduler.machine.poll().ok()?);
                let event = own.events.borrow_mut().pop();
                if event.is_some() {
                    return event;
                }
            }
        })
    }
}

/// 0 stands for none, so the first tick of all stands for the second.
fn timeout(until: Option<Instant>) -> u64 {
    until.map_or(0, |until| until.0.max(1))
}

impl<M: Machine> Exclusive<Threads> for Context<'_, M> {
    fn with<R>(&self, body: impl FnOnce(&mut Threads) -> R) -> R {
        self.inside(|state| body(&mut state.threads))
    }
}

impl<M: Machine> Kernel for Context<'_, M> {
    type Thread = Target;

    fn now(&self) -> Instant {
        Instant(self.scheduler.machine.now())
    }

    fn token(&self) -> Token {
        Token(self.scheduler.next_token())
    }

    fn dispatch(
        &self,
        target: Target,
        until: Option<Instant>,
        token: Token,
    ) -> core::result::Result<(), DispatchError> {
        let budget = match target.limited {
            None => Ok(self.scheduler.machine.time()),
            Some(index) => self.inside(|state| state.provide(&self.scheduler.machine, index)),
        };
        self.dispatch_on(budget.map_err(|_| DispatchError::NoSuchThread)?, target, until, token)
    }

    /// A client's thread cannot wait for others: the scheduler's own does, after it has decided the same.
    fn idle(&self, until: Option<Instant>, _: Token) -> core::result::Result<(), DispatchError> {
        match self.own {
            Some(own) => self.wait(own, until),
            None => self.switch_to_own(),
        }
    }

    /// A client's thread gets no events: the scheduler's own takes them in.
    fn receive(&self) -> Option<Event> {
        let Some(own) = self.own else {
            let _ = self.switch_to_own();
            return None;
        };
        loop {
            let event = self.translate(self.next_event(own)?);
            if event.is_some() {
                return event;
            }
        }
    }
}
