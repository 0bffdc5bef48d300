//! What a scheduler has beyond other components: the plan of whom it schedules, and the kernel's operations for that.
//!
//! Threads are named by handles that only the plan and [`Plan::create`] give out, so what is asked of the kernel here
//! is always about a thread.

mod end_point;
mod on_core;
mod pages;

pub use end_point::EndPoint;
pub use on_core::OnCore;

use crate::CallError;
use crate::capability::operate;
use abi::error::Error as KernelError;
use abi::layout::PAGE;
use abi::operation::TableOperation;
use abi::page::PageEdge;
use abi::plan::{CREATED, Client, FIRST_CORE, HEADER_WORDS, Own, Parameters, Slot, reach_words};
use core::num::NonZeroU32;

/// What the kernel answers a scheduler.
pub type Result<T> = core::result::Result<T, CallError>;

/// What the composer tells a scheduler; made by [`plan!`](crate::plan).
#[repr(transparent)]
pub struct Plan {
    address: u64,
}

/// A thread that the scheduler can dispatch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thread {
    slot: NonZeroU32,
}

impl Thread {
    /// The number by which it stands in a [`Section`](crate::section::Section).
    pub const fn number(self) -> NonZeroU32 {
        self.slot
    }

    /// The thread with a number that came from [`Thread::number`].
    pub const fn with_number(slot: NonZeroU32) -> Self {
        Self { slot }
    }
}

/// What a thread is dispatched with: a temporal capability.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// 0 for that which the caller runs on.
    slot: u32,
}

impl Budget {
    /// That which whoever dispatches runs on.
    pub const SAME: Self = Self { slot: 0 };

    /// One that stands for no capability, for tests.
    #[doc(hidden)]
    pub const fn numbered(slot: u32) -> Self {
        Self { slot }
    }

    /// The number that [`Self::numbered`] was told.
    #[doc(hidden)]
    pub const fn number(self) -> u32 {
        self.slot
    }
}

/// A component that the scheduler schedules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scheduled {
    /// Its fields in the plan.
    pub client: Client,
    /// What a policy is told of its own thread.
    pub own: Parameters,
    /// What it is told of the threads that can be created in it.
    pub created: [Parameters; CREATED],
}

/// Words of the header, by their numbers in [`abi::plan`].
mod word {
    pub const TABLE: usize = 0;
    pub const IS_SCHEDULED: usize = 1;
    pub const FREE: usize = 2;
    pub const UNTYPED: usize = 3;
    pub const CLIENTS: usize = 5;
    pub const PAGES: usize = 6;
    pub const FIRST_PAGE: usize = 7;
    pub const CORES: usize = 8;
    pub const REACH: usize = 9;
    pub const POLICY: usize = 11;
    pub const SLOTS: usize = 12;
    pub const FIRST_SLOT: usize = 13;
}

impl Plan {
    /// A plan that the composer has not bound yet.
    ///
    /// # Safety
    ///
    /// In an image, and as a static whose record names it; see [`ImportSlot::unbound`](crate::ImportSlot::unbound).
    #[doc(hidden)]
    pub const unsafe fn unbound() -> Self {
        Self { address: 0 }
    }

    /// Number of clients.
    pub fn clients(&self) -> usize {
        self.word(word::CLIENTS) as usize
    }

    /// The client with this number.
    pub fn client(&self, number: usize) -> Option<Scheduled> {
        let words = self.words().get(HEADER_WORDS + Client::WORDS * number..)?.get(..Client::WORDS)?;
        let client = Client::from_words(words).filter(|_| number < self.clients())?;
        let (parameters, _) = words.get(Client::PARAMETERS..)?.as_chunks();
        let mut all = parameters.iter().map(|words| Parameters::from_words(*words));
        let own = all.next()?;
        let mut created = [Parameters::default(); CREATED];
        created.iter_mut().zip(all).for_each(|(to, from)| *to = from);
        Some(Scheduled { client, own, created })
    }

    /// What a policy is told of a thread of the client with this number: of its own one, or of this one of those that it can create.
    pub fn parameters(&self, client: usize, created: Option<usize>) -> Option<Parameters> {
        let number = created.map_or(0, |at| 1 + at);
        let first = HEADER_WORDS + Client::WORDS * client + Client::PARAMETERS + Parameters::WORDS * number;
        let words = self.words().get(first..)?.first_chunk()?;
        (client < self.clients() && number <= CREATED).then(|| Parameters::from_words(*words))
    }

    /// Number of the policy, as `sched-sl` counts them.
    pub fn policy(&self) -> u64 {
        self.word(word::POLICY)
    }

