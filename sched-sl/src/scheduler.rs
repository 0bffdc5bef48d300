//! The scheduler's data and what can be asked of it.
//!
//! Nothing here talks to the kernel. A thread that asks — through an invocation
//! of the scheduler component — has its wish noted, with the time at which it
//! asked; then [`reschedule`](crate::reschedule()) carries out what follows from it.

mod exchange;
mod handing;
mod lending;
mod quick;
mod quick_holding;
mod timing;

pub use quick::Quick;

use crate::error::{CreateError, ScheduleError, ThreadError};
use crate::inherit::Chains;
use crate::kernel::{Event, Payer};
use crate::policy::{Choice, Policy};
use crate::state::{State, Wakeup};
use crate::table::Table;
use crate::thread::{Thread, ThreadId};
use crate::time::Instant;
use crate::timers::Timers;

/// Whether a thread that wanted to block now has to stop running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a thread that is blocked must not go on"]
pub enum Block {
    /// It is blocked: reschedule.
    Blocked,
    /// A wake-up had come before: it goes on.
    WokenBefore,
}

/// What is to be done with the processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision<T> {
    /// Run a thread, and decide again at that point at the latest.
    Run {
        /// The thread.
        thread: ThreadId,
        /// The kernel's name for it.
        name: T,
        /// On whose time it runs.
        payer: Payer<T>,
        /// When this was decided.
        since: Instant,
        /// When to decide again; `None` if only an event can change anything.
        until: Option<Instant>,
    },
    /// Nobody is ready. Something is due at that point, or nothing at all.
    Idle {
        /// When to decide again.
        until: Option<Instant>,
    },
}

/// The decision to run a thread, as it is made.
#[derive(Clone, Copy, Debug)]
pub struct Turn<T> {
    thread: ThreadId,
    /// The kernel's name for it.
    pub name: T,
    /// On whose time it runs.
    pub payer: Payer<T>,
    /// When this was decided.
    pub since: Instant,
    /// When to decide again; [`Instant::NEVER`] if only an event can change anything.
    pub until: Instant,
}

impl<T> From<Turn<T>> for Decision<T> {
    fn from(Turn { thread, name, payer, since, until }: Turn<T>) -> Self {
        Self::Run { thread, name, payer, since, until: until.unless_never() }
    }
}

/// Who was dispatched last: the kernel's name, its place, that of who pays for it, and when that was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Running<T> {
    name: T,
    thread: u16,
    payer: u16,
    since: Instant,
}

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
}

