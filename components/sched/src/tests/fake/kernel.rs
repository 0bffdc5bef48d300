//! What the kernel knows, and to whom the core goes.

use super::world::{Script, WORLDS};
use super::{Fake, OWN, TIME, index_of_client, slot_of_client};
use abi::error::Error as KernelError;
use abi::event::{Batch, Event, What};
use runtime::CallError;
use runtime::scheduling::{self, Budget};
use sched_interface::Result;
use std::collections::{HashMap, VecDeque};
use std::string::String;
use std::sync::MutexGuard;
use std::time::Duration;
use std::vec::Vec;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    AtStart,
    Running,
    Suspended,
    Receiving,
    Faulted,
}

/// What the kernel knows.
pub struct Kernel {
    pub now: u64,
    pub timeout: u64,
    /// How often it has taken the core from a thread.
    pub ticks: u64,
    pub token: u64,
    pub current: u32,
    pub states: HashMap<u32, State>,
    pub events: VecDeque<Event>,
    pub scripts: HashMap<(u32, u64), VecDeque<Script>>,
    /// The thread that asks for the time so many times from now loses the core, and why.
    pub preempt_in: Option<(u64, What)>,
    /// The thread that takes the token behind so many loses the core just before.
    pub preempt_at_token: Option<u64>,
    pub tokens: u64,
    /// On what the core runs, and what is left of each budget.
    pub on: Budget,
    pub left: HashMap<u32, u64>,
    /// Budgets of schedulers below: they have so much saved that what is done there never uses any of them up.
    pub saved: Vec<u32>,
    /// The scheduler itself has no time that it could give before this point, and how often it tried.
    pub empty_until: u64,
    pub refusals: u64,
    /// How often the scheduler's own thread let another finish.
    pub rescued: u64,
    pub expires_rescued: bool,
    /// How often other cores were called.
    pub calls: u64,
    /// The cores of the scheduler, and threads that stay on theirs, by index.
    pub cores: u64,
    pub stay: Vec<u64>,
    /// How often it is refused to move a thread, since somebody is just sending to it.
    pub sends: u64,
    /// Threads that went to other cores, by index, and where to.
    pub moved: Vec<(u64, u32)>,
    pub log: Vec<String>,
}

impl Kernel {
    /// The scheduler's own thread runs, and nothing has happened.
    pub fn new() -> Self {
        Self {
            now: 1,
            timeout: 0,
            ticks: 0,
            token: 0,
            current: OWN,
            states: HashMap::from([(OWN, State::Running)]),
            events: VecDeque::new(),
            scripts: HashMap::new(),
            preempt_in: None,
            preempt_at_token: None,
            tokens: 0,
            on: Budget::SAME,
            left: HashMap::new(),
            saved: Vec::new(),
            empty_until: 0,
            refusals: 0,
            rescued: 0,
            expires_rescued: false,
            calls: 0,
            cores: 1,
            stay: Vec::new(),
            sends: 0,
            moved: Vec::new(),
            log: Vec::new(),
        }
    }

    /// A tick of what the core runs on is used up. What that leads to, if there is an end to it, and it has come.
    fn charge(&mut self) -> Option<What> {
        if self.saved.contains(&self.on.number()) {
            return None;
        }
        let left = self.left.get_mut(&self.on.number())?;
        *left = left.saturating_sub(1);
        (*left == 0).then_some(What::Expired)
    }

    /// The core runs on this from now on, if there is any of it.
    pub fn run_on(&mut self, budget: Budget) -> Result<()> {
        if budget == Budget::SAME {
            return Ok(());
        }
        if self.left.get(&budget.number()) == Some(&0) {
            return refuse(KernelError::BudgetExhausted);
        }
        self.on = budget;
        Ok(())
    }
}

pub fn event(thread: u32, what: What) -> Event {
    Event { thread, what, more: false }
}

