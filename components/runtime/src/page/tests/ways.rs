//! Every way in which a page is used: any sequence of calls, of which some wait and some fail, has the same results as direct
//! calls have, and each is made once.

use super::{Batch, Ends, Hands, TOKEN, ends_entered, ends_permitting};
use crate::future::{Call, Executor};
use crate::page::runner::tests::beside_ends;
use crate::page::{Adaptive, Posts, Scheduler, Workers};
use crate::server::Invocation;
use crate::user::{JoinHandle, OnPage, UserThreads};
use crate::{Error, Result};
use abi::page::DIRECT;
use core::cell::Cell;
use core::future::{Future, poll_fn};
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use core::task::Poll;
use proptest::prelude::*;
use std::boxed::Box;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::vec::Vec;

/// Calls that end at once and calls that wait, each with a result or an error.
#[crate::interface]
pub trait Ways {
    /// Answers the sum.
    fn add(&self, a: u64, b: u64) -> Result<u64>;
    /// Fails.
    fn fails(&self, number: u8) -> Result<u64>;
    /// Answers the difference, later.
    #[may_block]
    fn later(&self, a: u64, b: u64) -> Result<u64>;
    /// Fails later.
    #[may_block]
    fn fails_later(&self, number: u8) -> Result<u64>;
    /// The edge does not permit it.
    fn forbidden(&self, a: u64) -> Result<u64>;
    /// Faults.
    fn stumbles(&self, number: u64) -> Result<u64>;
}

/// All but one.
const PERMITTED: u64 = 0b10_1111;

/// The method that faults.
const STUMBLES: u16 = 5;

const FAULTED: Error = Error::Kernel(abi::error::Error::Faulted);

/// What all calls so far come to, in whatever order they were made.
#[derive(Default)]
struct Made(AtomicU64);

impl Made {
    fn note(&self, method: u64, words: [u64; 2]) {
        self.0.fetch_add(words[0].wrapping_mul(31).wrapping_add(words[1]).wrapping_mul(method + 3), Relaxed);
    }
}

impl Ways for Made {
    fn add(&self, a: u64, b: u64) -> Result<u64> {
        self.note(0, [a, b]);
        Ok(a.wrapping_add(b))
    }

    fn fails(&self, number: u8) -> Result<u64> {
        self.note(1, [number.into(), 0]);
        Err(Error::numbered(number.into()))
    }

    fn later(&self, a: u64, b: u64) -> Result<u64> {
        self.note(2, [a, b]);
        Ok(a.wrapping_sub(b))
    }

    fn fails_later(&self, number: u8) -> Result<u64> {
        self.note(3, [number.into(), 0]);
        Err(Error::numbered(number.into()))
    }

    fn forbidden(&self, _: u64) -> Result<u64> {
        unreachable!("the edge does not permit this")
    }

    /// The server is left as it is then.
    fn stumbles(&self, number: u64) -> Result<u64> {
        self.note(STUMBLES.into(), [number, 0]);
        resume_unwind(Box::new(()))
    }
}

/// A method, and its words.
type Asked = (u16, [u64; 2]);

/// What the kernel and the server make of a direct call.
fn direct(made: &Made, (method, [first, second]): Asked) -> Result<u64> {
    if PERMITTED >> method & 1 == 0 {
        return Err(Error::Kernel(abi::error::Error::MethodNotPermitted));
    }
    let words = [first, second, 0, 0];
    let dispatch = || WaysServer::dispatch(made, Invocation { method: method.into(), words, token: TOKEN });
    let reply = catch_unwind(AssertUnwindSafe(dispatch)).map_err(|_| FAULTED)?;
    Error::check(reply.status()).map(|()| reply.words()[0])
}

std::thread_local! {
    /// Who serves an edge without a page.
    static CALLED: Made = Made::default();
}

/// Enters the server of such an edge, as the kernel would.
fn enter(word: u64, _: u64, [first, second, ..]: [u64; 4]) -> (u16, [u64; 2]) {
    let called = CALLED.with(|made| direct(made, (word as u16, [first, second])));
    called.map_or_else(|error| (error.status(), [0; 2]), |answer| (0, [answer, 0]))
}

/// A server with workers, which are through with what they have as soon as nothing else is to be done.
#[derive(Default)]
struct Service {
    made: Made,
    workers: Workers,
}

impl Service {
    fn serve(&self, ends: &Ends) -> [u64; 2] {
        let batch = Batch { method: 0, row: 0, identity: 0 };
        let dispatch = |posted: crate::page::Posted<'_>| WaysServer::dispatch(&self.made, posted);
        let reply = ends.with_workers.serve(batch, WaysServer::METHODS, WaysServer::MAY_BLOCK, dispatch);
        assert_eq!(reply.status(), 0);
        reply.words()
    }

