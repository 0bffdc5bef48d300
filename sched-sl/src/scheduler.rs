//! The scheduler's data and what can be asked of it.
//!
//! Nothing here talks to the kernel. A thread that asks — through an invocation
//! of the scheduler component — has its wish noted, with the time at which it
//! asked; then [`reschedule`](crate::reschedule()) carries out what follows from it.

mod counting;
mod decision;
mod exchange;
mod handing;
mod lending;
mod quick;
mod quick_holding;
mod stopping;
mod timing;

use decision::Running;
pub use decision::{Decision, Turn};
pub use quick::Quick;
pub use stopping::Block;

use crate::error::{CreateError, ThreadError};
use crate::inherit::Chains;
use crate::kernel::Event;
use crate::policy::{Past, Policy};
use crate::state::{State, Wakeup};
use crate::table::Table;
use crate::thread::{Thread, ThreadId};
use crate::time::{Duration, Instant};
use crate::timers::Timers;

/// At most `N` threads under one policy, on one core. `T` is the kernel's name for a thread.
#[derive(Debug)]
pub struct Scheduler<T, P, M, const N: usize> {
    threads: Table<T, N>,
    policy: P,
    timers: M,
    /// When those whose budgets are used up have new ones.
    budgets: M,
    /// When the first of all these is due.
    due: Instant,
    /// Who waits for whom.
    chains: Chains<N>,
    /// Who is to be charged for the time that goes by.
    running: Option<Running<T>>,
    /// The kernel's name for the thread on whose time the processor is.
    payer: Option<T>,
    /// What the kernel's timer was set to last; see `set_kernel_timer`.
    timer: Instant,
    /// Up to when nothing is due, and the kernel's timer need not be set anew for that: the same, unless something is due before.
    calm_until: Instant,
    /// Whether a turn is counted by the clock, and how long others were, by place.
    counts: bool,
    counted: [Duration; N],
}

impl<T: Copy, P: Policy<N>, M: Timers<N>, const N: usize> Scheduler<T, P, M, N> {
    /// A scheduler without threads.
    pub const fn new(policy: P, timers: M, budgets: M) -> Self {
        let (due, timer) = (Instant::NEVER, Instant::NEVER);
        let (threads, chains) = (Table::new(), Chains::new());
        let (running, payer, calm_until, counts, counted) = (None, None, timer, false, [Duration(0); N]);
        Self { threads, policy, timers, budgets, due, chains, running, payer, timer, calm_until, counts, counted }
    }

    /// The policy, to change what it can have changed.
    pub const fn policy_mut(&mut self) -> &mut P {
        &mut self.policy
    }

    /// Takes a thread, ready to run.
    ///
    /// # Errors
    ///
    /// [`CreateError`].
    pub fn create(&mut self, name: T, parameters: P::Parameters) -> Result<ThreadId, CreateError> {
        self.create_named(|_| name, parameters)
    }

    /// As [`Scheduler::create`], of a thread whose name for the kernel contains the one that it has here.
    ///
    /// # Errors
    ///
    /// [`CreateError`].
    pub fn create_named(
        &mut self,
        name: impl FnOnce(ThreadId) -> T,
        parameters: P::Parameters,
    ) -> Result<ThreadId, CreateError> {
        let id = self.threads.next()?;
        self.policy.admit(id.place(), parameters).map_err(|_| CreateError::BadParameters)?;
        self.threads.put(id, Thread::new(name(id)));
        self.policy.ready(id.place());
        Ok(id)
    }

    /// As [`Scheduler::create_named`], of a thread that has had a life before, with the same parameters.
    ///
    /// # Errors
    ///
    /// [`CreateError`].
    pub fn create_again(
        &mut self,
        name: impl FnOnce(ThreadId) -> T,
        parameters: P::Parameters,
        past: Past,
    ) -> Result<ThreadId, CreateError> {
        let id = self.create_named(name, parameters)?;
        self.policy.recall(id.place(), past);
        Ok(id)
    }

    /// As [`Scheduler::exit`], of a thread that may have another life: it bears the time of its last turn, if that is still on. Answers what
    /// counts in its next life.
    ///
    /// # Errors
    ///
    /// [`ThreadError::NoSuchThread`].
    pub fn leave(&mut self, id: ThreadId, now: Instant) -> Result<Past, ThreadError> {
        self.threads.get(id)?;
        if let Some(Running { thread, payer, since, .. }) = self.running
            && [thread, payer].contains(&id.place)
        {
            self.policy.ran(payer.into(), now.since(since));
        }
        let past = self.policy.past(id.place());
        self.exit(id)?;
        Ok(past)
    }

    /// Ends a thread. Its place comes back.
    ///
    /// # Errors
    ///
    /// [`ThreadError::NoSuchThread`].
    pub fn exit(&mut self, id: ThreadId) -> Result<(), ThreadError> {
        self.threads.remove(id)?;
        self.timers.cancel(id.place());
        self.budgets.cancel(id.place());
        self.counted[id.place()] = Duration(0);
        self.note_due();
        self.leave_chains(id.place());
        self.policy.unready(id.place());
        self.policy.dismiss(id.place());
        if self.running.take_if(|running| running.thread == id.place || running.payer == id.place).is_some() {
            self.payer = None;
        }
        Ok(())
    }

    /// Notes what the kernel says about a thread.
    ///
    /// # Errors
    ///
    /// [`ThreadError::NoSuchThread`]: it has ended meanwhile.
    pub fn apply(&mut self, event: Event) -> Result<(), ThreadError> {
        self.threads.get_mut(event.thread)?.set_suspended(event.suspended);
        self.update_policy(event.thread)
    }

    /// The thread in a place, if there is one: see [`ThreadId::place`].
    pub fn at(&self, place: usize) -> Option<ThreadId> {
        self.threads.at(place)
    }

    /// The kernel's name for a thread.
    ///
    /// # Errors
    ///
    /// [`ThreadError::NoSuchThread`].
    pub fn name(&self, id: ThreadId) -> Result<T, ThreadError> {
        Ok(self.threads.get(id)?.name)
    }

    /// A thread's state.
    ///
    /// # Errors
    ///
    /// [`ThreadError::NoSuchThread`].
    pub fn state(&self, id: ThreadId) -> Result<State, ThreadError> {
        Ok(self.threads.get(id)?.state())
    }

    /// How a thread's last block or sleep ended; `None` before the first has.
    ///
    /// # Errors
    ///
    /// [`ThreadError::NoSuchThread`].
    pub fn wakeup(&self, id: ThreadId) -> Result<Option<Wakeup>, ThreadError> {
        Ok(self.threads.get(id)?.wakeup())
    }

    /// Whether the kernel holds any thread in a receive: something that is no thread of this scheduler can end that.
    pub fn is_any_suspended(&self) -> bool {
        self.threads.iter().any(|thread| thread.is_suspended())
    }

    /// How many threads could be created.
    pub fn free_places(&self) -> usize {
        self.threads.free()
    }

    #[inline(always)]
    fn update_policy(&mut self, id: ThreadId) -> Result<(), ThreadError> {
        self.threads.get(id)?;
        self.update_place(id.place());
        Ok(())
    }

    /// Has the policy know whether the thread in this place is ready.
    fn update_place(&mut self, place: usize) {
        let Some(thread) = self.threads.in_place(place) else { return };
        match (self.chains.is_alone(place), thread.is_ready()) {
            (true, true) => self.policy.ready(place),
            (true, false) => self.policy.unready(place),
            (false, _) => self.update_chains(place, thread.state().wants_to_run()),
        }
    }
}
