//! Every order in which threads can meet at a blockpoint, at a lock and in the scheduler's critical section, and cores that have
//! nothing to do, on small models of the very same code: only the atomic word is the explorer's. And the same again with one thing
//! broken at a time, which the explorer must find.
//!
//! They are built with `RUSTFLAGS="--cfg loom"` only; the package `tests` runs them that way.
//! `LOOM_MAX_PREEMPTIONS` widens or narrows the search; the default here keeps it to seconds.
#![cfg(loom)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "this is how a test fails")]

mod ends;
mod quiet_cores;

use loom::sync::atomic::{AtomicU64, Ordering, fence};
use loom::sync::{Condvar, Mutex};
use loom::thread;
use sched_sl::{Blockpoint, Epoch, Lock, Occupancy, Word};
use std::convert::Infallible;
use std::num::NonZeroU32;
// Not the explorer's: that one would panic again while a deadlock that it has found unwinds.
use std::sync::Arc;

/// What the explorer's word does wrong.
const SOUND: u8 = 0;
const NO_FENCE: u8 = 1;
const TORN: u8 = 2;
const TORN_EXCHANGE: u8 = 3;

/// The explorer's word.
struct Explored<const FAULT: u8>(AtomicU64);

impl<const FAULT: u8> Explored<FAULT> {
    fn zero() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Changes the word in one step; or, torn, in two.
    fn change(&self, to: impl Fn(u64) -> u64, order: Ordering) -> u64 {
        if FAULT == TORN {
            let found = self.0.load(Ordering::Acquire);
            self.0.store(to(found), Ordering::Release);
            return found;
        }
        self.0.fetch_update(order, Ordering::Acquire, |found| Some(to(found))).unwrap()
    }
}

impl<const FAULT: u8> Word for Explored<FAULT> {
    fn load(&self, order: Ordering) -> u64 {
        self.0.load(order)
    }

    fn swap(&self, value: u64, order: Ordering) -> u64 {
        if FAULT == TORN { self.change(|_| value, order) } else { self.0.swap(value, order) }
    }

    fn fetch_add(&self, value: u64, order: Ordering) -> u64 {
        if FAULT == TORN { self.change(|found| found + value, order) } else { self.0.fetch_add(value, order) }
    }

    fn fetch_sub(&self, value: u64, order: Ordering) -> u64 {
        if FAULT == TORN { self.change(|found| found - value, order) } else { self.0.fetch_sub(value, order) }
    }

    fn exchange(&self, current: u64, new: u64) -> Result<u64, u64> {
        if FAULT == TORN_EXCHANGE {
            let found = self.0.load(Ordering::Acquire);
            return if found == current { Ok(self.0.swap(new, Ordering::AcqRel)) } else { Err(found) };
        }
        self.0.compare_exchange(current, new, Ordering::AcqRel, Ordering::Acquire)
    }

    fn full_fence() {
        if FAULT != NO_FENCE {
            fence(Ordering::SeqCst);
        }
    }
}

/// The scheduler's side of one blockpoint, as simple as it can be.
struct Desk {
    /// The last epoch that it was told, and who waits.
    state: Mutex<(Epoch, Vec<u32>)>,
    changed: Condvar,
}

impl Desk {
    fn new() -> Self {
        Self { state: Mutex::new((Epoch(0), Vec::new())), changed: Condvar::new() }
    }

    fn wait(&self, who: u32, seen: Epoch) -> Result<(), Infallible> {
        let mut state = self.state.lock().unwrap();
        if seen >= state.0 {
            state.1.push(who);
        }
        while state.1.contains(&who) {
            state = self.changed.wait(state).unwrap();
        }
        Ok(())
    }

    fn wake(&self, epoch: Epoch, wakes: usize) {
        let mut state = self.state.lock().unwrap();
        state.0 = state.0.max(epoch);
        let wakes = wakes.min(state.1.len());
        state.1.drain(..wakes);
        self.changed.notify_all();
    }
}

fn explore(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(3));
    builder.check(model);
}

fn number(who: u32) -> NonZeroU32 {
    NonZeroU32::new(who).unwrap()
}

