//! The ways in which calls can be made, and what each makes of a batch of them.

use super::service::{Answered, Asked, Here, direct};
use crate::future::{Call, Executor};
use crate::page::{Adaptive, Posts, Promise, Ticket};
use crate::user::{JoinHandle, OnPage, UserThreads};
use crate::waiting::{Idle, Sources};
use core::future::{Future, poll_fn};
use core::ptr::NonNull;
use core::task::Poll;
use std::boxed::Box;
use std::vec::Vec;

/// A way to make calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By who is called.
    Direct,
    /// All are posted, and each is waited for by the scheduler.
    Wait,
    /// The poster has them served himself.
    Flush,
    /// Whichever is cheaper.
    Adaptive,
    /// The same, and what was called last is waited for first.
    AdaptiveBackwards,
    /// Each by a task's future; together they wait by the scheduler.
    Futures,
    /// The same, but the page is one of the things that are waited for.
    FuturesAmongOthers,
    /// Each by a user thread; together they wait by the scheduler.
    UserThreads,
    /// The same, but the page is one of the things that are waited for.
    UserThreadsAmongOthers,
}

pub const ALL: [Way; 9] = [
    Way::Direct,
    Way::Wait,
    Way::Flush,
    Way::Adaptive,
    Way::AdaptiveBackwards,
    Way::Futures,
    Way::FuturesAmongOthers,
    Way::UserThreads,
    Way::UserThreadsAmongOthers,
];

impl Way {
    /// Whether no call overtakes what was posted before.
    pub fn keeps_order(self) -> bool {
        !matches!(self, Self::Direct | Self::Adaptive | Self::AdaptiveBackwards)
    }
}

pub type Results = Vec<Answered>;

/// Makes the calls, in batches of this size.
pub fn make(way: Way, here: &Here<'_>, calls: &[Asked], batch: usize) -> Results {
    let posts = here.ends.import.open().unwrap();
    if let Way::Adaptive | Way::AdaptiveBackwards = way {
        let (page, backwards) = (Adaptive::new(posts), way == Way::AdaptiveBackwards);
        return calls.chunks(batch).flat_map(|calls| adaptively(&page, here, calls, backwards)).collect();
    }
    let by = |calls| match way {
        Way::Direct => directly(&posts, here, calls),
        Way::Flush => flush(&posts, here, calls),
        Way::Futures => await_all(&posts, here, calls, false),
        Way::FuturesAmongOthers => await_all(&posts, here, calls, true),
        Way::UserThreads => by_threads(&posts, here, calls, false),
        Way::UserThreadsAmongOthers => by_threads(&posts, here, calls, true),
        _ => wait(&posts, here, calls),
    };
    calls.chunks(batch).flat_map(by).collect()
}

/// Posts calls of which nobody wants the result.
pub fn give_up(here: &Here<'_>, calls: &[Asked]) {
    let posts = here.ends.import.open().unwrap();
    post(&posts, calls);
}

/// Has all that was posted served, until there is nothing more: answers how many slots are free then.
pub fn settle(here: &Here<'_>) -> u32 {
    let posts = here.ends.import.open().unwrap();
    // Each of its calls may be one that faults.
    let _ended = (0..=64).find(|_| posts.flush().is_ok());
    here.service.work(here.ends);
    posts.with(|client| client.collect_abandoned());
    posts.free()
}

fn post<'p>(posts: &'p Posts<'p>, calls: &[Asked]) -> Vec<Ticket<'p, (u64, u64)>> {
    calls.iter().map(|(method, words)| posts.post(*method, *words).unwrap()).collect()
}

/// An edge without a page is called as whoever has none calls.
fn directly(posts: &Posts<'_>, here: &Here<'_>, calls: &[Asked]) -> Results {
    let call = |call: &Asked| match posts.goes_on() {
        true => direct(&here.service.made, *call),
        false => posts.call(call.0, call.1),
    };
    calls.iter().map(call).collect()
}

fn wait(posts: &Posts<'_>, here: &Here<'_>, calls: &[Asked]) -> Results {
    post(posts, calls).into_iter().map(|ticket| ticket.wait(here)).collect()
}

/// A fault is that of a call, which says so itself. What waits still is waited for.
fn flush(posts: &Posts<'_>, here: &Here<'_>, calls: &[Asked]) -> Results {
    let tickets = post(posts, calls);
    let _ = posts.flush();
    tickets.into_iter().map(|ticket| ticket.poll().unwrap_or_else(|ticket| ticket.wait(here))).collect()
}

fn adaptively(page: &Adaptive<'_>, here: &Here<'_>, calls: &[Asked], backwards: bool) -> Results {
    let direct = |call| direct(&here.service.made, call);
    let promises: Vec<_> = calls.iter().map(|call| page.call(call.0, call.1, || direct(*call))).collect();
    let wait = |promise: Promise<'_, _>| promise.wait(here);
    if !backwards {
        return promises.into_iter().map(wait).collect();
    }
    let mut results: Vec<_> = promises.into_iter().rev().map(wait).collect();
    results.reverse();
    results
}

fn await_all(posts: &Posts<'_>, here: &Here<'_>, calls: &[Asked], among_others: bool) -> Results {
    let page = crate::future::OnPage::new(posts, here);
    let sources = Sources::new([&page], here);
    let executor: &Executor<1> = Box::leak(Box::new(Executor::new(&())));
    let mut all: Vec<_> = calls.iter().map(|(method, words)| Box::pin(Call::new(&page, *method, *words))).collect();
    let mut results: Vec<Option<Answered>> = calls.iter().map(|_| None).collect();
    let ended = executor.run(
        if among_others { &sources as &dyn Idle } else { &page },
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

fn by_threads(posts: &Posts<'_>, here: &Here<'_>, calls: &[Asked], among_others: bool) -> Results {
    let page = OnPage::new(posts, here);
    let sources = Sources::new([&page], here);
    let idle = if among_others { &sources as &dyn Idle } else { &page };
    let results = THREADS.with(|threads| {
        threads.run(idle, |scope| {
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
