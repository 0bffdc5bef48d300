//! Any sequence of calls gives the same results by page as by direct call.
#![allow(clippy::unwrap_used, clippy::panic, reason = "this is how a test fails")]

mod common;

use abi::error::Error;
use common::{Frames, Ledger, PERMITTED};
use proptest::prelude::*;
use std::collections::HashMap;
use syscall_page::{Blocked, Call, Client, Outcome, PostError, Reply, Request, Server, State, Ticket};

/// Methods of the interface, of which the edge does not permit the last.
const METHODS: u16 = 4;

/// What the client and the server do next.
#[derive(Clone, Debug)]
enum Step {
    /// A call, announced or not.
    Post(u16, [u64; 4], bool),
    /// A pass of at most so many looks; the mask says which of its calls answer later.
    Pass(u32, u64),
    /// The same on the client's own thread, as images have it: of all calls, and what is answered is told to the client.
    Quiet(u64),
    CompleteOne(usize),
    Reap,
    Poll(usize),
    /// The kernel does not lead to the server: what it has not taken ends with that, as direct calls do then.
    Refuse,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0u16..5, any::<[u64; 4]>(), any::<bool>()).prop_map(|(method, args, announced)| Step::Post(method, args, announced)),
        2 => (0u32..70, any::<u64>(), any::<u64>()).prop_map(|(limit, a, b)| Step::Pass(limit, a & b)),
        2 => any::<[u64; 2]>().prop_map(|[a, b]| Step::Quiet(a & b)),
        2 => any::<usize>().prop_map(Step::CompleteOne),
        4 => Just(Step::Reap),
        2 => any::<usize>().prop_map(Step::Poll),
        1 => Just(Step::Refuse),
    ]
}

/// What the kernel and the server answer to a direct call.
fn direct(ledger: &mut Ledger, request: &Request) -> Reply {
    if PERMITTED >> request.method & 1 == 0 {
        return Reply::refused(Error::MethodNotPermitted);
    }
    ledger.call(request)
}

struct Run<'a> {
    frames: &'a Frames,
    client: Client<'a, common::Native>,
    server: Server<'a, common::Native>,
    ledger: Ledger,
    twin: Ledger,
    /// Results of the direct calls, by token.
    expected: HashMap<u64, Reply>,
    /// What the twin's sum was before each of them.
    before: HashMap<u64, u64>,
    tickets: Vec<(Ticket, u64)>,
    later: Vec<(Blocked, Reply)>,
    posted: u64,
}

/// What the server does with a call, some of which it answers later.
fn run(
    ledger: &mut Ledger,
    later: &mut Vec<(Blocked, Reply)>,
    mut answers_later: u64,
) -> impl FnMut(Call<'_, '_, common::Native>) -> Outcome {
    move |call| {
        let reply = ledger.call(&call.request());
        answers_later = answers_later.rotate_right(1);
        if answers_later & 1 == 0 {
            return call.answer(&reply);
        }
        let parked = call.block().unwrap();
        later.push((parked.blocked, reply));
        parked.outcome
    }
}

impl Run<'_> {
    fn post(&mut self, request: Request, announced: bool) {
        let token = self.posted;
        let result = match announced {
            true => self.client.post(&request, token),
            false => self.client.post_unannounced(&request, token),
        };
        match result {
            Ok(ticket) => {
                self.posted += 1;
                self.tickets.push((ticket, token));
                self.before.insert(token, self.twin.sum);
                self.expected.insert(token, direct(&mut self.twin, &request));
            }
            Err(error) => assert_eq!(error, PostError::Exhausted),
        }
    }

    fn pass(&mut self, limit: u32, answers_later: u64) {
        let run = run(&mut self.ledger, &mut self.later, answers_later);
        let pass = self.server.pass(limit, run);
        assert!(pass.run + pass.refused <= limit);
    }

    fn quiet_pass(&mut self, answers_later: u64) {
        let mut run = run(&mut self.ledger, &mut self.later, answers_later);
        let pass = self.server.quiet_pass(METHODS, |unread| run(unread.read()));
        assert!(!pass.more);
        self.client.served(pass.done);
    }

    fn complete(&mut self, pick: usize) {
        if !self.later.is_empty() {
            let (blocked, reply) = self.later.swap_remove(pick % self.later.len());
            let _ = self.server.complete(blocked, &reply).unwrap();
        }
    }

    fn reap(&mut self) -> bool {
        let Some(completion) = self.client.reap() else {
            return false;
        };
        self.tickets.retain(|(ticket, _)| *ticket != completion.ticket);
        self.ended(completion.token, completion.result.unwrap());
        true
    }

    fn poll(&mut self, pick: usize) {
        let Some(at) = pick.checked_rem(self.tickets.len()) else {
            return;
        };
        let (ticket, token) = self.tickets[at];
        if let Some(reply) = self.client.poll(ticket).unwrap() {
            self.tickets.swap_remove(at);
            self.ended(token, reply);
        }
    }

    /// Calls that were posted and not taken are as if they had not been made.
    fn refuse(&mut self) {
        let waits = |ticket: &Ticket| self.frames.entries[ticket.slot()].status().is(State::Submitted);
        let waiting: Vec<_> =
            self.tickets.iter().filter(|(ticket, _)| waits(ticket)).map(|(_, token)| *token).collect();
        if let Some(first) = waiting.iter().min() {
            self.twin.sum = self.before[first];
        }
        for token in waiting {
            self.expected.insert(token, Reply::refused(Error::Empty));
        }
        self.client.server_refused(Error::Empty);
    }

    fn ended(&mut self, token: u64, reply: Reply) {
        let expected = self.expected.remove(&token).unwrap();
        assert_eq!(reply.status, expected.status);
        // What the server did not answer has no words.
        assert!(reply.words == expected.words || expected == Reply::refused(Error::Empty));
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Post(method, args, announced) => self.post(Request::new(method, args), announced),
            Step::Pass(limit, later) => self.pass(limit, later),
            Step::Quiet(later) => self.quiet_pass(later),
            Step::CompleteOne(pick) => self.complete(pick),
            Step::Reap => drop(self.reap()),
            Step::Poll(pick) => self.poll(pick),
            Step::Refuse => self.refuse(),
        }
    }

    fn finish(&mut self) {
        self.client.announce();
        self.pass(64, 0);
        while !self.later.is_empty() {
            self.complete(0);
        }
        while self.reap() {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn by_page_as_by_direct_call(slots in 1usize..=64, steps in prop::collection::vec(step(), 0..300)) {
        let frames = Frames::of(slots);
        let mut run = Run {
            frames: &frames,
            client: Client::new(frames.page()),
            server: Server::new(frames.page(), PERMITTED, 1),
            ledger: Ledger { sum: 0 },
            twin: Ledger { sum: 0 },
            expected: HashMap::new(),
            before: HashMap::new(),
            tickets: Vec::new(),
            later: Vec::new(),
            posted: 0,
        };
        for step in steps {
            run.step(step);
        }
        run.finish();
        prop_assert!(run.expected.is_empty(), "every call got its result");
        prop_assert_eq!(run.client.free_slots() as usize, slots, "every slot came back");
        prop_assert_eq!(run.server.blocked(), 0);
    }
}
