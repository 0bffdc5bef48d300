//! What the scheduler knows of its threads. All of it lies in one critical section.

mod budgets;
mod creation;
mod ending;
mod mail;
mod migration;
mod parties;
mod permits;
mod points;
mod target;

use crate::Machine;
use crate::directory::{Directory, Entry};
use crate::letters::Letters;
use crate::limits::{Keeper, Limits};
use crate::policy::{self, Clock};
use crate::shared::Shared;
use abi::plan;
pub use parties::Called;
use parties::Parties;
use permits::Permits;
pub use points::POINTS;
use points::Points;
use runtime::scheduling::{Budget, Scheduled, Thread};
use sched_interface::{Result, SchedError};
use sched_sl::{AnyPolicy, CreateError, Duration, HeapTimers, Parameters, Policy, ThreadId};
pub use target::Target;

/// Threads that a scheduler has room for.
pub const PLACES: usize = 128;

/// Clients that a scheduler has room for.
pub const CLIENTS: usize = 64;

/// States, run queues and timers.
pub type Threads = sched_sl::Scheduler<Target, AnyPolicy<PLACES>, HeapTimers<PLACES>, PLACES>;

/// A thread that lives.
#[derive(Clone, Copy)]
struct Member {
    id: ThreadId,
    client: usize,
    /// The token of that client.
    token: u64,
    /// Bit n: threads of client number n can come to execute in that client, so it may wake them, and they may call it.
    may_be_entered: u64,
    /// Whether the system does not wait for its end.
    is_background: bool,
    /// Its index, and the core that it is about to go to.
    leaves: Option<(u64, u32)>,
}

struct Client {
    client: plan::Client,
    /// Bit n: threads of client number n may be woken by this one.
    wakes: u64,
}

/// What a core's part of the scheduler consists of beside its state.
pub struct Part<'s, M> {
    /// The kernel, and the plan.
    pub machine: &'s M,
    /// Who is scheduled here.
    pub directory: &'s Directory,
    /// What all parts know.
    pub shared: &'s Shared,
    /// What threads say to each other.
    pub letters: &'s Letters,
}

/// All that is known.
pub struct State {
    /// States, run queues and timers.
    pub threads: Threads,
    limits: Limits,
    points: Points,
    parties: Parties,
    /// Who was found to be allowed to wake whom, and to call whom.
    may_wake: Permits,
    may_call: Permits,
    clients: [Option<Client>; CLIENTS],
    /// By place.
    members: [Option<Member>; PLACES],
    /// How many of them are about to go to other cores.
    leaving: usize,
}

/// What the own thread of a component starts with, to do what the component is there for.
const MAIN: u32 = 1;

impl State {
    /// Nobody is known.
    pub const fn new() -> Self {
        Self {
            threads: Threads::new(AnyPolicy::new(Duration(1)), HeapTimers::new(), HeapTimers::new()),
            limits: Limits::new(),
            points: Points::new(),
            parties: Parties::new(),
            may_wake: Permits::new(),
            may_call: Permits::new(),
            clients: [const { None }; CLIENTS],
            members: [None; PLACES],
            leaving: 0,
        }
    }

    /// Takes all clients in, and those of their own threads that are of this core, which are ready to run.
    ///
    /// # Errors
    ///
    /// [`SchedError::TooLarge`].
    pub fn read(&mut self, part: &Part<impl Machine>, quantum: u64) -> Result<()> {
        let machine = part.machine;
        policy::choose(&mut self.threads, machine, quantum)?;
        let all = machine.clients();
        for number in 0..all {
            let scheduled = machine.client(number).ok_or(SchedError::TooLarge)?;
            let place = self.clients.get_mut(number).ok_or(SchedError::TooLarge)?;
            let wakes = (0..all).filter(|of| *of == number || machine.reaches(*of, number));
            let wakes = wakes.fold(0, |map, of| map | 1 << of);
            *place = Some(Client { client: scheduled.client, wakes });
            self.learn(part, number, scheduled)?;
        }
        Ok(())
    }

    fn learn(&mut self, part: &Part<impl Machine>, number: usize, scheduled: Scheduled) -> Result<()> {
        let (machine, client) = (part.machine, scheduled.client);
        for created in client.first_created..client.first_created + client.created {
            part.shared.learn(created, number)?;
        }
        let index = client.thread_index;
        part.shared.learn(index, number)?;
        if client.core != u64::from(machine.core()) {
            return Ok(());
        }
        let thread = machine.thread(number).ok_or(SchedError::TooLarge)?;
        let of = match machine.time_of(number) {
            Some(time) => self.below(machine, thread, time, scheduled.own)?,
            None => self.parameters(part, thread, scheduled.own)?,
        };
        part.shared.enter(index, machine.core(), PLACES)?;
        self.enlist(part, index, (thread, MAIN), of)?;
        part.shared.await_one();
        Ok(())
    }