/// A thing that comes, the blockpoint at which it is waited for, and the scheduler.
struct Meeting<const FAULT: u8> {
    things: AtomicU64,
    point: Blockpoint<Explored<FAULT>>,
    desk: Desk,
}

impl<const FAULT: u8> Meeting<FAULT> {
    fn new() -> Arc<Self> {
        Arc::new(Self { things: AtomicU64::new(0), point: Blockpoint::new(Explored::zero()), desk: Desk::new() })
    }

    /// Plain loads and stores: a channel with one at each end has no more.
    fn bring(&self, things: u64) {
        self.things.store(things, Ordering::Release);
        if let Some(epoch) = self.point.trigger() {
            self.desk.wake(epoch, usize::MAX);
        }
    }

    /// Brings the thing here, and waits for the one there.
    fn bring_and_wait(&self, who: u32, there: &Self, tells_first: bool) {
        self.things.store(1, Ordering::Release);
        let Some(begins) = self.point.trigger() else { return there.wait_for(who, 1) };
        let seen = there.point.checkpoint();
        let is_missing = there.point.announce(seen) && there.things.load(Ordering::Acquire) == 0;
        if is_missing && !tells_first {
            there.desk.wait(who, seen).unwrap();
        }
        self.desk.wake(begins, usize::MAX);
        if is_missing && tells_first {
            there.desk.wait(who, seen).unwrap();
        }
        there.wait_for(who, 1);
    }

    fn wait_for(&self, who: u32, things: u64) {
        let attempt = || (self.things.load(Ordering::Acquire) >= things).then_some(());
        self.point.wait_until(attempt, |seen| self.desk.wait(who, seen)).unwrap();
    }
}

/// As `one_waits`, by who brings by an exchange: on the processor that is a fence, which the explorer has to be told.
fn one_waits_for_an_exchange(fences: bool) {
    explore(move || {
        let meeting = Meeting::<SOUND>::new();
        let other = meeting.clone();
        let waiter = thread::spawn(move || other.wait_for(1, 1));
        meeting.things.swap(1, Ordering::SeqCst);
        if fences {
            fence(Ordering::SeqCst);
        }
        if let Some(epoch) = meeting.point.trigger_after_exchange() {
            meeting.desk.wake(epoch, usize::MAX);
        }
        waiter.join().unwrap();
    });
}

#[test]
fn who_waits_for_an_exchange_is_never_forgotten() {
    one_waits_for_an_exchange(true);
}

#[test]
#[should_panic(expected = "deadlock")]
fn an_exchange_that_is_no_fence_is_found_out() {
    one_waits_for_an_exchange(false);
}

/// One brings a thing and waits for another, which the other one brings when it has the first; and tells the scheduler both at once. What a
/// scheduler does of that is the one after the other: `tells_first`, or the other way round.
fn one_tells_and_waits_at_once(tells_first: bool) {
    explore(move || {
        let [there, here] = [Meeting::<SOUND>::new(), Meeting::<SOUND>::new()];
        let (comes, goes) = (there.clone(), here.clone());
        let other = thread::spawn(move || {
            comes.wait_for(2, 1);
            goes.bring(1);
        });
        there.bring_and_wait(1, &here, tells_first);
        other.join().unwrap();
    });
}

#[test]
fn who_tells_and_waits_at_once_forgets_nobody_and_is_not_forgotten() {
    one_tells_and_waits_at_once(true);
}

#[test]
#[should_panic(expected = "deadlock")]
fn who_waits_before_it_tells_is_found_out() {
    one_tells_and_waits_at_once(false);
}

fn one_waits<const FAULT: u8>() {
    explore(|| {
        let meeting = Meeting::<FAULT>::new();
        let other = meeting.clone();
        let waiter = thread::spawn(move || other.wait_for(1, 1));
        meeting.bring(1);
        waiter.join().unwrap();
    });
}

#[test]
fn who_waits_at_a_blockpoint_is_never_forgotten() {
    one_waits::<SOUND>();
}

#[test]
#[should_panic(expected = "deadlock")]
fn without_fences_who_waits_is_forgotten() {
    one_waits::<NO_FENCE>();
}

