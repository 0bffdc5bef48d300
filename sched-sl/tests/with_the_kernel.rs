//! Between a decision and its dispatch anything can happen. Each test lets one thing happen.
#![allow(clippy::unwrap_used, reason = "this is how a test fails")]

mod common;

use common::{Act, FakeKernel, Five, Machine};
use sched_sl::policy::{BadParameters, Choice};
use sched_sl::*;

#[test]
fn a_stale_token_makes_the_decision_anew() {
    let mut machine = Machine::new();
    let urgent = machine.spawn(1, &[Act::Block]);
    machine.spawn(9, &[]);
    machine.run_until(5);
    let shared = machine.shared.clone();
    machine.kernel.interfere(move |kernel| {
        shared.with(|it: &mut Five| it.wake(urgent).unwrap());
        kernel.pass_moment();
    });
    assert_eq!(reschedule(&machine.kernel, &machine.shared), Ok(Ran::Thread(urgent)));
}

#[test]
fn a_decision_that_is_overtaken_as_soon_as_the_section_is_left_is_made_anew() {
    let mut machine = Machine::new();
    let urgent = machine.spawn(1, &[Act::Block]);
    machine.spawn(9, &[]);
    machine.run_until(5);
    let (shared, moment) = (machine.shared.clone(), machine.kernel.moment.clone());
    // Somebody else comes in, and has a decision of its own carried out: a token that is taken after that would do for this one.
    machine.shared.let_in(move || {
        shared.with(|it: &mut Five| it.wake(urgent).unwrap());
        moment.set(moment.get() + 1);
    });
    assert_eq!(reschedule(&machine.kernel, &machine.shared), Ok(Ran::Thread(urgent)));
}

#[test]
fn staleness_is_retried_until_it_ends() {
    let mut machine = Machine::new();
    let id = machine.spawn(1, &[]);
    for _ in 0..100 {
        machine.kernel.interfere(FakeKernel::pass_moment);
    }
    assert_eq!(reschedule(&machine.kernel, &machine.shared), Ok(Ran::Thread(id)));
    assert_eq!(machine.kernel.asked.get(), 101);
}

#[test]
fn pending_events_are_noted_before_anything_runs() {
    let mut machine = Machine::new();
    let first = machine.spawn(1, &[]);
    let second = machine.spawn(2, &[]);
    machine.kernel.events.borrow_mut().push_back(Event { thread: first, suspended: true });
    assert_eq!(reschedule(&machine.kernel, &machine.shared), Ok(Ran::Thread(second)));
    machine.kernel.events.borrow_mut().push_back(Event { thread: first, suspended: false });
    assert_eq!(reschedule(&machine.kernel, &machine.shared), Ok(Ran::Thread(first)));
}

#[test]
fn idleness_ends_for_an_event_that_came_in_between() {
    let mut machine = Machine::new();
    let id = machine.spawn(1, &[]);
    machine.kernel.events.borrow_mut().push_back(Event { thread: id, suspended: true });
    machine.kernel.interfere(|_| ());
    machine
        .kernel
        .interfere(move |kernel| kernel.events.borrow_mut().push_back(Event { thread: id, suspended: false }));
    assert_eq!(reschedule(&machine.kernel, &machine.shared), Ok(Ran::Thread(id)));
}

#[test]
fn suspended_in_the_kernel_and_blocked_by_wish_are_two_facts() {
    let mut machine = Machine::new();
    let id = machine.spawn(1, &[]);
    let event = |suspended| Event { thread: id, suspended };
    machine.shared.with(|it: &mut Five| {
        it.apply(event(true)).unwrap();
        it.wake(id).unwrap();
        it.apply(event(false)).unwrap();
        assert_eq!(it.block(id, Instant(0)), Ok(Block::WokenBefore), "the event has not wiped out the wake-up");
        let _ = it.block(id, Instant(0)).unwrap();
        it.apply(event(true)).unwrap();
        it.wake(id).unwrap();
    });
    assert_eq!(
        reschedule(&machine.kernel, &machine.shared),
        Ok(Ran::Nobody),
        "the wake-up does not lift the suspension"
    );
    machine.shared.with(|it: &mut Five| it.apply(event(false)).unwrap());
    assert_eq!(reschedule(&machine.kernel, &machine.shared), Ok(Ran::Thread(id)));
}

