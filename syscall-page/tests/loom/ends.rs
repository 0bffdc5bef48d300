//! Calls that nobody waits for any more, and sides that are gone.

use super::*;

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
        let (mut client, server, first, worker) = blocked_and_answered();
        client.abandon(first).unwrap();
        let early = client.post(&ask(2), 2);
        worker.join().unwrap();
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
