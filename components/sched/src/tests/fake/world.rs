//! A scheduler with its clients, and what their threads do.

use super::kernel::{State, event};
use super::{Fake, index_of_client, index_of_created, slot_of_client, slot_of_created, token};
use crate::Machine;
use abi::event::What;
use abi::plan::{CREATED, Client, Parameters, Slot};
use runtime::Caller;
use runtime::scheduling::Scheduled;
use sched_interface::Result;
use std::boxed::Box;
use std::string::{String, ToString};
use std::sync::Mutex;
use std::vec::Vec;

/// What a thread does.
pub type Script = Box<dyn FnOnce(&'static World, u32) -> What + Send>;

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
    pub fn under(under: (u64, Vec<Slot>), clients: Vec<Scheduled>, reach: &[(usize, usize)]) -> &'static Self {
        let fake: &'static Fake = Box::leak(Box::new(Fake::new(under, clients, reach)));
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
pub static WORLDS: Mutex<std::collections::BTreeMap<usize, &'static World>> =
    Mutex::new(std::collections::BTreeMap::new());

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
