//! Tasks, and calls as futures, on the host.

extern crate std;

use super::*;
use crate::page::Workers;
use crate::page::tests::{Ends, Serves, Serving, ends};
use crate::{Error, Result};
use core::cell::Cell;
use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::sync::atomic::{AtomicU64, Ordering};
use core::task::{Context, Poll};
use std::boxed::Box;
use std::vec::Vec;

type Sum<'p, 'e> = Call<'p, Serving<'e>, u64, Error, 2>;

fn executor() -> &'static Executor<4> {
    Box::leak(Box::new(Executor::new(&())))
}

/// The methods of `Sums`: its first one adds, its third one blocks.
fn call<'p, 'e>(page: &'p OnPage<'p, Serving<'e>>, method: u16, number: u64) -> Sum<'p, 'e> {
    call_of(page, method, number)
}

fn call_of<'p, S>(page: &'p OnPage<'p, S>, method: u16, number: u64) -> Call<'p, S, u64, Error, 2> {
    Call::new(page, method, [number, 1])
}

#[test]
fn calls_that_are_awaited_together_are_served_together() {
    let ends = ends();
    let (posts, scheduler) = (ends.import.open().unwrap(), Serving(&ends, Cell::new(0)));
    let page = OnPage::new(&posts, &scheduler);
    let never = call(&page, 0, 9);
    let sums = executor().run(&page, async {
        let (one, (other, forbidden)) = join(call(&page, 0, 1), join(call(&page, 0, 2), call(&page, 1, 3))).await;
        assert_eq!(forbidden, Err(Error::Kernel(abi::error::Error::MethodNotPermitted)));
        (one, other)
    });
    assert_eq!((sums, scheduler.1.get()), (Ok((Ok(2), Ok(3))), 1));
    drop(never);
    assert_eq!(posts.free(), 64, "a future that nobody polls posts nothing");
}

#[test]
fn more_calls_than_slots_all_end() {
    let ends = ends();
    let (posts, scheduler) = (ends.import.open().unwrap(), Serving(&ends, Cell::new(0)));
    let page = OnPage::new(&posts, &scheduler);
    let right = Cell::new(0);
    let crowd = |from: u64| {
        let mut calls: Vec<_> = (from..from + 70).map(|number| Some(Box::pin(call(&page, 0, number)))).collect();
        let right = &right;
        poll_fn(move |context| {
            for (number, place) in (from..).zip(&mut calls) {
                if let Some(Poll::Ready(sum)) = place.as_mut().map(|call| call.as_mut().poll(context)) {
                    right.set(right.get() + u64::from(sum == Ok(number + 1)));
                    *place = None;
                }
            }
            if calls.iter().all(Option::is_none) { Poll::Ready(()) } else { Poll::Pending }
        })
    };
    assert_eq!(executor().run_all(&page, [pin!(crowd(0)), pin!(crowd(100)), pin!(crowd(200))]), Ok(()));
    assert_eq!((right.get(), posts.free()), (210, 64));
}

#[test]
fn who_waits_for_nothing_is_told_and_a_second_runner_is_refused() {
    let executor = executor();
    assert_eq!(executor.run(&(), core::future::pending::<()>()), Err(ExecutorError::Stuck));
    let again = executor.run(&(), async { executor.run(&(), async {}) });
    assert_eq!(again, Ok(Err(ExecutorError::Running)));
    assert_eq!(executor.run(&(), async { 3 }), Ok(3));
}

/// Which thread was woken by whom.
struct Woken(AtomicU64);

impl Sleeper for Woken {
    fn sleep_until(&self, _: u64) -> Result<()> {
        Ok(())
    }

    fn wake(&self, thread: u64) -> Result<()> {
        self.0.store(thread, Ordering::SeqCst);
        Ok(())
    }
}

/// Waits until another thread has done something.
struct UntilWoken(&'static Woken);

impl Idle for UntilWoken {
    fn idle(&self) -> bool {
        while self.0.0.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        true
    }
}

#[test]
fn a_waker_that_is_used_on_another_thread_wakes_the_executors() {
    let woken: &Woken = Box::leak(Box::new(Woken(AtomicU64::new(0))));
    let executor: &Executor<1> = Box::leak(Box::new(Executor::new(woken)));
    let mut polls = 0;
    let task = poll_fn(|context| {
        polls += 1;
        let waker = context.waker().clone();
        if polls == 1 {
            drop(std::thread::spawn(move || waker.wake()));
        }
        if polls == 2 { Poll::Ready(()) } else { Poll::Pending }
    });
    assert_eq!(executor.run(&UntilWoken(woken), task), Ok(()));
    assert_eq!(woken.0.load(Ordering::SeqCst), crate::thread::index(crate::thread::number()));
}

#[test]
fn of_two_the_first_is_selected_and_the_other_can_be_dropped() {
    let ends = ends();
    let (posts, scheduler, workers) = (ends.import.open().unwrap(), Serving(&ends, Cell::new(0)), Workers::new());
    let page = OnPage::new(&posts, &scheduler);
    let first = executor().run(&Parking(&page, &ends), async {
        match select(pin!(call(&page, 2, 5)), pin!(call(&page, 0, 1))).await {
            Either::Left(_) => None,
            Either::Right((sum, _later)) => Some(sum),
        }
    });
    assert_eq!((first, posts.free()), (Ok(Some(Ok(2))), 63), "the server has the other call still");
    ends.work(&workers);
    assert_eq!(executor().run(&page, call(&page, 0, 7)), Ok(Ok(8)));
    assert_eq!(posts.free(), 64);
}

/// Has a page served; what blocks is left to workers that do not come.
struct Parking<'b, 'p, 'e>(&'b OnPage<'p, Serving<'e>>, &'b Ends);

impl Idle for Parking<'_, '_, '_> {
    fn idle(&self) -> bool {
        self.1.park(self.0.posts());
        self.0.idle()
    }
}

