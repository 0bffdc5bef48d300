//! The kernel's operations, and how a test interferes with them.

use super::kernel::{Kernel, State, refuse};
use super::{OWN, TIME, slot_of_client, slot_of_created};
use crate::Machine;
use abi::error::Error as KernelError;
use abi::event::{Batch, What};
use abi::plan::Slot;
use core::num::NonZeroU32;
use runtime::scheduling::{self, Budget, Scheduled, Thread};
use sched_interface::Result;
use std::format;
use std::sync::{Condvar, Mutex};
use std::vec::Vec;

/// The machine. Its clients are numbered; each may create some threads.
pub struct Fake {
    pub(super) kernel: Mutex<Kernel>,
    pub(super) changed: Condvar,
    clients: Vec<Scheduled>,
    reach: Vec<(usize, usize)>,
    policy: u64,
    slots: Vec<Slot>,
}

impl Fake {
    /// A kernel for a scheduler of these clients, under the policy with this number and with these slots.
    pub fn new((policy, slots): (u64, Vec<Slot>), clients: Vec<Scheduled>, reach: &[(usize, usize)]) -> Self {
        let (kernel, changed) = (Mutex::new(Kernel::new()), Condvar::new());
        Self { kernel, changed, clients, reach: reach.to_vec(), policy, slots }
    }

    /// The scheduler itself has no time that it could give before this point.
    pub fn has_no_time_until(&self, point: u64) {
        self.lock().empty_until = point;
    }

    /// The scheduler below that is this client has saved more than it can ever use.
    pub fn has_saved(&'static self, client: usize) {
        let time = self.time_of(client).unwrap();
        self.lock().saved.push(time.number());
    }

    /// How often it tried to give time that it had not.
    pub fn refusals(&self) -> u64 {
        self.lock().refusals
    }

    /// The thread that asks for the time so many times from now loses the core.
    pub fn preempt_in(&self, asked: u64) {
        self.lock().preempt_in = Some((asked, What::Preempted));
    }

    /// The thread that takes a token, behind so many that others take from now, loses the core just before.
    pub fn preempt_at_token(&self, others: u64) {
        self.lock().preempt_at_token = Some(others);
    }

    /// The next thread that the scheduler's own lets finish does so on the last of what the core runs on.
    pub fn expire_who_is_let_finish(&self) {
        self.lock().expires_rescued = true;
    }

    /// What time it is; none passes.
    pub fn passed(&self) -> u64 {
        self.lock().now
    }

    /// The scheduler's own thread does nothing for so long.
    pub fn pass(&self, ticks: u64) {
        self.lock().now += ticks;
    }

    /// How often the timer has taken the core from a thread.
    pub fn ticks(&self) -> u64 {
        self.lock().ticks
    }

    pub fn rescued(&self) -> u64 {
        self.lock().rescued
    }

    /// How often other cores were called.
    pub fn calls(&self) -> u64 {
        self.lock().calls
    }

    /// The scheduler has these cores.
    pub fn runs_on(&self, cores: u64) {
        self.lock().cores = cores;
    }

    /// The thread with this index cannot go to another core, as one that has joined peers.
    pub fn keep_here(&self, index: u64) {
        self.lock().stay.push(index);
    }

    /// Somebody is just sending to whoever would go to another core, so many times.
    pub fn send_to_who_moves(&self, times: u64) {
        self.lock().sends = times;
    }

    /// Threads that went to other cores, by index, and where to.
    pub fn moved(&self) -> Vec<(u64, u32)> {
        self.lock().moved.clone()
    }

    /// The kernel's thread with this index, one that is created.
    pub fn thread_created(index: u64) -> Thread {
        Thread::with_number(NonZeroU32::new(1000 + index as u32).unwrap())
    }

    /// The thread with this index, which has ended, cannot start again.
    pub fn ruin(&self, index: u64) {
        self.lock().states.insert(1000 + index as u32, State::Faulted);
    }
}

