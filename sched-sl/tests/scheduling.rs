//! What threads see of the scheduler, one promise a test.
#![allow(clippy::unwrap_used, clippy::panic, reason = "this is how a test fails")]

mod common;

use common::{Act, Machine, PLACES, five};
use sched_sl::policy::fixed_priority_round_robin::Priority;
use sched_sl::{Block, CreateError, Decision, Duration, Event, Instant, Payer, State, ThreadError, Wakeup};

use Act::{Block as Wait, BlockFor, Exit, SleepFor, Wake, Work, Yield};

const START: Instant = Instant(0);

#[test]
fn equals_take_turns_of_one_quantum() {
    let mut machine = Machine::new();
    for _ in 0..3 {
        machine.spawn(5, &[]);
    }
    let expected = [(0, 0, 10), (1, 10, 20), (2, 20, 30), (0, 30, 40), (1, 40, 50)];
    assert_eq!(machine.run_until(50), expected.map(|(name, from, to)| (Some(name), from, to)));
}

#[test]
fn a_higher_priority_goes_first_and_a_lower_one_takes_what_is_left() {
    let mut machine = Machine::new();
    machine.spawn(9, &[]);
    machine.spawn(1, &[Work(25), SleepFor(10), Work(5), Exit]);
    let expected = [(1, 0, 25), (0, 25, 35), (1, 35, 40), (0, 40, 60)];
    assert_eq!(machine.run_until(60), expected.map(|(name, from, to)| (Some(name), from, to)));
}

#[test]
fn an_interrupted_turn_goes_on_with_what_is_left_of_it() {
    let mut machine = Machine::new();
    machine.spawn(5, &[]);
    machine.spawn(5, &[]);
    machine.spawn(1, &[SleepFor(4), Work(3), Exit]);
    let expected = [(0, 0, 4), (2, 4, 7), (0, 7, 13), (1, 13, 23), (0, 23, 33)];
    assert_eq!(machine.run_until(33), expected.map(|(name, from, to)| (Some(name), from, to)));
}

#[test]
fn one_that_yields_lets_its_equals_go_first_but_not_its_inferiors() {
    let mut machine = Machine::new();
    machine.spawn(5, &[Work(2), Yield, Work(2), Yield]);
    machine.spawn(5, &[Work(3), Yield]);
    machine.spawn(6, &[]);
    let expected = [(0, 0, 2), (1, 2, 5), (0, 5, 7), (1, 7, 17), (0, 17, 20)];
    assert_eq!(machine.run_until(20), expected.map(|(name, from, to)| (Some(name), from, to)));
}

#[test]
fn nobody_ready_is_idle_until_something_is_due_and_without_a_timer_if_nothing_is() {
    let mut machine = Machine::new();
    machine.spawn(5, &[Work(3), SleepFor(20), Work(2), Wait]);
    assert_eq!(machine.run_until(100), [(Some(0), 0, 3), (None, 3, 23), (Some(0), 23, 25), (None, 25, 100)]);
    assert_eq!(machine.kernel.running.get(), Some((None, None)));
    assert_eq!(machine.kernel.asked.get(), 4, "no decision without a cause");
}

#[test]
fn a_thread_without_an_equal_is_not_ticked() {
    let mut machine = Machine::new();
    machine.spawn(5, &[]);
    machine.spawn(6, &[]);
    assert_eq!(machine.run_until(1000), [(Some(0), 0, 1000)]);
    assert_eq!(machine.kernel.asked.get(), 1);
}

#[test]
fn a_wake_up_before_the_block_is_not_lost() {
    let mut machine = Machine::new();
    // 0 is interrupted between finding nothing and blocking; 1 brings it and wakes 0.
    let waiter = machine.spawn(5, &[Work(10), Wait, Work(1), Exit]);
    machine.spawn(5, &[Work(1), Wake(0), Wait]);
    let trace = machine.run_until(40);
    assert_eq!(trace, [(Some(0), 0, 10), (Some(1), 10, 11), (Some(0), 11, 12), (None, 12, 40)]);
    let gone = machine.shared.0.borrow().state(waiter);
    assert_eq!(gone, Err(ThreadError::NoSuchThread), "it came to its end");
}

#[test]
fn a_wake_up_during_sleep_neither_shortens_it_nor_is_lost() {
    let mut machine = Machine::new();
    machine.spawn(5, &[SleepFor(20), Wait, Work(5), Exit]);
    machine.spawn(6, &[Work(2), Wake(0), Wait]);
    assert_eq!(machine.run_until(30), [(Some(1), 0, 2), (None, 2, 20), (Some(0), 20, 25), (None, 25, 30)]);
}

#[test]
fn a_block_ends_by_wake_up_or_by_time_and_tells_which() {
    let mut machine = Machine::new();
    let early = machine.spawn(1, &[BlockFor(20), Work(1), Wait]);
    let late = machine.spawn(1, &[BlockFor(5), Work(1), Wait]);
    machine.spawn(2, &[Work(8), Wake(0)]);
    machine.run_until(19);
    let scheduler = machine.shared.0.borrow();
    assert_eq!(scheduler.wakeup(early), Ok(Some(Wakeup::Woken)));
    assert_eq!(scheduler.wakeup(late), Ok(Some(Wakeup::TimedOut)));
}

