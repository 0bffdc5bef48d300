//! A lock, and those that want it.

use crate::desk::Desk;
use crate::word::{Explored, SOUND, TORN, TORN_EXCHANGE};
use crate::{alone, explore, number};
use loom::sync::atomic::{AtomicU64, Ordering};
use loom::thread;
use sched_sl::Lock;
use std::num::NonZeroU32;
use std::sync::Arc;

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
