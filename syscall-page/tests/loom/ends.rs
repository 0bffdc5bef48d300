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
pub fn die_at_a_call<const N: usize>(server: &Service<N>) {
    let dies = || server.pass(2, |_| std::panic::resume_unwind(Box::new(())));
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(dies)).is_err());
}

#[test]
fn a_server_that_dies_during_service_ends_that_call_and_no_other() {
    explore_three(|| {
        let (mut client, server) = both_ends::<4>();
        let blocked = [1, 2].map(|word| client.post(&ask(word), word).unwrap());
        let waiting = block_all(&server);
        let [dies, behind] = [3, 4].map(|word| client.post(&ask(word), word).unwrap());
        die_at_a_call(&server);
        // Two workers are through with what waited, while the client learns of the fault.
        let workers: Vec<_> =
            waiting.into_iter().zip(1..).map(|(waiting, word)| answer(&server, waiting, word)).collect();
        assert!(client.server_faulted());
        for worker in workers {
            worker.join().unwrap();
        }
        assert!(has_faulted(client.poll(dies)));
        assert_eq!(blocked.map(|ticket| client.poll(ticket)), [1, 2].map(|word| Ok(Some(expected(word)))));
        assert_eq!(server.pass(4, echo).run, 1, "what is behind it is announced again");
        assert_eq!(client.poll(behind), Ok(Some(expected(4))));
    });
}

fn has_faulted(polled: Result<Option<Reply>, PollError>) -> bool {
    polled.unwrap().is_some_and(|reply| reply.status == abi::error::Error::Faulted.status())
}

#[test]
fn a_server_that_dies_before_it_takes_a_call_ends_the_first_while_others_are_answered() {
    explore_three(|| {
        let (mut client, server) = both_ends::<4>();
        let blocked = client.post(&ask(1), 1).unwrap();
        let waiting = block_all(&server).pop().unwrap();
        let [first, behind] = [2, 3].map(|word| client.post(&ask(word), word).unwrap());
        // It has followed the hints, and no further.
        let _ = server.pass(0, echo);
        let worker = answer(&server, waiting, 1);
        assert!(client.server_faulted());
        assert!(has_faulted(client.poll(first)) && client.poll(behind) == Ok(None));
        let later = client.post(&ask(4), 4).unwrap();
        worker.join().unwrap();
        let mut seen = Vec::new();
        let _ = server.pass(4, |call| {
            seen.push(call.request().args[0]);
            echo(call)
        });
        assert_eq!(seen, [3, 4], "what was taken back is not run, and the others are in order");
        let answers = [(blocked, 1), (behind, 3), (later, 4)];
        assert!(answers.into_iter().all(|(ticket, word)| client.poll(ticket) == Ok(Some(expected(word)))));
    });
}

#[test]
fn a_server_that_dies_at_nothing_ends_nothing_that_its_workers_are_at() {
    explore(|| {
        let (mut client, server) = both_ends::<1>();
        let ticket = client.post(&ask(1), 1).unwrap();
        let worker = answer(&server, block_all(&server).pop().unwrap(), 1);
        assert!(!client.server_faulted());
        worker.join().unwrap();
        assert_eq!(client.poll(ticket), Ok(Some(expected(1))));
    });
}

/// Blocks every call there is.
fn block_all<const N: usize>(server: &Service<N>) -> Vec<Blocked> {
    let mut waiting = Vec::new();
    let _ = server.pass(4, |call| {
        let parked = call.block().unwrap();
        waiting.push(parked.blocked);
        parked.outcome
    });
    waiting
}

/// A worker that answers a call with this word.
fn answer<const N: usize>(server: &Arc<Service<N>>, waiting: Blocked, word: u64) -> thread::JoinHandle<()> {
    let server = server.clone();
    thread::spawn(move || _ = server.complete(waiting, &expected(word)).unwrap())
}

#[test]
fn of_two_workers_one_dies_and_the_others_answer_is_its_own() {
    explore(|| {
        let (mut client, server) = both_ends::<2>();
        let [dead, lives] = [1, 2].map(|word| client.post(&ask(word), word).unwrap());
        let mut waiting = block_all(&server);
        let worker = answer(&server, waiting.pop().unwrap(), 2);
        // The other dies with the right to answer.
        drop(waiting);
        client.abandon(dead).unwrap();
        let early = client.post(&ask(3), 3);
        worker.join().unwrap();
        assert!(
            early.is_err(),
            "the slot of what nobody answers is not used again, and the other one's result is there"
        );
        assert_eq!((client.poll(lives), server.blocked()), (Ok(Some(expected(2))), 1));
        let third = client.post(&ask(3), 3).unwrap();
        assert_eq!((server.pass(4, echo).run, client.poll(third)), (1, Ok(Some(expected(3)))));
    });
}

#[test]
fn a_client_that_dies_at_any_moment_leaves_its_server_nothing_to_trip_over() {
    explore_three(|| {
        let page = page::<2>();
        let server = Arc::new(Server::new(page, 1, 1));
        let worker = |server: &Arc<Service<2>>| {
            let server = server.clone();
            thread::spawn(move || server.pass(4, echo).run)
        };
        let workers = [worker(&server), worker(&server)];
        let mut client = Client::new(page);
        let ticket = client.post(&ask(1), 1).unwrap();
        let _ = client.poll(ticket);
        drop(client);
        let ran: u32 = workers.map(|worker| worker.join().unwrap()).into_iter().sum();
        // Whoever has the page next finds it as it was left, and is served.
        let again = server.pass(4, echo);
        assert_eq!((ran + again.run, again.more, server.blocked()), (1, false, 0));
    });
}

#[test]
fn a_client_that_dies_while_workers_answer_leaves_nothing_that_waits() {
    explore_three(|| {
        let (mut client, server) = both_ends::<2>();
        for word in [1, 2] {
            client.post(&ask(word), word).unwrap();
        }
        let waiting = block_all(&server);
        let workers: Vec<_> =
            waiting.into_iter().zip(1..).map(|(waiting, word)| answer(&server, waiting, word)).collect();
        let _ = client.prepare_to_sleep();
        drop(client);
        for worker in workers {
            worker.join().unwrap();
        }
        assert_eq!((server.blocked(), server.pass(4, echo).run), (0, 0));
    });
}
