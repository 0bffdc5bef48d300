//! Every order in which client, server and workers can meet, on small models
//! of the very same code: only the atomic word is the explorer's.
//!
//! They are built with `RUSTFLAGS="--cfg loom"` only; the package `tests` runs them that way.
//! `LOOM_MAX_PREEMPTIONS` widens or narrows the search; the default here keeps it to seconds.
#![cfg(loom)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "this is how a test fails")]

use loom::sync::Arc;
use loom::sync::atomic::{AtomicU64, Ordering, fence};
use loom::thread;
use std::cell::Cell;
use syscall_page::server::State;
use syscall_page::{
    Blocked, Call, Client, Entry, Header, Next, Outcome, Page, PollError, Reply, Request, Server, Sleep, Word,
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
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(3));
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

#[test]
fn a_result_that_is_seen_is_whole() {
    explore(|| {
        let (mut client, server) = both_ends::<1>();
        let worker = thread::spawn(move || server.pass(4, echo).run);
        let ticket = client.post(&ask(7), 1).unwrap();
        let early = client.poll(ticket).unwrap();
        let ran = worker.join().unwrap();
        match early {
            Some(reply) => assert_eq!((reply, ran), (expected(7), 1)),
            None if ran == 1 => {
                assert_eq!(client.reap().unwrap().result, Ok(expected(7)), "hinted")
            }
            None => assert_eq!(client.reap(), None),
        }
    });
}

#[test]
fn two_workers_run_each_call_once() {
    explore(|| {
        let (mut client, server) = both_ends::<2>();
        client.post(&ask(1), 1).unwrap();
        client.post(&ask(2), 2).unwrap();
        let other = server.clone();
        let worker = thread::spawn(move || other.pass(2, echo).run);
        let mine = server.pass(2, echo).run;
        let ran = mine + worker.join().unwrap();
        assert_eq!((ran, server.blocked()), (2, 0));
        let mut words: Vec<_> = std::iter::from_fn(|| client.reap()).map(|it| (it.token, it.result.unwrap())).collect();
        words.sort_by_key(|it| it.0);
        assert_eq!(words, [(1, expected(1)), (2, expected(2))]);
    });
}

#[test]
fn what_a_bounded_pass_leaves_is_found_by_another() {
    explore(|| {
        let (mut client, server) = both_ends::<2>();
        client.post(&ask(1), 1).unwrap();
        client.post(&ask(2), 2).unwrap();
        let other = server.clone();
        let worker = thread::spawn(move || other.pass(1, echo).run);
        let mine = server.pass(1, echo).run;
        let rest = worker.join().unwrap() + mine;
        let last = server.pass(4, echo).run;
        assert_eq!(rest + last, 2);
        assert_eq!(std::iter::from_fn(|| client.reap()).count(), 2);
    });
}

#[test]
fn a_slot_that_comes_back_is_served_again() {
    explore(|| {
        let (mut client, server) = both_ends::<1>();
        let first = client.post(&ask(1), 1).unwrap();
        let other = server.clone();
        let worker = thread::spawn(move || other.pass(1, echo).run);
        let Some(reply) = client.poll(first).unwrap() else {
            worker.join().unwrap();
            return;
        };
        assert_eq!(reply, expected(1));
        let second = client.post(&ask(2), 2).unwrap();
        let mine = server.pass(1, echo).run;
        assert_eq!((mine, worker.join().unwrap()), (1, 1));
        assert_eq!(client.poll(second), Ok(Some(expected(2))));
    });
}

#[test]
fn a_call_is_whole_even_if_the_hint_was_there_before_it() {
    explore(|| {
        let page = page::<1>();
        let (mut client, server) = (Client::new(page), Server::new(page, 1, 1));
        page.header().words()[0].store(1, Ordering::Relaxed);
        let worker = thread::spawn(move || server.pass(1, echo).run);
        let ticket = client.post(&ask(1), 1).unwrap();
        let result = client.poll(ticket).unwrap();
        let ran = worker.join().unwrap();
        assert!(result.is_none() || (result, ran) == (Some(expected(1)), 1));
    });
}

#[test]
fn a_call_that_is_hinted_twice_is_run_once() {
    explore(|| {
        let page = page::<1>();
        let (mut client, server) = (Client::new(page), Arc::new(Server::new(page, 1, 1)));
        page.header().words()[0].store(1, Ordering::Relaxed);
        let other = server.clone();
        let worker = thread::spawn(move || other.pass(1, echo).run);
        client.post(&ask(1), 1).unwrap();
        let mine = server.pass(1, echo).run;
        assert_eq!(mine + worker.join().unwrap(), 1);
    });
}

