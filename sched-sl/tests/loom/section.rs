//! The scheduler's critical section, and what is decided in it.

use crate::word::{Explored, SOUND, TORN};
use crate::{alone, explore, number};
use loom::sync::atomic::{AtomicU64, Ordering};
use loom::sync::{Condvar, Mutex};
use loom::thread;
use sched_sl::Occupancy;
use std::sync::Arc;

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
