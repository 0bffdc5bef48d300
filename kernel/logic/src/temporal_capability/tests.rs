#![allow(clippy::indexing_slicing, reason = "a test that indexes out of its vectors should fail")]

use super::*;
use crate::testing::System;
use proptest::prelude::*;
use std::vec::Vec;

/// A root, and schedulers with temporal capabilities of their own.
struct Family {
    system: System,
    root: Frame,
}

impl Family {
    fn new() -> Self {
        let system = System::new();
        let root = system.memory.kernel();
        create_unlimited(&system.memory, root, system.core.thread());
        Self { system, root }
    }

    fn scheduler(&self, index: u32) -> Frame {
        self.system.thread(index, 0x40_0000).0
    }

    fn capability(&self, scheduler: Frame) -> Frame {
        let capability = self.system.memory.kernel();
        create(&self.system.memory, capability, scheduler);
        capability
    }

    /// A new scheduler's, with so many cycles from `from`.
    fn below(&self, from: Frame, index: u32, cycles: u64, priority: u64) -> Frame {
        let capability = self.capability(self.scheduler(index));
        self.delegate(from, capability, cycles, priority).unwrap();
        capability
    }

    fn delegate(&self, from: Frame, to: Frame, cycles: u64, priority: u64) -> Result<u64, Error> {
        self.delegate_on(0, from, to, cycles, priority)
    }

    fn delegate_on(&self, core: u64, from: Frame, to: Frame, cycles: u64, priority: u64) -> Result<u64, Error> {
        let memory = &self.system.memory;
        let gift = delegate(memory, core, from, Recipient::of(memory, to), cycles, priority)?;
        Ok(gift.hand_over(memory, to))
    }

    fn transfer(&self, from: Frame, to: Frame, cycles: u64) -> Result<u64, Error> {
        let memory = &self.system.memory;
        Ok(transfer(memory, 0, from, Recipient::of(memory, to), cycles)?.hand_over(memory, to))
    }

    fn left(&self, capability: Frame) -> u64 {
        left(&self.system.memory, capability)
    }

    fn precedes(&self, one: Frame, other: Frame) -> bool {
        takes_precedence(&self.system.memory, one, other)
    }

    /// Two of one scheduler, which gives them these priorities.
    fn siblings(&self, priorities: [u64; 2]) -> [Frame; 2] {
        let parent = self.below(self.root, 9, 1000, 0);
        [5, 6].map(|index| self.below(parent, index, 10, priorities[index as usize - 5]))
    }
}

#[test]
fn cycles_move() {
    let family = Family::new();
    let parent = family.below(family.root, 5, 100, 0);
    let child = family.below(parent, 6, 30, 0);
    assert_eq!((family.left(family.root), family.left(parent), family.left(child)), (UNLIMITED, 70, 30));
    assert_eq!(family.transfer(child, parent, EVERYTHING), Ok(30), "back to where they came from");
    assert_eq!((family.left(parent), family.left(child)), (100, 0));
    assert_eq!(family.transfer(parent, family.root, 1), Ok(1));
    assert_eq!((family.left(family.root), family.left(parent)), (UNLIMITED, 99));
}

#[test]
fn a_scheduler_shares_its_cycles_among_its_own() {
    let family = Family::new();
    let scheduler = family.scheduler(5);
    let (one, other) = (family.capability(scheduler), family.capability(scheduler));
    family.delegate(family.root, one, 100, 0).unwrap();
    assert_eq!(family.transfer(one, other, 40), Ok(40));
    assert_eq!(family.delegate(other, one, 10, 3), Ok(10));
    assert_eq!((family.left(one), family.left(other)), (70, 30));
}

#[test]
fn none_and_all_without_end_cannot_be_moved() {
    let family = Family::new();
    let one = family.below(family.root, 5, 100, 0);
    for (from, to, cycles) in
        [(one, one, 1), (one, family.root, 0), (family.root, one, 0), (family.root, one, EVERYTHING)]
    {
        assert_eq!(family.transfer(from, to, cycles), Err(Error::BadArgument));
        assert_eq!(family.delegate(from, to, cycles, 0), Err(Error::BadArgument));
    }
    assert_eq!(family.left(one), 100);
}