#[test]
fn a_hint_that_is_taken_leads_to_its_call() {
    explore(|| {
        let (mut client, server) = both_ends::<1>();
        let other = server.clone();
        let worker = thread::spawn(move || other.pass(1, echo).run);
        let ticket = client.post(&ask(1), 1).unwrap();
        let ran = worker.join().unwrap() + server.pass(1, echo).run;
        assert_eq!((ran, client.poll(ticket)), (1, Ok(Some(expected(1)))));
    });
}

#[test]
fn a_hint_that_is_taken_leads_to_its_result() {
    explore(|| {
        let (mut client, server) = both_ends::<1>();
        client.post(&ask(1), 1).unwrap();
        let worker = thread::spawn(move || server.pass(1, echo).wake);
        let reaped = client.reap();
        let sleep = client.prepare_to_sleep();
        let wakes = worker.join().unwrap();
        match (reaped, sleep) {
            (Some(completion), sleep) => {
                assert_eq!((completion.result, sleep), (Ok(expected(1)), Sleep::NothingToWaitFor));
            }
            (None, Sleep::On(_)) => assert!(wakes, "it would sleep for ever"),
            (None, _) => assert_eq!(client.reap().unwrap().result, Ok(expected(1))),
        }
    });
}

#[test]
fn no_wake_up_is_lost() {
    explore(|| {
        let (mut client, server) = both_ends::<1>();
        client.post(&ask(1), 1).unwrap();
        let worker = thread::spawn(move || server.pass(1, echo).wake);
        let sleep = client.prepare_to_sleep();
        let wakes = worker.join().unwrap();
        match sleep {
            Sleep::On(_) => assert!(wakes, "it would sleep for ever"),
            Sleep::ResultsCame => assert_eq!(client.reap().unwrap().result, Ok(expected(1))),
            Sleep::NothingToWaitFor => panic!("a call is under way"),
        }
    });
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

#[test]
fn who_polls_and_waits_misses_no_result() {
    explore(|| {
        let page = page::<2>();
        let (mut client, server) = (Client::new(page), Server::new(page, 1, 1));
        let first = client.post(&ask(1), 1).unwrap();
        client.post(&ask(2), 2).unwrap();
        let mut parked = Vec::new();
        let _ = server.pass(2, |call| {
            let call = call.block().unwrap();
            parked.push(call.blocked);
            call.outcome
        });
        // The other one is never answered.
        let waiting = parked.remove(0);
        let worker = thread::spawn(move || server.complete(waiting, &expected(1)).unwrap().wake);
        let polled = client.poll(first).unwrap();
        let sleep = wait(&mut client, page);
        let wakes = worker.join().unwrap();
        match (polled, sleep) {
            (Some(reply), _) => assert_eq!(reply, expected(1)),
            (None, Sleep::On(_)) => assert!(wakes, "it would sleep for ever"),
            (None, Sleep::ResultsCame) => assert_eq!(client.poll(first), Ok(Some(expected(1)))),
            (None, Sleep::NothingToWaitFor) => panic!("calls are under way"),
        }
    });
}

#[test]
fn who_is_served_quietly_beside_a_worker_misses_nothing() {
    explore(|| {
        let page = page::<2>();
        let (mut client, server) = (Client::new(page), Arc::new(Server::new(page, 1, 1)));
        client.post(&ask(1), 1).unwrap();
        client.post(&ask(2), 2).unwrap();
        let other = server.clone();
        let worker = thread::spawn(move || other.pass(4, echo).wake);
        let quiet = server.quiet_pass(1, |unread| echo(unread.read()));
        client.served(quiet.done);
        let ended = std::iter::from_fn(|| client.reap()).count();
        let sleeps = ended < 2 && page.header().wait_for_client().is_some();
        assert!(worker.join().unwrap() || !sleeps, "it would sleep for ever");
        assert_eq!(ended + std::iter::from_fn(|| client.reap()).count(), 2);
    });
}

#[test]
fn a_hint_that_comes_late_does_not_pass_for_a_newer_result() {
    explore(|| {
        let page = page::<1>();
        let (mut client, server) = (Client::new(page), Arc::new(Server::new(page, 1, 1)));
        let first = client.post(&ask(1), 1).unwrap();
        let other = server.clone();
        let worker = thread::spawn(move || other.pass(1, echo).wake);
        let polled = client.poll(first).unwrap();
        if polled.is_some() {
            client.post(&ask(2), 2).unwrap();
        }
        let sleep = wait(&mut client, page);
        let wakes = worker.join().unwrap();
        if polled.is_some() {
            assert_ne!(sleep, Sleep::NothingToWaitFor);
            let served = server.pass(1, echo);
            assert!(!matches!(sleep, Sleep::On(_)) || wakes || served.wake, "it would sleep for ever");
        }
    });
}

#[test]
fn of_two_workers_one_wakes_the_sleeper() {
    explore(|| {
        let (mut client, server) = both_ends::<2>();
        client.post(&ask(1), 1).unwrap();
        client.post(&ask(2), 2).unwrap();
        let Sleep::On(_) = client.prepare_to_sleep() else { panic!("nothing is done yet") };
        let other = server.clone();
        let worker = thread::spawn(move || other.pass(1, echo).wake);
        let mine = server.pass(1, echo).wake;
        let rest = server.pass(2, echo).wake;
        let wakes = [mine, rest, worker.join().unwrap()].into_iter().filter(|wake| *wake).count();
        assert_eq!(wakes, 1);
    });
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

#[test]
fn a_blocked_call_is_answered_by_another_thread_while_the_pass_goes_on() {
    explore(|| {
        let (mut client, server) = both_ends::<2>();
        let first = client.post(&ask(1), 1).unwrap();
        let (ran, waiting) = block_the_first(&server);
        assert_eq!(ran, 1);
        let (waiting, other) = (waiting.unwrap(), server.clone());
        let second = client.post(&ask(2), 2).unwrap();
        let worker = thread::spawn(move || other.complete(waiting, &expected(1)).unwrap().wake);
        let _ = server.pass(4, echo);
        worker.join().unwrap();
        assert_eq!(client.poll(first), Ok(Some(expected(1))));
        assert_eq!(client.poll(second), Ok(Some(expected(2))));
    });
}

#[test]
fn a_sleeper_on_a_blocked_call_is_woken_by_its_answer() {
    explore(|| {
        let (mut client, server) = both_ends::<1>();
        client.post(&ask(1), 1).unwrap();
        let (_, waiting) = block_the_first(&server);
        let waiting = waiting.unwrap();
        let worker = thread::spawn(move || server.complete(waiting, &expected(1)).unwrap().wake);
        let sleep = client.prepare_to_sleep();
        let wakes = worker.join().unwrap();
        match sleep {
            Sleep::On(_) => assert!(wakes, "it would sleep for ever"),
            _ => assert_eq!(client.reap().unwrap().result, Ok(expected(1))),
        }
    });
}

#[test]
fn a_client_that_rewrites_its_entry_is_served_from_what_was_read() {
    explore(|| {
        let page = page::<1>();
        let (mut client, server) = (Client::new(page), Server::new(page, 1, 1));
        client.post(&ask(1), 1).unwrap();
        let words = page.entry(0).words();
        let worker = thread::spawn(move || {
            let pass = server.pass(2, |call| {
                assert_eq!(call.request().method, 0, "only what is permitted");
                call.answer(&Reply::success([0, 0]))
            });
            pass.run + pass.refused
        });
        words[0].store(5 << 16 | 2, Ordering::Relaxed);
        page.header().words()[0].store(u64::MAX, Ordering::Relaxed);
        assert!(worker.join().unwrap() <= 2);
    });
}

#[test]
fn of_one_entry_submitted_twice_over_one_call_waits() {
    explore(|| {
        let page = page::<1>();
        let (mut client, server) = (Client::new(page), Arc::new(Server::new(page, 1, 1)));
        client.post(&ask(1), 1).unwrap();
        let block_all = move |server: &Service<1>| {
            let mut waiting = Vec::new();
            let _ = server.pass(1, |call| {
                page.entry(0).words()[0].store(2, Ordering::Relaxed);
                page.header().words()[0].store(1, Ordering::Relaxed);
                call.block().map_or_else(
                    |refused| refused,
                    |parked| {
                        waiting.push(parked.blocked);
                        parked.outcome
                    },
                )
            });
            waiting
        };
        let other = server.clone();
        let worker = thread::spawn(move || block_all(&other));
        let mine = block_all(&server);
        let theirs = worker.join().unwrap();
        assert_eq!((mine.len() + theirs.len(), server.blocked()), (1, 1));
    });
}

#[test]
fn a_slot_that_was_blocked_comes_back_too() {
    explore(|| {
        let (mut client, server) = both_ends::<1>();
        let first = client.post(&ask(1), 1).unwrap();
        let waiting = block_the_first(&server).1.unwrap();
        let other = server.clone();
        let worker = thread::spawn(move || other.complete(waiting, &expected(1)).unwrap());
        if client.poll(first).unwrap().is_some() {
            let second = client.post(&ask(2), 2).unwrap();
            assert_eq!(server.pass(1, echo).run, 1, "it does not look blocked");
            assert_eq!(client.poll(second), Ok(Some(expected(2))));
        }
        let _ = worker.join().unwrap();
    });
}

#[test]
fn a_result_that_is_given_up_at_any_moment_gives_its_slot_back() {
    explore(|| {
        let (mut client, server) = both_ends::<1>();
        let ticket = client.post(&ask(1), 1).unwrap();
        let other = server.clone();
        let worker = thread::spawn(move || other.pass(4, echo).run);
        client.abandon(ticket).unwrap();
        // A slot is used again when its call has ended, and not before.
        let early = client.post(&ask(2), 2);
        let ran = worker.join().unwrap();
        assert_eq!(client.poll(ticket), Err(PollError::UnknownTicket));
        let ticket = early.or_else(|_| client.post(&ask(2), 2));
        assert!(ticket.is_ok() || ran == 0);
        if let Ok(ticket) = ticket {
            let _ = server.pass(4, echo);
            assert_eq!(client.poll(ticket), Ok(Some(expected(2))), "and not what was given up");
        }
    });
}

#[test]
fn a_blocked_call_is_given_up_while_it_is_answered() {
    explore(|| {
        let (mut client, server) = both_ends::<1>();
        let first = client.post(&ask(1), 1).unwrap();
        let waiting = block_the_first(&server).1.unwrap();
        let other = server.clone();
        let worker = thread::spawn(move || other.complete(waiting, &expected(1)).unwrap());
        client.abandon(first).unwrap();
        let early = client.post(&ask(2), 2);
        let _ = worker.join().unwrap();
        let second = early.or_else(|_| client.post(&ask(2), 2)).unwrap();
        assert_eq!(server.pass(1, echo).run, 1, "it does not look blocked");
        assert_eq!(client.poll(second), Ok(Some(expected(2))));
    });
}

/// The server dies at the first call that it comes to, having taken it.
fn die_at_a_call<const N: usize>(server: &Service<N>) {
    let dies = || server.pass(2, |_| std::panic::resume_unwind(Box::new(())));
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(dies)).is_err());
}