/// What the reference's protocol is there for: the thing comes between the try and the wait.
#[test]
#[should_panic(expected = "deadlock")]
fn without_a_second_try_who_waits_is_forgotten() {
    explore(|| {
        let meeting = Meeting::<SOUND>::new();
        let other = meeting.clone();
        let waiter = thread::spawn(move || {
            loop {
                let seen = other.point.checkpoint();
                if other.things.load(Ordering::Acquire) == 1 {
                    return;
                }
                other.point.announce(seen);
                other.desk.wait(1, seen).unwrap();
            }
        });
        meeting.bring(1);
        waiter.join().unwrap();
    });
}

#[test]
#[should_panic(expected = "deadlock")]
fn a_scheduler_that_waits_in_an_old_epoch_forgets_who_waits() {
    explore(|| {
        let meeting = Meeting::<SOUND>::new();
        let other = meeting.clone();
        let waiter = thread::spawn(move || {
            let attempt = || (other.things.load(Ordering::Acquire) == 1).then_some(());
            other.point.wait_until(attempt, |_| other.desk.wait(1, Epoch(u64::MAX))).unwrap();
        });
        meeting.bring(1);
        waiter.join().unwrap();
    });
}

#[test]
fn two_who_wait_for_two_things_have_both() {
    explore(|| {
        let meeting = Meeting::<SOUND>::new();
        let waiters = [1, 2].map(|who| {
            let meeting = meeting.clone();
            thread::spawn(move || meeting.wait_for(who, who.into()))
        });
        meeting.bring(1);
        meeting.bring(2);
        waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
    });
}

/// Two bring something at once, and only one of them begins the next epoch.
#[test]
fn of_two_who_bring_at_once_none_is_overlooked() {
    explore(|| {
        let meeting = Meeting::<SOUND>::new();
        let second = Arc::new(AtomicU64::new(0));
        let (other, its) = (meeting.clone(), second.clone());
        let bringer = thread::spawn(move || {
            its.store(1, Ordering::Release);
            if let Some(epoch) = other.point.trigger() {
                other.desk.wake(epoch, usize::MAX);
            }
        });
        let (other, its) = (meeting.clone(), second);
        let waiter = thread::spawn(move || {
            let both = || other.things.load(Ordering::Acquire) + its.load(Ordering::Acquire) == 2;
            other.point.wait_until(|| both().then_some(()), |seen| other.desk.wait(1, seen)).unwrap();
        });
        meeting.bring(1);
        bringer.join().unwrap();
        waiter.join().unwrap();
    });
}

/// A lock, what it protects, and the scheduler.
struct Protected<const FAULT: u8> {
    lock: Lock<Explored<FAULT>>,
    value: AtomicU64,
    /// The scheduler's name for where others wait: made by who is about to.
    name: AtomicU64,
    desk: Desk,
}

impl<const FAULT: u8> Protected<FAULT> {
    fn new() -> Arc<Self> {
        let lock = Lock::new(Explored::zero(), Explored::zero());
        Arc::new(Self { lock, value: AtomicU64::new(0), name: AtomicU64::new(0), desk: Desk::new() })
    }

    fn lock(&self, who: u32) {
        let wait = |seen, owner: NonZeroU32| {
            assert_ne!(owner.get(), who, "nobody waits for itself");
            self.desk.wait(who, seen)
        };
        if !self.lock.try_lock_uncontended(number(who)) {
            self.name.store(1, Ordering::Relaxed);
            self.lock.lock(number(who), wait).unwrap();
        }
    }

    fn unlock(&self, who: u32) {
        if let Some(epoch) = self.lock.unlock(number(who)) {
            assert_eq!(self.name.load(Ordering::Relaxed), 1, "who is told that somebody waits knows where");
            self.desk.wake(epoch, 1);
        }
    }

    fn count(&self, who: u32) {
        self.lock(who);
        alone(&self.value);
        self.unlock(who);
    }

    /// Nobody has the lock, and nobody is counted among those that wait.
    fn is_idle(&self) -> bool {
        self.lock.try_lock(number(1)) && self.lock.unlock(number(1)).is_none()
    }
}