impl Machine for &'static Fake {
    const SHORTEST_TURN: u64 = 1;

    fn policy(&self) -> u64 {
        self.policy
    }

    fn slot(&self, number: usize) -> Option<Slot> {
        self.slots.get(number).copied()
    }

    fn clients(&self) -> usize {
        self.clients.len()
    }

    fn client(&self, number: usize) -> Option<Scheduled> {
        self.clients.get(number).copied()
    }

    fn reaches(&self, of: usize, server: usize) -> bool {
        self.reach.contains(&(of, server))
    }

    fn own_thread(&self) -> Option<Thread> {
        NonZeroU32::new(OWN).map(Thread::with_number)
    }

    fn thread(&self, client: usize) -> Option<Thread> {
        NonZeroU32::new(slot_of_client(client)).map(Thread::with_number)
    }

    fn now(&self) -> u64 {
        self.tick()
    }

    fn token(&self) -> u64 {
        let mut kernel = self.lock();
        let is_struck = kernel.preempt_at_token == Some(0) && kernel.current != OWN;
        if is_struck {
            kernel.preempt_at_token = None;
            self.leave(kernel, State::Suspended, What::Preempted);
            kernel = self.lock();
        }
        kernel.preempt_at_token = kernel.preempt_at_token.map(|others| others.saturating_sub(1));
        kernel.tokens += 1;
        kernel.tokens
    }

    fn create(&self, client: usize, at: usize) -> Result<Thread> {
        let slot = slot_of_created(client, at);
        let before = self.lock().states.insert(slot, State::AtStart);
        assert_eq!(before, None, "each is created once");
        Ok(Thread::with_number(NonZeroU32::new(slot).unwrap()))
    }

    fn time(&self) -> Budget {
        TIME
    }

    fn core(&self) -> u32 {
        0
    }

    fn cores(&self) -> u64 {
        self.lock().cores
    }

    fn call(&self, _: u32) -> Result<()> {
        self.tick();
        self.lock().calls += 1;
        Ok(())
    }

    fn migrate(&self, thread: Thread, core: u32) -> Result<()> {
        let index = self.index(thread.number().get()).into();
        if self.lock().stay.contains(&index) {
            return refuse(KernelError::InUse);
        }
        let mut kernel = self.lock();
        if let Some(left) = kernel.sends.checked_sub(1) {
            kernel.sends = left;
            return refuse(KernelError::Pending);
        }
        kernel.moved.push((index, core));
        Ok(())
    }

    fn executing_core(&self) -> u32 {
        0
    }

    fn time_of(&self, client: usize) -> Option<Budget> {
        let time = self.clients.get(client)?.client.time as u32;
        (time != 0).then(|| Budget::numbered(time))
    }

    fn is_scheduled(&self) -> bool {
        false
    }

    fn make_budget(&self, number: u64) -> Result<Budget> {
        Ok(Budget::numbered(TIME.number() + 1 + number as u32))
    }

    fn fill(&self, budget: Budget, ticks: u64) -> Result<()> {
        let mut kernel = self.lock();
        let now = kernel.now;
        if now < kernel.empty_until {
            kernel.refusals += 1;
            return refuse(KernelError::BudgetExhausted);
        }
        kernel.left.insert(budget.number(), ticks);
        kernel.log.push(format!("{now}: {ticks}"));
        Ok(())
    }

    fn dispatch(&self, thread: Thread, budget: Budget, word: u64, timeout: u64, token: u64) -> Result<()> {
        let (mut kernel, slot) = (self.lock(), thread.number().get());
        let me = kernel.current;
        if token < kernel.token {
            return refuse(KernelError::Stale);
        }
        kernel.token = token;
        if slot != OWN && !kernel.events.is_empty() {
            return refuse(KernelError::EventsPending);
        }
        kernel.run_on(budget)?;
        if slot != me {
            match kernel.states.get(&slot).copied().unwrap_or(State::AtStart) {
                State::AtStart => self.start(&mut kernel, slot, word),
                State::Suspended => {}
                State::Running | State::Receiving | State::Faulted => return refuse(KernelError::NotDispatchable),
            }
        }
        kernel.timeout = timeout;
        if slot == me {
            return Ok(());
        }
        // Nothing starts with 0: the scheduler's own thread uses it to let an owner finish.
        let is_rescue = me == OWN && word == 0;
        kernel.rescued += u64::from(is_rescue);
        if is_rescue && core::mem::take(&mut kernel.expires_rescued) {
            kernel.preempt_in = Some((0, What::Expired));
        }
        kernel.states.insert(me, State::Suspended);
        self.hand_over(kernel, me, slot);
        Ok(())
    }

    fn wait(&self, timeout: u64) -> scheduling::Result<Option<Batch>> {
        assert_eq!(self.lock().current, OWN);
        if let Ok(received) = self.take() {
            return Ok(Some(received));
        }
        assert_ne!(timeout, 0, "the core sleeps for ever");
        let mut kernel = self.lock();
        kernel.now = kernel.now.max(timeout);
        Ok(None)
    }

    fn poll(&self) -> scheduling::Result<Batch> {
        assert_eq!(self.lock().current, OWN);
        self.take()
    }

    fn frequency(&self) -> Result<u64> {
        Ok(1_000_000)
    }
}
