//! Every order in which client, server and workers can meet, on small models
//! of the very same code: only the atomic word is the explorer's.
//!
//! They are built with `RUSTFLAGS="--cfg loom"` only; the package `tests` runs them that way.
//! `LOOM_MAX_PREEMPTIONS` widens or narrows the search; the default here keeps it to seconds.
#![cfg(loom)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "this is how a test fails")]

mod calls;
mod ends;
mod quiet;
mod refused;
mod relay;
mod sleep;
mod workers;

use loom::sync::Arc;
use loom::sync::atomic::{AtomicU64, Ordering, fence};
use loom::thread;
use std::cell::Cell;
use syscall_page::server::State;
use syscall_page::{
    Blocked, Call, Client, Entry, Header, Next, Outcome, Page, PollError, Reply, Request, Server, Sleep, Ticket, Word,
};

/// The explorer's word.
///
/// loom remembers only the latest access to a word. A thread that reads a word
/// and then writes it therefore hides, from loom, that another thread read it
/// before, and the order in which that other one reads the new value is never
/// tried. So each model is explored twice: as it is, and with a relaxed step on
/// a companion word at every access, which makes any two accesses meet.
struct Explored {
    word: AtomicU64,
    companion: AtomicU64,
}

thread_local! {
    /// All threads of a model run on the one thread of its test.
    static EVERY_ACCESS_MEETS: Cell<bool> = const { Cell::new(false) };
}

impl Explored {
    fn meet(&self) -> &AtomicU64 {
        if EVERY_ACCESS_MEETS.get() {
            self.companion.fetch_add(1, Ordering::Relaxed);
        }
        &self.word
    }
}

impl Word for Explored {
    fn new(value: u64) -> Self {
        Self { word: AtomicU64::new(value), companion: AtomicU64::new(0) }
    }

    fn load(&self, order: Ordering) -> u64 {
        self.meet().load(order)
    }

    fn store(&self, value: u64, order: Ordering) {
        self.meet().store(value, order);
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

    fn exchange_acquire(&self, current: u64, new: u64) -> Result<u64, u64> {
        self.meet().compare_exchange(current, new, Ordering::Acquire, Ordering::Relaxed)
    }

    fn full_fence() {
        fence(Ordering::SeqCst);
    }
}

type Service<const N: usize> = Server<'static, Explored, State<Explored>, N>;

fn explore(model: fn()) {
    explore_with(3, model);
}

/// The same for models of three threads, of which there are many more orders.
fn explore_three(model: fn()) {
    explore_with(2, model);
}

fn explore_with(preemptions: usize, model: fn()) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(preemptions));
    for every_access_meets in [false, true] {
        EVERY_ACCESS_MEETS.set(every_access_meets);
        builder.check(model);
    }
}

/// A page that lives as long as the model: leaked, since the threads of a model need it for `'static`.
fn page<const N: usize>() -> Page<'static, Explored, N> {
    let header: &'static Header<Explored> = Box::leak(Box::new(Header::empty()));
    let entries = Box::new(std::array::from_fn(|_| Entry::free()));
    Page::new(header, Box::leak(entries))
}

fn both_ends<const N: usize>() -> (Client<'static, Explored, N>, Arc<Service<N>>) {
    let page = page();
    (Client::new(page), Arc::new(Server::new(page, 1, 1)))
}

fn ask(word: u64) -> Request {
    Request::new(0, [word, word + 1, 0, 0])
}

/// Answers with what was asked, so that a torn or early read of the arguments shows.
fn echo<const N: usize>(call: Call<'_, '_, Explored, N>) -> Outcome {
    let [first, second, ..] = call.request().args;
    assert_eq!(second, first + 1, "arguments are those that were submitted");
    call.answer(&Reply::success([first * 10, first]))
}

fn expected(word: u64) -> Reply {
    Reply::success([word * 10, word])
}

/// A client that polls its tickets waits: what client and scheduler do about it.
fn wait<const N: usize>(client: &mut Client<'static, Explored, N>, page: Page<'static, Explored, N>) -> Sleep {
    match client.prepare_to_be_served() {
        Next::NothingToWaitFor => Sleep::NothingToWaitFor,
        Next::ResultsCame => Sleep::ResultsCame,
        // The server finds nothing to do.
        Next::BeServed => page.header().wait_for_client().map_or(Sleep::ResultsCame, Sleep::On),
    }
}

/// Blocks the call with word 1, answers the others.
fn block_the_first<const N: usize>(server: &Service<N>) -> (u32, Option<Blocked>) {
    let mut waiting = None;
    let pass = server.pass(4, |call| {
        if call.request().args[0] != 1 {
            return echo(call);
        }
        let parked = call.block().unwrap();
        waiting = Some(parked.blocked);
        parked.outcome
    });
    (pass.run, waiting)
}

/// A call with word 1 that was blocked, and a worker that answers it meanwhile.
fn blocked_and_answered() -> (Client<'static, Explored, 1>, Arc<Service<1>>, Ticket, thread::JoinHandle<()>) {
    let (mut client, server) = both_ends::<1>();
    let ticket = client.post(&ask(1), 1).unwrap();
    let waiting = block_the_first(&server).1.unwrap();
    let other = server.clone();
    let worker = thread::spawn(move || _ = other.complete(waiting, &expected(1)).unwrap());
    (client, server, ticket, worker)
}
