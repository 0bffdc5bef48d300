//! The page as a newcomer uses it: each test is one thing that it does.
#![allow(clippy::unwrap_used, clippy::panic, reason = "this is how a test fails")]

mod common;

use abi::error::Error;
use common::{ADD, FORBIDDEN, Frames, Ledger, PERMITTED, READ};
use syscall_page::{Client, CompleteError, PollError, PostError, Reply, Request, Server, Sleep, State};

const ALL: u32 = 64;

fn echo(word: u64) -> Request {
    Request::new(0, [word, 0, 0, 0])
}

#[test]
fn a_call_is_posted_served_and_collected() {
    let frames = Frames::new();
    let mut client = Client::new(frames.page());
    let server = Server::new(frames.page(), PERMITTED, 1);
    let mut ledger = Ledger { sum: 1 };

    let ticket = client.post(&Request::new(ADD, [2, 3, 4, 5]), 0).unwrap();
    assert_eq!(client.poll(ticket), Ok(None));
    let pass = server.pass(ALL, |call| {
        let reply = ledger.call(&call.request());
        call.answer(&reply)
    });

    assert_eq!((pass.run, pass.refused, pass.more), (1, 0, false));
    assert_eq!(client.poll(ticket), Ok(Some(Reply::success([15, 2]))));
    assert_eq!(client.poll(ticket), Err(PollError::UnknownTicket), "a result is given once");
}

#[test]
fn an_entry_goes_through_its_life() {
    let frames = Frames::of(1);
    let state = || frames.entries[0].status().state();
    let mut client = Client::new(frames.page());
    let server = Server::new(frames.page(), PERMITTED, 1);

    assert_eq!(state(), Some(State::Free));
    let ticket = client.post(&echo(7), 0).unwrap();
    assert_eq!(state(), Some(State::Submitted));
    let mut waiting = None;
    let _ = server.pass(ALL, |call| {
        assert_eq!(state(), Some(State::Busy));
        let parked = call.block().unwrap();
        waiting = Some(parked.blocked);
        parked.outcome
    });
    assert_eq!(state(), Some(State::Blocked));
    let _ = server.complete(waiting.unwrap(), &Reply::success([7, 0])).unwrap();
    assert_eq!(state(), Some(State::Done));
    assert_eq!(client.poll(ticket), Ok(Some(Reply::success([7, 0]))));
    assert_eq!(state(), Some(State::Free));
}

#[test]
fn exhaustion_is_an_error_and_slots_come_back() {
    let frames = Frames::new();
    let mut client = Client::new(frames.page());
    let server = Server::new(frames.page(), PERMITTED, 1);
    for round in 0..100 {
        for at in 0..64 {
            client.post(&echo(at), round * 64 + at).unwrap();
        }
        assert_eq!(client.post(&echo(0), 0), Err(PostError::Exhausted));
        let pass = server.pass(ALL, |call| {
            let [word, ..] = call.request().args;
            call.answer(&Reply::success([word, 0]))
        });
        assert_eq!(pass.run, 64);
        for at in 0..64 {
            let completion = client.reap().unwrap();
            assert_eq!(completion.token, round * 64 + completion.result.unwrap().words[0], "call {at}");
        }
        assert_eq!((client.reap(), client.free_slots(), client.in_flight()), (None, 64, 0));
    }
}

#[test]
fn abandoned_results_give_their_slots_back_without_being_asked() {
    let frames = Frames::of(4);
    let mut client = Client::new(frames.page());
    let server = Server::new(frames.page(), PERMITTED, 1);
    for _ in 0..100 {
        for word in 0..4 {
            let ticket = client.post(&echo(word), 0).unwrap();
            client.abandon(ticket).unwrap();
            assert_eq!(client.abandon(ticket), Err(PollError::UnknownTicket));
            assert_eq!(client.poll(ticket), Err(PollError::UnknownTicket));
        }
        assert_eq!(client.post(&echo(0), 0), Err(PostError::Exhausted), "not before the server is through");
        assert_eq!(server.pass(ALL, |call| call.answer(&Reply::success([0, 0]))).run, 4);
    }
}

#[test]
fn calls_start_in_the_order_of_posting_even_around_blocked_ones() {
    let frames = Frames::of(5);
    let mut client = Client::new(frames.page());
    let server = Server::new(frames.page(), PERMITTED, 1);
    let (mut seen, mut posted, mut parked) = (Vec::new(), 0, Vec::new());
    for turn in 0..200 {
        while client.post(&echo(posted), posted).is_ok() {
            posted += 1;
        }
        let _ = server.pass(1 + turn % 3, |call| {
            seen.push(call.request().args[0]);
            if turn % 4 != 0 {
                return call.answer(&Reply::success([0, 0]));
            }
            let waits = call.block().unwrap();
            parked.push(waits.blocked);
            waits.outcome
        });
        if turn % 7 == 0 {
            for blocked in parked.drain(..) {
                let _ = server.complete(blocked, &Reply::success([0, 0])).unwrap();
            }
        }
        while client.reap().is_some() {}
    }
    assert!(seen.len() > 200);
    assert!(seen.is_sorted(), "{seen:?}");
}

