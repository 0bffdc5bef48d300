//! Several threads that serve one page.

use super::*;

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
        let (mut client, server, first, worker) = blocked_and_answered();
        if client.poll(first).unwrap().is_some() {
            let second = client.post(&ask(2), 2).unwrap();
            assert_eq!(server.pass(1, echo).run, 1, "it does not look blocked");
            assert_eq!(client.poll(second), Ok(Some(expected(2))));
        }
        worker.join().unwrap();
    });
}