/// What only one may do at a time: if another does it too, or does not see what the one before wrote, the sum is wrong.
fn alone(value: &AtomicU64) {
    let before = value.load(Ordering::Relaxed);
    value.store(before + 1, Ordering::Relaxed);
}

fn threads_lock<const FAULT: u8>(threads: u32, times: u32) {
    explore(move || {
        let shared = Protected::<FAULT>::new();
        let others: Vec<_> = (2..=threads)
            .map(|who| {
                let shared = shared.clone();
                thread::spawn(move || (0..times).for_each(|_| shared.count(who)))
            })
            .collect();
        (0..times).for_each(|_| shared.count(1));
        others.into_iter().for_each(|other| other.join().unwrap());
        assert_eq!(shared.value.load(Ordering::Relaxed), u64::from(threads * times));
        assert!(shared.is_idle());
    });
}

#[test]
fn a_lock_has_one_owner_and_forgets_nobody() {
    threads_lock::<SOUND>(2, 2);
}

#[test]
fn three_who_want_a_lock_all_have_it() {
    threads_lock::<SOUND>(3, 1);
}

#[test]
#[should_panic(expected = "deadlock")]
fn a_lock_that_is_given_back_in_two_steps_is_found_out() {
    threads_lock::<TORN>(2, 2);
}

fn two_take<const FAULT: u8>() {
    explore(|| {
        let shared = Protected::<FAULT>::new();
        let other = shared.clone();
        let theirs = thread::spawn(move || other.lock.try_lock(number(2)));
        let mine = shared.lock.try_lock(number(1));
        assert_eq!(u32::from(mine) + u32::from(theirs.join().unwrap()), 1, "owners");
    });
}

#[test]
fn one_of_two_takes_a_lock() {
    two_take::<SOUND>();
}

#[test]
#[should_panic(expected = "owners")]
fn a_lock_that_is_taken_in_two_steps_has_two_owners() {
    two_take::<TORN_EXCHANGE>();
}

/// Who gives up takes nobody's turn away.
#[test]
fn who_gives_up_leaves_the_lock_to_the_others() {
    explore(|| {
        let shared = Protected::<SOUND>::new();
        shared.lock(1);
        let (other, third) = (shared.clone(), shared.clone());
        let patient = thread::spawn(move || other.count(2));
        let hasty = thread::spawn(move || {
            third.name.store(1, Ordering::Relaxed);
            if third.lock.lock(number(3), |_, _| Err(())).is_ok() {
                third.unlock(3);
            }
        });
        shared.unlock(1);
        patient.join().unwrap();
        hasty.join().unwrap();
        assert!(shared.is_idle());
    });
}

/// A lock in which waiting and giving back have an epoch each of their own to look at: the epoch is read too late.
#[test]
#[should_panic(expected = "deadlock")]
fn a_lock_whose_epoch_is_read_after_its_owner_forgets_who_waits() {
    explore(|| {
        let shared = Protected::<SOUND>::new();
        shared.lock(1);
        let other = shared.clone();
        let waiter = thread::spawn(move || {
            let late = |_, _| {
                let state = other.desk.state.lock().unwrap();
                let now = state.0;
                drop(state);
                other.desk.wait(2, now)
            };
            other.name.store(1, Ordering::Relaxed);
            other.lock.lock(number(2), late).unwrap();
        });
        shared.unlock(1);
        waiter.join().unwrap();
    });
}

/// The scheduler component: its section, in which is noted who is ready; its tokens; and the core.
struct Component<const FAULT: u8> {
    section: Occupancy<Explored<FAULT>>,
    ready: AtomicU64,
    tokens: AtomicU64,
    /// The token of the last dispatch, and whom it was for.
    core: Mutex<(u64, u64)>,
    /// How often somebody left who was told that others want in.
    left: Mutex<u64>,
    told: Condvar,
}

