//! A page that is served on another core: poster and runner.
//!
//! Each of the two sleeps as one step here, that is, the model ends for it; whether somebody wakes it is asked afterwards.

use super::*;
use syscall_page::Relay;

/// The words between the two, and one that is written before they are.
#[derive(Clone)]
struct Between {
    relay: Arc<Relay<Explored>>,
    written: Arc<AtomicU64>,
}

impl Between {
    fn new() -> Self {
        Self { relay: Arc::new(Relay::new()), written: Arc::new(AtomicU64::new(0)) }
    }

    fn write(&self) {
        self.written.store(1, Ordering::Relaxed);
    }

    fn assert_written(&self) {
        assert_eq!(self.written.load(Ordering::Relaxed), 1, "what was told of is there");
    }
}

#[test]
fn a_runner_that_sleeps_is_woken_by_what_is_announced() {
    explore(|| {
        let between = Between::new();
        let other = between.clone();
        let runner = thread::spawn(move || {
            let sleeps = other.relay.announced_since(0).is_none() && other.relay.prepare_to_sleep(0);
            if !sleeps {
                assert_eq!(other.relay.announced_since(0), Some(1));
                other.assert_written();
            }
            sleeps
        });
        between.write();
        let wakes = between.relay.announce();
        let sleeps = runner.join().unwrap();
        assert!(wakes || !sleeps, "it would sleep for ever");
        assert_eq!(between.relay.announced_since(0), Some(1), "and finds it when it is woken");
    });
}

#[test]
fn a_poster_that_waits_is_woken_by_an_answer() {
    explore(|| {
        let between = Between::new();
        let other = between.clone();
        let runner = thread::spawn(move || {
            other.write();
            other.relay.hand_over(0b10)
        });
        let early = between.relay.take_done();
        let sleeps = early == 0 && between.relay.prepare_to_wait(false);
        let late = if sleeps { 0 } else { early | between.relay.take_done() };
        if !sleeps {
            assert_eq!(late, 0b10);
            between.assert_written();
        }
        assert!(runner.join().unwrap() || !sleeps, "it would sleep for ever");
    });
}

#[test]
fn a_poster_that_waits_for_the_end_is_woken_by_it_and_finds_the_answers() {
    explore(|| {
        let between = Between::new();
        let _ = between.relay.announce();
        let other = between.clone();
        let runner = thread::spawn(move || {
            other.write();
            other.relay.end(1, 0b1)
        });
        let sleeps = !between.relay.is_through() && between.relay.prepare_to_wait(true);
        if between.relay.is_through() {
            assert_eq!(between.relay.take_done(), 0b1, "answers come before the end");
            between.assert_written();
        }
        assert!(runner.join().unwrap() || !sleeps, "it would sleep for ever");
    });
}

#[test]
fn a_failure_is_told_once_and_ends_the_wait() {
    explore(|| {
        let between = Between::new();
        let _ = between.relay.announce();
        let other = between.clone();
        let runner = thread::spawn(move || other.relay.fail(7));
        let early = between.relay.failure();
        let sleeps = early.is_none() && between.relay.prepare_to_wait(true);
        let wakes = runner.join().unwrap();
        assert!(wakes || !sleeps, "it would sleep for ever");
        assert_eq!(early.or_else(|| between.relay.failure()), Some(7));
        between.relay.forgive();
        assert_eq!(between.relay.failure(), None);
        assert!(!between.relay.is_through(), "nothing was looked at");
    });
}

#[test]
fn after_a_failure_the_runner_goes_on_when_the_poster_knows_and_announces() {
    explore(|| {
        let between = Between::new();
        let _ = between.relay.announce();
        let _ = between.relay.fail(7);
        let other = between.clone();
        let runner = thread::spawn(move || other.relay.prepare_to_sleep(1));
        // Not before the poster has dealt with it, whatever else it announces.
        let first = between.relay.announce();
        assert_eq!((between.relay.announced_since(1), between.relay.failure()), (None, Some(7)));
        between.relay.forgive();
        let wakes = first | between.relay.announce();
        assert!(wakes || !runner.join().unwrap(), "it would sleep for ever");
        assert_eq!(between.relay.announced_since(1), Some(3));
    });
}

#[test]
fn calls_and_answers_go_by_the_relay_as_they_are() {
    explore(|| {
        let (mut client, server) = both_ends::<1>();
        let between = Between::new();
        let other = between.clone();
        let runner = thread::spawn(move || {
            let announced = other.relay.announced_since(0)?;
            let pass = server.quiet_pass(1, |unread| echo(unread.read()));
            assert_eq!(pass.done, 1, "what was announced is found");
            Some(other.relay.end(announced, pass.done))
        });
        let ticket = client.post(&ask(3), 3).unwrap();
        let _ = between.relay.announce();
        if between.relay.take_done() != 0 {
            assert_eq!(client.poll(ticket), Ok(Some(expected(3))), "what is handed over is whole");
        }
        let _ = runner.join().unwrap();
    });
}

/// What a runner does at the page that it has served: the first time, the server dies.
fn serve_and_die_first(relay: &Relay<Explored>, server: &Service<2>) -> Vec<u64> {
    let (mut seen, mut passes, mut ran) = (0, 0, Vec::new());
    for _ in 0..2 {
        let Some(announced) = relay.announced_since(seen) else { continue };
        seen = announced;
        passes += 1;
        if passes == 1 {
            ends::die_at_a_call(server);
            let _ = relay.fail(abi::error::Error::Faulted.status());
        } else {
            let pass = server.quiet_pass(1, |unread| {
                let call = unread.read();
                ran.push(call.request().args[0]);
                echo(call)
            });
            let _ = relay.end(announced, pass.done);
        }
    }
    ran
}

#[test]
fn a_fault_is_dealt_with_before_the_page_is_served_again() {
    explore(|| {
        let (mut client, server) = both_ends::<2>();
        let relay = Arc::new(Relay::<Explored>::new());
        let (theirs, service) = (relay.clone(), server.clone());
        let runner = thread::spawn(move || serve_and_die_first(&theirs, &service));
        let tickets = [1, 2].map(|word| {
            let ticket = client.post(&ask(word), word).unwrap();
            let _ = relay.announce();
            ticket
        });
        let learn = |client: &mut Client<'static, Explored, 2>| {
            relay.failure().map(|_| {
                assert!(client.server_faulted());
                relay.forgive();
                let _ = relay.announce();
            })
        };
        let learnt = learn(&mut client);
        // Into the slot of the call that it died at, while the other may be run.
        let polled = client.poll(tickets[0]);
        let next = polled.is_ok_and(|reply| reply.is_some()).then(|| client.post(&ask(3), 3).unwrap());
        let mut ran = runner.join().unwrap();
        let has_died = learnt.or_else(|| learn(&mut client)).is_some();
        let _ = server.pass(4, |call| {
            ran.push(call.request().args[0]);
            echo(call)
        });
        ran.sort_unstable();
        let second = client.poll(tickets[1]);
        assert_eq!(second, Ok(Some(expected(2))), "it was not the one that the server died at");
        assert!(next.is_none_or(|ticket| client.poll(ticket) == Ok(Some(expected(3)))));
        let run =
            [(1, !has_died), (2, true), (3, next.is_some())].into_iter().filter_map(|(word, is)| is.then_some(word));
        assert!(run.eq(ran), "each is run once, but that one");
    });
}
