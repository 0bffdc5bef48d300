//! A server that answers with garbage whenever it is asked to serve, and whatever waits for it: user threads, and futures.

use super::{Ends, ends};
use crate::Result;
use crate::future::{Call, Executor};
use crate::page::tests::Serves;
use crate::page::tests::ways::user_threads;
use crate::user::{JoinHandle, OnPage};
use abi::error::Error as KernelError;
use core::cell::Cell;
use core::future::{Future, poll_fn};
use core::sync::atomic::Ordering::Relaxed;
use core::task::Poll;
use std::boxed::Box;
use std::vec::Vec;

/// Garbage for so many servings; then all that there is has ended.
struct Garbage<'e> {
    ends: &'e Ends,
    random: Cell<u64>,
    servings: Cell<u64>,
    /// Whether what it writes could have been written by a server.
    is_tame: bool,
}

impl<'e> Garbage<'e> {
    fn new(ends: &'e Ends, seed: u64, is_tame: bool) -> Self {
        Self { ends, random: Cell::new(seed | 1), servings: Cell::new(500), is_tame }
    }

    fn random(&self) -> u64 {
        let mut random = self.random.get();
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        self.random.set(random);
        random
    }

    /// A status that a server could have written, or any.
    fn status(&self) -> u64 {
        const DONE: u64 = 5;
        let random = self.random();
        match self.servings.get() {
            0 => DONE,
            _ if self.is_tame || random.is_multiple_of(4) => (2 + random % 4) | (random >> 16 & 0x1ff) << 16,
            _ => random,
        }
    }
}

impl Serves for Garbage<'_> {
    fn serve_for(&self, _: u64) -> Result<u64> {
        self.servings.set(self.servings.get().saturating_sub(1));
        let [header, entries] = &*self.ends.frames;
        header.0.iter().for_each(|word| word.store(self.random(), Relaxed));
        for (at, word) in entries.0.iter().enumerate() {
            word.store(if at % 8 == 0 { self.status() } else { self.random() }, Relaxed);
        }
        Ok(self.random())
    }
}

/// A server that answers each call rightly, sooner or later, and says of that whatever comes to its mind: in hints, in the wake word, in
/// what it answers when it is asked to serve.
struct Liar<'e>(Garbage<'e>);

impl Liar<'_> {
    fn answer(&self) {
        let [header, entries] = &*self.0.ends.frames;
        header.0.iter().for_each(|word| word.store(self.0.random(), Relaxed));
        for entry in entries.0.chunks(8) {
            let is_open = matches!(entry[0].load(Relaxed) as u16, 2..=4);
            if is_open && self.0.random().is_multiple_of(2) {
                entry[5].store(right(entry[1].load(Relaxed), entry[2].load(Relaxed)), Relaxed);
                entry[0].store(5, Relaxed);
            } else if is_open {
                entry[0].store(3 + self.0.random() % 2, Relaxed);
            }
            entry[6..].iter().for_each(|word| word.store(self.0.random(), Relaxed));
        }
    }
}

fn right(first: u64, second: u64) -> u64 {
    first.wrapping_mul(1000).wrapping_add(second)
}

impl Serves for Liar<'_> {
    fn serve_for(&self, _: u64) -> Result<u64> {
        self.answer();
        Ok(self.0.random())
    }
}

#[test]
fn everybody_has_its_own_result_whatever_a_server_says_of_it() {
    for seed in 0..20 {
        let ends = ends();
        let posts = ends.import.open().unwrap();
        let liar = Liar(Garbage::new(&ends, seed * 55, true));
        let page = OnPage::new(&posts, &liar);
        let right = user_threads().run(&page, |scope| {
            let call = |number| {
                let page = &page;
                move || {
                    (0..5).all(|turn| {
                        let result: Result<u64> = page.call(scope.threads(), 0, [number, turn]);
                        result == Ok(right(number, turn))
                    })
                }
            };
            let all: Vec<_> = (0..100_u64).map(|number| scope.spawn(call(number)).unwrap()).collect();
            all.into_iter().filter_map(JoinHandle::join).filter(|right| *right).count()
        });
        assert_eq!(right, Ok(100), "seed {seed}");
        assert_eq!(posts.free(), 64);
    }
}

/// Whoever asks for service has this error, the server having left each call in this state, if it says so.
struct Faulty<'e>(&'e Ends, Option<u64>, KernelError);

