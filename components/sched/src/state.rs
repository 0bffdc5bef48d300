//! What the scheduler knows of its threads. All of it lies in one critical section.

use crate::limits::Limits;
use crate::{Machine, TOO_LARGE};
use abi::event::What;
use abi::plan::CREATED;
use runtime::scheduling::{Budget, Scheduled, Thread};
use runtime::{Error, Result};
use sched_interface::{NO_SUCH_THREAD, NOT_SCHEDULED, TOO_MANY_THREADS};
use sched_sl::policy::fixed_priority_round_robin::Priority;
use sched_sl::{Duration, FixedPriorityRoundRobin, HeapTimers, ThreadId};

/// Threads that a scheduler has room for.
pub const PLACES: usize = 128;

/// Clients that a scheduler has room for.
pub const CLIENTS: usize = 64;

/// The kernel's name for a thread: how it is dispatched.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The thread.
    pub thread: Thread,
    /// What it starts with.
    pub word: u64,
    /// Its index, if it may run only so long in each period.
    pub limited: Option<u64>,
}

/// States, run queues and timers.
pub type Threads = sched_sl::Scheduler<Target, FixedPriorityRoundRobin<PLACES>, HeapTimers<PLACES>, PLACES>;

/// A thread that lives.
#[derive(Clone, Copy)]
struct Member {
    id: ThreadId,
    client: usize,
    /// Whether the system does not wait for its end.
    is_background: bool,
}

/// A thread that a client may create.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Created {
    /// There is none yet.
    Possible,
    /// It lives.
    Alive(Thread),
    /// It returned, and can start again.
    Ended(Thread),
    /// It faulted: the kernel does not give it back.
    Lost,
}

struct Client {
    scheduled: Scheduled,
    created: [Created; CREATED],
    /// Bit n: threads of client number n may be woken by this one.
    wakes: u64,
}

/// All that is known.
pub struct State {
    /// States, run queues and timers.
    pub threads: Threads,
    limits: Limits,
    clients: [Option<Client>; CLIENTS],
    /// By thread index, 1 + the thread's place, or 0.
    places: [u16; abi::layout::THREADS as usize],
    /// By place.
    members: [Option<Member>; PLACES],
    /// Threads for whose end the system waits.
    awaited: usize,
    /// The first status of a thread that was not 0.
    status: u16,
}

/// What the own thread of a component starts with, to do what the component is there for.
const MAIN: u64 = 1;

impl State {
    /// Nobody is known.
    pub const fn new() -> Self {
        Self {
            threads: Threads::new(FixedPriorityRoundRobin::new(Duration(1)), HeapTimers::new(), HeapTimers::new()),
            limits: Limits::new(),
            clients: [const { None }; CLIENTS],
            places: [0; abi::layout::THREADS as usize],
            members: [None; PLACES],
            awaited: 0,
            status: 0,
        }
    }

    /// Takes all clients in, and their own threads, which are ready to run.
    ///
    /// # Errors
    ///
    /// [`TOO_LARGE`].
    pub fn read(&mut self, machine: &impl Machine, quantum: u64) -> Result<()> {
        self.threads.policy_mut().set_quantum(Duration(quantum));
        let all = machine.clients();
        for number in 0..all {
            let scheduled = machine.client(number).ok_or(TOO_LARGE)?;
            let place = self.clients.get_mut(number).ok_or(TOO_LARGE)?;
            let wakes = (0..all).filter(|of| *of == number || machine.reaches(*of, number));
            let wakes = wakes.fold(0, |map, of| map | 1 << of);
            *place = Some(Client { scheduled, created: [Created::Possible; CREATED], wakes });
            let (index, thread) = (scheduled.client.thread_index, machine.thread(number).ok_or(TOO_LARGE)?);
            self.limits.add(machine, index, scheduled.share)?;
            self.enlist(index, number, (thread, MAIN), scheduled.client.priority)?;
        }
        Ok(())
    }

    fn enlist(&mut self, index: u64, client: usize, (thread, word): (Thread, u64), priority: u64) -> Result<()> {
        let target = Target { thread, word, limited: self.limits.has(index).then_some(index) };
        let place = usize::try_from(index).ok().and_then(|index| self.places.get_mut(index)).ok_or(TOO_LARGE)?;
        let id = self.threads.create(target, Priority(priority as u8)).map_err(|_| TOO_MANY_THREADS)?;
        *place = id.place() as u16 + 1;
        if let Some(member) = self.members.get_mut(id.place()) {
            *member = Some(Member { id, client, is_background: false });
            self.awaited += 1;
        }
        Ok(())
    }

    fn member(&self, index: u64) -> Option<Member> {
        let place = self.places.get(usize::try_from(index).ok()?)?.checked_sub(1)?;
        *self.members.get(usize::from(place))?
    }

    /// The living thread with this index.
    ///
    /// # Errors
    ///
    /// [`NOT_SCHEDULED`].
    pub fn thread(&self, index: u64) -> Result<ThreadId> {
        self.member(index).map(|member| member.id).ok_or(NOT_SCHEDULED)
    }

