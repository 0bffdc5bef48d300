//! A kernel for the scheduler on the host: threads are threads of the host, one of which runs at a time.
//!
//! Time passes by a tick whenever a thread asks for it, or calls another core, and a thread whose time is up then loses the core there:
//! also inside the scheduler, as that does both in its critical section. A thread can lose it as it takes a token, too.

use crate::Machine;
use abi::error::Error as KernelError;
use abi::event::{Batch, Event, What};
use abi::plan::{CREATED, Client, Parameters, Slot};
use core::num::NonZeroU32;
use runtime::scheduling::{self, Budget, Scheduled, Thread};
use runtime::{CallError, Caller};
use sched_interface::Result;
use std::boxed::Box;
use std::collections::{HashMap, VecDeque};
use std::format;
use std::string::{String, ToString};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;
use std::vec::Vec;

/// Slot of the scheduler's own thread.
const OWN: u32 = 1;

/// What threads run on that have no budget of their own.
const TIME: Budget = Budget::numbered(1);

/// Slot of the own thread of the client with this number.
const fn slot_of_client(number: usize) -> u32 {
    10 + number as u32
}

/// Index of the own thread of the client with this number.
pub const fn index_of_client(number: usize) -> u64 {
    3 + number as u64
}

/// Index of a thread that can be created.
pub const fn index_of_created(client: usize, at: usize) -> u64 {
    100 + (CREATED * client + at) as u64
}

/// The token of the client with this number.
pub const fn token(number: usize) -> u64 {
    index_of_client(number) + 1
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    AtStart,
    Running,
    Suspended,
    Receiving,
    Faulted,
}

type Script = Box<dyn FnOnce(&'static World, u32) -> What + Send>;

/// What the kernel knows.
struct Kernel {
    now: u64,
    timeout: u64,
    /// How often it has taken the core from a thread.
    ticks: u64,
    token: u64,
    current: u32,
    states: HashMap<u32, State>,
    events: VecDeque<Event>,
    scripts: HashMap<(u32, u64), VecDeque<Script>>,
    /// The thread that asks for the time so many times from now loses the core, and why.
    preempt_in: Option<(u64, What)>,
    /// The thread that takes the token behind so many loses the core just before.
    preempt_at_token: Option<u64>,
    tokens: u64,
    /// On what the core runs, and what is left of each budget.
    on: Budget,
    left: HashMap<u32, u64>,
    /// The scheduler itself has no time that it could give before this point, and how often it tried.
    empty_until: u64,
    refusals: u64,
    /// How often the scheduler's own thread let another finish.
    rescued: u64,
    expires_rescued: bool,
    /// How often other cores were called.
    calls: u64,
    /// Threads that went to other cores, by index, and where to.
    moved: Vec<(u64, u32)>,
    log: Vec<String>,
}

impl Kernel {
    /// A tick of what the core runs on is used up. What that leads to, if there is an end to it, and it has come.
    fn charge(&mut self) -> Option<What> {
        let left = self.left.get_mut(&self.on.number())?;
        *left = left.saturating_sub(1);
        (*left == 0).then_some(What::Expired)
    }

    /// The core runs on this from now on, if there is any of it.
    fn run_on(&mut self, budget: Budget) -> Result<()> {
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

/// The machine. Its clients are numbered; each may create some threads.
pub struct Fake {
    kernel: Mutex<Kernel>,
    changed: Condvar,
    clients: Vec<Scheduled>,
    reach: Vec<(usize, usize)>,
    policy: u64,
    slots: Vec<Slot>,
}

/// A scheduler on its machine.
pub struct World {
    pub fake: &'static Fake,
    pub scheduler: crate::Scheduler<&'static Fake>,
}

pub const QUANTUM: u64 = 1_000;

impl World {
    /// A world with a client for each pair of a priority and the priorities of threads that it may create.
    pub fn new(clients: &[(u64, &[u64])]) -> &'static Self {
        Self::with_reach(clients, &[])
    }

    /// The same, where threads of one client can come to execute in others.
    pub fn with_reach(clients: &[(u64, &[u64])], reach: &[(usize, usize)]) -> &'static Self {
        let clients = clients.iter().enumerate();
        let clients = clients.map(|(number, (priority, created))| scheduled(number, *priority, created));
        Self::under((0, Vec::new()), clients.collect(), reach)
    }

    /// A world under the policy with this number, and with these slots.
    pub fn under(
        (policy, slots): (u64, Vec<Slot>),
        clients: Vec<Scheduled>,
        reach: &[(usize, usize)],
    ) -> &'static Self {
        let kernel = Kernel {
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
            empty_until: 0,
            refusals: 0,
            rescued: 0,
            expires_rescued: false,
            calls: 0,
            moved: Vec::new(),
            log: Vec::new(),
        };
        let (kernel, changed) = (Mutex::new(kernel), Condvar::new());
        let reach = reach.to_vec();
        let fake: &'static Fake = Box::leak(Box::new(Fake { kernel, changed, clients, reach, policy, slots }));
        Box::leak(Box::new(Self { fake, scheduler: crate::Scheduler::new(fake, Box::leak(Box::default())) }))
    }

    /// What the own thread of a client does.
    pub fn main(&'static self, number: usize, script: impl FnOnce(Me) + Send + 'static) {
        self.starts(number, move |me| {
            script(me);
            What::Ended(0)
        });
    }

    /// What the own thread of a client does when it starts once more, and how it ends.
    pub fn starts(&self, number: usize, script: impl FnOnce(Me) -> What + Send + 'static) {
        self.script(slot_of_client(number), 1, number, script);
    }

    /// What a client's thread does that starts with `word`, and how it ends.
    pub fn created(&self, number: usize, at: usize, word: u64, script: impl FnOnce(Me) -> What + Send + 'static) {
        self.script(slot_of_created(number, at), word, number, script);
    }

    fn script(&self, slot: u32, word: u64, client: usize, script: impl FnOnce(Me) -> What + Send + 'static) {
        let script: Script = Box::new(move |world, index| script(Me { world, client, index }));
        self.fake.lock().scripts.entry((slot, word)).or_default().push_back(script);
    }

    /// Initialises and runs the scheduler.
    pub fn run(&'static self) -> Result<u16> {
        self.run_with_quantum(QUANTUM)
    }

    /// The same with turns of another length.
    pub fn run_with_quantum(&'static self, quantum: u64) -> Result<u16> {
        WORLDS.lock().unwrap().insert(core::ptr::from_ref(self.fake) as usize, self);
        self.scheduler.initialise(quantum)?;
        self.scheduler.run()
    }

    pub fn log(&self) -> Vec<String> {
        self.fake.lock().log.clone()
    }
}