#[test]
fn a_server_that_dies_during_service_ends_that_call_and_no_other() {
    explore(|| {
        let (mut client, server) = both_ends::<4>();
        let blocked = client.post(&ask(1), 1).unwrap();
        let waiting = block_the_first(&server).1.unwrap();
        let [dies, behind] = [2, 3].map(|word| client.post(&ask(word), word).unwrap());
        die_at_a_call(&server);
        let other = server.clone();
        // A worker is through with the first one, while the client learns of the fault.
        let worker = thread::spawn(move || other.complete(waiting, &expected(1)).unwrap());
        client.server_faulted();
        let _ = worker.join().unwrap();
        let faulted = abi::error::Error::Faulted.status();
        assert_eq!(client.poll(dies).map(|reply| reply.map(|reply| reply.status)), Ok(Some(faulted)));
        assert_eq!(client.poll(blocked), Ok(Some(expected(1))));
        assert_eq!(server.pass(3, echo).run, 1, "what is behind it is announced again");
        assert_eq!(client.poll(behind), Ok(Some(expected(3))));
    });
}

#[test]
fn a_client_that_dies_at_any_moment_leaves_its_server_nothing_to_trip_over() {
    explore(|| {
        let page = page::<2>();
        let server = Arc::new(Server::new(page, 1, 1));
        let other = server.clone();
        let worker = thread::spawn(move || other.pass(4, echo).run);
        let mut client = Client::new(page);
        let ticket = client.post(&ask(1), 1).unwrap();
        let reserved = client.reserve().unwrap();
        let _ = client.poll(ticket);
        drop((client, reserved));
        let ran = worker.join().unwrap();
        // Whoever has the page next finds it as it was left, and is served.
        let again = server.pass(4, echo);
        assert_eq!((ran + again.run, again.more, server.blocked()), (1, false, 0));
    });
}