    /// Wakes a thread on behalf of the client with this token.
    ///
    /// # Errors
    ///
    /// [`NO_SUCH_THREAD`], also if there is one that is none of the client's business.
    pub fn wake(&mut self, token: u64, index: u64) -> Result<()> {
        let member = self.member(index).ok_or(NO_SUCH_THREAD)?;
        let (_, waker) = self.client(token).ok_or(NO_SUCH_THREAD)?;
        if waker.wakes & 1 << member.client == 0 {
            return Err(NO_SUCH_THREAD);
        }
        self.threads.wake(member.id).map_err(|_| NO_SUCH_THREAD)
    }

    /// Creates a thread in the client with this token; answers its index and itself.
    ///
    /// # Errors
    ///
    /// [`TOO_MANY_THREADS`]; the kernel's.
    pub fn create(&mut self, machine: &impl Machine, token: u64, word: u64) -> Result<(u64, Thread)> {
        let (number, client) = self.client(token).ok_or(NOT_SCHEDULED)?;
        let may = client.created.iter().take(client.scheduled.client.created as usize);
        let is_free = |created: &Created| matches!(created, Created::Possible | Created::Ended(_));
        let (at, created) = may.enumerate().find(|(_, created)| is_free(created)).ok_or(TOO_MANY_THREADS)?;
        let thread = match *created {
            Created::Ended(thread) => thread,
            _ => machine.create(number, at)?,
        };
        let index = client.scheduled.client.first_created + at as u64;
        let priority = client.scheduled.priorities.get(at).copied().unwrap_or(client.scheduled.client.priority);
        let share = client.scheduled.shares.get(at).copied().unwrap_or_default();
        // The kernel's thread is there in any case, for the next that asks.
        self.set_created(number, at, Created::Ended(thread));
        self.limits.add(machine, index, share)?;
        self.enlist(index, number, (thread, word), priority)?;
        self.set_created(number, at, Created::Alive(thread));
        Ok((index, thread))
    }

    /// What the thread with this index is to run on.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn provide(&mut self, machine: &impl Machine, index: u64) -> Result<Budget> {
        self.limits.provide(machine, index)
    }

    /// Notes that the budget of a thread is used up.
    pub fn exhaust(&mut self, index: u64) {
        if let (Some(member), Some(next)) = (self.member(index), self.limits.next_period(index)) {
            // If it has ended meanwhile, that is as well.
            let _ = self.threads.exhaust(member.id, next);
        }
    }

    /// Notes the end of a thread.
    pub fn end(&mut self, index: u32, what: What) {
        let (What::Ended(status) | What::Faulted(status)) = what else { return };
        self.status = if self.status == 0 { status } else { self.status };
        let Some(member) = self.member(index.into()) else { return };
        // If it has ended there already, that is as well.
        let _ = self.threads.exit(member.id);
        self.forget(index, member, matches!(what, What::Faulted(_)));
    }

    fn forget(&mut self, index: u32, member: Member, is_lost: bool) {
        if let Some(place) = self.places.get_mut(index as usize) {
            *place = 0;
        }
        if let Some(entry) = self.members.get_mut(member.id.place()) {
            *entry = None;
            self.awaited -= usize::from(!member.is_background);
        }
        let Some(Some(client)) = self.clients.get_mut(member.client) else { return };
        let at = u64::from(index).checked_sub(client.scheduled.client.first_created);
        let created = at.and_then(|at| client.created.get_mut(usize::try_from(at).ok()?));
        if let Some(created) = created
            && let Created::Alive(thread) = *created
        {
            *created = if is_lost { Created::Lost } else { Created::Ended(thread) };
        }
    }

    /// Once all threads have ended but those in the background: the first status that was not 0, or 0.
    pub fn outcome(&self) -> Option<u16> {
        (self.awaited == 0).then_some(self.status)
    }

    /// Does not wait for the end of this thread.
    ///
    /// # Errors
    ///
    /// [`NOT_SCHEDULED`].
    pub fn put_into_background(&mut self, index: u64) -> Result<()> {
        let place = self.member(index).ok_or(NOT_SCHEDULED)?.id.place();
        if let Some(Some(member)) = self.members.get_mut(place)
            && !core::mem::replace(&mut member.is_background, true)
        {
            self.awaited -= 1;
        }
        Ok(())
    }

    fn client(&self, token: u64) -> Option<(usize, &Client)> {
        let clients = self.clients.iter().enumerate().filter_map(|(at, client)| Some((at, client.as_ref()?)));
        clients.into_iter().find(|(_, client)| client.scheduled.client.token == token)
    }

    fn set_created(&mut self, client: usize, at: usize, what: Created) {
        if let Some(Some(client)) = self.clients.get_mut(client)
            && let Some(created) = client.created.get_mut(at)
        {
            *created = what;
        }
    }
}

impl Default for State {
    fn default() -> Self {
        Self::new()
    }
}

/// The error of a thread that does what only one that runs can do.
pub(crate) fn refused(error: sched_sl::ThreadError) -> Error {
    match error {
        sched_sl::ThreadError::NoSuchThread | sched_sl::ThreadError::NotRunning => NOT_SCHEDULED,
    }
}
