//! Calls that wait for workers: each is run once, whoever looks for calls, comes, goes, dies or loses its edge meanwhile.
//!
//! A thread that was started runs when the model comes to it; until then it is one that will look. The pages are not explored here, as
//! they are by the other models: what they do is done at once.

use super::*;
use abi::error::Error;
use std::sync::atomic::AtomicU64 as Plain;
use std::sync::atomic::Ordering::SeqCst;
use syscall_page::backlog::Common;
use syscall_page::workers::{Calls, Crew, Workers};
use syscall_page::{Backlog, Work};

type Poster<const N: usize> = Client<'static, Plain, N>;

/// A server with `E` edges, each with a page of `N` entries, whose methods may all block. Only what is explored here can be defective.
struct Shop<D, const E: usize, const N: usize> {
    servers: [Server<'static, Plain, State<Plain>, N>; E],
    edges: [Backlog<Explored<D>, N>; E],
    common: Common<Explored<D>>,
    workers: Workers<Explored<D>>,
    threads: u64,
    /// Threads that could be started.
    free: AtomicU64,
    /// Threads that will have ended when somebody waits for that.
    ending: AtomicU64,
    /// Those that were started, and have not run yet.
    started: Plain,
    /// Whether who waits for a thread to end gives up at once.
    is_impatient: bool,
    /// Calls that are being run.
    inside: AtomicU64,
}

type Opened<D, const E: usize, const N: usize> = (Arc<Shop<D, E, N>>, [Poster<N>; E]);

/// So many threads, of whom one at once may be busy: with the calls of the one edge, or of all that have it together.
fn open<D: Defect, const E: usize, const N: usize>(threads: u64) -> Opened<D, E, N> {
    let pages = std::array::from_fn(|_| page_of());
    let shop = Shop {
        servers: std::array::from_fn(|at| Server::new(pages[at], 1, at as u64)),
        edges: std::array::from_fn(|_| Backlog::new(1, E > 1)),
        common: Common::new(1),
        workers: Workers::new(),
        threads,
        free: AtomicU64::new(threads),
        ending: AtomicU64::new(0),
        started: Plain::new(0),
        is_impatient: false,
        inside: AtomicU64::new(0),
    };
    (Arc::new(shop), pages.map(Client::new))
}

impl<D: Defect, const E: usize, const N: usize> Shop<D, E, N> {
    fn calls(&self) -> Calls<'_, Explored<D>, N> {
        Calls { edges: &self.edges, common: &self.common, threads: self.threads }
    }

    /// Serves a page, on the thread of its client.
    fn serve(&self, row: usize) {
        let _ = self.servers[row].pass(4, |call| {
            let request = call.request();
            let parked = call.block().unwrap();
            self.edges[row].add(&Work { request, blocked: parked.blocked });
            parked.outcome
        });
        self.workers.start(&self.calls(), self);
    }

    /// What a thread does that was started.
    fn work(&self) {
        self.started.fetch_sub(1, SeqCst);
        self.workers.work(&self.calls(), |row, _, work| self.run(row as usize, work));
        self.free.fetch_add(1, Ordering::AcqRel);
    }

    fn run(&self, row: usize, Work { request, blocked }: Work) {
        let [first, second, ..] = request.args;
        assert_eq!(second, first + 1, "the call is whole");
        assert_eq!(
            self.inside.fetch_add(1, Ordering::Relaxed),
            0,
            "one is run at once, as there is one worker for them"
        );
        let _ = self.servers[row].complete(blocked, &expected(first)).expect("each is run once");
        self.inside.fetch_sub(1, Ordering::Relaxed);
    }

    /// Whoever was started and did not run does.
    fn finish(&self) {
        while self.started.load(SeqCst) > 0 {
            self.work();
        }
        assert!(self.servers.iter().all(|server| server.blocked() == 0), "nothing waits any more");
    }
}

impl<D: Defect, const E: usize, const N: usize> Crew for Shop<D, E, N> {
    fn spawn(&self) -> bool {
        let is_started =
            self.free.fetch_update(Ordering::AcqRel, Ordering::Acquire, |free| free.checked_sub(1)).is_ok();
        self.started.fetch_add(u64::from(is_started), SeqCst);
        is_started
    }

    fn pause(&self) -> bool {
        match self.ending.swap(0, Ordering::Relaxed) {
            0 => thread::yield_now(),
            ended => _ = self.free.fetch_add(ended, Ordering::AcqRel),
        }
        !self.is_impatient
    }

    fn refuse(&self, row: u64, work: Work) {
        let _ = self.servers[row as usize].complete(work.blocked, &refused()).unwrap();
    }
}

fn refused() -> Reply {
    Reply::refused(Error::InUse)
}

/// A thread that was started runs beside.
fn worker<D: Defect, const E: usize, const N: usize>(shop: &Arc<Shop<D, E, N>>) -> thread::JoinHandle<()> {
    let shop = shop.clone();
    thread::spawn(move || shop.work())
}

/// Posts a call and has it left to workers.
fn leave<D: Defect, const E: usize, const N: usize>(
    shop: &Shop<D, E, N>,
    row: usize,
    client: &mut Poster<N>,
    word: u64,
) -> Ticket {
    let ticket = client.post(&ask(word), word).unwrap();
    shop.serve(row);
    ticket
}

