//! What a scheduler needs of the kernel and its plan.

use abi::event::Batch;
use runtime::Result;
use runtime::scheduling::{Budget, Plan, Scheduled, Thread};
use runtime::time;

/// The kernel's operations for a scheduler, and whom it schedules. See [`Plan`], by which the kernel is reached.
#[expect(missing_docs, reason = "each is the method of the same name of the plan")]
pub trait Machine {
    /// The shortest turn in ticks: a thread must come to do something in it, however long it takes to switch there.
    const SHORTEST_TURN: u64;

    fn clients(&self) -> usize;
    fn client(&self, number: usize) -> Option<Scheduled>;
    fn reaches(&self, of: usize, server: usize) -> bool;
    fn own_thread(&self) -> Option<Thread>;
    fn thread(&self, client: usize) -> Option<Thread>;

    /// What time it is, in ticks of the time-stamp counter.
    fn now(&self) -> u64;
    fn create(&self, client: usize, at: usize) -> Result<Thread>;
    fn dispatch(&self, thread: Thread, budget: Budget, word: u64, timeout: u64, token: u64) -> Result<()>;
    fn time(&self) -> Budget;
    fn make_budget(&self, number: u64) -> Result<Budget>;
    fn fill(&self, budget: Budget, ticks: u64) -> Result<()>;
    fn wait(&self, timeout: u64) -> Result<Batch>;
    fn poll(&self) -> Result<Batch>;
    fn frequency(&self) -> Result<u64>;
}

impl Machine for &Plan {
    const SHORTEST_TURN: u64 = 10_000;

    fn clients(&self) -> usize {
        Plan::clients(self)
    }

    fn client(&self, number: usize) -> Option<Scheduled> {
        Plan::client(self, number)
    }

    fn reaches(&self, of: usize, server: usize) -> bool {
        Plan::reaches(self, of, server)
    }

    fn own_thread(&self) -> Option<Thread> {
        Plan::own_thread(self)
    }

    fn thread(&self, client: usize) -> Option<Thread> {
        Plan::thread(self, client)
    }

    fn now(&self) -> u64 {
        time::ticks()
    }

    fn create(&self, client: usize, at: usize) -> Result<Thread> {
        Plan::create(self, client, at)
    }

    fn dispatch(&self, thread: Thread, budget: Budget, word: u64, timeout: u64, token: u64) -> Result<()> {
        Plan::dispatch(self, thread, budget, word, timeout, token)
    }

    fn time(&self) -> Budget {
        Plan::time(self)
    }

    fn make_budget(&self, number: u64) -> Result<Budget> {
        Plan::make_budget(self, number)
    }

    fn fill(&self, budget: Budget, ticks: u64) -> Result<()> {
        Plan::fill(self, budget, ticks)
    }

    fn wait(&self, timeout: u64) -> Result<Batch> {
        Plan::wait(self, timeout)
    }

    fn poll(&self) -> Result<Batch> {
        Plan::poll(self)
    }

    fn frequency(&self) -> Result<u64> {
        Plan::frequency(self)
    }
}