/// Which world a machine belongs to.
static WORLDS: Mutex<std::collections::BTreeMap<usize, &'static World>> = Mutex::new(std::collections::BTreeMap::new());

/// A client whose own thread has this priority, and may create threads of those.
pub fn scheduled(number: usize, priority: u64, created: &[u64]) -> Scheduled {
    let client = Client {
        token: token(number),
        component: 0,
        thread: slot_of_client(number).into(),
        thread_index: index_of_client(number),
        start: 0,
        first_created: index_of_created(number, 0),
        created: created.len() as u64,
        time: 0,
        core: 0,
        created_cores: 0,
    };
    let of = |priority: u64| Parameters { priority, ..Parameters::default() };
    let mut all = [Parameters::default(); CREATED];
    all.iter_mut().zip(created).for_each(|(to, priority)| *to = of(*priority));
    Scheduled { client, own: of(priority), created: all }
}

fn slot_of_created(client: usize, at: usize) -> u32 {
    1000 + index_of_created(client, at) as u32
}

/// A thread, in its script.
#[derive(Clone, Copy)]
pub struct Me {
    pub world: &'static World,
    pub client: usize,
    pub index: u32,
}

impl Me {
    /// The own thread of a client.
    pub fn of(world: &'static World, client: usize) -> Self {
        Self { world, client, index: index_of_client(client) as u32 }
    }

    /// The scheduler, as this thread reaches it.
    pub fn sched(&self) -> crate::Call<'static, &'static Fake> {
        self.sched_as(token(self.client))
    }

    /// The same by another client's edge.
    pub fn sched_as(&self, token: u64) -> crate::Call<'static, &'static Fake> {
        self.world.scheduler.serve(Caller { token, thread: self.index, core: 0 })
    }

    pub fn log(&self, text: impl ToString) {
        self.world.fake.lock().log.push(text.to_string());
    }

    /// Works for so many ticks.
    pub fn work(&self, ticks: u64) {
        (0..ticks).for_each(|_| _ = Machine::now(&self.world.fake));
    }

    /// Waits in the kernel.
    pub fn receive(&self) {
        self.world.fake.block();
    }

    /// Ends the wait of a thread of a client in the kernel.
    pub fn send(&self, client: usize) {
        self.world.fake.lock().events.push_back(event(index_of_client(client) as u32, What::Woken));
        self.world.fake.lock().states.insert(slot_of_client(client), State::Suspended);
    }
}

fn event(thread: u32, what: What) -> Event {
    Event { thread, what, more: false }
}

fn refuse<T, E: From<CallError>>(error: KernelError) -> core::result::Result<T, E> {
    Err(CallError::Kernel(error).into())
}

impl Fake {
    fn lock(&self) -> MutexGuard<'_, Kernel> {
        self.kernel.lock().unwrap()
    }

    /// The scheduler itself has no time that it could give before this point.
    pub fn has_no_time_until(&self, point: u64) {
        self.lock().empty_until = point;
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

    /// A tick passes, and whose time is up loses the core. Answers what time it was.
    fn tick(&self) -> u64 {
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

    fn index(&self, slot: u32) -> u32 {
        match slot {
            1000.. => slot - 1000,
            _ => slot - slot_of_client(0) + index_of_client(0) as u32,
        }
    }

    /// Hands the core to `to`, and waits until it comes back to `me`.
    fn hand_over(&self, mut kernel: MutexGuard<'_, Kernel>, me: u32, to: u32) {
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
    fn leave(&self, mut kernel: MutexGuard<'_, Kernel>, state: State, what: What) {
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

    fn block(&self) {
        self.leave(self.lock(), State::Receiving, What::Blocked);
    }

    fn start(&'static self, kernel: &mut Kernel, slot: u32, word: u64) {
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
    fn take(&self) -> scheduling::Result<Batch> {
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
        1
    }

    fn call(&self, _: u32) -> Result<()> {
        self.tick();
        self.lock().calls += 1;
        Ok(())
    }

    fn migrate(&self, thread: Thread, core: u32) -> Result<()> {
        let index = self.index(thread.number().get()).into();
        self.lock().moved.push((index, core));
        Ok(())
    }

    fn executing_core(&self) -> u32 {
        0
    }

    fn time_of(&self, _: usize) -> Option<Budget> {
        None
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
