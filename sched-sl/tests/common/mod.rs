//! A kernel of a few lines, and a machine in which threads follow scripts under it.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "each test program uses its part; this is how a test fails"
)]

use sched_sl::policy::fixed_priority_round_robin::Priority;
use sched_sl::*;
use std::cell::{Cell, RefCell};
use std::collections::{HashSet, VecDeque};
use std::rc::Rc;

pub const QUANTUM: u64 = 10;

/// Room for five threads: few enough that exhaustion is met often.
pub const PLACES: usize = 5;

pub type Five = Scheduler<u32, FixedPriorityRoundRobin<PLACES>, HeapTimers<PLACES>, PLACES>;

pub fn five() -> Five {
    Scheduler::new(FixedPriorityRoundRobin::new(Duration(QUANTUM)), HeapTimers::new(), HeapTimers::new())
}

/// The critical section. Entering it twice ends the test, so a dispatch from inside it would show. It can be told to let others in, as soon
/// as it is left.
#[derive(Clone)]
pub struct Shared(pub Rc<RefCell<Five>>, Rc<RefCell<VecDeque<Visit>>>);

/// What others do as soon as the section is left.
type Visit = Box<dyn FnOnce()>;

impl Shared {
    fn new() -> Self {
        Self(Rc::new(RefCell::new(five())), Rc::default())
    }

    /// Somebody else does this as soon as the section has been left next.
    pub fn let_in(&self, other: impl FnOnce() + 'static) {
        self.1.borrow_mut().push_back(Box::new(other));
    }
}

impl Exclusive<Five> for Shared {
    fn with<R>(&self, body: impl FnOnce(&mut Five) -> R) -> R {
        let result = body(&mut self.0.borrow_mut());
        let other = self.1.borrow_mut().pop_front();
        other.into_iter().for_each(|other| other());
        result
    }
}

type Interference = Box<dyn FnOnce(&FakeKernel)>;

/// Does at once what it is told, and can be told to interfere between a decision and its dispatch.
#[derive(Default)]
pub struct FakeKernel {
    pub now: Cell<u64>,
    pub moment: Rc<Cell<u64>>,
    pub events: RefCell<VecDeque<Event>>,
    pub dead: RefCell<HashSet<u32>>,
    /// What was carried out last, with its timer; `None` in the place of a name is idleness.
    pub running: Cell<Option<(Option<u32>, Option<u64>)>>,
    /// Dispatches that were asked for, refused ones included.
    pub asked: Cell<u32>,
    pub interferences: RefCell<VecDeque<Interference>>,
}

impl FakeKernel {
    pub fn interfere(&self, interference: impl FnOnce(&FakeKernel) + 'static) {
        self.interferences.borrow_mut().push_back(Box::new(interference));
    }

    /// What another thread's dispatch does to tokens.
    pub fn pass_moment(&self) {
        self.moment.set(self.moment.get() + 1);
    }

    fn switch(&self, name: Option<u32>, until: Option<Instant>, token: Token) -> Result<(), DispatchError> {
        self.asked.set(self.asked.get() + 1);
        assert!(self.asked.get() < 1_000_000, "the loop does not end");
        let interference = self.interferences.borrow_mut().pop_front();
        if let Some(interference) = interference {
            interference(self);
        }
        if token != self.token() {
            return Err(DispatchError::Stale);
        }
        if !self.events.borrow().is_empty() {
            return Err(DispatchError::EventsPending);
        }
        if name.is_some_and(|name| self.dead.borrow().contains(&name)) {
            return Err(DispatchError::NoSuchThread);
        }
        self.pass_moment();
        self.running.set(Some((name, until.map(|at| at.0))));
        Ok(())
    }
}

impl Kernel for FakeKernel {
    type Thread = u32;

    fn now(&self) -> Instant {
        Instant(self.now.get())
    }

    fn token(&self) -> Token {
        Token(self.moment.get())
    }

