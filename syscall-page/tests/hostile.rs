//! Garbage in a page: never a panic, never a run of what is not permitted,
//! never a wrong result for somebody else.
#![allow(clippy::unwrap_used, clippy::panic, reason = "this is how a test fails")]

mod common;

use common::{ADD, Frames, Native, PERMITTED};
use proptest::prelude::*;
use std::sync::atomic::Ordering::Relaxed;
use syscall_page::{Blocked, Client, PollError, Reply, Request, Server, State, Ticket};

/// A word that a hostile side writes: often almost right, since plain noise seldom gets far.
fn word() -> impl Strategy<Value = u64> {
    prop_oneof![
        any::<u64>(),
        Just(u64::MAX),
        (0u64..8, 0u64..5, 0u64..2).prop_map(|(state, method, flags)| state | method << 16 | flags << 32),
        any::<u16>().prop_map(|answer| State::Done as u64 | u64::from(answer) << 16),
    ]
}

/// Writes to words of the page, by index.
fn writes() -> impl Strategy<Value = Vec<(usize, u64)>> {
    let place = prop_oneof![0usize..3, 0usize..600, (0usize..64).prop_map(|slot| 3 + 8 * slot)];
    prop::collection::vec((place, word()), 0..40)
}

fn scribble(frames: &Frames, writes: &[(usize, u64)]) {
    let words = frames.words();
    for (place, value) in writes {
        words[place % words.len()].store(*value, Relaxed);
    }
}

/// One service to its two clients: a hostile one and an honest one beside it.
struct Service<'a> {
    hostile: Server<'a, Native>,
    honest: Server<'a, Native>,
    parked: Vec<Blocked>,
}

impl Service<'_> {
    fn serve_hostile(&mut self, frames: &Frames, limit: u32, during: &[(usize, u64)]) {
        let mut run = 0;
        let pass = self.hostile.pass(limit, |call| {
            run += 1;
            assert!(call.request().method < 3, "ran method {}", call.request().method);
            let before = call.request();
            scribble(frames, during);
            assert_eq!(call.request(), before, "what was validated is what is run");
            if before.args[0] % 3 != 0 {
                return call.answer(&Reply::success(before.args[..2].try_into().unwrap()));
            }
            let parked = call.block().unwrap();
            self.parked.push(parked.blocked);
            parked.outcome
        });
        assert!(pass.run + pass.refused <= limit);
        assert_eq!(run, pass.run);
        assert!(self.parked.len() <= 64, "one page never has more than 64 calls in service");
        assert_eq!(self.hostile.blocked() as usize, self.parked.len());
    }

    fn complete_all(&mut self) {
        for blocked in self.parked.drain(..) {
            let _ = self.hostile.complete(blocked, &Reply::success([1, 2])).unwrap();
        }
    }

    fn serve_honest(&mut self, client: &mut Client<'_, Native>, number: u64) {
        let ticket = client.post(&Request::new(ADD, [number, 1, 2, 3]), number).unwrap();
        let pass = self.honest.pass(64, |call| {
            let sum = call.request().args.iter().fold(0, |sum: u64, word| sum.wrapping_add(*word));
            call.answer(&Reply::success([sum, 0]))
        });
        assert_eq!((pass.run, pass.refused), (1, 0));
        assert_eq!(client.poll(ticket), Ok(Some(Reply::success([number + 6, 0]))));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_hostile_client_harms_nobody(
        rounds in prop::collection::vec((writes(), writes(), 0u32..200, any::<bool>()), 1..12),
    ) {
        let (bad, good) = (Frames::new(), Frames::new());
        let mut neighbour = Client::new(good.page());
        let mut service = Service {
            hostile: Server::new(bad.page(), PERMITTED, 1),
            honest: Server::new(good.page(), PERMITTED, 2),
            parked: Vec::new(),
        };
        for (number, (before, during, limit, complete)) in rounds.iter().enumerate() {
            scribble(&bad, before);
            service.serve_hostile(&bad, *limit, during);
            service.serve_honest(&mut neighbour, number as u64);
            if *complete {
                service.complete_all();
            }
        }
    }

    #[test]
    fn a_hostile_server_confuses_nobody(
        rounds in prop::collection::vec((0usize..20, writes(), any::<bool>()), 1..30),
    ) {
        let frames = Frames::new();
        let mut client = Client::new(frames.page());
        let mut open: Vec<(Ticket, u64)> = Vec::new();
        let (mut next_token, mut retired) = (1000, 0);
        for (posts, writes, rescan) in rounds {
            for _ in 0..posts {
                if let Ok(ticket) = client.post(&Request::new(0, [0; 4]), next_token) {
                    open.push((ticket, next_token));
                    next_token += 1;
                }
            }
            scribble(&frames, &writes);
            if rescan {
                client.rescan();
            }
            if let Some(at) = open.len().checked_sub(1) {
                match client.poll(open[at].0) {
                    Ok(None) => {}
                    Ok(Some(_)) => drop(open.pop()),
                    Err(error) => {
                        prop_assert_eq!(error, PollError::Corrupted);
                        retired += 1;
                        open.pop();
                    }
                }
            }
            while let Some(completion) = client.reap() {
                let at = open.iter().position(|call| *call == (completion.ticket, completion.token));
                prop_assert!(at.is_some(), "only calls that are open end, with the client's own token");
                open.swap_remove(at.unwrap());
                retired += u32::from(completion.result.is_err());
            }
            prop_assert_eq!(client.in_flight() as usize, open.len());
            prop_assert_eq!(client.free_slots() + client.in_flight() + retired, 64);
        }
    }
}