#[test]
fn there_is_no_more_than_there_is() {
    let family = Family::new();
    let parent = family.below(family.root, 5, 100, 0);
    let child = family.capability(family.scheduler(6));
    assert_eq!(family.delegate(parent, child, 101, 0), Err(Error::BudgetExhausted));
    assert_eq!(family.delegate(parent, child, 100, 0), Ok(100));
    assert_eq!(family.delegate(parent, child, EVERYTHING, 0), Err(Error::BudgetExhausted));
    assert_eq!(family.transfer(child, parent, UNLIMITED - 1), Err(Error::BudgetExhausted));
}

#[test]
fn no_sum_becomes_unlimited() {
    let family = Family::new();
    let one = family.below(family.root, 5, UNLIMITED - 1, 0);
    assert_eq!(family.delegate(family.root, one, 1, 0), Err(Error::BudgetOverflow));
    assert_eq!(family.delegate(family.root, one, 2, 0), Err(Error::BudgetOverflow));
    assert_eq!(family.left(one), UNLIMITED - 1);
}

#[test]
fn delegation_goes_down_and_transfer_goes_back() {
    let family = Family::new();
    let parent = family.below(family.root, 5, 100, 0);
    let child = family.below(parent, 6, 50, 0);
    let grandchild = family.below(child, 7, 20, 0);
    assert_eq!(family.delegate(grandchild, parent, 1, 0), Err(Error::BadArgument), "a circle");
    assert_eq!(family.delegate(child, family.root, 1, 0), Err(Error::BadArgument), "a circle");
    assert_eq!(family.transfer(parent, child, 1), Err(Error::BadArgument), "not the way back");
    assert_eq!(family.transfer(grandchild, parent, 5), Ok(5), "past its parent");
    assert_eq!((family.left(parent), family.left(child), family.left(grandchild)), (55, 30, 15));
}

#[test]
fn nothing_is_given_to_the_dead() {
    let family = Family::new();
    let scheduler = family.scheduler(5);
    let one = family.capability(scheduler);
    let life = frame::life(&family.system.memory, scheduler);
    frame::end(&family.system.memory, scheduler, life).unwrap();
    assert_eq!(family.delegate(family.root, one, 1, 0), Err(Error::Revoked));
}

#[test]
fn cycles_stay_on_their_core_but_those_without_end() {
    let family = Family::new();
    let memory = &family.system.memory;
    let (one, other) = (family.below(family.root, 5, 100, 0), family.capability(family.scheduler(6)));
    set(memory.words(other), CORE, 1);
    assert_eq!(family.delegate(one, other, 1, 0), Err(Error::WrongCore), "to another core");
    assert_eq!(family.delegate_on(1, one, other, 1, 0), Err(Error::WrongCore), "from another core");
    assert_eq!(family.delegate_on(0, family.root, other, 1, 0), Err(Error::WrongCore), "its own core may be using it");
    assert_eq!(family.delegate_on(1, family.root, other, 1, 0), Ok(1));
}

#[test]
fn one_that_nobody_knows_yet_can_be_another_cores() {
    let family = Family::new();
    let memory = &family.system.memory;
    let one = family.below(family.root, 5, 100, 0);
    let new = Recipient { core: 1, ..Recipient::new(memory, family.scheduler(6)) };
    assert!(delegate(memory, 0, family.root, new, 1, 0).is_ok());
    assert_eq!(delegate(memory, 0, one, new, 1, 0).map(|_| ()), Err(Error::WrongCore));
}

#[test]
fn a_new_one_is_checked_like_any_other() {
    let family = Family::new();
    let memory = &family.system.memory;
    let one = family.below(family.root, 5, 100, 0);
    let new = Recipient::new(memory, family.scheduler(6));
    assert_eq!(delegate(memory, 0, one, new, 101, 0).map(|_| ()), Err(Error::BudgetExhausted));
    let circle = Recipient::new(memory, family.system.core.thread());
    assert_eq!(delegate(memory, 0, one, circle, 1, 0).map(|_| ()), Err(Error::BadArgument));
}

#[test]
fn so_many_have_a_say() {
    let family = Family::new();
    let mut last = family.root;
    for index in 2..=SCHEDULERS as u32 {
        last = family.below(last, index + 2, 100, 0);
    }
    let one_more = family.capability(family.scheduler(30));
    assert_eq!(family.delegate(last, one_more, 1, 0), Err(Error::TooManySchedulers));
    assert_eq!((family.left(last), family.left(one_more)), (100, 0));
}