    /// The slot with this number of the cycle of the partitions, if it has as many.
    pub fn slot(&self, number: usize) -> Option<Slot> {
        let first = self.word(word::FIRST_SLOT) as usize + number * Slot::WORDS;
        let words = self.words().get(first..)?.first_chunk()?;
        (number < self.word(word::SLOTS) as usize).then(|| Slot::from_words(*words))
    }

    /// Whether threads of client number `of` can come to execute in client number `server`.
    pub fn reaches(&self, of: usize, server: usize) -> bool {
        let first = self.word(word::REACH) as usize + server * reach_words(self.clients());
        let map = self.words().get(first + of / 64).copied().unwrap_or(0);
        of < self.clients() && server < self.clients() && map & 1 << (of % 64) != 0
    }

    /// Whether the scheduler has a scheduler itself.
    pub fn is_scheduled(&self) -> bool {
        self.word(word::IS_SCHEDULED) != 0
    }

    /// Bit n: the scheduler runs on core n.
    pub fn cores(&self) -> u64 {
        self.word(word::CORES)
    }

    /// The plan as the scheduler's part on this core has it.
    pub const fn on(&self, core: u32) -> OnCore<'_> {
        OnCore { plan: self, core }
    }

    /// The own thread of a client.
    pub fn thread(&self, client: usize) -> Option<Thread> {
        thread(self.client(client)?.client.thread)
    }

    /// Creates thread number `at` of those that can be created in a client. Each can be created once.
    ///
    /// # Errors
    ///
    /// The kernel's; `BadArgument` if the plan has no such thread.
    pub fn create(&self, client: usize, at: usize) -> Result<Thread> {
        const NONE: CallError = CallError::Kernel(abi::error::Error::BadArgument);
        let of = self.client(client).map(|scheduled| scheduled.client).ok_or(NONE)?;
        if at as u64 >= of.created {
            return Err(NONE);
        }
        let before = (0..client).filter_map(|client| self.client(client)).map(|before| before.client.created);
        let number = before.sum::<u64>() + at as u64;
        let slot = self.word(word::FREE) + number;
        let frame = self.word(word::UNTYPED) + number * PAGE;
        let packed = of.component << 32 | of.created_core(at) << 16 | (of.first_created + at as u64);
        self.ask(word::TABLE, TableOperation::CreateThread as u16, [slot, frame, packed, of.start])?;
        thread(slot).ok_or(NONE)
    }

    /// Asks the object whose slot is this word of the header.
    fn ask(&self, slot: usize, operation: u16, words: [u64; 4]) -> Result<[u64; 2]> {
        ask(self.word(slot) as u32, operation, words)
    }

    fn word(&self, at: usize) -> u64 {
        self.header().and_then(|header| header.get(at)).copied().unwrap_or(0)
    }

    /// What the scheduler has on this core.
    #[inline]
    fn own(&self, core: u32) -> Own {
        let first = FIRST_CORE + Own::WORDS * core as usize;
        let words = self.header().and_then(|header| header.get(first..)?.first_chunk());
        words.map_or_else(Own::default, |words| Own::from_words(*words))
    }

    fn header(&self) -> Option<&'static [u64; HEADER_WORDS]> {
        // SAFETY: a reference can be read through. Volatile: the composer sets the word.
        let address = unsafe { (&raw const self.address).read_volatile() } as *const [u64; HEADER_WORDS];
        // SAFETY: the composer maps a plan there, for ever and read-only.
        unsafe { address.as_ref() }
    }

    fn words(&self) -> &'static [u64] {
        let Some(header) = self.header() else { return &[] };
        let [clients, pages, slots] = [word::CLIENTS, word::PAGES, word::SLOTS].map(|at| header[at] as usize);
        let words = HEADER_WORDS + clients * (Client::WORDS + reach_words(clients)) + pages * PageEdge::WORDS;
        let words = words + slots * Slot::WORDS;
        // SAFETY: behind the header lies what it counts.
        unsafe { core::slice::from_raw_parts(header.as_ptr(), words) }
    }
}

fn thread(slot: u64) -> Option<Thread> {
    NonZeroU32::new(slot as u32).map(|slot| Thread { slot })
}

/// Asks an object of a scheduler for an operation.
fn ask(slot: u32, operation: u16, words: [u64; 4]) -> Result<[u64; 2]> {
    let (status, words) = answer(slot, operation, words)?;
    CallError::check(status).map(|()| words)
}

