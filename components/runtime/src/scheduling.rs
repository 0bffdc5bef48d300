//! What a scheduler has beyond other components: the plan of whom it schedules, and the kernel's operations for that.
//!
//! Threads are named by handles that only the plan and [`Plan::create`] give out, so what is asked of the kernel here
//! is always about a thread.

mod pages;

use crate::capability::operate;
use crate::{Error, Result};
use abi::event::Batch;
use abi::layout::PAGE;
use abi::operation::receive_flag::{ALL, DO_NOT_WAIT};
use abi::operation::{ReceiveOperation, TableOperation, TemporalCapabilityOperation, ThreadOperation};
use abi::page::PageEdge;
use abi::plan::{CREATED, Client, HEADER_WORDS, Share, reach_words};
use core::num::NonZeroU32;

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
}

/// A component that the scheduler schedules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scheduled {
    /// Its fields in the plan.
    pub client: Client,
    /// Priorities of the threads that can be created in it.
    pub priorities: [u64; CREATED],
    /// How long its own thread may run.
    pub share: Share,
    /// How long the threads may run that can be created in it.
    pub shares: [Share; CREATED],
}

/// Words of the header, by their numbers in [`abi::plan`].
mod word {
    pub const TABLE: usize = 0;
    pub const RECEIVE: usize = 1;
    pub const FREE: usize = 2;
    pub const UNTYPED: usize = 3;
    pub const CLIENTS: usize = 5;
    pub const PAGES: usize = 6;
    pub const FIRST_PAGE: usize = 7;
    pub const THREAD: usize = 8;
    pub const REACH: usize = 9;
    pub const TIME: usize = 10;
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
        let mut priorities = [0; CREATED];
        priorities.iter_mut().zip(words.iter().skip(8)).for_each(|(to, from)| *to = *from);
        let (shares, _) = words.get(Client::SHARES..)?.as_chunks();
        let mut all = shares.iter().map(|&[budget, period]| Share { budget, period });
        let share = all.next()?;
        let mut shares = [Share::default(); CREATED];
        shares.iter_mut().zip(all).for_each(|(to, from)| *to = from);
        Some(Scheduled { client, priorities, share, shares })
    }

    /// Whether threads of client number `of` can come to execute in client number `server`.
    pub fn reaches(&self, of: usize, server: usize) -> bool {
        let first = self.word(word::REACH) as usize + server * reach_words(self.clients());
        let map = self.words().get(first + of / 64).copied().unwrap_or(0);
        of < self.clients() && server < self.clients() && map & 1 << (of % 64) != 0
    }

    /// The scheduler's own thread.
    pub fn own_thread(&self) -> Option<Thread> {
        thread(self.word(word::THREAD))
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
        const NONE: Error = Error::Kernel(abi::error::Error::BadArgument);
        let of = self.client(client).map(|scheduled| scheduled.client).ok_or(NONE)?;
        if at as u64 >= of.created {
            return Err(NONE);
        }
        let before = (0..client).filter_map(|client| self.client(client)).map(|before| before.client.created);
        let number = before.sum::<u64>() + at as u64;
        let slot = self.word(word::FREE) + number;
        let frame = self.word(word::UNTYPED) + number * PAGE;
        // The scheduler's own core: it can run no threads of another.
        let packed = of.component << 32 | u64::from(crate::thread::core()) << 16 | (of.first_created + at as u64);
        self.ask(word::TABLE, TableOperation::CreateThread as u16, [slot, frame, packed, of.start])?;
        thread(slot).ok_or(NONE)
    }

    /// Switches to `thread`, which runs on `budget`, and starts with `word` if it is at its start; the core comes back at `timeout` at the
    /// latest, if that is not 0. Returns when somebody switches back to the caller.
    ///
    /// # Errors
    ///
    /// The kernel's: among them `Stale`, `EventsPending` and `NotDispatchable`.
    pub fn dispatch(&self, thread: Thread, budget: Budget, word: u64, timeout: u64, token: u64) -> Result<()> {
        let receive = self.word(word::RECEIVE);
        // Without an end-point it would be another operation: one that waits for the thread's end.
        let slot = if receive == 0 { 0 } else { thread.slot.get() };
        let peers = u64::from(budget.slot) << 32 | receive;
        ask(slot, ThreadOperation::Dispatch as u16, [word, timeout, token, peers]).map(|_| ())
    }

    /// Takes what the kernel has to tell, and waits for it until `timeout`, if that is not 0. For the scheduler's own thread.
    ///
    /// # Errors
    ///
    /// The kernel's: among them `TimedOut`.
    pub fn wait(&self, timeout: u64) -> Result<Batch> {
        self.receive([ALL, timeout, 0, 0])
    }

    /// Takes what the kernel has to tell. For the scheduler's own thread.
    ///
    /// # Errors
    ///
    /// The kernel's: `NothingPending` if there is nothing.
    pub fn poll(&self) -> Result<Batch> {
        self.receive([DO_NOT_WAIT | ALL, 0, 0, 0])
    }

    /// What threads without a budget of their own run on.
    pub fn time(&self) -> Budget {
        Budget { slot: self.word(word::TIME) as u32 }
    }

    /// Makes budget number `number`, an empty one. Each can be made once.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn make_budget(&self, number: u64) -> Result<Budget> {
        let clients = (0..self.clients()).filter_map(|client| self.client(client));
        let number = clients.map(|scheduled| scheduled.client.created).sum::<u64>() + number;
        let slot = self.word(word::FREE) + number;
        let frame = self.word(word::UNTYPED) + number * PAGE;
        let words = [slot, frame, self.word(word::RECEIVE) << 32, 0];
        self.ask(word::TABLE, TableOperation::CreateTemporalCapability as u16, words)?;
        Ok(Budget { slot: slot as u32 })
    }

    /// Fills `budget` up to so many ticks.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn fill(&self, budget: Budget, ticks: u64) -> Result<()> {
        let [left, _] = ask(budget.slot, TemporalCapabilityOperation::Read as u16, [0; 4])?;
        if left < ticks {
            let words = [budget.slot.into(), ticks - left, 0, 0];
            self.ask(word::TIME, TemporalCapabilityOperation::Delegate as u16, words)?;
        }
        Ok(())
    }

    /// Ticks of the time-stamp counter in a second.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn frequency(&self) -> Result<u64> {
        self.ask(word::RECEIVE, ReceiveOperation::Frequency as u16, [0; 4]).map(|[ticks, _]| ticks)
    }

    fn receive(&self, words: [u64; 4]) -> Result<Batch> {
        self.ask(word::RECEIVE, ReceiveOperation::Receive as u16, words).map(Batch::from_words)
    }

    /// Asks the object whose slot is this word of the header.
    fn ask(&self, slot: usize, operation: u16, words: [u64; 4]) -> Result<[u64; 2]> {
        ask(self.word(slot) as u32, operation, words)
    }

    fn word(&self, at: usize) -> u64 {
        self.words().get(at).copied().unwrap_or(0)
    }

    fn words(&self) -> &'static [u64] {
        // SAFETY: a reference can be read through. Volatile: the composer sets the word.
        let address = unsafe { (&raw const self.address).read_volatile() } as *const u64;
        if address.is_null() {
            return &[];
        }
        // SAFETY: the composer maps a plan there, for ever and read-only: a header, and what the header counts.
        unsafe {
            let clients = *address.add(word::CLIENTS) as usize;
            let pages = *address.add(word::PAGES) as usize;
            let words = HEADER_WORDS + clients * (Client::WORDS + reach_words(clients)) + pages * PageEdge::WORDS;
            core::slice::from_raw_parts(address, words)
        }
    }
}