#[test]
fn a_corrupted_slot_is_retired_and_the_rest_goes_on() {
    let frames = Frames::of(2);
    let mut client = Client::new(frames.page());
    let server = Server::new(frames.page(), 1, 1);
    let ticket = client.post(&Request::new(0, [0; 4]), 0).unwrap();
    frames.entries[0].words()[0].store(State::Free as u64, Relaxed);
    assert_eq!(client.poll(ticket), Err(PollError::Corrupted));
    for _ in 0..200 {
        let ticket = client.post(&Request::new(0, [0; 4]), 0).unwrap();
        let _ = server.pass(64, |call| call.answer(&Reply::success([0, 0])));
        assert!(matches!(client.poll(ticket), Ok(Some(_))));
    }
}

#[test]
fn an_entry_submitted_again_while_it_is_served_waits_at_most_once() {
    let frames = Frames::of(1);
    let mut client = Client::new(frames.page());
    let server = Server::new(frames.page(), 1, 1);
    client.post(&Request::new(0, [0; 4]), 0).unwrap();
    let submitted = frames.entries[0].words()[0].load(Relaxed);
    let submit_again = || {
        frames.entries[0].words()[0].store(submitted, Relaxed);
        frames.header.words()[0].store(u64::MAX, Relaxed);
    };
    let mut waiting = Vec::new();
    let _ = server.pass(64, |first| {
        submit_again();
        let other_worker = server.pass(64, |second| {
            let parked = second.block().unwrap();
            waiting.push(parked.blocked);
            parked.outcome
        });
        assert_eq!(other_worker.run, 1);
        submit_again();
        assert_eq!(server.pass(64, |_| panic!("taken while blocked")).run, 0);
        first.block().map(|_| "blocked twice").unwrap_err()
    });
    assert_eq!(server.blocked(), 1);
    let _ = server.complete(waiting.remove(0), &Reply::success([0, 0])).unwrap();
    assert_eq!(server.blocked(), 0);
}

#[test]
fn who_submits_again_whatever_was_served_is_served_no_more_than_a_page() {
    let frames = Frames::new();
    let mut client = Client::new(frames.page());
    let server = Server::new(frames.page(), 1, 1);
    while client.post(&Request::new(0, [0; 4]), 0).is_ok() {}
    let submitted = frames.entries[0].words()[0].load(Relaxed);
    let submit_all = || {
        frames.entries.iter().for_each(|entry| entry.words()[0].store(submitted, Relaxed));
        frames.header.words()[0].store(u64::MAX, Relaxed);
    };
    for blocks in [false, true] {
        let mut waiting = Vec::new();
        let mut run = 0;
        let pass = server.quiet_pass(1, |unread| {
            run += 1;
            assert!(run <= 64, "it goes on and on");
            let call = unread.read();
            let outcome = if blocks {
                let parked = call.block().unwrap();
                waiting.push(parked.blocked);
                parked.outcome
            } else {
                call.answer(&Reply::success([0, 0]))
            };
            submit_all();
            outcome
        });
        assert!(pass.more && run == 64);
        for blocked in waiting {
            let _ = server.complete(blocked, &Reply::success([0, 0])).unwrap();
        }
    }
}