    fn work(&self, ends: &Ends) {
        self.workers.work_by(&ends.with_workers, &Hands::default(), |_, request| {
            let invocation = Invocation { method: request.method.into(), words: request.args, token: TOKEN };
            let reply = WaysServer::dispatch(&self.made, invocation);
            syscall_page::Reply { status: reply.status(), words: reply.words() }
        });
    }
}

/// Has the page served on the spot; who waits longer waits for the workers.
struct Here<'e> {
    ends: &'e Ends,
    service: &'e Service,
}

impl Scheduler for Here<'_> {
    type Error = crate::Error;

    fn register(&self, _: u64) -> Result<()> {
        Ok(())
    }

    fn unregister(&self, _: u64) -> Result<()> {
        Ok(())
    }

    fn wait(&self, _: u64) -> Result<u64> {
        let [done, _] = catch_unwind(AssertUnwindSafe(|| self.service.serve(self.ends))).map_err(|_| FAULTED)?;
        if done == 0 {
            self.service.work(self.ends);
        }
        Ok(done)
    }
}

type Results = Vec<Result<u64>>;

/// Posts all, and waits for each.
fn wait(posts: &Posts<'_>, here: &Here<'_>, calls: &[Asked]) -> Results {
    let tickets: Vec<_> = calls.iter().map(|(method, words)| posts.post(*method, *words).unwrap()).collect();
    tickets.into_iter().map(|ticket| ticket.wait(here)).collect()
}

/// Has all that was posted served at once, and takes each result; what waits still is waited for.
fn flush(posts: &Posts<'_>, here: &Here<'_>, calls: &[Asked]) -> Results {
    let tickets: Vec<_> = calls.iter().map(|(method, words)| posts.post(*method, *words).unwrap()).collect();
    posts.flush().unwrap();
    tickets.into_iter().map(|ticket| ticket.poll().unwrap_or_else(|ticket| ticket.wait(here))).collect()
}

/// Directly or by the page, whichever is cheaper.
fn adaptively(page: &Adaptive<'_>, here: &Here<'_>, calls: &[Asked]) -> Results {
    let direct = |call| direct(&here.service.made, call);
    let promises: Vec<_> = calls.iter().map(|call| page.call(call.0, call.1, || direct(*call))).collect();
    promises.into_iter().map(|promise| promise.wait(here)).collect()
}

/// Each as a future, all at once.
fn await_all(posts: &Posts<'_>, here: &Here<'_>, calls: &[Asked]) -> Results {
    let page = crate::future::OnPage::new(posts, here);
    let executor: &Executor<1> = Box::leak(Box::new(Executor::new(&())));
    let mut all: Vec<_> = calls.iter().map(|(method, words)| Box::pin(Call::new(&page, *method, *words))).collect();
    let mut results: Vec<Option<Result<u64>>> = calls.iter().map(|_| None).collect();
    let ended = executor.run(
        &page,
        poll_fn(|context| {
            for (call, result) in all.iter_mut().zip(&mut results) {
                if result.is_none()
                    && let Poll::Ready(answer) = call.as_mut().poll(context)
                {
                    *result = Some(answer);
                }
            }
            if results.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
        }),
    );
    assert_eq!(ended, Ok(()));
    drop(all);
    results.into_iter().map(Option::unwrap).collect()
}

std::thread_local! {
    static THREADS: &'static UserThreads = user_threads();
}

pub fn user_threads() -> &'static UserThreads {
    let layout = std::alloc::Layout::from_size_align(0x20_0000, 0x1_0000).unwrap();
    // SAFETY: not empty; leaked, so it stays.
    let memory = NonNull::new(unsafe { std::alloc::alloc(layout) }).unwrap();
    let threads: &UserThreads = Box::leak(Box::new(UserThreads::new()));
    // SAFETY: as above.
    assert_eq!(unsafe { threads.adopt_memory(memory, 0x20_0000, 0x4000) }, Ok(128));
    threads
}

/// Each by a user thread of its own.
fn by_threads(posts: &Posts<'_>, here: &Here<'_>, calls: &[Asked]) -> Results {
    let page = OnPage::new(posts, here);
    let results = THREADS.with(|threads| {
        threads.run(&page, |scope| {
            let call = |(method, words): Asked| {
                let page = &page;
                move || page.call(scope.threads(), method, words)
            };
            let all: Vec<_> = calls.iter().map(|it| scope.spawn(call(*it)).unwrap()).collect();
            all.into_iter().map(|thread| JoinHandle::join(thread).unwrap()).collect::<Results>()
        })
    });
    results.unwrap()
}

