//! Who waits at a blockpoint for what another brings.

use crate::desk::Desk;
use crate::explore;
use crate::word::{Explored, NO_FENCE, SOUND};
use loom::sync::atomic::{AtomicU64, Ordering, fence};
use loom::thread;
use sched_sl::{Blockpoint, Epoch};
use std::sync::Arc;

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
