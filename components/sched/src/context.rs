//! A thread inside the scheduler: how it enters the section, and how it has its decisions carried out.

use crate::directory::Entry;
use crate::state::{PLACES, State, Target, Threads};
use crate::{Machine, Scheduler};
use abi::error::Error as KernelError;
use abi::event::{Batch, What};
use core::cell::{Cell, RefCell};
use core::num::NonZeroU32;
use runtime::scheduling::{Budget, Thread};
use runtime::section::Guard;
use runtime::{Error, Result};
use sched_interface::{NO_DECISION, NOT_STARTED};
use sched_sl::{
    Decision, DispatchError, Duration, Event, Exclusive, Instant, Kernel, Payer, Quiet, Ran, Token, carry_out, recover,
    reschedule,
};

/// What only the scheduler's own thread has.
#[derive(Default)]
pub struct Own {
    /// Events that came while the section was taken, or that ended a wait.
    events: RefCell<Events>,
    /// Whether somebody sent to it: there may be mail from other cores.
    is_called: Cell<bool>,
    /// Whether its last wait ended because its time had come, and for no other reason.
    was_due: Cell<bool>,
    /// Whether nobody will ever run again.
    pub is_stuck: Cell<bool>,
}

/// Turns, the shortest that there are, until a scheduler that has no time looks whether it has some.
const PAUSES: u64 = 5;

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
        if batch.sent > 0 {
            self.is_called.set(true);
        }
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
    /// [`NOT_STARTED`].
    pub fn check_started(&self) -> Result<()> {
        if self.scheduler.is_started() { Ok(()) } else { Err(NOT_STARTED) }
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
    pub fn refused(self, error: Error) -> core::result::Result<(), DispatchError> {
        match error {
            // A client's thread that was overtaken runs again: whoever overtook it has chosen it meanwhile, knowing
            // what it wanted. So its decision is made already.
            Error::Kernel(KernelError::Stale) if self.own.is_none() => Ok(()),
            // What it was to run on is used up, and the kernel has told that.
            Error::Kernel(KernelError::Stale | KernelError::BudgetExhausted) => Err(DispatchError::Stale),
            Error::Kernel(KernelError::EventsPending) => Err(DispatchError::EventsPending),
            _ => Err(DispatchError::NoSuchThread),
        }
    }

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
        let budget = provided.map_err(|error| self.not_provided(error, payer))?;
        let machine = &self.scheduler.machine;
        match machine.dispatch(thread, budget, target.word().into(), timeout(until.unwrap_or(Instant::NEVER)), token.0)
        {
            Err(Error::Kernel(KernelError::BudgetExhausted)) => {
                self.inside(|state| state.exhaust(payer));
                Err(DispatchError::Stale)
            }
            dispatched => dispatched.or_else(|error| self.refused(error)),
        }
    }

    /// There was nothing for a thread to run on. If the scheduler itself has no time left, it will have some later, and does not ask
    /// again and again until then.
    #[cold]
    #[inline(never)]
    fn not_provided(self, error: Error, payer: Entry) -> DispatchError {
        if error != Error::Kernel(KernelError::BudgetExhausted) {
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

    /// Lets the scheduler's own thread go on. If the time that it should have is used up, it takes what this one has: else
    /// this one would go on with what is not its own.
    fn switch_to_own(&self) -> core::result::Result<(), DispatchError> {
        let machine = &self.scheduler.machine;
        let own = machine.own_thread().ok_or(DispatchError::NoSuchThread)?;
        match machine.dispatch(own, machine.time(), 0, 0, self.token().0) {
            Err(Error::Kernel(KernelError::BudgetExhausted)) => self.dispatch_at_once(own, Budget::SAME),
            dispatched => dispatched.or_else(|error| self.refused(error)),
        }
    }

    /// Decides who runs, and switches there. Returns when the caller runs again.
    ///
    /// # Errors
    ///
    /// [`NO_DECISION`].
    #[cold]
    #[inline(never)]
    pub fn reschedule(self) -> Result<()> {
        let again = Self { names_time: true, ..self };
        loop {
            let ran = reschedule(&again, &again).map_err(|_| NO_DECISION)?;
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
    /// [`NO_DECISION`].
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
    /// [`NO_DECISION`].
    pub fn decide_again(self, since: Instant, error: DispatchError) -> Result<()> {
        recover(&self, &self, since, error);
        self.reschedule()
    }

    /// Lets the scheduler's own thread run, unless that is refused.
    pub fn let_own_run(&self) {
        let _ = self.switch_to_own();
    }

    /// Waits for something to happen. There is no reason to, if nobody is left who could make it happen.
    #[inline(always)]
    fn wait(&self, own: &Own, until: Option<Instant>) -> core::result::Result<(), DispatchError> {
        if own.events.borrow().count > 0 {
            return Err(DispatchError::EventsPending);
        }
        if self.inside(|state| state.is_anyone_leaving()) {
            return Err(DispatchError::EventsPending);
        }
        match until {
            None if !self.inside(|state| state.threads.is_any_suspended()) => return self.wait_for_others(own),
            until => self.wait_until(own, until.unwrap_or(Instant::NEVER)),
        }
        Ok(())
    }

    /// Waits for what only other cores can bring about, if there are any of which that can come.
    #[cold]
    #[inline(never)]
    fn wait_for_others(&self, own: &Own) -> core::result::Result<(), DispatchError> {
        let (machine, shared) = (&self.scheduler.machine, self.scheduler.shared);
        match shared.fall_quiet(machine.core(), machine.cores()) {
            Quiet::Yes => {
                self.wait_until(own, Instant::NEVER);
                shared.rouse(machine.core());
                Ok(())
            }
            Quiet::No => {
                own.is_called.set(true);
                Err(DispatchError::EventsPending)
            }
            Quiet::ForEver => {
                own.is_stuck.set(true);
                Ok(())
            }
        }
    }

    #[inline(always)]
    fn wait_until(&self, own: &Own, until: Instant) {
        match self.scheduler.machine.wait(timeout(until)) {
            Ok(None) => own.was_due.set(true),
            Ok(Some(received)) => own.keep(received),
            Err(_) => {}
        }
    }

    /// Does what other cores want of threads of this one.
    #[cold]
    #[inline(never)]
    fn take_mail(&self) {
        let part = self.scheduler.part();
        part.shared.look(part.machine.core());
        part.shared.take(part.machine.core(), |index, what| self.inside(|state| state.deliver(&part, index, what)));
        self.inside(|state| state.take_triggers(&part));
        if part.shared.take_end(part.machine.core()) {
            self.inside(State::look_again);
        }
    }

    /// What the scheduler has to be told of a thread. Its end is noted at once.
    fn translate(&self, event: abi::event::Event) -> Option<Event> {
        let directory = &self.scheduler.directory;
        let suspended = match event.what {
            What::Blocked => true,
            What::Woken | What::Preempted => false,
            What::Expired => {
                self.inside(|state| state.exhaust_payer(directory, event.thread.into()));
                false
            }
            What::Ended(_) | What::Faulted(_) => {
                self.inside(|state| state.end(&self.scheduler.part(), event.thread, event.what));
                return None;
            }
        };
        let entry = directory.find(event.thread.into())?;
        Some(Event { thread: self.inside(|state| state.thread(entry).ok())?, suspended })
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

/// A point in time, as the kernel has it: 0 stands for none.
#[inline(always)]
pub fn timeout(until: Instant) -> u64 {
    if until == Instant::NEVER { 0 } else { until.0 }
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
        Token(self.scheduler.next_token())
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
            Err(error @ Error::Kernel(KernelError::BudgetExhausted)) => {
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