#[test]
fn calls_posted_unannounced_are_found_once_they_are_announced() {
    let frames = Frames::new();
    let mut client = Client::new(frames.page());
    let server = Server::new(frames.page(), PERMITTED, 1);
    let serve = || server.pass(ALL, |call| call.answer(&Reply::success([0, 0]))).run;
    for word in 0..3 {
        client.post_unannounced(&echo(word), 0).unwrap();
    }
    assert_eq!(serve(), 0);
    client.announce();
    assert_eq!(serve(), 3);
    client.post_unannounced(&echo(3), 0).unwrap();
    assert_eq!(client.prepare_to_sleep(), Sleep::ResultsCame);
    assert_eq!(serve(), 1, "nobody sleeps on what was not announced");
    client.post_unannounced(&echo(4), 0).unwrap();
    client.post(&echo(5), 0).unwrap();
    assert_eq!(serve(), 2, "announced with the next");
}

#[test]
fn a_blocked_call_does_not_hold_up_what_is_behind_it() {
    let frames = Frames::new();
    let mut client = Client::new(frames.page());
    let server = Server::new(frames.page(), PERMITTED, 1);
    let first = client.post(&echo(1), 0).unwrap();
    let second = client.post(&echo(2), 0).unwrap();
    let mut waiting = None;
    let _ = server.pass(ALL, |call| {
        if call.request().args[0] == 2 {
            return call.answer(&Reply::success([22, 0]));
        }
        let parked = call.block().unwrap();
        waiting = Some(parked.blocked);
        parked.outcome
    });
    assert_eq!(client.poll(first), Ok(None));
    assert_eq!(client.poll(second), Ok(Some(Reply::success([22, 0]))), "out of order");
    assert_eq!(server.blocked(), 1);
    let _ = server.complete(waiting.unwrap(), &Reply::success([11, 0])).unwrap();
    assert_eq!(client.poll(first), Ok(Some(Reply::success([11, 0]))));
    assert_eq!(server.blocked(), 0);
}

#[test]
fn while_a_worker_waits_another_finds_what_is_behind() {
    let frames = Frames::new();
    let mut client = Client::new(frames.page());
    let server = Server::new(frames.page(), PERMITTED, 1);
    for word in 0..3 {
        client.post(&echo(word), word).unwrap();
    }
    let mut behind = Vec::new();
    let _ = server.pass(ALL, |call| {
        if call.request().args[0] == 0 {
            return call.answer(&Reply::success([0, 0]));
        }
        let parked = call.block().unwrap();
        assert_eq!(client.reap().unwrap().token, 0, "what was answered before is announced");
        let other_worker = server.pass(ALL, |call| {
            behind.push(call.request().args[0]);
            call.answer(&Reply::success([0, 0]))
        });
        assert_eq!(other_worker.run, 1);
        let _ = server.complete(parked.blocked, &Reply::success([0, 0])).unwrap();
        parked.outcome
    });
    assert_eq!(behind, [2]);
}

#[test]
fn a_pass_is_bounded_and_says_what_is_left() {
    let frames = Frames::new();
    let mut client = Client::new(frames.page());
    let server = Server::new(frames.page(), PERMITTED, 1);
    for word in 0..20 {
        client.post(&echo(word), 0).unwrap();
    }
    let mut seen = Vec::new();
    for (run, more) in [(8, true), (8, true), (4, false), (0, false)] {
        let pass = server.pass(8, |call| {
            seen.push(call.request().args[0]);
            call.answer(&Reply::success([0, 0]))
        });
        assert_eq!((pass.run, pass.more), (run, more));
    }
    assert!(seen.into_iter().eq(0..20));
}

#[test]
fn a_server_that_posts_to_itself_still_ends_its_pass() {
    let frames = Frames::new();
    let mut client = Client::new(frames.page());
    let server = Server::new(frames.page(), PERMITTED, 1);
    client.post(&echo(0), 0).unwrap();
    let pass = server.pass(10, |call| {
        let outcome = call.answer(&Reply::success([0, 0]));
        let _ = client.post(&echo(0), 0);
        outcome
    });
    assert_eq!((pass.run, pass.more), (1, true));
}