#[test]
fn the_timeout_of_a_block_that_was_woken_is_gone() {
    let mut scheduler = five();
    let id = scheduler.create(0, Priority(0)).unwrap();
    assert_eq!(scheduler.block_until(id, Instant(50), START), Ok(Block::Blocked));
    scheduler.wake(id).unwrap();
    assert_eq!(scheduler.block(id, START), Ok(Block::Blocked));
    scheduler.decide(Instant(100)).unwrap();
    assert_eq!(scheduler.state(id), Ok(State::Blocked), "still waiting, at 100");
}

#[test]
fn places_come_back_and_old_names_mean_nobody() {
    let mut scheduler = five();
    for round in 0..1000 {
        let ids: Vec<_> = (0..PLACES).map(|_| scheduler.create(round, Priority(3)).unwrap()).collect();
        assert_eq!(scheduler.create(round, Priority(3)), Err(CreateError::Exhausted));
        for id in ids {
            let _ = scheduler.block_until(id, Instant(u64::from(round)), START).unwrap();
            scheduler.exit(id).unwrap();
            assert_eq!(scheduler.exit(id), Err(ThreadError::NoSuchThread));
            assert_eq!(scheduler.wake(id), Err(ThreadError::NoSuchThread));
        }
        assert_eq!(scheduler.free_places(), PLACES);
    }
}

#[test]
fn a_new_thread_does_not_pay_for_the_one_whose_place_it_has() {
    let mut scheduler = five();
    let old = scheduler.create(0, Priority(3)).unwrap();
    scheduler.decide(START).unwrap();
    scheduler.exit(old).unwrap();
    let new = scheduler.create(1, Priority(3)).unwrap();
    scheduler.create(2, Priority(3)).unwrap();
    assert_eq!(new.place(), old.place());
    let (since, until) = (Instant(6), Some(Instant(16)));
    let whole_turn = Decision::Run { thread: new, name: 1, payer: Payer { now: 1, before: None }, since, until };
    assert_eq!(scheduler.decide(since), Ok(whole_turn));
}

#[test]
fn misuse_is_refused_and_changes_nothing() {
    let mut scheduler = five();
    assert_eq!(scheduler.create(0, Priority(32)), Err(CreateError::BadParameters));
    assert_eq!(scheduler.free_places(), PLACES);
    let id = scheduler.create(0, Priority(31)).unwrap();
    scheduler.sleep_until(id, Instant(9), START).unwrap();
    assert_eq!(scheduler.block(id, START), Err(ThreadError::NotRunning));
    assert_eq!(scheduler.block_until(id, Instant(5), START), Err(ThreadError::NotRunning));
    assert_eq!(scheduler.sleep_until(id, Instant(5), START), Err(ThreadError::NotRunning));
    assert_eq!(scheduler.yield_now(id, START), Err(ThreadError::NotRunning));
    assert_eq!(scheduler.state(id), Ok(State::Asleep));
}

#[test]
fn who_has_used_up_its_budget_does_not_run_before_it_has_another() {
    let mut scheduler = five();
    let (greedy, other) = (scheduler.create(1, Priority(1)).unwrap(), scheduler.create(2, Priority(2)).unwrap());
    let runs = |decision| match decision {
        Decision::Run { thread, until, .. } => (thread, until),
        Decision::Idle { .. } => panic!("somebody is ready"),
    };
    assert_eq!(runs(scheduler.decide(Instant(0)).unwrap()).0, greedy);
    scheduler.exhaust(greedy, Instant(100)).unwrap();
    // Neither a wake-up nor what the kernel says about it changes that.
    scheduler.wake(greedy).unwrap();
    scheduler.apply(Event { thread: greedy, suspended: false }).unwrap();
    assert_eq!(runs(scheduler.decide(Instant(30)).unwrap()), (other, Some(Instant(100))));
    assert_eq!(runs(scheduler.decide(Instant(100)).unwrap()).0, greedy);
    scheduler.exhaust(greedy, Instant(200)).unwrap();
    scheduler.exit(greedy).unwrap();
    assert_eq!(scheduler.exhaust(greedy, Instant(300)), Err(ThreadError::NoSuchThread));
    assert_eq!(runs(scheduler.decide(Instant(250)).unwrap()).0, other);
}

/// From when a turn is counted to the next decision, whatever leads to that, and not what is between turns.
#[test]
fn turns_are_counted_by_the_clock() {
    let mut scheduler = five();
    let (counted, other) = (scheduler.create(1, Priority(1)).unwrap(), scheduler.create(2, Priority(2)).unwrap());
    let _ = scheduler.decide(Instant(0)).unwrap();
    scheduler.count_turn(counted, Instant(2)).unwrap();
    assert_eq!(scheduler.take_counted(counted), Ok(Duration(0)), "it is not over");
    // It goes on, and that is to be decided anew.
    assert!(scheduler.reconsider(Instant(10)).unwrap().is_some());
    scheduler.count_turn(counted, Instant(11)).unwrap();
    scheduler.sleep_until(counted, Instant(50), Instant(20)).unwrap();
    let decided = scheduler.decide(Instant(21)).unwrap();
    assert!(matches!(decided, Decision::Run { thread, until: Some(Instant(50)), .. } if thread == other));
    assert_eq!(scheduler.take_counted(counted), Ok(Duration(8 + 10)));
    let _ = scheduler.decide(Instant(60)).unwrap();
    assert_eq!(scheduler.take_counted(counted), Ok(Duration(0)), "others ran");
    scheduler.exit(counted).unwrap();
    assert_eq!(scheduler.count_turn(counted, Instant(61)), Err(ThreadError::NoSuchThread));
    assert_eq!(scheduler.take_counted(counted), Err(ThreadError::NoSuchThread));
}
