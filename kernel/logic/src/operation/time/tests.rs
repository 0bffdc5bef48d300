use crate::budget::Budget;
use crate::operation::tests::{ask, fresh, table};
use crate::outcome::Outcome;
use crate::testing::{System, slot};
use abi::error::Error;
use abi::operation::TemporalCapabilityOperation::{Delegate, Merge, Read, Transfer};
use abi::operation::{TableOperation, TemporalCapabilityOperation, ThreadOperation};
use abi::rights::temporal_capability::{GIVE, RUN, TAKE};
use abi::rights::{self, RECLAIM};
use abi::time::{EVERYTHING, UNLIMITED};

const PARENT: u64 = 20;
const CHILD: u64 = 21;
const OTHER_RECEIVE: u64 = 22;
const COPY: u64 = 23;

fn create(system: &mut System, [target, receive, from, cycles]: [u64; 4]) -> Outcome {
    let frame = fresh(system);
    table(system, TableOperation::CreateTemporalCapability, [target, frame, receive << 32 | from, cycles])
}

fn time(system: &mut System, capability: u64, operation: TemporalCapabilityOperation, words: [u64; 4]) -> Outcome {
    ask(system, capability, operation as u16, words)
}

fn left(system: &mut System, capability: u64) -> Outcome {
    time(system, capability, Read, [0; 4])
}

/// Another scheduler has 100 cycles; so has a child of it, but 10.
fn family() -> System {
    let mut system = System::new();
    let (thread, _) = system.thread(5, 0x40_0000);
    system.grant(OTHER_RECEIVE, thread);
    assert_eq!(create(&mut system, [PARENT, OTHER_RECEIVE, slot::TIME, 100]), Outcome::DONE);
    assert_eq!(create(&mut system, [CHILD, OTHER_RECEIVE, PARENT, 10]), Outcome::DONE);
    system
}

/// A copy of the capability without these rights.
fn without(system: &mut System, capability: u64, left_out: u64) -> u64 {
    assert_eq!(table(system, TableOperation::Copy, [COPY, capability, left_out, 0]), Outcome::DONE);
    COPY
}

#[test]
fn cycles_are_moved_by_operations() {
    let mut system = family();
    assert_eq!(left(&mut system, slot::TIME), Outcome::Answer(UNLIMITED));
    assert_eq!(left(&mut system, PARENT), Outcome::Answer(90));
    assert_eq!(time(&mut system, CHILD, Transfer, [PARENT, 4, 0, 0]), Outcome::Answer(4));
    assert_eq!(time(&mut system, PARENT, Delegate, [CHILD, EVERYTHING, 7, 0]), Outcome::Answer(94));
    assert_eq!(left(&mut system, CHILD), Outcome::Answer(100));
    assert_eq!(left(&mut system, PARENT), Outcome::Answer(0));
}

#[test]
fn cycles_come_from_somewhere() {
    let mut system = System::new();
    assert_eq!(create(&mut system, [PARENT, slot::RECEIVE, 0, 1]), Error::BadArgument.into());
    assert_eq!(create(&mut system, [PARENT, slot::RECEIVE, slot::TIME, 0]), Error::BadArgument.into());
    assert_eq!(create(&mut system, [PARENT, slot::RECEIVE, slot::TIME, UNLIMITED]), Error::BadArgument.into());
    assert_eq!(create(&mut system, [PARENT, slot::RECEIVE, 0, 0]), Outcome::DONE);
    assert_eq!(left(&mut system, PARENT), Outcome::Answer(0));
}

#[test]
fn one_is_made_for_a_scheduler_with_cycles_of_a_temporal_capability() {
    let mut system = family();
    assert_eq!(create(&mut system, [30, slot::SEND, PARENT, 1]), Error::WrongKind.into());
    assert_eq!(create(&mut system, [30, slot::RECEIVE, slot::SEND, 1]), Error::WrongKind.into());
    assert_eq!(create(&mut system, [30, 40, PARENT, 1]), Error::Empty.into());
    assert_eq!(create(&mut system, [PARENT, OTHER_RECEIVE, PARENT, 1]), Error::SlotTaken.into());
    assert_eq!(left(&mut system, PARENT), Outcome::Answer(90), "nothing has happened");
}

#[test]
fn moving_takes_rights_at_both_ends() {
    let mut system = family();
    let poor = without(&mut system, PARENT, GIVE);
    assert_eq!(time(&mut system, poor, Transfer, [CHILD, 1, 0, 0]), Error::RightsExceeded.into());
    assert_eq!(time(&mut system, poor, Delegate, [CHILD, 1, 0, 0]), Error::RightsExceeded.into());
    assert_eq!(time(&mut system, poor, Merge, [CHILD, 0, 0, 0]), Error::RightsExceeded.into());
    assert_eq!(create(&mut system, [30, OTHER_RECEIVE, poor, 1]), Error::RightsExceeded.into());
    assert_eq!(time(&mut system, CHILD, Transfer, [poor, 1, 0, 0]), Outcome::Answer(1), "it can still take");
}