fn thread(slot: u64) -> Option<Thread> {
    NonZeroU32::new(slot as u32).map(|slot| Thread { slot })
}

/// Asks an object of a scheduler for an operation.
///
/// Slot 0 is what a plan names that is not bound: it stands for "return", and is not asked.
fn ask(slot: u32, operation: u16, words: [u64; 4]) -> Result<[u64; 2]> {
    if slot == 0 {
        return Err(Error::Kernel(abi::error::Error::Empty));
    }
    // SAFETY: a plan is bound, so this is an image. A scheduler holds threads, an end-point and its own
    // capability table: none of their operations here changes memory that is mapped anywhere.
    let (status, words) = unsafe { operate(slot, operation, words) };
    Error::check(status)?;
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_that_is_not_bound_knows_nobody_and_asks_nobody() {
        // SAFETY: it is never bound, and asks nothing of the host.
        let plan = unsafe { Plan::unbound() };
        assert_eq!((plan.clients(), plan.client(0), plan.own_thread(), plan.thread(0)), (0, None, None, None));
        assert!(!plan.reaches(0, 0));
        let empty = Error::Kernel(abi::error::Error::Empty);
        assert_eq!((plan.poll(), plan.wait(0), plan.frequency()), (Err(empty), Err(empty), Err(empty)));
        assert_eq!(plan.dispatch(Thread::with_number(NonZeroU32::MIN), Budget::SAME, 0, 0, 0), Err(empty));
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
                priority: 16,
                first_created: 5,
                created: 1,
            },
            Client {
                token: 4,
                component: 12,
                thread: 13,
                thread_index: 3,
                start: 64,
                priority: 3,
                first_created: 6,
                created: 2,
            },
        ];
        let reach = (HEADER_WORDS + 2 * Client::WORDS) as u64;
        let mut words = [0; HEADER_WORDS + 2 * (Client::WORDS + 1)];
        words[..HEADER_WORDS].copy_from_slice(&[17, 8, 14, 4096, 3, 2, 0, 0, 9, reach, 20]);
        for (at, client) in clients.iter().enumerate() {
            let first = HEADER_WORDS + at * Client::WORDS;
            words[first..first + 8].copy_from_slice(&client.to_words());
            words[first + 8] = 30 + at as u64;
            words[first + Client::SHARES..][..4].copy_from_slice(&[at as u64, 100, 20 + at as u64, 200]);
        }
        words[reach as usize] = 0b11;
        words[reach as usize + 1] = 0b10;
        let plan = Plan { address: words.as_ptr().expose_provenance() as u64 };
        assert_eq!(plan.clients(), 2);
        assert_eq!([0, 1].map(|at| plan.client(at).unwrap().client), clients);
        assert_eq!((plan.client(1).unwrap().priorities[0], plan.client(2)), (31, None));
        assert_eq!((plan.own_thread(), plan.time()), (thread(9), Budget { slot: 20 }));
        assert_eq!(plan.client(1).unwrap().share, Share { budget: 1, period: 100 });
        assert_eq!(plan.client(0).unwrap().shares[..2], [Share { budget: 20, period: 200 }, Share::default()]);
        assert_eq!((plan.thread(1), plan.thread(2)), (thread(13), None));
        let reaches = [(0, 0), (1, 0), (0, 1), (1, 1), (2, 0), (0, 2)].map(|(of, server)| plan.reaches(of, server));
        assert_eq!(reaches, [true, true, false, true, false, false]);
    }
}
