//! A client that sleeps until there is an answer.

use super::*;

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