/// The same; answers the status with the words.
///
/// Slot 0 is what a plan names that is not bound: it stands for "return", and is not asked.
#[inline(always)]
fn answer(slot: u32, operation: u16, words: [u64; 4]) -> Result<(u16, [u64; 2])> {
    if slot == 0 {
        return Err(CallError::Kernel(KernelError::Empty));
    }
    // SAFETY: a plan is bound, so this is an image. A scheduler holds threads, an end-point and its own
    // capability table: none of their operations here changes memory that is mapped anywhere.
    Ok(unsafe { operate(slot, operation, words) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_that_is_not_bound_knows_nobody_and_asks_nobody() {
        // SAFETY: it is never bound, and asks nothing of the host.
        let plan = unsafe { Plan::unbound() };
        assert_eq!((plan.clients(), plan.client(0), plan.on(0).own_thread(), plan.thread(0)), (0, None, None, None));
        assert!(!plan.reaches(0, 0));
        let empty = CallError::Kernel(abi::error::Error::Empty);
        assert!(plan.create(0, 0).is_err());
        let plan = plan.on(0);
        assert_eq!((plan.poll(), plan.wait(0), plan.frequency()), (Err(empty), Err(empty), Err(empty)));
        assert_eq!((plan.call(1), plan.call(8)), (Err(empty), Err(empty)));
        let thread = Thread::with_number(NonZeroU32::MIN);
        assert_eq!(EndPoint::new(plan).dispatch(thread, Budget::SAME, 0, 0, 0), Err(empty));
        assert!(plan.create(0, 0).is_err());
    }

    #[test]
    fn a_plan_says_what_its_words_say() {
        let clients = [
            Client {
                token: 3,
                component: 10,
                thread: 11,
                thread_index: 2,
                start: 64,
                first_created: 5,
                created: 1,
                time: 0,
                core: 1,
                created_cores: 0,
            },
            Client {
                token: 4,
                component: 12,
                thread: 13,
                thread_index: 3,
                start: 64,
                first_created: 6,
                created: 2,
                time: 21,
                core: 0,
                created_cores: 1 << 8,
            },
        ];
        let reach = (HEADER_WORDS + 2 * Client::WORDS) as u64;
        let mut words = [0; HEADER_WORDS + 2 * (Client::WORDS + 1) + 2 * Slot::WORDS];
        let header = [17, 1, 14, 4096, 3, 2, 0, 0, 0b11, reach, FIRST_CORE as u64, 3, 2, reach + 2];
        words[..FIRST_CORE].copy_from_slice(&header);
        words[FIRST_CORE..][..2 * Own::WORDS].copy_from_slice(&[8, 9, 20, 7, 30, 31, 32, 33]);
        for (at, client) in clients.iter().enumerate() {
            let first = HEADER_WORDS + at * Client::WORDS;
            words[first..first + Client::PARAMETERS].copy_from_slice(&client.to_words());
            let parameters = (0..).take(2 * Parameters::WORDS).map(|word| 20 * (at as u64 + 1) + word);
            words[first + Client::PARAMETERS..].iter_mut().zip(parameters).for_each(|(to, from)| *to = from);
        }
        words[reach as usize] = 0b11;
        words[reach as usize + 1] = 0b10;
        words[reach as usize + 2..].copy_from_slice(&[1, 500, 2, 300]);
        let plan = Plan { address: words.as_ptr().expose_provenance() as u64 };
        assert_eq!(plan.clients(), 2);
        assert_eq!([0, 1].map(|at| plan.client(at).unwrap().client), clients);
        assert_eq!(plan.client(2), None);
        assert_eq!((plan.is_scheduled(), plan.cores()), (true, 0b11));
        let own = [0, 1, 2].map(|core| (plan.on(core).own_thread(), plan.on(core).time().slot));
        assert_eq!(own, [(thread(9), 20), (thread(31), 32), (None, 0)]);
        assert_eq!([0, 1].map(|client| plan.on(0).time_of(client)), [None, Some(Budget { slot: 21 })]);
        assert_eq!([0, 1, 8].map(|at| clients[1].created_core(at)), [0, 1, 0]);
        let own = Parameters { priority: 40, weight: 41, partition: 42, budget: 43, period: 44, deadline: 45 };
        assert_eq!(plan.client(1).unwrap().own, own);
        let created = plan.client(0).unwrap().created;
        assert_eq!(created[..2], [Parameters::from_words([26, 27, 28, 29, 30, 31]), Parameters::default()]);
        let slots = [(1, 500), (2, 300)].map(|(partition, length)| Some(Slot { partition, length }));
        assert_eq!((plan.policy(), [0, 1].map(|at| plan.slot(at)), plan.slot(2)), (3, slots, None));
        assert_eq!((plan.thread(1), plan.thread(2)), (thread(13), None));
        let reaches = [(0, 0), (1, 0), (0, 1), (1, 1), (2, 0), (0, 2)].map(|(of, server)| plan.reaches(of, server));
        assert_eq!(reaches, [true, true, false, true, false, false]);
    }
}