impl<T: Copy, P: Policy<N>, M: Timers<N>, const N: usize> Scheduler<T, P, M, N> {
    /// A scheduler without threads.
    pub const fn new(policy: P, timers: M, budgets: M) -> Self {
        let (due, timer) = (Instant::NEVER, Instant::NEVER);
        let (threads, chains) = (Table::new(), Chains::new());
        Self { threads, policy, timers, budgets, due, chains, running: None, payer: None, timer, calm_until: timer }
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

    /// Ends a thread. Its place comes back.
    ///
    /// # Errors
    ///
    /// [`ThreadError::NoSuchThread`].
    pub fn exit(&mut self, id: ThreadId) -> Result<(), ThreadError> {
        self.threads.remove(id)?;
        self.timers.cancel(id.place());
        self.budgets.cancel(id.place());
        self.note_due();
        self.leave_chains(id.place());
        self.policy.unready(id.place());
        self.policy.dismiss(id.place());
        if self.running.take_if(|running| running.thread == id.place || running.payer == id.place).is_some() {
            self.payer = None;
        }
        Ok(())
    }

    /// Blocks a running thread until it is woken, or returns at once if that has happened.
    ///
    /// # Errors
    ///
    /// [`ThreadError`].
    pub fn block(&mut self, id: ThreadId, now: Instant) -> Result<Block, ThreadError> {
        let thread = self.threads.get_mut(id)?;
        let state = thread.state().blocked().ok_or(ThreadError::NotRunning)?;
        thread.set_state(state);
        if state == State::Running {
            thread.set_wakeup(Wakeup::Woken);
            return Ok(Block::WokenBefore);
        }
        self.stop(id, now);
        Ok(Block::Blocked)
    }

    /// As [`Scheduler::block`], but only up to a point in time. [`Scheduler::wakeup`] tells which it was.
    ///
    /// # Errors
    ///
    /// [`ThreadError`].
    pub fn block_until(&mut self, id: ThreadId, at: Instant, now: Instant) -> Result<Block, ThreadError> {
        let block = self.block(id, now)?;
        if block == Block::Blocked {
            self.set_timer(id, at.max(now));
        }
        Ok(block)
    }

    /// Puts a running thread to sleep. A wake-up does not shorten the sleep; the thread's next block finds it.
    ///
    /// # Errors
    ///
    /// [`ThreadError`].
    pub fn sleep_until(&mut self, id: ThreadId, at: Instant, now: Instant) -> Result<(), ThreadError> {
        let thread = self.threads.get_mut(id)?;
        thread.set_state(thread.state().asleep().ok_or(ThreadError::NotRunning)?);
        self.stop(id, now);
        self.set_timer(id, at.max(now));
        Ok(())
    }

    /// Wakes a thread: from its block, or from the next one that it is about to make.
    ///
    /// # Errors
    ///
    /// [`ThreadError::NoSuchThread`].
    pub fn wake(&mut self, id: ThreadId) -> Result<(), ThreadError> {
        let thread = self.threads.get_mut(id)?;
        let before = thread.state();
        thread.set_state(before.woken());
        if before == State::Blocked {
            thread.set_wakeup(Wakeup::Woken);
            if thread.set_timed(false) {
                self.timers.cancel(id.place());
                self.note_due();
            }
            self.update_policy(id)?;
        }
        Ok(())
    }

    /// Lets others of the thread's rank go first.
    ///
    /// # Errors
    ///
    /// [`ThreadError`].
    pub fn yield_now(&mut self, id: ThreadId, now: Instant) -> Result<(), ThreadError> {
        if !self.threads.get(id)?.state().wants_to_run() {
            return Err(ThreadError::NotRunning);
        }
        match self.running.take_if(|running| running.thread == id.place) {
            Some(Running { payer, since, .. }) => {
                self.policy.ran(payer.into(), now.since(since));
                self.policy.yielded(payer.into());
            }
            None => self.policy.yielded(id.place()),
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

    /// Charges who ran, wakes who is due, and decides.
    ///
    /// # Errors
    ///
    /// [`ScheduleError`].
    #[inline(always)]
    pub fn decide(&mut self, now: Instant) -> Result<Decision<T>, ScheduleError> {
        self.charge(now);
        if self.due <= now {
            self.wake_due(now);
        }
        match self.policy.choose(now) {
            Some(choice) => self.turn(choice, false, now).map(Decision::from),
            None => Ok(Decision::Idle { until: self.idle_until().unless_never() }),
        }
    }

    /// What a policy's choice leads to. `keeps_timer` if the timer that is set is known to do.
    #[inline(always)]
    fn turn(&mut self, choice: Choice, keeps_timer: bool, now: Instant) -> Result<Turn<T>, ScheduleError> {
        let (thread, name, payer) = match self.threads.ready(choice.place) {
            Some((thread, name)) => (thread, name, name),
            None => self.end_of_chain(choice.place)?,
        };
        self.running = Some(Running { name, thread: thread.place, payer: choice.place as u16, since: now });
        let payer = Payer { now: payer, before: self.payer.replace(payer) };
        if !keeps_timer {
            self.set_kernel_timer(choice.until, now);
        }
        Ok(Turn { thread, name, payer, since: now, until: self.timer })
    }

    /// When to decide again where nobody is ready.
    #[cold]
    #[inline(never)]
    fn idle_until(&self) -> Instant {
        self.policy.idle_until().map_or(self.due, |until| until.min(self.due))
    }

    /// Who runs in place of one that waits for it: the thread and the names of both.
    #[cold]
    #[inline(never)]
    fn end_of_chain(&mut self, place: usize) -> Result<(ThreadId, T, T), ScheduleError> {
        let end = self.chains.end(place);
        self.threads.ready_on(end, place).ok_or(ScheduleError::PolicyChoseUnready)
    }

    /// What follows from something that may have made others ready: a decision, or `None` if the thread that runs is the right one
    /// and the timer is set as it should be.
    ///
    /// # Errors
    ///
    /// [`ScheduleError`].
    pub fn reconsider(&mut self, now: Instant) -> Result<Option<Decision<T>>, ScheduleError> {
        let (before, timer) = (self.running, self.timer);
        let decision = self.decide(now)?;
        let stays = match (before, self.running) {
            (Some(before), Some(now)) => (before.thread, before.payer, timer) == (now.thread, now.payer, self.timer),
            _ => false,
        };
        Ok((!stays).then_some(decision))
    }

    /// The decision made at that point, to run a thread, was not carried out: nobody is charged for it. Answers whom it named. A
    /// later decision, made by somebody who came in between, stands.
    pub fn retract(&mut self, since: Instant) -> Option<ThreadId> {
        self.payer = None;
        let retracted = self.running.take_if(|running| running.since == since)?;
        self.threads.at(retracted.thread.into())
    }

    /// A thread runs no further; it is charged first, so that a turn that is over bears its own time.
    fn stop(&mut self, id: ThreadId, now: Instant) {
        match self.running.take_if(|running| running.thread == id.place) {
            Some(Running { payer, since, .. }) if payer == id.place && self.chains.is_alone(id.place()) => {
                self.policy.ran(payer.into(), now.since(since));
                self.policy.unready(payer.into());
            }
            running => self.stop_chain(id, running, now),
        }
    }

    /// The same, where others wait for the thread, or did, or it is not the one that runs.
    #[cold]
    #[inline(never)]
    fn stop_chain(&mut self, id: ThreadId, running: Option<Running<T>>, now: Instant) {
        if let Some(Running { payer, since, .. }) = running {
            self.policy.ran(payer.into(), now.since(since));
        }
        self.settle(id.place());
    }

    #[inline]
    fn charge(&mut self, now: Instant) {
        if let Some(Running { payer, since, .. }) = self.running {
            self.running = None;
            self.policy.ran(payer.into(), now.since(since));
        }
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