/// The ways in which a page is used; each is tried where the client's thread has it served, and on another core, if that makes sense.
#[derive(Clone, Copy, Debug)]
enum Way {
    Wait,
    /// Needs somebody who serves beside this thread.
    Flush,
    /// As well.
    Adaptive,
    Futures,
    UserThreads,
}

const HERE: [Way; 3] = [Way::Wait, Way::Futures, Way::UserThreads];
const ELSEWHERE: [Way; 5] = [Way::Wait, Way::Flush, Way::Adaptive, Way::Futures, Way::UserThreads];

/// Makes the calls, in batches of this size.
fn make(way: Way, ends: &Ends, service: &Service, calls: &[Asked], batch: usize) -> Results {
    let here = Here { ends, service };
    let posts = ends.import.open().unwrap();
    if let Way::Adaptive = way {
        let page = Adaptive::new(posts);
        return calls.chunks(batch).flat_map(|calls| adaptively(&page, &here, calls)).collect();
    }
    let by = match way {
        Way::Flush => flush,
        Way::Futures => await_all,
        Way::UserThreads => by_threads,
        _ => wait,
    };
    calls.chunks(batch).flat_map(|calls| by(&posts, &here, calls)).collect()
}

/// Slots that are free.
fn free(ends: &Ends) -> u32 {
    ends.import.open().unwrap().free()
}

fn calls() -> impl Strategy<Value = Vec<Asked>> {
    calls_of(STUMBLES)
}

/// Calls of methods below `methods`.
fn calls_of(methods: u16) -> impl Strategy<Value = Vec<Asked>> {
    prop::collection::vec(
        (0..methods, any::<[u64; 2]>()).prop_map(|(method, [a, b])| match method {
            1 | 3 => (method, [a % 256, b]),
            _ => (method, [a, b]),
        }),
        0..80,
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..Default::default() })]

    #[test]
    fn whichever_way_calls_are_made_by_a_page_they_answer_as_directly(calls in calls(), batch in 1_usize..=20) {
        for way in HERE {
            let (ends, service, twin) = (ends_permitting(PERMITTED, 0, None), Service::default(), Made::default());
            let expected: Results = calls.iter().map(|call| direct(&twin, *call)).collect();
            prop_assert_eq!(make(way, &ends, &service, &calls, batch), expected, "{:?}", way);
            prop_assert_eq!(service.made.0.load(Relaxed), twin.0.load(Relaxed), "{:?}", way);
            prop_assert_eq!(free(&ends), 64);
        }
    }

    /// A fault ends the call that it was at, and those beside it go on.
    #[test]
    fn with_methods_that_fault_too(calls in calls_of(STUMBLES + 1), batch in 1_usize..=20) {
        for way in HERE {
            let (ends, service, twin) = (ends_permitting(PERMITTED, 0, None), Service::default(), Made::default());
            let expected: Results = calls.iter().map(|call| direct(&twin, *call)).collect();
            prop_assert_eq!(make(way, &ends, &service, &calls, batch), expected, "{:?}", way);
            prop_assert_eq!(service.made.0.load(Relaxed), twin.0.load(Relaxed), "{:?}", way);
            prop_assert_eq!(free(&ends), 64);
        }
    }

    #[test]
    fn without_a_page_all_calls_are_made_directly(calls in calls(), batch in 1_usize..=20) {
        for way in ELSEWHERE {
            let (ends, service, twin) = (ends_entered(PERMITTED, DIRECT, None, enter), Service::default(), Made::default());
            let expected: Results = calls.iter().map(|call| direct(&twin, *call)).collect();
            CALLED.with(|made| made.0.store(0, Relaxed));
            prop_assert_eq!(make(way, &ends, &service, &calls, batch), expected, "{:?}", way);
            let made = if let Way::Adaptive = way { service.made.0.load(Relaxed) } else { CALLED.with(|made| made.0.load(Relaxed)) };
            prop_assert_eq!(made, twin.0.load(Relaxed), "{:?}", way);
        }
    }

    #[test]
    fn on_another_core_too(calls in calls(), batch in 1_usize..=20) {
        for way in ELSEWHERE {
            let (service, twin) = (Service::default(), Made::default());
            let expected: Results = calls.iter().map(|call| direct(&twin, *call)).collect();
            let serve = |ends: &Ends| {
                let served = service.serve(ends);
                service.work(ends);
                Ok(served)
            };
            let results = Cell::new(Vec::new());
            beside_ends(
                1,
                |runner| ends_permitting(PERMITTED, 2, Some(runner)),
                serve,
                |ends| results.set(make(way, ends, &service, &calls, batch)),
            );
            prop_assert_eq!(results.take(), expected, "{:?}", way);
            prop_assert_eq!(service.made.0.load(Relaxed), twin.0.load(Relaxed), "{:?}", way);
        }
    }
}