    fn dispatch(&self, thread: u32, _: Payer<u32>, until: Option<Instant>, token: Token) -> Result<(), DispatchError> {
        self.switch(Some(thread), until, token)
    }

    fn idle(&self, until: Option<Instant>, token: Token) -> Result<(), DispatchError> {
        self.switch(None, until, token)
    }

    fn receive(&self) -> Option<Event> {
        self.events.borrow_mut().pop_front()
    }
}

/// What a thread does next.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    Work(u64),
    Block,
    BlockFor(u64),
    SleepFor(u64),
    Yield,
    Wake(usize),
    Exit,
}

/// A piece of time on the processor: who (`None` for nobody), from, to.
pub type Span = (Option<u32>, u64, u64);

/// Threads with scripts, on one processor. A script that has ended works for ever.
pub struct Machine {
    pub kernel: FakeKernel,
    pub shared: Shared,
    pub ids: Vec<ThreadId>,
    scripts: Vec<VecDeque<Act>>,
    pub trace: Vec<Span>,
}

impl Machine {
    pub fn new() -> Self {
        Self { kernel: FakeKernel::default(), shared: Shared::new(), ids: vec![], scripts: vec![], trace: vec![] }
    }

    /// The thread's name is its number, from 0.
    pub fn spawn(&mut self, priority: u8, script: &[Act]) -> ThreadId {
        let name = self.ids.len() as u32;
        let id = self.shared.with(|it| it.create(name, Priority(priority))).unwrap();
        self.ids.push(id);
        self.scripts.push(script.iter().copied().collect());
        id
    }

    /// Decides, lets what was decided go on, and so forth until `end`; then answers who ran when.
    pub fn run_until(&mut self, end: u64) -> Vec<Span> {
        while self.kernel.now.get() < end {
            reschedule(&self.kernel, &self.shared).unwrap();
            let (name, until) = self.kernel.running.get().unwrap();
            let limit = until.unwrap_or(end).min(end);
            match name {
                Some(name) => self.run_thread(name, limit),
                None => self.spend(None, limit),
            }
        }
        std::mem::take(&mut self.trace)
    }

    /// Lets a thread follow its script until it has to be rescheduled or its time is up.
    fn run_thread(&mut self, name: u32, limit: u64) {
        while self.kernel.now.get() < limit {
            match self.scripts[name as usize].pop_front() {
                None => self.spend(Some(name), limit),
                Some(Act::Work(length)) => self.work(name, length, limit),
                Some(act) if self.act(name, act) => return,
                Some(_) => {}
            }
        }
    }

    fn work(&mut self, name: u32, length: u64, limit: u64) {
        let end = (self.kernel.now.get() + length).min(limit);
        let left = length - (end - self.kernel.now.get());
        if left > 0 {
            self.scripts[name as usize].push_front(Act::Work(left));
        }
        self.spend(Some(name), end);
    }

    /// Answers whether the scheduler has to decide anew.
    fn act(&mut self, name: u32, act: Act) -> bool {
        let id = self.ids[name as usize];
        let now = self.kernel.now();
        let after = |length| now.after(Duration(length));
        self.shared.with(|it| match act {
            Act::Block => it.block(id, now).unwrap() == Block::Blocked,
            Act::BlockFor(length) => it.block_until(id, after(length), now).unwrap() == Block::Blocked,
            Act::SleepFor(length) => it.sleep_until(id, after(length), now).map(|()| true).unwrap(),
            Act::Yield => it.yield_now(id, now).map(|()| true).unwrap(),
            Act::Wake(other) => it.wake(self.ids[other]).map(|()| true).unwrap(),
            Act::Exit => it.exit(id).map(|()| true).unwrap(),
            Act::Work(_) => false,
        })
    }

    fn spend(&mut self, name: Option<u32>, until: u64) {
        let from = self.kernel.now.replace(until.max(self.kernel.now.get()));
        if from == until {
            return;
        }
        match self.trace.last_mut() {
            Some(last) if last.0 == name => last.2 = until,
            _ => self.trace.push((name, from, until)),
        }
    }
}