/// Has a page served by a server with workers. Whoever has nothing to be told would sleep, and nobody would wake it.
struct Sleeping<'e>(&'e Ends);

impl Serves for Sleeping<'_> {
    fn serve_for(&self, _: u64) -> Result<u64> {
        match self.0.serve_with_workers() {
            0 => panic!("it sleeps for ever"),
            answered => Ok(answered),
        }
    }
}

#[test]
fn who_waits_for_a_slot_has_it_when_there_is_one() {
    let ends = ends();
    let (posts, workers) = (ends.import.open().unwrap(), Workers::new());
    let (scheduler, done) = (Sleeping(&ends), Cell::new(0));
    let page = OnPage::new(&posts, &scheduler);
    let is_full = Cell::new(false);
    // The first task calls when all slots are taken, 63 of them by calls that wait until it has.
    let first = async {
        poll_fn(|context| {
            context.waker().wake_by_ref();
            if is_full.get() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        assert_eq!(call_of(&page, 0, 1).await, Ok(2));
        ends.work(&workers);
        done.set(1);
    };
    let waiting = async {
        let mut calls: Vec<_> = (0..63).map(|number| Box::pin(call_of(&page, 2, number))).collect();
        poll_fn(|context| {
            calls.retain_mut(|call| call.as_mut().poll(context).is_pending());
            if calls.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    };
    let quick = async {
        let mut call = pin!(call_of(&page, 0, 5));
        let sum = poll_fn(|context| {
            let polled = call.as_mut().poll(context);
            is_full.set(true);
            polled
        });
        assert_eq!(sum.await, Ok(6));
    };
    assert_eq!(executor().run_all(&page, [pin!(first), pin!(waiting), pin!(quick)]), Ok(()));
    assert_eq!((done.get(), posts.free()), (1, 64));
}

#[derive(Clone, Debug)]
enum Step {
    Make(usize, bool),
    Poll(usize),
    Drop(usize),
    Serve,
    Work,
}

fn steps() -> impl proptest::strategy::Strategy<Value = Vec<Step>> {
    use proptest::prelude::*;
    let step = prop_oneof![
        4 => (0_usize..72, any::<bool>()).prop_map(|(place, waits)| Step::Make(place, waits)),
        8 => (0_usize..72).prop_map(Step::Poll),
        3 => (0_usize..72).prop_map(Step::Drop),
        1 => Just(Step::Serve),
        1 => Just(Step::Work),
    ];
    proptest::collection::vec(step, 0..600)
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

    /// Whenever futures are made, polled and dropped, and whenever the server is at which of their calls: each result is that of
    /// its call, no call is run twice, and all slots come back.
    #[test]
    fn a_call_can_be_dropped_at_any_moment(steps in steps()) {
        let ends = ends();
        let (posts, scheduler, workers) = (ends.import.open().unwrap(), Serving(&ends, Cell::new(0)), Workers::new());
        let page = OnPage::new(&posts, &scheduler);
        let mut calls: Vec<Option<(u64, Pin<Box<Sum<'_, '_>>>)>> = (0..72).map(|_| None).collect();
        let context = &mut Context::from_waker(core::task::Waker::noop());
        for (number, step) in (0_u64..).zip(steps) {
            match step {
                Step::Make(place, waits) => {
                    let (method, expected) = if waits { (2, number) } else { (0, number + 1) };
                    calls[place] = Some((expected, Box::pin(call(&page, method, number))));
                }
                Step::Poll(place) => poll(&mut calls[place], context),
                Step::Drop(place) => calls[place] = None,
                Step::Serve => ends.park(&posts),
                Step::Work => ends.work(&workers),
            }
        }
        for _ in 0..4 {
            ends.park(&posts);
            ends.work(&workers);
            calls.iter_mut().for_each(|call| poll(call, context));
        }
        proptest::prop_assert!(calls.iter().all(Option::is_none));
        posts.with(|client| client.collect_abandoned());
        proptest::prop_assert_eq!(posts.free(), 64);
    }
}

fn poll(place: &mut Option<(u64, Pin<Box<Sum<'_, '_>>>)>, context: &mut Context<'_>) {
    if let Some((expected, call)) = place
        && let Poll::Ready(result) = call.as_mut().poll(context)
    {
        assert_eq!(result, Ok(*expected));
        *place = None;
    }
}
