//! One call, and one server.

use super::*;

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
