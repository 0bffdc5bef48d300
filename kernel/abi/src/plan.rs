//! The plan page: what a scheduler component is told of the threads that it schedules.
//!
//! The composer places it in the scheduler's address space, read-only, and
//! writes its address into the word of the image's [`Plan`](crate::record::RecordKind::Plan) record.
//!
//! | word | meaning |
//! |---|---|
//! | 0 | slot of the scheduler's own capability table |
//! | 1 | whether the scheduler has a scheduler itself |
//! | 2 | first of the slots that are free for what it makes of these frames |
//! | 3, 4 | name of the first untyped frame, and how many there are: one for each thread that can be created, then one for each with a budget that is no scheduler |
//! | 5 | number of clients |
//! | 6, 7 | number of page edges, and the word at which the first is described |
//! | 8 | bit n: it runs on core n |
//! | 9 | the word at which the first *reach map* starts |
//! | 10 | the word at which what it has on each core starts: [`Own::WORDS`] for each of [`CORES`], from core 0 on |
//! | 11 | number of the policy, as `sched-sl` counts them |
//! | 12, 13 | number of slots of the cycle of its partitions, and the word at which the first is described: [`Slot::WORDS`] each |
//! | 14, … | what it has on each core |
//! | 30, … | the clients, [`Client::WORDS`] each |
//!
//! A client that is a scheduler on several cores is listed once for each: that is where one of its own threads runs.
//!
//! There is one reach map for each client, of [`reach_words`] each. Bit n says that threads of client number n can
//! come to execute in this client, over edges: it is their server, or their own component, so it may wake them.
//!
//! Page edges are described as [`PageEdge`](crate::page::PageEdge) says.

/// Words before the first client.
pub const HEADER_WORDS: usize = FIRST_CORE + CORES * Own::WORDS;

/// The word at which what a scheduler has on core 0 is described.
pub const FIRST_CORE: usize = 14;

/// Cores that a scheduler can run on: the first ones. Its image has memory for a part on each, whichever it uses.
pub const CORES: usize = 4;

/// What a scheduler has on a core of its own: slots of its capability table, 0 for what it has not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Own {
    /// The receive end-point of its thread there.
    pub receive: u64,
    /// Its thread there.
    pub thread: u64,
    /// The temporal capability that everybody without a budget runs on, and from which budgets are filled, if there are any.
    pub time: u64,
    /// The right to send to its thread there, if it runs on several cores.
    pub send: u64,
}

impl Own {
    /// Words of it.
    pub const WORDS: usize = 4;

    /// What these words are.
    pub const fn from_words([receive, thread, time, send]: [u64; Self::WORDS]) -> Self {
        Self { receive, thread, time, send }
    }

    /// The fields as words, in their order.
    pub const fn to_words(&self) -> [u64; Self::WORDS] {
        [self.receive, self.thread, self.time, self.send]
    }
}

/// A component whose threads the scheduler schedules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// The token that its invocations of the scheduler carry.
    pub token: u64,
    /// Slot of the component, to make threads in.
    pub component: u64,
    /// Slot of its own thread.
    pub thread: u64,
    /// Index of its own thread.
    pub thread_index: u64,
    /// Address at which its threads start.
    pub start: u64,
    /// Index of the first thread that can be created in it.
    pub first_created: u64,
    /// How many can be created.
    pub created: u64,
    /// If it is a scheduler itself, slot of the temporal capability that its own thread runs on; 0 if it is none.
    pub time: u64,
    /// The core of its own thread.
    pub core: u64,
    /// The cores of those that can be created, eight bits each from the lowest on.
    pub created_cores: u64,
}

impl Client {
    /// Words of a client: ten of the fields, and from [`PARAMETERS`](Self::PARAMETERS) on the [`Parameters`] of its own
    /// thread and of up to [`CREATED`] created ones.
    pub const WORDS: usize = Self::PARAMETERS + Parameters::WORDS * (1 + CREATED);
    /// The word of a client at which its threads' parameters start.
    pub const PARAMETERS: usize = 10;

    /// The client at the front of `words`.
    pub fn from_words(words: &[u64]) -> Option<Self> {
        let [token, component, thread, thread_index, start, first_created, created, time, core, created_cores, ..] =
            *words
        else {
            return None;
        };
        Some(Self { token, component, thread, thread_index, start, first_created, created, time, core, created_cores })
    }

    /// The core of thread number `at` of those that can be created.
    pub const fn created_core(&self, at: usize) -> u64 {
        if at < CREATED { self.created_cores >> (8 * at) & 0xff } else { 0 }
    }

    /// The fields as words, in their order; its threads' parameters follow them.
    pub const fn to_words(&self) -> [u64; Self::PARAMETERS] {
        [
            self.token,
            self.component,
            self.thread,
            self.thread_index,
            self.start,
            self.first_created,
            self.created,
            self.time,
            self.core,
            self.created_cores,
        ]
    }
}

/// What a policy is told of a thread: what the graph says, and 0 for all that it does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    /// Its priority; a lower number goes first.
    pub priority: u64,
    /// Its weight: the share of its time is to the others' as the weights are.
    pub weight: u64,
    /// Number of the partition in whose slots it runs, from 1.
    pub partition: u64,
    /// Microseconds that it may run in each period; 0 if there is no end to that.
    pub budget: u64,
    /// Microseconds of a period.
    pub period: u64,
    /// Microseconds from the start of a period to the point by which its work is to be done.
    pub deadline: u64,
}

impl Parameters {
    /// Words of a thread's parameters.
    pub const WORDS: usize = 6;

    /// The parameters that these words are.
    pub const fn from_words(words: [u64; Self::WORDS]) -> Self {
        let [priority, weight, partition, budget, period, deadline] = words;
        Self { priority, weight, partition, budget, period, deadline }
    }

    /// The fields as words, in their order.
    pub const fn to_words(&self) -> [u64; Self::WORDS] {
        [self.priority, self.weight, self.partition, self.budget, self.period, self.deadline]
    }

    /// Whether there is an end to how long it may run.
    pub const fn is_limited(&self) -> bool {
        self.budget != 0
    }
}

/// A part of the cycle in which the threads of one partition run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Number of the partition, from 1; 0 for nobody's.
    pub partition: u64,
    /// Microseconds.
    pub length: u64,
}

impl Slot {
    /// Words of a slot.
    pub const WORDS: usize = 2;

    /// The slot that these words are.
    pub const fn from_words([partition, length]: [u64; Self::WORDS]) -> Self {
        Self { partition, length }
    }

    /// The fields as words, in their order.
    pub const fn to_words(&self) -> [u64; Self::WORDS] {
        [self.partition, self.length]
    }
}

/// Words of the reach map of each of so many clients.
pub const fn reach_words(clients: usize) -> usize {
    clients.div_ceil(64)
}

/// Threads that can be created in one client.
pub const CREATED: usize = 8;

/// Pages that a scheduler has room for.
pub const PAGES: usize = 1024;
/// Slots that the cycle of a scheduler's partitions can have.
pub const SLOTS: usize = 64;