impl<const FAULT: u8> Component<FAULT> {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            section: Occupancy::new(Explored::zero()),
            ready: AtomicU64::new(0),
            tokens: AtomicU64::new(0),
            core: Mutex::new((0, 0)),
            left: Mutex::new(0),
            told: Condvar::new(),
        })
    }

    /// Who finds the section taken dispatches the owner, and runs again only because that one leaves and is told.
    fn inside<R>(&self, who: u32, body: impl FnOnce() -> R) -> R {
        loop {
            let before = *self.left.lock().unwrap();
            let Err(owner) = self.section.enter(number(who)) else { break };
            assert_ne!(owner.get(), who);
            let mut left = self.left.lock().unwrap();
            while *left == before {
                left = self.told.wait(left).unwrap();
            }
        }
        let result = body();
        if self.section.leave() {
            *self.left.lock().unwrap() += 1;
            self.told.notify_all();
        }
        result
    }

    fn token(&self) -> u64 {
        self.tokens.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The highest that is ready.
    fn decide(&self) -> u64 {
        self.ready.load(Ordering::Relaxed)
    }

    fn note(&self, who: u32) {
        self.ready.store(self.decide().max(who.into()), Ordering::Relaxed);
    }

    /// The kernel's part: whoever was overtaken is refused.
    fn dispatch(&self, token: u64, thread: u64) -> bool {
        let mut last = self.core.lock().unwrap();
        let is_newest = token > last.0;
        if is_newest {
            *last = (token, thread);
        }
        is_newest
    }

    /// A thread that asks for something: its token is taken when the wish has been noted.
    fn ask(&self, who: u32) {
        let (token, decision) = self.inside(who, || {
            self.note(who);
            (self.token(), self.decide())
        });
        // Who overtook it knew what it wanted.
        let _ = self.dispatch(token, decision);
    }

    /// The loop of `reschedule`, once the wish has been noted.
    fn ask_and_reschedule(&self, who: u32) {
        self.inside(who, || self.note(who));
        loop {
            let token = self.token();
            let decision = self.inside(who, || self.decide());
            if self.dispatch(token, decision) {
                return;
            }
        }
    }

    fn ask_with_a_late_token(&self, who: u32) {
        let decision = self.inside(who, || {
            self.note(who);
            self.decide()
        });
        let _ = self.dispatch(self.token(), decision);
    }
}

/// Two threads ask at once; in the end the higher one was dispatched last.
fn two_ask<const FAULT: u8>(ask: fn(&Component<FAULT>, u32)) {
    explore(move || {
        let component = Component::<FAULT>::new();
        let other = component.clone();
        let second = thread::spawn(move || ask(&other, 2));
        ask(&component, 1);
        second.join().unwrap();
        let (_, last) = *component.core.lock().unwrap();
        assert_eq!(last, 2, "the last dispatch knew all wishes");
    });
}

#[test]
fn nothing_is_dispatched_on_old_knowledge() {
    two_ask::<SOUND>(Component::ask);
}

#[test]
fn nothing_is_dispatched_on_old_knowledge_by_who_decides_again() {
    two_ask::<SOUND>(Component::ask_and_reschedule);
}

#[test]
#[should_panic(expected = "the last dispatch knew all wishes")]
fn a_token_that_is_taken_after_the_decision_is_found_out() {
    two_ask::<SOUND>(Component::ask_with_a_late_token);
}

fn all_enter<const FAULT: u8>(threads: u32) {
    explore(move || {
        let component = Component::<FAULT>::new();
        let enter = |who| {
            let other = component.clone();
            thread::spawn(move || other.inside(who, || alone(&other.ready)))
        };
        let others: Vec<_> = (2..=threads).map(enter).collect();
        component.inside(1, || alone(&component.ready));
        others.into_iter().for_each(|other| other.join().unwrap());
        assert_eq!(component.ready.load(Ordering::Relaxed), u64::from(threads));
    });
}

#[test]
fn one_is_inside_and_who_found_it_taken_is_let_in() {
    all_enter::<SOUND>(2);
}

/// One finds it taken that another has found so already.
#[test]
fn of_three_one_is_inside() {
    all_enter::<SOUND>(3);
}

#[test]
#[should_panic(expected = "deadlock")]
fn a_section_that_is_left_in_two_steps_forgets_who_found_it_taken() {
    all_enter::<TORN>(2);
}