pub fn refuse<T, E: From<CallError>>(error: KernelError) -> core::result::Result<T, E> {
    Err(CallError::Kernel(error).into())
}

impl Fake {
    pub(super) fn lock(&self) -> MutexGuard<'_, Kernel> {
        self.kernel.lock().unwrap()
    }

    /// A tick passes, and whose time is up loses the core. Answers what time it was.
    pub(super) fn tick(&self) -> u64 {
        let mut kernel = self.lock();
        kernel.now += 1;
        let now = kernel.now;
        if kernel.current == OWN {
            return now;
        }
        let forced = kernel.preempt_in.filter(|(left, _)| *left == 0).map(|(_, what)| what);
        kernel.preempt_in = kernel.preempt_in.and_then(|(left, what)| Some((left.checked_sub(1)?, what)));
        let is_due = kernel.timeout != 0 && now >= kernel.timeout;
        kernel.ticks += u64::from(is_due);
        let why = forced.or(kernel.charge()).or(is_due.then_some(What::Preempted));
        if let Some(what) = why {
            self.leave(kernel, State::Suspended, what);
        }
        now
    }

    pub(super) fn index(&self, slot: u32) -> u32 {
        match slot {
            1000.. => slot - 1000,
            _ => slot - slot_of_client(0) + index_of_client(0) as u32,
        }
    }

    /// Hands the core to `to`, and waits until it comes back to `me`.
    pub(super) fn hand_over(&self, mut kernel: MutexGuard<'_, Kernel>, me: u32, to: u32) {
        kernel.current = to;
        kernel.states.insert(to, State::Running);
        self.changed.notify_all();
        self.wait_for_core(kernel, me);
    }

    fn wait_for_core(&self, kernel: MutexGuard<'_, Kernel>, me: u32) {
        let patience = Duration::from_secs(20);
        let (_guard, waited) =
            self.changed.wait_timeout_while(kernel, patience, |kernel| kernel.current != me).unwrap();
        assert!(!waited.timed_out(), "thread in slot {me} never gets the core back");
    }

    /// The current thread loses the core to the scheduler's own, which is told why.
    pub(super) fn leave(&self, mut kernel: MutexGuard<'_, Kernel>, state: State, what: What) {
        let me = kernel.current;
        kernel.states.insert(me, state);
        (kernel.timeout, kernel.on) = (0, TIME);
        let index = self.index(me);
        kernel.events.retain(|event| event.thread != index);
        kernel.events.push_back(event(index, what));
        match what {
            What::Ended(_) | What::Faulted(_) => {
                kernel.current = OWN;
                kernel.states.insert(OWN, State::Running);
                self.changed.notify_all();
            }
            _ => self.hand_over(kernel, me, OWN),
        }
    }

    pub(super) fn block(&self) {
        self.leave(self.lock(), State::Receiving, What::Blocked);
    }

    pub(super) fn start(&'static self, kernel: &mut Kernel, slot: u32, word: u64) {
        let script = kernel.scripts.get_mut(&(slot, word)).and_then(VecDeque::pop_front);
        let script = script.unwrap_or_else(|| panic!("slot {slot} starts with {word}, which nobody expects"));
        let world = WORLDS.lock().unwrap()[&(core::ptr::from_ref(self) as usize)];
        let index = self.index(slot);
        std::thread::spawn(move || {
            self.wait_for_core(self.lock(), slot);
            let what = script(world, index);
            let state = if matches!(what, What::Faulted(_)) { State::Faulted } else { State::AtStart };
            self.leave(self.lock(), state, what);
        });
    }

    /// As many events as the kernel tells of at once.
    pub(super) fn take(&self) -> scheduling::Result<Batch> {
        let mut kernel = self.lock();
        let mut batch = Batch::new(0);
        while let Some(event) = kernel.events.pop_front() {
            if !batch.push(event) {
                break;
            }
        }
        if batch == Batch::new(0) { refuse(KernelError::NothingPending) } else { Ok(batch) }
    }
}
