//! A server that writes to the page between any two looks of its client: whatever the words become, the client's books agree with
//! themselves, and every call ends once, as its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "this is how a test fails")]

use proptest::prelude::*;
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering, Ordering::Relaxed};
use syscall_page::{Client, Entry, Header, Page, PollError, PostError, Request, State, Ticket, Word};

std::thread_local! {
    /// The state of what is random; nothing changes while it is 0.
    static RANDOM: Cell<u64> = const { Cell::new(0) };
}

fn random() -> u64 {
    let mut random = RANDOM.get();
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    RANDOM.set(random);
    random
}

/// A word of a page. Behind every third look, the server has written to it: most often what could stand there.
struct Fickle(AtomicU64);

impl Fickle {
    fn meet(&self) -> &AtomicU64 {
        if RANDOM.get() != 0 && random().is_multiple_of(3) {
            let value = match random() % 16 {
                0 => random(),
                1 => 0,
                at => (2 + at % 4) | (random() & 3) << 16,
            };
            self.0.store(value, Relaxed);
        }
        &self.0
    }
}

impl Word for Fickle {
    fn new(value: u64) -> Self {
        Self(AtomicU64::new(value))
    }

    fn load(&self, order: Ordering) -> u64 {
        self.meet().load(order)
    }

    fn store(&self, value: u64, order: Ordering) {
        self.0.store(value, order);
    }

    fn swap(&self, value: u64, order: Ordering) -> u64 {
        self.meet().swap(value, order)
    }

    fn fetch_or(&self, bits: u64, order: Ordering) -> u64 {
        self.meet().fetch_or(bits, order)
    }

    fn fetch_and(&self, bits: u64, order: Ordering) -> u64 {
        self.meet().fetch_and(bits, order)
    }

    fn fetch_add(&self, number: u64, order: Ordering) -> u64 {
        self.meet().fetch_add(number, order)
    }

    fn fetch_sub(&self, number: u64, order: Ordering) -> u64 {
        self.meet().fetch_sub(number, order)
    }

    fn exchange_acquire(&self, current: u64, new: u64) -> Result<u64, u64> {
        self.meet().compare_exchange(current, new, Ordering::Acquire, Relaxed)
    }

    fn full_fence() {}
}

/// What the client does, having been told what comes to the server's mind.
#[derive(Clone, Debug)]
enum Step {
    Post(bool),
    Poll(usize),
    Abandon(usize),
    Reap(bool),
    /// It answered these slots, it says.
    Served(u64),
    Faulted,
    Refused(bool),
    Wait(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => any::<bool>().prop_map(Step::Post),
        3 => any::<usize>().prop_map(Step::Poll),
        2 => any::<usize>().prop_map(Step::Abandon),
        2 => any::<bool>().prop_map(Step::Reap),
        2 => any::<u64>().prop_map(Step::Served),
        1 => Just(Step::Faulted),
        1 => any::<bool>().prop_map(Step::Refused),
        2 => (0_u8..4).prop_map(Step::Wait),
    ]
}

/// A client, and what it has to do yet.
struct Run<'a> {
    client: Client<'a, Fickle>,
    open: Vec<(Ticket, u64)>,
    posted: u64,
    lost: u32,
}

impl Run<'_> {
    fn post(&mut self, announced: bool) {
        let (request, token) = (Request::new(1, [self.posted; 4]), self.posted);
        let posted = match announced {
            true => self.client.post(&request, token),
            false => self.client.post_unannounced(&request, token),
        };
        match posted {
            Ok(ticket) => {
                assert!(self.open.iter().all(|(other, _)| other.slot() != ticket.slot()), "no slot has two calls");
                self.open.push((ticket, token));
                self.posted += 1;
            }
            Err(error) => assert_eq!(error, PostError::Exhausted),
        }
    }

    fn reap(&mut self) {
        while let Some(completion) = self.client.reap() {
            let call = (completion.ticket, completion.token);
            let at = self.open.iter().position(|open| *open == call).expect("a call that is open, with its own token");
            self.open.swap_remove(at);
        }
    }

    fn poll(&mut self, pick: usize) {
        let Some(at) = pick.checked_rem(self.open.len()) else { return };
        match self.client.poll(self.open[at].0) {
            Ok(None) => {}
            Ok(Some(_)) | Err(PollError::Corrupted) => drop(self.open.swap_remove(at)),
            Err(PollError::UnknownTicket) => panic!("{:?} was forgotten", self.open[at]),
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Post(announced) => self.post(announced),
            Step::Poll(pick) => self.poll(pick),
            Step::Abandon(pick) => {
                if let Some(at) = pick.checked_rem(self.open.len()) {
                    self.client.abandon(self.open.swap_remove(at).0).unwrap();
                }
            }
            Step::Reap(rescan) => {
                if rescan {
                    self.client.rescan();
                }
                self.reap();
            }
            Step::Served(slots) => self.client.served(slots),
            Step::Faulted => drop(self.client.server_faulted()),
            Step::Refused(gone) => {
                self.client.server_refused(if gone { abi::error::Error::Revoked } else { abi::error::Error::Empty })
            }
            Step::Wait(0) => drop(self.client.prepare_to_sleep()),
            Step::Wait(1) => drop(self.client.prepare_to_be_served()),
            Step::Wait(2) => drop(self.client.prepare_to_serve()),
            Step::Wait(_) => {
                self.client.take_hints();
                self.client.collect_abandoned();
            }
        }
        self.check();
    }

    /// Slots are free, in flight, or lost for ever; who is waited for is in flight.
    fn check(&mut self) {
        let (free, in_flight) = (self.client.free_slots(), self.client.in_flight());
        assert!(free + in_flight + self.lost <= 64, "{free} free, {in_flight} in flight, {} lost", self.lost);
        self.lost = 64 - free - in_flight;
        assert!(self.open.len() <= in_flight as usize);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_call_ends_once_whatever_its_words_become_between_two_looks(
        seed in 1..u64::MAX,
        steps in prop::collection::vec(step(), 0..300),
    ) {
        RANDOM.set(seed);
        let header = Header::empty();
        let entries: Box<[Entry<Fickle>; 64]> = Box::new(std::array::from_fn(|_| Entry::free()));
        let mut run = Run { client: Client::new(Page::new(&header, &entries)), open: Vec::new(), posted: 0, lost: 0 };
        for step in steps {
            run.step(step);
        }
        // At last it is through with everything.
        RANDOM.set(0);
        entries.iter().for_each(|entry| entry.words()[0].store(State::Done as u64, Relaxed));
        run.client.collect_abandoned();
        run.client.rescan();
        run.reap();
        run.check();
        prop_assert!(run.open.is_empty());
        prop_assert_eq!(run.client.in_flight(), 0);
    }
}