#[test]
fn a_forbidden_method_gets_the_error_of_the_direct_call() {
    let frames = Frames::new();
    let mut client = Client::new(frames.page());
    let server = Server::new(frames.page(), PERMITTED, 1);
    let mut ledger = Ledger { sum: 0 };
    for method in [FORBIDDEN, 63, 64, u16::MAX] {
        let ticket = client.post(&Request::new(method, [0; 4]), 0).unwrap();
        let read = client.post(&Request::new(READ, [0; 4]), 0).unwrap();
        let pass = server.pass(ALL, |call| {
            let reply = ledger.call(&call.request());
            call.answer(&reply)
        });
        assert_eq!((pass.run, pass.refused), (1, 1));
        assert_eq!(client.poll(ticket), Ok(Some(Reply::refused(Error::MethodNotPermitted))));
        assert_eq!(client.poll(read), Ok(Some(Reply::success([0, 0]))));
    }
}

#[test]
fn a_blocked_call_can_only_be_answered_through_its_own_page() {
    let (mine, other) = (Frames::new(), Frames::new());
    let mut client = Client::new(mine.page());
    let server = Server::new(mine.page(), PERMITTED, 1);
    let neighbour = Server::new(other.page(), PERMITTED, 2);
    let ticket = client.post(&echo(1), 0).unwrap();
    let mut waiting = None;
    let _ = server.pass(ALL, |call| {
        let parked = call.block().unwrap();
        waiting = Some(parked.blocked);
        parked.outcome
    });
    let answer = neighbour.complete(waiting.unwrap(), &Reply::success([0, 0]));
    assert_eq!(answer, Err(CompleteError::AnotherPage));
    assert_eq!(client.poll(ticket), Ok(None));
}

#[test]
fn a_sleeper_is_woken_once_and_only_when_it_sleeps() {
    let frames = Frames::new();
    let mut client = Client::new(frames.page());
    let server = Server::new(frames.page(), PERMITTED, 1);
    let serve = || server.pass(ALL, |call| call.answer(&Reply::success([0, 0])));

    assert_eq!(client.prepare_to_sleep(), Sleep::NothingToWaitFor);
    client.post(&echo(0), 0).unwrap();
    assert!(!serve().wake, "nobody sleeps");
    assert_eq!(client.prepare_to_sleep(), Sleep::ResultsCame);
    assert!(client.reap().is_some());

    client.post(&echo(0), 0).unwrap();
    let Sleep::On(epoch) = client.prepare_to_sleep() else { panic!("it should sleep") };
    assert!(frames.header.waits_on(epoch), "the scheduler lets it sleep");
    assert!(serve().wake);
    assert!(!frames.header.waits_on(epoch), "too late to sleep on that");
    client.post(&echo(0), 0).unwrap();
    assert!(!serve().wake, "it was woken before");
}

#[test]
fn a_server_that_always_faults_ends_call_after_call_and_order_is_what_it_was() {
    let frames = Frames::new();
    let mut client = Client::new(frames.page());
    let server = Server::new(frames.page(), PERMITTED, 1);
    let waits = client.post(&echo(0), 0).unwrap();
    let mut blocked = None;
    let _ = server.pass(ALL, |call| {
        let parked = call.block().unwrap();
        blocked = Some(parked.blocked);
        parked.outcome
    });
    let status = |reply: Result<Option<Reply>, PollError>| reply.unwrap().map(|reply| reply.status);
    for round in 0..100 {
        let tickets = [1, 2, 3].map(|word| client.post(&echo(word), round).unwrap());
        for (at, ticket) in tickets.into_iter().enumerate() {
            assert!(client.server_faulted());
            assert_eq!(status(client.poll(ticket)), Some(Error::Faulted.status()));
            assert!(tickets[at + 1..].iter().all(|behind| client.poll(*behind) == Ok(None)));
        }
        assert!(!client.server_faulted(), "what waits in the server is not the client's to end");
        let mut seen = Vec::new();
        while let Ok(ticket) = client.post(&echo(seen.len() as u64), round) {
            let _ = server.pass(ALL, |call| {
                seen.push(call.request().args[0]);
                call.answer(&Reply::success([0, 0]))
            });
            assert!(matches!(client.poll(ticket), Ok(Some(_))));
            if seen.len() == 70 {
                break;
            }
        }
        assert!((0..70).eq(seen), "and what was taken back never runs");
    }
    let _ = server.complete(blocked.unwrap(), &Reply::success([9, 0])).unwrap();
    assert_eq!((client.poll(waits), client.free_slots()), (Ok(Some(Reply::success([9, 0]))), 64));
}
