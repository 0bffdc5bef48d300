//! Every way in which a page is used: any sequence of calls, of which some wait, some fail and some fault, has the same results as
//! direct calls have, and each is made once, in its turn.

mod make;
mod service;

use super::{Ends, Runner, ends_entered, ends_permitting};
use crate::Error;
use crate::page::Ticket;
use crate::page::runner::tests::beside_ends;
use abi::page::DIRECT;
use core::cell::Cell;
use make::{ALL, Results, Way, give_up, make, settle};
use proptest::prelude::*;
use service::{Asked, Here, METHODS, Made, PERMITTED, STUMBLES, Service, direct, invoke};
use std::boxed::Box;
use std::vec::Vec;

pub use make::user_threads;

std::thread_local! {
    /// Who serves an edge without a page.
    static CALLED: Made = Made::default();
    /// The page of this thread, and who serves it.
    static SERVED: Cell<Option<Here<'static>>> = const { Cell::new(None) };
}

/// Enters the server of an edge without a page, as the kernel would.
fn enter(word: u64, _: u64, [first, second, ..]: [u64; 4]) -> (u16, [u64; 2]) {
    let method = word as u16;
    if PERMITTED >> method & 1 == 0 {
        return (abi::error::Error::MethodNotPermitted.status(), [0; 2]);
    }
    CALLED.with(|made| invoke(made, (method, [first, second])))
}

/// Enters the server of this thread's page for a batch, as the kernel would.
fn enter_batch(_: u64, _: u64, _: [u64; 4]) -> (u16, [u64; 2]) {
    let Here { ends, service, .. } = SERVED.get().unwrap();
    service.serve(ends).map_or_else(|error| (error.status(), [0; 2]), |words| (0, words))
}

/// A page that is served by this thread, and who does it.
fn here() -> Here<'static> {
    let ends = Box::leak(Box::new(ends_entered(PERMITTED, 0, None, enter_batch)));
    let here = Here { ends, service: Box::leak(Box::default()), beside: None };
    SERVED.set(Some(here));
    here
}

