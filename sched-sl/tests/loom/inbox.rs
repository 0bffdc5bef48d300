//! What two others leave for a core that sleeps when it finds nothing more: all of it comes, once, with what was written before.

use crate::explore_many;
use crate::word::{Explored, RELAXED, SOUND, SOUND_AND_MEETING, TORN, TORN_EXCHANGE};
use loom::sync::atomic::AtomicU64;
use loom::sync::atomic::Ordering::Relaxed;
use loom::sync::{Condvar, Mutex};
use loom::thread;
use sched_sl::{Inbox, Notice};
// Not the explorer's: that one would panic again while a deadlock that it has found unwinds.
use std::sync::Arc;

/// Interrupts of a core, which sleeps until one comes.
pub struct Bell {
    rung: Mutex<bool>,
    changed: Condvar,
}

impl Bell {
    pub fn new() -> Self {
        Self { rung: Mutex::new(false), changed: Condvar::new() }
    }

    pub fn ring(&self) {
        *self.rung.lock().unwrap() = true;
        self.changed.notify_all();
    }

    pub fn sleep(&self) {
        let mut rung = self.rung.lock().unwrap();
        while !*rung {
            rung = self.changed.wait(rung).unwrap();
        }
        *rung = false;
    }
}

/// Things about which something can be left.
const THINGS: usize = 2;

/// When a sender calls the core.
#[derive(Clone, Copy, PartialEq)]
enum Calls {
    AsDocumented,
    /// Before it leaves anything.
    First,
}

/// One thing and what is wanted of it: a bit.
type Wish = (usize, u64);

struct Core<const FAULT: u8> {
    inbox: Inbox<Explored<FAULT>>,
    notices: [Notice<Explored<FAULT>>; THINGS],
    /// What goes along with each bit.
    along: [AtomicU64; 4],
    bell: Bell,
}

impl<const FAULT: u8> Core<FAULT> {
    fn new() -> Arc<Self> {
        let (inbox, notices, along) = (Inbox::default(), Default::default(), Default::default());
        Arc::new(Self { inbox, notices, along, bell: Bell::new() })
    }

    fn send(&self, (thing, bit): Wish, calls: Calls) {
        self.along[bit.trailing_zeros() as usize].store(1, Relaxed);
        if calls == Calls::First {
            self.bell.ring();
        }
        if self.inbox.post(thing, &self.notices[thing], |wanted| wanted | bit) && calls == Calls::AsDocumented {
            self.bell.ring();
        }
    }

    fn take(&self, heard: &mut [u64; THINGS]) {
        self.inbox.take(
            |thing| self.notices.get(thing),
            |thing, wanted| {
                assert_ne!(wanted, 0, "something is taken twice");
                for bit in (0..4).filter(|bit| wanted >> bit & 1 != 0) {
                    assert_eq!(self.along[bit].load(Relaxed), 1, "what goes along is not there");
                }
                assert_eq!(heard[thing] & wanted, 0, "something is taken twice");
                heard[thing] |= wanted;
            },
        );
    }

    /// Takes in what comes until all that is to come has, and looks once more.
    fn take_until(&self, all: [u64; THINGS]) {
        let mut heard = [0; THINGS];
        self.take(&mut heard);
        while heard != all {
            self.bell.sleep();
            self.take(&mut heard);
        }
        self.take(&mut heard);
    }
}

/// Each of the senders leaves these, one after the other.
fn senders_leave<const FAULT: u8>(senders: &'static [&'static [Wish]], calls: Calls) {
    explore_many(move || {
        let core = Core::<FAULT>::new();
        let send = |wishes: &&'static [Wish]| {
            let (core, wishes) = (core.clone(), *wishes);
            thread::spawn(move || wishes.iter().for_each(|wish| core.send(*wish, calls)))
        };
        let others: Vec<_> = senders.iter().map(send).collect();
        let mut all = [0; THINGS];
        senders.iter().copied().flatten().for_each(|(thing, bit)| all[*thing] |= bit);
        core.take_until(all);
        others.into_iter().for_each(|other| other.join().unwrap());
    });
}

/// Of one thing, by two.
const OF_ONE: &[&[Wish]] = &[&[(0, 1)], &[(0, 2)]];
/// Of two things.
const OF_TWO: &[&[Wish]] = &[&[(0, 1)], &[(1, 2)]];
/// Of one thing and then of another, and again of the first.
const AGAIN: &[&[Wish]] = &[&[(0, 1), (1, 2), (0, 4)]];
/// Of both, crosswise.
const CROSSWISE: &[&[Wish]] = &[&[(0, 1), (1, 2)], &[(1, 4), (0, 8)]];

#[test]
fn what_two_want_of_one_thing_comes_though_only_one_calls() {
    senders_leave::<SOUND>(OF_ONE, Calls::AsDocumented);
    senders_leave::<SOUND_AND_MEETING>(OF_ONE, Calls::AsDocumented);
}

#[test]
fn what_two_want_of_two_things_comes_to_a_core_that_sleeps() {
    senders_leave::<SOUND>(OF_TWO, Calls::AsDocumented);
    senders_leave::<SOUND_AND_MEETING>(OF_TWO, Calls::AsDocumented);
}

#[test]
fn what_is_left_again_while_it_is_taken_comes_once_more() {
    senders_leave::<SOUND>(AGAIN, Calls::AsDocumented);
    senders_leave::<SOUND_AND_MEETING>(AGAIN, Calls::AsDocumented);
}

#[test]
fn what_two_want_of_two_things_each_comes_once() {
    senders_leave::<SOUND>(CROSSWISE, Calls::AsDocumented);
}

#[test]
#[should_panic(expected = "deadlock")]
fn who_calls_before_it_leaves_anything_is_found_out() {
    senders_leave::<SOUND>(OF_ONE, Calls::First);
}

#[test]
#[should_panic]
fn what_is_left_in_two_steps_is_found_out() {
    senders_leave::<TORN_EXCHANGE>(OF_TWO, Calls::AsDocumented);
}

#[test]
#[should_panic]
fn what_is_taken_in_two_steps_is_found_out() {
    senders_leave::<TORN>(OF_ONE, Calls::AsDocumented);
}

#[test]
#[should_panic(expected = "what goes along is not there")]
fn what_goes_along_is_not_there_without_order() {
    senders_leave::<RELAXED>(OF_ONE, Calls::AsDocumented);
}