    /// What the policy is told of a thread. Unless that keeps budgets itself, the thread gets one of the kernel's, if it is to have any.
    fn parameters(&mut self, part: &Part<impl Machine>, thread: Thread, of: plan::Parameters) -> Result<Parameters> {
        let of = Clock::of(part.machine)?.parameters(of);
        if !self.threads.policy_mut().keeps_budgets() {
            self.limits.add(part.machine, || part.shared.next_budget(), thread, of)?;
        }
        Ok(of)
    }

    /// The same of the own thread of a scheduler below: what it runs on is there, and is named whenever it is dispatched, so that nothing
    /// that it dispatches has the core for longer than it. How long that is is told by the clock where this scheduler has the core for itself.
    fn below(
        &mut self,
        machine: &impl Machine,
        thread: Thread,
        time: Budget,
        of: plan::Parameters,
    ) -> Result<Parameters> {
        let of = Clock::of(machine)?.parameters(of);
        let keeper = match machine.is_scheduled() {
            true => Keeper::Kernel,
            false if self.threads.policy_mut().keeps_budgets() => Keeper::Policy,
            false => Keeper::Clock(0),
        };
        self.limits.add_scheduler(thread, time, of, keeper)?;
        Ok(of)
    }

    fn enlist(
        &mut self,
        part: &Part<impl Machine>,
        index: u64,
        (thread, word): (Thread, u32),
        of: Parameters,
    ) -> Result<()> {
        let (directory, client) = (part.directory, part.shared.client(index).ok_or(SchedError::TooLarge)?);
        let (entry, is_limited) = (Entry::new(thread)?, self.limits.has(thread));
        let name = |id| Target::new(entry.at(id, is_limited), word);
        let id = self.threads.create_again(name, of, part.shared.past(index)).map_err(|error| match error {
            CreateError::Exhausted => SchedError::TooManyThreads,
            CreateError::BadParameters => SchedError::BadPlan,
        })?;
        if let Err(error) = directory.put(index, entry.at(id, is_limited)) {
            let _ = self.threads.exit(id);
            return Err(error);
        }
        // If the one before in this place ended behind its back.
        self.points.forget(&mut self.threads, id);
        let of = self.clients.get(client).and_then(Option::as_ref);
        let (token, may_be_entered) = of.map_or((0, 0), |of| (of.client.token, of.wakes));
        if let Some(member) = self.members.get_mut(id.place()) {
            *member = Some(Member { id, client, token, may_be_entered, is_background: false, leaves: None });
        }
        Ok(())
    }

    fn member(&self, entry: Entry) -> Option<&Member> {
        self.members.get(entry.place())?.as_ref()
    }

    /// The living thread in this place.
    ///
    /// # Errors
    ///
    /// [`SchedError::NotScheduled`].
    #[inline(always)]
    pub fn thread(&self, entry: Entry) -> Result<ThreadId> {
        self.threads.at(entry.place()).ok_or(SchedError::NotScheduled)
    }

    /// The thread of an entry, if it still has that place.
    ///
    /// # Errors
    ///
    /// [`SchedError::NoSuchThread`].
    pub fn other(&self, entry: Entry) -> Result<ThreadId> {
        let id = self.threads.at(entry.place()).filter(|id| self.threads.name(*id).is_ok_and(|name| name.is(entry)));
        id.ok_or(SchedError::NoSuchThread)
    }

    /// What the plan says of a thread.
    pub(crate) fn planned(&self, part: &Part<impl Machine>, index: u64) -> Result<plan::Parameters> {
        let number = part.shared.client(index).ok_or(SchedError::NoSuchThread)?;
        let client = &self.clients.get(number).and_then(Option::as_ref).ok_or(SchedError::TooLarge)?.client;
        let created = index.checked_sub(client.first_created).and_then(|at| usize::try_from(at).ok());
        let created = if index == client.thread_index { None } else { Some(created.ok_or(SchedError::TooLarge)?) };
        part.machine.parameters(number, created).ok_or(SchedError::TooLarge)
    }

    /// Does not wait for the end of this thread.
    ///
    /// # Errors
    ///
    /// [`SchedError::NotScheduled`].
    pub fn put_into_background(&mut self, shared: &Shared, entry: Entry) -> Result<()> {
        let Some(Some(member)) = self.members.get_mut(entry.place()) else { return Err(SchedError::NotScheduled) };
        if !core::mem::replace(&mut member.is_background, true) {
            shared.await_less();
        }
        Ok(())
    }

    fn client(&self, token: u64) -> Option<(usize, &Client)> {
        let clients = self.clients.iter().enumerate().filter_map(|(at, client)| Some((at, client.as_ref()?)));
        clients.into_iter().find(|(_, client)| client.client.token == token)
    }
}

impl Default for State {
    fn default() -> Self {
        Self::new()
    }
}

/// The error of a thread that does what only one that runs can do.
pub(crate) fn refused(error: sched_sl::ThreadError) -> SchedError {
    match error {
        sched_sl::ThreadError::NoSuchThread | sched_sl::ThreadError::NotRunning => SchedError::NotScheduled,
        sched_sl::ThreadError::Deadlock => SchedError::WouldDeadlock,
    }
}
