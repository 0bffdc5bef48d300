//! The scheduler's data and what can be asked of it.
//!
//! Nothing here talks to the kernel. A thread that asks — through an invocation
//! of the scheduler component — has its wish noted, with the time at which it
//! asked; then [`reschedule`](crate::reschedule()) carries out what follows from it.

use crate::error::{CreateError, ScheduleError, ThreadError};
use crate::kernel::Event;
use crate::policy::Policy;
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

/// At most `N` threads under one policy, on one core. `T` is the kernel's name for a thread.
#[derive(Debug)]
pub struct Scheduler<T, P, M, const N: usize> {
    threads: Table<T, N>,
    policy: P,
    timers: M,
    /// When those whose budgets are used up have new ones.
    budgets: M,
    /// Who was chosen last, and when.
    running: Option<(ThreadId, Instant)>,
}

impl<T: Copy, P: Policy<N>, M: Timers<N>, const N: usize> Scheduler<T, P, M, N> {
    /// A scheduler without threads.
    pub const fn new(policy: P, timers: M, budgets: M) -> Self {
        Self { threads: Table::new(), policy, timers, budgets, running: None }
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
        let id = self.threads.next()?;
        self.policy.admit(id.place(), parameters).map_err(|_| CreateError::BadParameters)?;
        self.threads.put(id, Thread::new(name));
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
        self.policy.unready(id.place());
        self.policy.dismiss(id.place());
        self.running.take_if(|(running, _)| *running == id);
        Ok(())
    }

    /// Blocks a running thread until it is woken, or returns at once if that has happened.
    ///
    /// # Errors
    ///
    /// [`ThreadError`].
    pub fn block(&mut self, id: ThreadId, now: Instant) -> Result<Block, ThreadError> {
        let thread = self.threads.get_mut(id)?;
        thread.state = thread.state.blocked().ok_or(ThreadError::NotRunning)?;
        if thread.state == State::Running {
            thread.wakeup = Some(Wakeup::Woken);
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
            self.timers.set(id.place(), at);
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
        thread.state = thread.state.asleep().ok_or(ThreadError::NotRunning)?;
        self.stop(id, now);
        self.timers.set(id.place(), at);
        Ok(())
    }

    /// Wakes a thread: from its block, or from the next one that it is about to make.
    ///
    /// # Errors
    ///
    /// [`ThreadError::NoSuchThread`].
    pub fn wake(&mut self, id: ThreadId) -> Result<(), ThreadError> {
        let thread = self.threads.get_mut(id)?;
        let before = thread.state;
        thread.state = before.woken();
        if before == State::Blocked {
            thread.wakeup = Some(Wakeup::Woken);
            self.timers.cancel(id.place());
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
        if !self.threads.get(id)?.state.wants_to_run() {
            return Err(ThreadError::NotRunning);
        }
        self.charge_if_running(id, now);
        self.policy.yielded(id.place());
        Ok(())
    }

    /// Notes what the kernel says about a thread.
    ///
    /// # Errors
    ///
    /// [`ThreadError::NoSuchThread`]: it has ended meanwhile.
    pub fn apply(&mut self, event: Event) -> Result<(), ThreadError> {
        self.threads.get_mut(event.thread)?.suspended = event.suspended;
        self.update_policy(event.thread)
    }

    /// Notes that a thread's budget is used up: it does not run before `at`, whatever it wants.
    ///
    /// # Errors
    ///
    /// [`ThreadError::NoSuchThread`].
    pub fn exhaust(&mut self, id: ThreadId, at: Instant) -> Result<(), ThreadError> {
        self.threads.get_mut(id)?.exhausted = true;
        self.budgets.set(id.place(), at);
        self.update_policy(id)
    }

    /// A thread's state.
    ///
    /// # Errors
    ///
    /// [`ThreadError::NoSuchThread`].
    pub fn state(&self, id: ThreadId) -> Result<State, ThreadError> {
        Ok(self.threads.get(id)?.state)
    }

    /// How a thread's last block or sleep ended; `None` before the first has.
    ///
    /// # Errors
    ///
    /// [`ThreadError::NoSuchThread`].
    pub fn wakeup(&self, id: ThreadId) -> Result<Option<Wakeup>, ThreadError> {
        Ok(self.threads.get(id)?.wakeup)
    }

    /// Whether the kernel holds any thread in a receive: something that is no thread of this scheduler can end that.
    pub fn is_any_suspended(&self) -> bool {
        self.threads.iter().any(|thread| thread.suspended)
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
    pub fn decide(&mut self, now: Instant) -> Result<Decision<T>, ScheduleError> {
        self.charge(now);
        self.expire(now);
        self.renew(now);
        let due = [self.timers.next(), self.budgets.next()].into_iter().flatten().min();
        let Some(choice) = self.policy.choose(now) else {
            return Ok(Decision::Idle { until: due });
        };
        let thread = self.threads.at(choice.place).ok_or(ScheduleError::PolicyChoseUnready)?;
        let name = self.ready_name(thread).ok_or(ScheduleError::PolicyChoseUnready)?;
        self.running = Some((thread, now));
        let until = [due, choice.until].into_iter().flatten().min();
        Ok(Decision::Run { thread, name, since: now, until })
    }

    /// A decision was not carried out: nobody is charged for it. A later decision, made by
    /// somebody who came in between, stands.
    pub fn retract(&mut self, decision: &Decision<T>) {
        if let Decision::Run { thread, since, .. } = decision {
            self.running.take_if(|running| *running == (*thread, *since));
        }
    }

    fn ready_name(&self, id: ThreadId) -> Option<T> {
        self.threads.get(id).ok().filter(|thread| thread.is_ready()).map(|thread| thread.name)
    }

    /// A thread runs no further; it is charged first, so that a turn that is over bears its own time.
    fn stop(&mut self, id: ThreadId, now: Instant) {
        self.charge_if_running(id, now);
        self.policy.unready(id.place());
    }

    fn charge_if_running(&mut self, id: ThreadId, now: Instant) {
        if self.running.is_some_and(|(running, _)| running == id) {
            self.charge(now);
        }
    }

    fn charge(&mut self, now: Instant) {
        if let Some((thread, since)) = self.running.take() {
            self.policy.ran(thread.place(), now.since(since));
        }
    }

    fn expire(&mut self, now: Instant) {
        while let Some(id) = self.timers.expire(now).and_then(|place| self.threads.at(place)) {
            if let Ok(thread) = self.threads.get_mut(id) {
                thread.state = thread.state.timed_out();
                thread.wakeup = Some(Wakeup::TimedOut);
            }
            let _ = self.update_policy(id);
        }
    }

    fn renew(&mut self, now: Instant) {
        while let Some(id) = self.budgets.expire(now).and_then(|place| self.threads.at(place)) {
            if let Ok(thread) = self.threads.get_mut(id) {
                thread.exhausted = false;
            }
            let _ = self.update_policy(id);
        }
    }

    fn update_policy(&mut self, id: ThreadId) -> Result<(), ThreadError> {
        match self.threads.get(id)?.is_ready() {
            true => self.policy.ready(id.place()),
            false => self.policy.unready(id.place()),
        }
        Ok(())
    }
}