fn beside_a_worker_that_ends<D: Defect>() {
    let (shop, [mut client]) = open::<D, 1, 2>(1);
    let first = leave(&shop, 0, &mut client, 1);
    let ending = worker(&shop);
    let second = leave(&shop, 0, &mut client, 2);
    ending.join().unwrap();
    shop.finish();
    assert_eq!([first, second].map(|ticket| client.poll(ticket)), [1, 2].map(|word| Ok(Some(expected(word)))));
}

#[test]
fn a_call_that_is_left_to_a_worker_that_ends_is_run() {
    explore_three(beside_a_worker_that_ends::<Sound>);
}

#[test]
#[should_panic = "nothing waits any more"]
fn without_fences_it_would_be_forgotten() {
    explore_three(beside_a_worker_that_ends::<Unfenced>);
}

#[test]
#[should_panic = "each is run once"]
fn with_torn_bits_it_could_be_run_twice() {
    explore_three(beside_a_worker_that_ends::<TornBits>);
}

/// A worker has looked for the last time, and its thread is not free yet.
#[test]
fn calls_that_two_clients_leave_at_once_as_a_thread_ends_are_run() {
    explore_three(|| {
        let (shop, [mut one, mut other]) = open::<Sound, 2, 1>(1);
        shop.free.store(0, Ordering::Relaxed);
        shop.ending.store(1, Ordering::Relaxed);
        let beside = shop.clone();
        let neighbour = thread::spawn(move || (leave(&beside, 1, &mut other, 2), other));
        let first = leave(&shop, 0, &mut one, 1);
        let (second, mut other) = neighbour.join().unwrap();
        shop.finish();
        assert_eq!([one.poll(first), other.poll(second)], [1, 2].map(|word| Ok(Some(expected(word)))));
    });
}

/// Two workers at once, and what is left after that.
fn two_workers<D: Defect, const E: usize, const N: usize>(shop: &Arc<Shop<D, E, N>>) {
    let beside = worker(shop);
    shop.work();
    beside.join().unwrap();
    shop.finish();
}

fn two_calls_of_a_client<D: Defect>() {
    let (shop, [mut client]) = open::<D, 1, 2>(2);
    let tickets = [1, 2].map(|word| client.post(&ask(word), word).unwrap());
    shop.serve(0);
    two_workers(&shop);
    assert_eq!(tickets.map(|ticket| client.poll(ticket)), [1, 2].map(|word| Ok(Some(expected(word)))));
}

#[test]
fn of_two_workers_a_client_has_its_part_and_each_call_one() {
    explore_many(two_calls_of_a_client::<Sound>);
}

#[test]
#[should_panic = "one is run at once"]
fn with_torn_counts_it_would_have_both() {
    explore_many(two_calls_of_a_client::<TornCounts>);
}

#[test]
fn of_two_workers_two_clients_have_those_together_that_there_are() {
    explore_coarsely(|| {
        let (shop, mut clients) = open::<Sound, 2, 1>(2);
        let tickets = [0, 1].map(|row| leave(&shop, row, &mut clients[row], row as u64));
        two_workers(&shop);
        let answers = [0, 1].map(|row| clients[row].poll(tickets[row]));
        assert_eq!(answers, [0, 1].map(|word| Ok(Some(expected(word)))));
    });
}

#[test]
fn a_client_that_dies_while_its_call_waits_leaves_its_neighbour_the_workers() {
    explore_many(|| {
        let (shop, [mut dies, mut lives]) = open::<Sound, 2, 1>(2);
        let _ = leave(&shop, 0, &mut dies, 1);
        drop(dies);
        let beside = worker(&shop);
        let second = leave(&shop, 1, &mut lives, 2);
        beside.join().unwrap();
        shop.finish();
        assert_eq!(lives.poll(second), Ok(Some(expected(2))));
        let third = leave(&shop, 1, &mut lives, 3);
        shop.finish();
        assert_eq!(lives.poll(third), Ok(Some(expected(3))), "nobody is busy for the dead");
    });
}

#[test]
fn what_waits_for_workers_is_run_when_the_edge_goes_and_what_is_behind_it_is_not() {
    explore_three(|| {
        let (shop, [mut client]) = open::<Sound, 1, 2>(2);
        let waits = leave(&shop, 0, &mut client, 1);
        let workers = [worker(&shop), worker(&shop)];
        let behind = client.post(&ask(2), 2).unwrap();
        client.server_refused(Error::Empty);
        for worker in workers {
            worker.join().unwrap();
        }
        shop.finish();
        assert_eq!(client.poll(waits), Ok(Some(expected(1))));
        assert_eq!(client.poll(behind).map(|reply| reply.map(|it| it.status)), Ok(Some(Error::Empty.status())));
        assert_eq!(client.free_slots(), 2);
    });
}

#[test]
fn a_call_is_run_or_refused_when_no_thread_can_be_had() {
    explore_three(|| {
        let (mut shop, [mut client]) = open::<Sound, 1, 2>(1);
        Arc::get_mut(&mut shop).unwrap().is_impatient = true;
        let first = leave(&shop, 0, &mut client, 1);
        let ending = worker(&shop);
        let second = leave(&shop, 0, &mut client, 2);
        ending.join().unwrap();
        shop.finish();
        let answers = [first, second].map(|ticket| client.poll(ticket).unwrap().unwrap());
        for (answer, word) in answers.into_iter().zip(1..) {
            assert!([expected(word), refused()].contains(&answer));
        }
    });
}
