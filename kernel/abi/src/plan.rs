//! The plan page: what a scheduler component is told of the threads that it schedules.
//!
//! The composer places it in the scheduler's address space, read-only, and
//! writes its address into the word of the image's [`Plan`](crate::record::RecordKind::Plan) record.
//!
//! | word | meaning |
//! |---|---|
//! | 0 | slot of the scheduler's own capability table |
//! | 1 | slot of the receive end-point of its own thread |
//! | 2 | first of the slots that are free for what it makes of these frames |
//! | 3, 4 | name of the first untyped frame, and how many there are: one for each thread that can be created, then one for each with a budget |
//! | 5 | number of clients |
//! | 6, 7 | number of page edges, and the word at which the first is described |
//! | 8 | slot of the scheduler's own thread |
//! | 9 | the word at which the first *reach map* starts |
//! | 10 | slot of the temporal capability that everybody without a budget runs on, and from which budgets are filled; 0 if there are none |
//! | 11, … | the clients, [`Client::WORDS`] each |
//!
//! There is one reach map for each client, of [`reach_words`] each. Bit n says that threads of client number n can
//! come to execute in this client, over edges: it is their server, or their own component, so it may wake them.
//!
//! Page edges are described as [`PageEdge`](crate::page::PageEdge) says.

/// Words before the first client.
pub const HEADER_WORDS: usize = 11;

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
    /// Priority of its own thread; a lower number goes first.
    pub priority: u64,
    /// Index of the first thread that can be created in it.
    pub first_created: u64,
    /// How many can be created.
    pub created: u64,
}

impl Client {
    /// Words of a client: eight of the fields, the priorities of up to [`CREATED`] created threads, and from
    /// [`SHARES`](Self::SHARES) on the [`Share`] of its own thread and those of the created ones.
    pub const WORDS: usize = Self::SHARES + Share::WORDS * (1 + CREATED);
    /// The word of a client at which the shares start.
    pub const SHARES: usize = 8 + CREATED;

    /// The client at the front of `words`.
    pub fn from_words(words: &[u64]) -> Option<Self> {
        let [token, component, thread, thread_index, start, priority, first_created, created, ..] = *words else {
            return None;
        };
        Some(Self { token, component, thread, thread_index, start, priority, first_created, created })
    }

    /// The fields as words, in their order; the priorities of created threads follow them.
    pub const fn to_words(&self) -> [u64; 8] {
        [
            self.token,
            self.component,
            self.thread,
            self.thread_index,
            self.start,
            self.priority,
            self.first_created,
            self.created,
        ]
    }
}

/// How long a thread may run, in microseconds: 0 for both if there is no end to that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// In each period.
    pub budget: u64,
    /// A period.
    pub period: u64,
}

impl Share {
    /// Words of a share.
    pub const WORDS: usize = 2;

    /// Whether there is an end to it.
    pub const fn is_limited(&self) -> bool {
        self.budget != 0
    }
}

/// Words of the reach map of each of so many clients.
pub const fn reach_words(clients: usize) -> usize {
    clients.div_ceil(64)
}

/// Threads that can be created in one client.
pub const CREATED: usize = 8;