/// Has calls made of a page that a thread beside this one has served.
fn elsewhere(calls: impl FnOnce(&Here<'_>)) {
    let service = Service::default();
    let ends = |runner: &'static Runner| ends_permitting(PERMITTED, 2, Some(runner));
    let serve = |ends: &Ends| {
        let served = service.serve(ends);
        service.work(ends);
        served
    };
    beside_ends(1, ends, serve, |ends, threads| calls(&Here { ends, service: &service, beside: Some(threads) }));
}

/// One batch of calls, made in one way; and before it, calls whose results nobody wants.
#[derive(Clone, Debug)]
struct Turn {
    way: Way,
    unwanted: Vec<Asked>,
    calls: Vec<Asked>,
}

impl Turn {
    /// What direct calls come to.
    fn expected(&self, twin: &Made) -> Results {
        self.unwanted.iter().for_each(|call| _ = direct(twin, *call));
        self.calls.iter().map(|call| direct(twin, *call)).collect()
    }

    fn take(&self, here: &Here<'_>) -> Results {
        give_up(here, &self.unwanted);
        if !self.way.keeps_order() {
            settle(here);
        }
        make(self.way, here, &self.calls, self.calls.len().max(1))
    }
}

/// Takes all turns on one page: each has the results of direct calls, and leaves no slot behind.
fn take_all(turns: &[Turn], here: &Here<'_>) {
    let twin = Made::default();
    for turn in turns {
        assert_eq!((turn.take(here), turn.way), (turn.expected(&twin), turn.way));
        assert_eq!((settle(here), turn.way), (64, turn.way), "slots that are free");
    }
    assert_eq!(here.service.made.calls(), twin.calls());
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let turn = (0..ALL.len(), calls_of(METHODS, 20), calls_of(METHODS, 20));
    prop::collection::vec(turn.prop_map(|(way, unwanted, calls)| Turn { way: ALL[way], unwanted, calls }), 1..12)
}

/// At most `most` calls of methods below `methods`.
fn calls_of(methods: u16, most: usize) -> impl Strategy<Value = Vec<Asked>> {
    prop::collection::vec(
        (0..methods, any::<[u64; 2]>()).prop_map(|(method, [a, b])| match method {
            0 | 2 => (method, [a, b]),
            1 | 3 => (method, [a % 256, 0]),
            _ => (method, [a, 0]),
        }),
        0..=most,
    )
}

/// What was posted before a fault, and is behind it, comes before what is posted then into slots that are free by the fault.
#[test]
fn calls_start_in_the_order_in_which_they_were_posted_after_a_fault_too() {
    let here = here();
    let posts = here.ends.import.open().unwrap();
    let post = |call: Asked| posts.post::<(u64, u64), Error, 2>(call.0, call.1).unwrap();
    let calls: Vec<Asked> =
        (0..200).map(|number| (if number % 30 == 29 { STUMBLES } else { 0 }, [number, 0])).collect();
    let mut posted: Vec<_> = Vec::new();
    for call in &calls {
        if posts.free() == 0 {
            let _ = posts.flush();
            posted = posted.into_iter().filter_map(|ticket: Ticket<'_, _>| ticket.poll().err()).collect();
        }
        posted.push(post(*call));
    }
    posted.into_iter().for_each(|ticket| _ = ticket.take());
    assert_eq!(here.service.made.calls(), [calls, Vec::new()]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..Default::default() })]

    #[test]
    fn whichever_way_calls_are_made_by_a_page_they_answer_as_directly(calls in calls_of(STUMBLES, 80), batch in 1_usize..=20) {
        for way in ALL {
            let (here, twin) = (here(), Made::default());
            let expected: Results = calls.iter().map(|call| direct(&twin, *call)).collect();
            prop_assert_eq!(make(way, &here, &calls, batch), expected, "{:?}", way);
            prop_assert_eq!(here.service.made.calls(), twin.calls(), "{:?}", way);
            prop_assert_eq!(here.ends.import.open().unwrap().free(), 64);
        }
    }

    /// A fault ends the call that it was at, and those beside it go on.
    #[test]
    fn with_methods_that_fault_too(calls in calls_of(METHODS, 80), batch in 1_usize..=20) {
        for way in ALL {
            let (here, twin) = (here(), Made::default());
            let expected: Results = calls.iter().map(|call| direct(&twin, *call)).collect();
            prop_assert_eq!(make(way, &here, &calls, batch), expected, "{:?}", way);
            prop_assert_eq!(here.service.made.calls(), twin.calls(), "{:?}", way);
            prop_assert_eq!(here.ends.import.open().unwrap().free(), 64);
        }
    }

    /// One batch this way, the next one that way, behind calls whose results nobody wants.
    #[test]
    fn in_all_ways_on_one_page_too(turns in turns()) {
        take_all(&turns, &here());
    }

    /// The same, while another thread has the page served.
    #[test]
    fn in_all_ways_on_one_page_that_is_served_elsewhere(turns in turns()) {
        elsewhere(|here| take_all(&turns, here));
    }

    #[test]
    fn without_a_page_all_calls_are_made_directly(calls in calls_of(METHODS, 80), batch in 1_usize..=20) {
        for way in ALL {
            let (ends, service, twin) = (ends_entered(PERMITTED, DIRECT, None, enter), Service::default(), Made::default());
            let here = Here { ends: &ends, service: &service, beside: None };
            let expected: Results = calls.iter().map(|call| direct(&twin, *call)).collect();
            CALLED.with(Made::clear);
            prop_assert_eq!(make(way, &here, &calls, batch), expected, "{:?}", way);
            let made = if let Way::Adaptive | Way::AdaptiveBackwards = way { service.made.calls() } else { CALLED.with(Made::calls) };
            prop_assert_eq!(made, twin.calls(), "{:?}", way);
        }
    }
}