#[test]
fn a_thread_that_the_kernel_does_not_know_ends_and_the_others_go_on() {
    let mut machine = Machine::new();
    let dead = machine.spawn(1, &[]);
    let alive = machine.spawn(2, &[]);
    machine.kernel.dead.borrow_mut().insert(0);
    assert_eq!(reschedule(&machine.kernel, &machine.shared), Ok(Ran::Thread(alive)));
    assert_eq!(machine.shared.0.borrow().state(dead), Err(ThreadError::NoSuchThread));
}

#[test]
fn an_event_of_a_thread_that_has_ended_is_passed_over() {
    let mut machine = Machine::new();
    let gone = machine.spawn(1, &[]);
    let alive = machine.spawn(2, &[]);
    machine.shared.with(|it: &mut Five| it.exit(gone).unwrap());
    machine.kernel.events.borrow_mut().push_back(Event { thread: gone, suspended: true });
    assert_eq!(reschedule(&machine.kernel, &machine.shared), Ok(Ran::Thread(alive)));
}

#[test]
fn a_refused_decision_costs_nobody_a_turn() {
    let mut machine = Machine::new();
    machine.spawn(5, &[]);
    machine.spawn(5, &[]);
    // Refused at 0, and time goes by before the next try.
    machine.kernel.interfere(|kernel| {
        kernel.now.set(9);
        kernel.pass_moment();
    });
    assert_eq!(machine.run_until(29), [(Some(0), 9, 19), (Some(1), 19, 29)]);
}

#[test]
fn a_decision_that_came_in_between_stands() {
    let mut machine = Machine::new();
    machine.spawn(5, &[]);
    let second = machine.spawn(5, &[]);
    let shared = machine.shared.clone();
    // Somebody else decides at 4, for the first thread as well, and that one then runs its turn out.
    machine.kernel.interfere(move |kernel| {
        shared.with(|it: &mut Five| it.decide(Instant(4)).unwrap());
        kernel.pass_moment();
        kernel.now.set(14);
    });
    assert_eq!(
        reschedule(&machine.kernel, &machine.shared),
        Ok(Ran::Thread(second)),
        "the turn that was used is charged"
    );
}

/// A policy that always chooses the first place, ready or not.
struct Stubborn;

impl Policy<2> for Stubborn {
    type Parameters = ();

    fn admit(&mut self, _: usize, (): ()) -> Result<(), BadParameters> {
        Ok(())
    }

    fn dismiss(&mut self, _: usize) {}
    fn ready(&mut self, _: usize) {}
    fn unready(&mut self, _: usize) {}
    fn yielded(&mut self, _: usize) {}
    fn ran(&mut self, _: usize, _: Duration) {}

    fn choose(&mut self, _: Instant) -> Option<Choice> {
        Some(Choice { place: 0, until: Instant::NEVER })
    }
}

#[test]
fn a_policy_is_not_believed() {
    let mut scheduler: Scheduler<u32, _, HeapTimers<2>, 2> =
        Scheduler::new(Stubborn, HeapTimers::new(), HeapTimers::new());
    assert_eq!(scheduler.decide(Instant(0)), Err(ScheduleError::PolicyChoseUnready), "nobody is there");
    let id = scheduler.create(7, ()).unwrap();
    assert!(matches!(scheduler.decide(Instant(0)), Ok(Decision::Run { name: 7, .. })));
    let _ = scheduler.block(id, Instant(0)).unwrap();
    assert_eq!(scheduler.decide(Instant(0)), Err(ScheduleError::PolicyChoseUnready), "it is blocked");
}
