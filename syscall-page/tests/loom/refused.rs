//! The kernel stops leading to the server: at any moment, whatever its calls have come to.
//!
//! The kernel's word is one step. What it says is known to who asks it, and to nobody else; so who is in the server by then goes on.

use super::*;
use abi::error::Error;

/// Whether the kernel leads to the server.
#[derive(Clone)]
struct Edge(Arc<AtomicU64>);

impl Edge {
    fn new() -> Self {
        Self(Arc::new(AtomicU64::new(1)))
    }

    fn revoke(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    fn leads_there(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    /// Has the server serve, if the kernel leads there; if not, the client learns of that.
    fn flush<const N: usize>(&self, client: &mut Client<'static, Explored, N>, server: &Service<N>) -> u32 {
        if self.leads_there() {
            return server.pass(4, echo).run;
        }
        client.server_refused(Error::Empty);
        0
    }
}

/// Whether the call was run; if not, it has ended with what the kernel said.
fn was_run<const N: usize>(client: &mut Client<'static, Explored, N>, ticket: Ticket, word: u64) -> bool {
    let reply = client.poll(ticket).unwrap().unwrap();
    if reply.status == Error::Empty.status() {
        return false;
    }
    assert_eq!(reply, expected(word));
    true
}

#[test]
fn a_call_is_run_or_refused_whenever_the_edge_goes_and_later_ones_are_served_in_order() {
    explore(|| {
        let (mut client, server) = both_ends::<2>();
        let edge = Edge::new();
        let other = edge.clone();
        let revoker = thread::spawn(move || other.revoke());
        let mut ran = 0;
        let mut refused = 0;
        for word in [1, 2] {
            let ticket = client.post(&ask(word), word).unwrap();
            ran += edge.flush(&mut client, &server);
            refused += u32::from(!was_run(&mut client, ticket, word));
        }
        revoker.join().unwrap();
        assert_eq!((ran + refused, client.free_slots()), (2, 2));
        // It leads there again: what was refused is not run, and order is what it was.
        let [third, fourth] = [3, 4].map(|word| client.post(&ask(word), word));
        let mut seen = Vec::new();
        let _ = server.pass(4, |call| {
            seen.push(call.request().args[0]);
            echo(call)
        });
        assert_eq!(seen, if fourth.is_ok() { vec![3, 4] } else { vec![3] });
        assert!(was_run(&mut client, third.unwrap(), 3));
    });
}

#[test]
fn a_worker_that_is_inside_when_the_edge_goes_takes_a_call_or_its_client_takes_it_back() {
    explore(|| {
        let (mut client, server) = both_ends::<2>();
        let tickets = [1, 2].map(|word| client.post(&ask(word), word).unwrap());
        let other = server.clone();
        let worker = thread::spawn(move || other.pass(4, echo).run);
        client.server_refused(Error::Empty);
        // Into whichever slot is free by now.
        let early = client.post(&ask(3), 3);
        let ran = worker.join().unwrap();
        let of_the_first =
            tickets.into_iter().zip(1..).filter(|(ticket, word)| was_run(&mut client, *ticket, *word)).count();
        let is_taken = early.is_ok_and(|ticket| client.poll(ticket) == Ok(Some(expected(3))));
        assert_eq!(
            ran as usize,
            of_the_first + usize::from(is_taken),
            "what is said to have run has, and nothing else"
        );
        if let Ok(ticket) = early
            && !is_taken
        {
            assert_eq!(server.pass(4, echo).run, 1);
            assert!(was_run(&mut client, ticket, 3));
        }
        assert_eq!(client.free_slots(), 2);
    });
}

#[test]
fn in_every_state_that_a_call_can_be_in_it_ends_as_a_direct_call_does() {
    explore_three(|| {
        let (mut client, server) = both_ends::<4>();
        let done = client.post(&ask(2), 2).unwrap();
        let blocked = client.post(&ask(1), 1).unwrap();
        let waiting = block_the_first(&server).1.unwrap();
        let submitted = client.post(&ask(3), 3).unwrap();
        // One worker is through with the call that waited, another looks for more.
        let (first, second) = (server.clone(), server.clone());
        let answering = thread::spawn(move || _ = first.complete(waiting, &expected(1)).unwrap());
        let looking = thread::spawn(move || second.pass(4, echo).run);
        client.server_refused(Error::Empty);
        let ran = looking.join().unwrap();
        answering.join().unwrap();
        assert!(was_run(&mut client, done, 2) && was_run(&mut client, blocked, 1), "those are in the server");
        assert_eq!(was_run(&mut client, submitted, 3), ran == 1);
        assert_eq!((client.free_slots(), server.blocked()), (4, 0));
    });
}

#[test]
fn who_sleeps_on_a_blocked_call_when_the_edge_goes_is_woken_by_its_answer() {
    explore(|| {
        let (mut client, server) = both_ends::<2>();
        let blocked = client.post(&ask(1), 1).unwrap();
        let waiting = block_the_first(&server).1.unwrap();
        let submitted = client.post(&ask(2), 2).unwrap();
        let other = server.clone();
        let worker = thread::spawn(move || other.complete(waiting, &expected(1)).unwrap().wake);
        client.server_refused(Error::Empty);
        assert!(!was_run(&mut client, submitted, 2));
        let sleep = client.prepare_to_sleep();
        let wakes = worker.join().unwrap();
        assert!(wakes || !matches!(sleep, Sleep::On(_)), "it would sleep for ever");
        assert!(was_run(&mut client, blocked, 1));
    });
}

#[test]
fn a_server_that_is_gone_ends_what_it_was_at_and_its_workers_calls_keep_their_slots() {
    explore(|| {
        let (mut client, server) = both_ends::<4>();
        let blocked = client.post(&ask(1), 1).unwrap();
        let waiting = block_the_first(&server).1.unwrap();
        let [inside, behind] = [2, 3].map(|word| client.post(&ask(word), word).unwrap());
        ends::die_at_a_call(&server);
        // On another core, a worker may answer still, until it is told.
        let worker = thread::spawn(move || _ = server.complete(waiting, &expected(1)).unwrap());
        client.server_refused(Error::Revoked);
        let gone = |client: &mut Client<'static, Explored, 4>, ticket| client.poll(ticket).unwrap().map(|it| it.status);
        assert_eq!([inside, behind].map(|ticket| gone(&mut client, ticket)), [Some(Error::Revoked.status()); 2]);
        let later = [4, 5].map(|word| client.post(&ask(word), word).unwrap());
        worker.join().unwrap();
        assert_eq!(later.map(|ticket| client.poll(ticket)), [Ok(None); 2], "nothing is mistaken for their answers");
        assert_eq!(client.poll(blocked), Ok(Some(expected(1))));
    });
}

#[test]
fn a_page_that_a_runner_cannot_have_served_is_an_error_to_who_posts_and_goes_on_when_it_can() {
    explore(|| {
        let (mut client, server) = both_ends::<1>();
        let (relay, edge) = (Arc::new(syscall_page::Relay::<Explored>::new()), Edge::new());
        let (theirs, way) = (relay.clone(), edge.clone());
        let runner = thread::spawn(move || {
            let announced = theirs.announced_since(0)?;
            if !way.leads_there() {
                return Some(theirs.fail(Error::Empty.status()));
            }
            let pass = server.quiet_pass(1, |unread| echo(unread.read()));
            Some(theirs.end(announced, pass.done))
        });
        let ticket = client.post(&ask(1), 1).unwrap();
        let _ = relay.announce();
        edge.revoke();
        let sleeps = relay.prepare_to_wait(true);
        let wakes = runner.join().unwrap();
        assert!(!sleeps || wakes != Some(false), "it would sleep for ever");
        match relay.failure() {
            Some(status) => {
                assert_eq!(status, Error::Empty.status());
                client.server_refused(Error::Empty);
                assert!(!was_run(&mut client, ticket, 1));
            }
            None if wakes.is_some() => assert!(was_run(&mut client, ticket, 1)),
            None => assert_eq!(client.poll(ticket), Ok(None)),
        }
    });
}