#[test]
fn a_lower_number_goes_first() {
    let family = Family::new();
    let [urgent, other] = family.siblings([1, 2]);
    assert!(family.precedes(urgent, other));
    assert!(!family.precedes(other, urgent));
}

#[test]
fn equals_do_not_take_the_core_from_each_other() {
    let family = Family::new();
    let [one, other] = family.siblings([1, 1]);
    assert!(!family.precedes(one, other) && !family.precedes(other, one));
}

#[test]
fn who_has_no_cycles_takes_nothing() {
    let family = Family::new();
    let [urgent, other] = family.siblings([1, 2]);
    charge(&family.system.memory, urgent, 10);
    assert!(!family.precedes(urgent, other));
}

#[test]
fn strangers_have_no_order() {
    let family = Family::new();
    let one = family.capability(family.scheduler(5));
    set(family.system.memory.words(one), LEFT, 5);
    let other = family.below(family.root, 6, 5, 7);
    assert!(!family.precedes(one, other) && !family.precedes(other, one));
}

#[test]
fn all_that_have_a_say_in_both_must_agree() {
    let family = Family::new();
    let (a, b) = (family.below(family.root, 5, 100, 0), family.below(family.root, 6, 100, 0));
    let (one, other) = (family.capability(family.scheduler(7)), family.capability(family.scheduler(8)));
    for (from, to, priority) in [(a, one, 1), (a, other, 2), (b, one, 2), (b, other, 1)] {
        family.delegate(from, to, 10, priority).unwrap();
    }
    assert!(!family.precedes(one, other) && !family.precedes(other, one));
}

#[test]
fn with_mixed_cycles_the_less_urgent_priority_counts() {
    let family = Family::new();
    let [urgent, other] = family.siblings([1, 2]);
    let mixed = family.below(urgent, 7, 5, 0);
    assert!(family.precedes(mixed, other));
    family.delegate(other, mixed, 5, 0).unwrap();
    assert!(!family.precedes(mixed, other), "some of its cycles are not that urgent");
    charge(&family.system.memory, mixed, 10);
    family.delegate(urgent, mixed, 1, 0).unwrap();
    assert!(family.precedes(mixed, other), "these are gone");
}

#[test]
fn what_was_used_is_known() {
    let family = Family::new();
    let one = family.below(family.root, 5, 100, 0);
    charge(&family.system.memory, one, 30);
    charge(&family.system.memory, family.root, 7);
    assert_eq!((family.left(one), used(&family.system.memory, one)), (70, 30));
    assert_eq!((family.left(family.root), used(&family.system.memory, family.root)), (UNLIMITED, 7));
    charge(&family.system.memory, one, 71);
    assert_eq!((family.left(one), used(&family.system.memory, one)), (0, 101), "late by one");
}

proptest! {
    /// Whatever is moved and used, what came from the root is what is left and what is used.
    #[test]
    fn cycles_are_neither_made_nor_lost(steps in prop::collection::vec((0..3_u8, 0..5_usize, 0..5_usize, 1..200_u64), 1..60)) {
        let family = Family::new();
        let memory = &family.system.memory;
        let mut all = std::vec![family.root];
        all.extend((0..4).map(|at| family.capability(family.scheduler(5 + at))));
        let (mut given, mut returned) = (0, 0);
        for (what, from, to, cycles) in steps {
            let (from, to) = (all[from], all[to]);
            let cycles = if cycles > 190 { EVERYTHING } else { cycles };
            let moved = match what {
                0 => family.delegate(from, to, cycles, cycles),
                1 => family.transfer(from, to, cycles),
                _ => {
                    if from != family.root {
                        charge(memory, from, cycles.min(family.left(from)));
                    }
                    continue;
                }
            };
            given += moved.unwrap_or(0) * u64::from(from == family.root);
            returned += moved.unwrap_or(0) * u64::from(to == family.root);
        }
        let below: Vec<_> = all.into_iter().skip(1).collect();
        let left: u64 = below.iter().map(|one| family.left(*one)).sum();
        let used: u64 = below.iter().map(|one| used(memory, *one)).sum();
        prop_assert_eq!(given - returned, left + used);
    }
}
