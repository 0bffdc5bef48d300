use super::*;
use crate::temporal_capability::{Recipient, create, create_unlimited, delegate, left, used};
use crate::testing::System;

/// A core that runs on a temporal capability with 100 cycles, since tick 1000.
fn running() -> (System, Frame) {
    let mut system = System::new();
    let capability = with(&system, 100);
    system.core.account.run_on(choose(&system.memory, &system.core, capability).unwrap());
    settle(&system.memory, &mut system.core, 1000);
    (system, capability)
}

fn with(system: &System, cycles: u64) -> Frame {
    let (root, capability) = (system.memory.kernel(), system.memory.kernel());
    create_unlimited(&system.memory, root, system.core.thread());
    create(&system.memory, capability, system.core.thread());
    let gift = delegate(&system.memory, 0, root, Recipient::of(&system.memory, capability), cycles, 0).unwrap();
    gift.hand_over(&system.memory, capability);
    capability
}

#[test]
fn time_is_charged_once() {
    let (mut system, capability) = running();
    assert_eq!((system.core.account.end, left(&system.memory, capability)), (1100, 100));
    for (now, is_left) in [(1010, 90), (1010, 90), (1060, 40)] {
        account(&system.memory, &mut system.core, now);
        assert_eq!((left(&system.memory, capability), system.core.account.end), (is_left, 1100));
    }
}

#[test]
fn the_one_that_was_run_on_pays() {
    let (mut system, first) = running();
    let second = with(&system, 50);
    system.core.account.run_on(choose(&system.memory, &system.core, second).unwrap());
    assert!(!system.core.account.is_settled());
    settle(&system.memory, &mut system.core, 1030);
    assert!(system.core.account.is_settled());
    account(&system.memory, &mut system.core, 1040);
    assert_eq!((left(&system.memory, first), left(&system.memory, second)), (70, 40));
    assert_eq!(system.core.account.end, 1080);
}

#[test]
fn nobody_pays_for_sleep() {
    let (mut system, capability) = running();
    pause(&system.memory, &mut system.core, 1020);
    assert_eq!(system.core.account.end, 0);
    account(&system.memory, &mut system.core, 1500);
    assert_eq!((left(&system.memory, capability), used(&system.memory, capability)), (80, 20));
    assert_eq!(system.core.account.end, 1580);
}

#[test]
fn a_budget_ends_when_nothing_is_left() {
    let (mut system, _) = running();
    assert!(!system.core.account.has_ended(1099));
    assert!(system.core.account.has_ended(1100));
    system.core.account.run_on(Budget::NONE);
    account(&system.memory, &mut system.core, 1050);
    assert!(!system.core.account.has_ended(u64::MAX), "time that is not counted does not end");
}

#[test]
fn the_earlier_of_timeout_and_end_counts() {
    let at = |end| Account { end, ..Account::NONE };
    for (timeout, end, deadline) in [(0, 0, 0), (5, 0, 5), (0, 7, 7), (5, 7, 5), (9, 7, 7), (u64::MAX, 0, u64::MAX)] {
        assert_eq!(at(end).deadline(timeout), deadline, "{timeout}, {end}");
    }
}

#[test]
fn what_is_empty_or_elsewhere_is_not_chosen() {
    let (system, capability) = running();
    let elsewhere = CoreState { number: 1, ..system.core };
    assert_eq!(choose(&system.memory, &elsewhere, capability), Err(Error::WrongCore));
    temporal::charge(&system.memory, capability, 100);
    assert_eq!(choose(&system.memory, &system.core, capability), Err(Error::BudgetExhausted));
}

#[test]
fn a_thread_remembers_what_it_ran_on() {
    let (system, capability) = running();
    let thread = system.core.thread();
    assert_eq!(of(&system.memory, thread), Budget::NONE);
    keep(&system.memory, &system.core);
    assert_eq!(of(&system.memory, thread), Budget::of(capability));
    assert!(has_time(&system.memory, thread));
    temporal::charge(&system.memory, capability, 100);
    assert!(!has_time(&system.memory, thread));
}

#[test]
fn one_that_is_used_or_elsewhere_is_not_reclaimed() {
    let (mut system, capability) = running();
    let life = frame::life(&system.memory, capability);
    assert_eq!(reclaim(&system.memory, &system.core, capability, life), Err(Error::InUse));
    system.core.account.run_on(Budget::NONE);
    assert_eq!(reclaim(&system.memory, &system.core, capability, life), Err(Error::InUse), "it is still to be charged");
    let elsewhere = CoreState { number: 1, ..system.core };
    assert_eq!(reclaim(&system.memory, &elsewhere, capability, life), Err(Error::WrongCore));
    account(&system.memory, &mut system.core, 1010);
    assert!(reclaim(&system.memory, &system.core, capability, life).is_ok());
    assert_eq!(reclaim(&system.memory, &system.core, capability, life), Err(Error::Revoked));
}

#[test]
fn who_ran_on_one_that_is_gone_has_no_time() {
    let (mut system, capability) = running();
    keep(&system.memory, &system.core);
    system.core.account.run_on(Budget::NONE);
    account(&system.memory, &mut system.core, 1010);
    let life = frame::life(&system.memory, capability);
    reclaim(&system.memory, &system.core, capability, life).unwrap();
    assert!(!has_time(&system.memory, system.core.thread()));
    count_no_more(&system.memory, system.core.thread());
    assert!(has_time(&system.memory, system.core.thread()));
}
