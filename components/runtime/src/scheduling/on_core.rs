//! A plan as one core's part of a scheduler has it: its own thread, its end-point, and budgets.

use super::{Budget, Plan, Result, Thread, answer, ask, thread, word};
use crate::CallError;
use abi::error::Error as KernelError;
use abi::event::Batch;
use abi::layout::PAGE;
use abi::operation::receive_flag::{ALL, DO_NOT_WAIT};
use abi::operation::{ReceiveOperation, SendOperation, TableOperation, TemporalCapabilityOperation, ThreadOperation};
use abi::plan::Own;
use abi::time::EVERYTHING;

/// A plan as the part of a scheduler that is on one core has it.
#[derive(Clone, Copy)]
pub struct OnCore<'p> {
    pub(super) plan: &'p Plan,
    pub(super) core: u32,
}

impl core::ops::Deref for OnCore<'_> {
    type Target = Plan;

    fn deref(&self) -> &Plan {
        self.plan
    }
}

impl OnCore<'_> {
    /// The core.
    pub const fn core(&self) -> u32 {
        self.core
    }

    /// The scheduler's own thread here.
    pub fn own_thread(&self) -> Option<Thread> {
        thread(self.own().thread)
    }

    /// Takes what the kernel has to tell, and waits for it until `timeout`, if that is not 0; `None` if that came first. For the scheduler's
    /// own thread.
    ///
    /// # Errors
    ///
    /// The kernel's.
    #[inline(always)]
    pub fn wait(&self, timeout: u64) -> Result<Option<Batch>> {
        match self.receive([ALL, timeout, 0, 0])? {
            (status, _) if status == KernelError::TimedOut.status() => Ok(None),
            (status, words) => CallError::check(status).map(|()| Some(Batch::from_words(words))),
        }
    }

    /// Takes what the kernel has to tell. For the scheduler's own thread.
    ///
    /// # Errors
    ///
    /// The kernel's: `NothingPending` if there is nothing.
    pub fn poll(&self) -> Result<Batch> {
        let (status, words) = self.receive([DO_NOT_WAIT | ALL, 0, 0, 0])?;
        CallError::check(status).map(|()| Batch::from_words(words))
    }

    /// What threads without a budget of their own run on.
    pub fn time(&self) -> Budget {
        Budget { slot: self.own().time as u32 }
    }

    /// Makes budget number `number`, an empty one. Each can be made once.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn make_budget(&self, number: u64) -> Result<Budget> {
        let clients = (0..self.clients()).filter_map(|client| self.client(client));
        let number = clients.map(|scheduled| scheduled.client.created).sum::<u64>() + number;
        let slot = self.word(word::FREE) + number;
        let frame = self.word(word::UNTYPED) + number * PAGE;
        let words = [slot, frame, self.own().receive << 32, 0];
        self.ask(word::TABLE, TableOperation::CreateTemporalCapability as u16, words)?;
        Ok(Budget { slot: slot as u32 })
    }

    /// What a client's thread runs on that is a scheduler's; `None` if it is none.
    pub fn time_of(&self, client: usize) -> Option<Budget> {
        let time = self.client(client)?.client.time;
        (time != 0).then_some(Budget { slot: time as u32 })
    }

    /// Fills `budget` up to so many ticks, or with all that there is if the scheduler itself has less.
    ///
    /// # Errors
    ///
    /// The kernel's; that the budget is exhausted if the scheduler has nothing.
    pub fn fill(&self, budget: Budget, ticks: u64) -> Result<()> {
        let [left, _] = ask(budget.slot, TemporalCapabilityOperation::Read as u16, [0; 4])?;
        if left >= ticks {
            return Ok(());
        }
        match self.delegate(budget, ticks - left) {
            Err(CallError::Kernel(KernelError::BudgetExhausted)) => self.delegate(budget, EVERYTHING),
            filled => filled,
        }
    }

    fn delegate(&self, budget: Budget, ticks: u64) -> Result<()> {
        let words = [budget.slot.into(), ticks, 0, 0];
        ask(self.own().time as u32, TemporalCapabilityOperation::Delegate as u16, words).map(|_| ())
    }

    /// Sends to the scheduler's own thread on another core, whose part of the scheduler decides anew.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn call(&self, core: u32) -> Result<()> {
        ask(self.plan.own(core).send as u32, SendOperation::Send as u16, [1, 0, 0, 0]).map(|_| ())
    }

    /// Moves a thread of this core, which does not run, to another.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn migrate(&self, thread: Thread, core: u32) -> Result<()> {
        ask(thread.slot.get(), ThreadOperation::Migrate as u16, [core.into(), 0, 0, 0]).map(|_| ())
    }

    /// Ticks of the time-stamp counter in a second.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn frequency(&self) -> Result<u64> {
        let receive = self.own().receive as u32;
        ask(receive, ReceiveOperation::Frequency as u16, [0; 4]).map(|[ticks, _]| ticks)
    }

    /// The status and the words that a receive is answered with.
    fn receive(&self, words: [u64; 4]) -> Result<(u16, [u64; 2])> {
        answer(self.own().receive as u32, ReceiveOperation::Receive as u16, words)
    }

    #[inline]
    pub(super) fn own(&self) -> Own {
        self.plan.own(self.core)
    }
}