impl Serves for Faulty<'_> {
    fn serve_for(&self, _: u64) -> Result<u64> {
        let [header, entries] = &*self.0.frames;
        header.0.iter().for_each(|word| word.store(0, Relaxed));
        let open = entries.0.iter().step_by(8).filter(|status| matches!(status.load(Relaxed) as u16, 2..=4));
        if let Some(state) = self.1 {
            open.for_each(|status| status.store(state, Relaxed));
        }
        failed(self.2)
    }
}

fn failed(error: KernelError) -> Result<u64> {
    Err(crate::Error::Kernel(error))
}

/// Before it takes a call; saying that it has some, and that all of them wait: it faults, is gone, or the edge to it is.
const FAULTS: [(Option<u64>, KernelError); 9] = {
    use KernelError::{Empty, Faulted, Revoked};
    [
        (None, Faulted),
        (Some(3), Faulted),
        (Some(4), Faulted),
        (None, Revoked),
        (Some(3), Revoked),
        (Some(4), Revoked),
        (None, Empty),
        (Some(3), Empty),
        (Some(4), Empty),
    ]
};

#[test]
fn user_threads_all_end_if_the_server_always_faults_or_is_gone() {
    for (leaves, error) in FAULTS {
        let ends = ends();
        let posts = ends.import.open().unwrap();
        let faulty = Faulty(&ends, leaves, error);
        let page = OnPage::new(&posts, &faulty);
        let ended = user_threads().run(&page, |scope| {
            let call = |number| {
                let page = &page;
                move || page.call::<u64, crate::Error, 2>(scope.threads(), 0, [number, 1]) == failed(error)
            };
            let all: Vec<_> = (0..100_u64).map(|number| scope.spawn(call(number)).unwrap()).collect();
            all.into_iter().filter_map(JoinHandle::join).filter(|faulted| *faulted).count()
        });
        assert_eq!(ended, Ok(100), "{leaves:?} {error:?}");
    }
}

#[test]
fn futures_all_end_if_the_server_always_faults_or_is_gone() {
    for (leaves, error) in FAULTS {
        let ends = ends();
        let posts = ends.import.open().unwrap();
        let faulty = Faulty(&ends, leaves, error);
        let page = crate::future::OnPage::new(&posts, &faulty);
        let executor: &Executor<1> = Box::leak(Box::new(Executor::new(&())));
        let call = |number| Call::<_, u64, crate::Error, 2>::new(&page, 0, [number, 1]);
        let both = executor.run(&page, crate::future::join(call(1), call(2)));
        assert_eq!(both, Ok((failed(error), failed(error))), "{leaves:?} {error:?}");
    }
}

#[test]
fn user_threads_all_end_whatever_a_server_writes() {
    for seed in 0..20 {
        let ends = ends();
        let posts = ends.import.open().unwrap();
        let garbage = Garbage::new(&ends, seed * 77, seed % 2 == 0);
        let page = OnPage::new(&posts, &garbage);
        let ended = user_threads().run(&page, |scope| {
            let call = |number| {
                let page = &page;
                move || {
                    (0..5)
                        .filter(|turn| page.call::<u64, crate::Error, 2>(scope.threads(), 0, [number, *turn]).is_ok())
                        .count()
                }
            };
            let all: Vec<_> = (0..100_u64).map(|number| scope.spawn(call(number)).unwrap()).collect();
            all.into_iter().filter_map(JoinHandle::join).count()
        });
        assert_eq!(ended, Ok(100), "seed {seed}");
        assert_eq!(posts.with(|client| client.in_flight()), 0);
    }
}

#[test]
fn futures_all_end_whatever_a_server_writes() {
    for seed in 0..20 {
        let ends = ends();
        let posts = ends.import.open().unwrap();
        let garbage = Garbage::new(&ends, seed * 99, seed % 2 == 0);
        let page = crate::future::OnPage::new(&posts, &garbage);
        let executor: &Executor<1> = Box::leak(Box::new(Executor::new(&())));
        let mut calls: Vec<_> =
            (0..200).map(|at| Some(Box::pin(Call::<_, u64, crate::Error, 2>::new(&page, 0, [at, at])))).collect();
        let all = poll_fn(|context| {
            for place in &mut calls {
                if place.as_mut().is_some_and(|call| call.as_mut().poll(context).is_ready()) {
                    *place = None;
                }
            }
            if calls.iter().all(Option::is_none) { Poll::Ready(()) } else { Poll::Pending }
        });
        assert_eq!(executor.run(&page, all), Ok(()), "seed {seed}");
        assert_eq!(posts.with(|client| client.in_flight()), 0);
    }
}
