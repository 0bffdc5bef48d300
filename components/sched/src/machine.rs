//! What a scheduler needs of the kernel and its plan.

use abi::event::Batch;
use abi::plan::{Parameters, Slot};
use core::ops::Deref;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;
use runtime::scheduling::{self, Budget, EndPoint, OnCore, Plan, Scheduled, Thread};
use runtime::{CallError, time};
use sched_interface::{NEVER, Result, Sched};

/// The kernel's operations for a scheduler, and whom it schedules. See [`OnCore`], by which the kernel is reached.
#[expect(missing_docs, reason = "each is the method of the same name of the plan")]
pub trait Machine {
    /// The shortest turn in ticks: a thread must come to do something in it, however long it takes to switch there.
    const SHORTEST_TURN: u64;

    fn policy(&self) -> u64;
    fn slot(&self, number: usize) -> Option<Slot>;
    fn clients(&self) -> usize;
    fn client(&self, number: usize) -> Option<Scheduled>;

    /// What a policy is told of one thread of a client: its own, or this one of those that it can create.
    fn parameters(&self, client: usize, created: Option<usize>) -> Option<Parameters> {
        let scheduled = self.client(client)?;
        created.map_or(Some(scheduled.own), |at| scheduled.created.get(at).copied())
    }

    fn reaches(&self, of: usize, server: usize) -> bool;
    fn own_thread(&self) -> Option<Thread>;
    fn thread(&self, client: usize) -> Option<Thread>;

    /// What time it is, in ticks of the time-stamp counter.
    fn now(&self) -> u64;

    /// A number for the next decision: it overtakes all earlier ones.
    fn token(&self) -> u64;
    fn create(&self, client: usize, at: usize) -> Result<Thread>;
    fn dispatch(&self, thread: Thread, budget: Budget, word: u64, timeout: u64, token: u64) -> Result<()>;
    fn time(&self) -> Budget;
    fn make_budget(&self, number: u64) -> Result<Budget>;
    fn fill(&self, budget: Budget, ticks: u64) -> Result<()>;

    /// `None` if the time came first.
    fn wait(&self, timeout: u64) -> scheduling::Result<Option<Batch>>;
    fn poll(&self) -> scheduling::Result<Batch>;
    fn frequency(&self) -> Result<u64>;
    fn core(&self) -> u32;
    fn cores(&self) -> u64;
    fn call(&self, core: u32) -> Result<()>;
    fn migrate(&self, thread: Thread, core: u32) -> Result<()>;

    /// The core that executes this.
    fn executing_core(&self) -> u32;
    fn time_of(&self, client: usize) -> Option<Budget>;
    fn is_scheduled(&self) -> bool;
}

/// What a part of the scheduler reaches: its plan, and the scheduler above it, if there is one.
pub struct Reached<P: 'static> {
    plan: OnCore<'static>,
    parent: &'static P,
    /// When the wait of its own thread ends that `parent` was told of last.
    told: AtomicU64,
    end_point: EndPoint<'static>,
    /// Number of the next decision.
    token: AtomicU64,
}

impl<P> Reached<P> {
    /// The part on the core of `plan`, below `parent` if the plan says that there is one.
    pub const fn new(plan: OnCore<'static>, parent: &'static P) -> Self {
        Self { plan, parent, told: AtomicU64::new(NEVER), end_point: EndPoint::new(plan), token: AtomicU64::new(1) }
    }
}

impl<P: Sched> Reached<P> {
    /// The scheduler above ends the wait: the kernel takes a time only from a thread that nobody schedules.
    #[cold]
    #[inline(never)]
    fn wait_below(&self, timeout: u64) -> scheduling::Result<Option<Batch>> {
        let end = if timeout == 0 { NEVER } else { timeout };
        if self.told.swap(end, Relaxed) != end {
            self.parent.end_wait_at(end).map_err(CallError::from)?;
        }
        let waited = OnCore::wait(&self.plan, 0);
        if waited == Ok(None) {
            self.told.store(NEVER, Relaxed);
        }
        waited
    }
}

impl<P> Deref for Reached<P> {
    type Target = OnCore<'static>;

    fn deref(&self) -> &OnCore<'static> {
        &self.plan
    }
}

impl<P: Sched> Machine for Reached<P> {
    const SHORTEST_TURN: u64 = 10_000;

    fn policy(&self) -> u64 {
        Plan::policy(self)
    }

    fn slot(&self, number: usize) -> Option<Slot> {
        Plan::slot(self, number)
    }

    fn clients(&self) -> usize {
        Plan::clients(self)
    }

    fn client(&self, number: usize) -> Option<Scheduled> {
        Plan::client(self, number)
    }

    fn parameters(&self, client: usize, created: Option<usize>) -> Option<Parameters> {
        Plan::parameters(self, client, created)
    }

    fn reaches(&self, of: usize, server: usize) -> bool {
        Plan::reaches(self, of, server)
    }

    fn own_thread(&self) -> Option<Thread> {
        OnCore::own_thread(&self.plan)
    }

    fn thread(&self, client: usize) -> Option<Thread> {
        Plan::thread(self, client)
    }

    fn now(&self) -> u64 {
        time::about_now()
    }

    #[inline(always)]
    fn token(&self) -> u64 {
        self.token.fetch_add(1, Relaxed)
    }

    fn create(&self, client: usize, at: usize) -> Result<Thread> {
        Ok(Plan::create(self, client, at)?)
    }

    #[inline(always)]
    fn dispatch(&self, thread: Thread, budget: Budget, word: u64, timeout: u64, token: u64) -> Result<()> {
        Ok(self.end_point.dispatch(thread, budget, word, timeout, token)?)
    }

    #[inline(always)]
    fn time(&self) -> Budget {
        self.end_point.time()
    }

    fn make_budget(&self, number: u64) -> Result<Budget> {
        Ok(OnCore::make_budget(&self.plan, number)?)
    }

    fn fill(&self, budget: Budget, ticks: u64) -> Result<()> {
        Ok(OnCore::fill(&self.plan, budget, ticks)?)
    }

    #[inline(always)]
    fn wait(&self, timeout: u64) -> scheduling::Result<Option<Batch>> {
        if self.plan.is_scheduled() { self.wait_below(timeout) } else { OnCore::wait(&self.plan, timeout) }
    }

    fn poll(&self) -> scheduling::Result<Batch> {
        OnCore::poll(&self.plan)
    }

    fn frequency(&self) -> Result<u64> {
        Ok(OnCore::frequency(&self.plan)?)
    }

    fn core(&self) -> u32 {
        OnCore::core(&self.plan)
    }

    fn cores(&self) -> u64 {
        Plan::cores(self)
    }

    fn call(&self, core: u32) -> Result<()> {
        Ok(OnCore::call(&self.plan, core)?)
    }

    fn migrate(&self, thread: Thread, core: u32) -> Result<()> {
        Ok(OnCore::migrate(&self.plan, thread, core)?)
    }

    fn executing_core(&self) -> u32 {
        runtime::thread::core()
    }

    fn time_of(&self, client: usize) -> Option<Budget> {
        OnCore::time_of(&self.plan, client)
    }

    fn is_scheduled(&self) -> bool {
        Plan::is_scheduled(self)
    }
}