#[test]
fn taking_is_a_right() {
    let mut system = family();
    let poor = without(&mut system, PARENT, TAKE);
    assert_eq!(time(&mut system, CHILD, Transfer, [poor, 1, 0, 0]), Error::RightsExceeded.into());
    assert_eq!(time(&mut system, CHILD, Delegate, [poor, 1, 0, 0]), Error::RightsExceeded.into());
    assert_eq!(time(&mut system, CHILD, Merge, [poor, 0, 0, 0]), Error::RightsExceeded.into());
    assert_eq!(time(&mut system, CHILD, Transfer, [slot::PORTS, 1, 0, 0]), Error::WrongKind.into());
}

#[test]
fn ending_is_a_right() {
    let mut system = family();
    let poor = without(&mut system, CHILD, RECLAIM);
    assert_eq!(time(&mut system, poor, Merge, [PARENT, 0, 0, 0]), Error::RightsExceeded.into());
}

#[test]
fn scheduling_is_a_right() {
    let mut system = System::new();
    let poor = without(&mut system, slot::RECEIVE, rights::receive::SCHEDULE);
    assert_eq!(create(&mut system, [PARENT, poor, slot::TIME, 1]), Error::RightsExceeded.into());
}

#[test]
fn a_merged_one_is_gone() {
    let mut system = family();
    assert_eq!(time(&mut system, CHILD, Merge, [CHILD, 0, 0, 0]), Error::BadArgument.into());
    assert!(matches!(time(&mut system, CHILD, Merge, [PARENT, 0, 0, 0]), Outcome::Answer(_)));
    assert_eq!(left(&mut system, PARENT), Outcome::Answer(100));
    assert_eq!(left(&mut system, CHILD), Error::Revoked.into());
    assert_eq!(time(&mut system, PARENT, Delegate, [CHILD, 1, 0, 0]), Error::Revoked.into());
}

#[test]
fn an_empty_one_can_be_merged_and_an_unlimited_one_cannot() {
    let mut system = family();
    time(&mut system, CHILD, Transfer, [PARENT, EVERYTHING, 0, 0]);
    assert!(matches!(time(&mut system, CHILD, Merge, [PARENT, 0, 0, 0]), Outcome::Answer(_)));
    assert_eq!(time(&mut system, slot::TIME, Merge, [PARENT, 0, 0, 0]), Error::BadArgument.into());
}

#[test]
fn one_that_is_run_on_is_not_ended() {
    let mut system = family();
    let dispatch = |system: &mut System, budget: u64| {
        ask(system, slot::THREAD, ThreadOperation::Dispatch as u16, [0, 0, 1, slot::RECEIVE | budget << 32])
    };
    assert_eq!(dispatch(&mut system, PARENT), Outcome::DONE);
    assert_eq!(time(&mut system, PARENT, Merge, [slot::TIME, 0, 0, 0]), Error::InUse.into());
    assert_eq!(table(&mut system, TableOperation::Reclaim, [PARENT, 0, 0, 0]), Error::InUse.into());
    assert_eq!(dispatch(&mut system, CHILD), Outcome::DONE);
    assert_eq!(left(&mut system, CHILD), Outcome::Answer(10), "the other is charged, as on the way out");
    assert!(matches!(table(&mut system, TableOperation::Reclaim, [PARENT, 0, 0, 0]), Outcome::Answer(_)));
}

#[test]
fn a_dispatch_names_what_is_run_on() {
    let mut system = family();
    let poor = without(&mut system, PARENT, RUN);
    time(&mut system, CHILD, Transfer, [PARENT, EVERYTHING, 0, 0]);
    for (budget, outcome) in [
        (slot::PORTS, Error::WrongKind.into()),
        (40, Error::Empty.into()),
        (1 << 20, Error::OutOfRange.into()),
        (poor, Error::RightsExceeded.into()),
        (CHILD, Error::BudgetExhausted.into()),
        (PARENT, Outcome::DONE),
    ] {
        let words = [0, 0, 1, slot::RECEIVE | budget << 32];
        assert_eq!(ask(&mut system, slot::THREAD, ThreadOperation::Dispatch as u16, words), outcome, "{budget}");
    }
    assert!(!system.core.account.is_settled() && system.core.account.runs_on() != Budget::NONE);
}

#[test]
fn who_waits_for_an_end_names_none() {
    let mut system = family();
    let words = [0, 0, 0, PARENT << 32];
    let outcome = ask(&mut system, slot::THREAD, ThreadOperation::Dispatch as u16, words);
    assert_eq!(outcome, Error::Empty.into());
}
