//! Schedulers and their threads, decision by decision.

#![allow(clippy::indexing_slicing, reason = "a test that indexes out of its vectors should fail")]

use super::*;
use crate::component;
use crate::endpoint::{receive, send, wake};
use crate::invocation;
use crate::outcome::Registers;
use crate::testing::System;
use abi::event::{Batch, Event};
use abi::operation::receive_flag::{ALL, DO_NOT_WAIT};
use std::vec::Vec;

/// A root scheduler, which is the first thread, and two threads of components of their own.
struct Scene {
    system: System,
    root: Frame,
    threads: [Frame; 2],
}

impl Scene {
    fn new() -> Self {
        let system = System::new();
        let threads = [5, 6].map(|index| system.thread(index, 0x41_0000).0);
        Self { root: system.core.thread(), system, threads }
    }

    fn dispatch(&mut self, thread: Frame, token: u64) -> Result<Outcome, Error> {
        let decision = Decision { scheduler: self.root, token, timeout: 0, budget: None };
        switch_to(&self.system.memory, &mut self.system.core, thread, 42, decision)
    }

    fn receive(&mut self) -> Result<[u64; 2], Error> {
        self.take([0; 4])
    }

    fn poll(&mut self) -> Result<[u64; 2], Error> {
        self.take([1, 0, 0, 0])
    }

    /// The words that whoever goes on gets.
    fn take(&mut self, words: [u64; 4]) -> Result<[u64; 2], Error> {
        let thread = self.system.core.thread();
        let outcome = receive(&self.system.memory, &mut self.system.core, thread, words)?;
        Ok(self.system.told(outcome).1)
    }

    fn send(&mut self, receiver: Frame, flags: u64) -> Outcome {
        send(&self.system.memory, &mut self.system.core, receiver, flags).unwrap()
    }

    fn current(&self) -> Frame {
        self.system.core.thread()
    }

    fn preempt(&mut self) -> Outcome {
        preempt(&self.system.memory, &mut self.system.core, 0, 0)
    }
}

fn event(thread: u32, what: What, more: bool) -> [u64; 2] {
    [0, Event { thread, what, more }.to_word()]
}

#[test]
fn a_thread_runs_and_comes_back_to_who_waits_for_it() {
    let Scene { mut system, threads: [thread, _], .. } = Scene::new();
    let before = system.place();
    let outcome = wait_for(&system.memory, &mut system.core, thread, 42).unwrap();
    assert_eq!(system.resumed(outcome), Registers { rdi: 42, r9: 5, ..Registers::ZERO });
    assert_eq!(system.resume_point(), (0x41_0000, 0));
    let outcome = end(&system.memory, &mut system.core, ThreadEnd::Returned, 9);
    assert_eq!(system.told(outcome), (0, [ThreadEnd::Returned as u64, 9]));
    assert_eq!(system.place(), before);
}

#[test]
fn a_thread_that_returned_runs_again_and_one_that_faulted_does_not() {
    let Scene { mut system, threads: [thread, _], .. } = Scene::new();
    for how in [ThreadEnd::Returned, ThreadEnd::Faulted] {
        wait_for(&system.memory, &mut system.core, thread, 0).unwrap();
        end(&system.memory, &mut system.core, how, 0);
    }
    let again = wait_for(&system.memory, &mut system.core, thread, 0);
    assert_eq!(again, Err(Error::NotDispatchable));
}

#[test]
fn neither_a_running_nor_a_waiting_thread_is_dispatched() {
    let mut scene = Scene::new();
    let (root, thread) = (scene.root, scene.threads[0]);
    wait_for(&scene.system.memory, &mut scene.system.core, thread, 0).unwrap();
    for busy in [thread, root] {
        let result = wait_for(&scene.system.memory, &mut scene.system.core, busy, 0);
        assert_eq!(result, Err(Error::NotDispatchable));
    }
    let decision = Decision { scheduler: thread, token: 0, timeout: 0, budget: None };
    let result = switch_to(&scene.system.memory, &mut scene.system.core, root, 0, decision);
    assert_eq!(result, Err(Error::NotDispatchable));
}

#[test]
fn a_decision_for_the_current_thread_lets_it_go_on_until_another_time() {
    let mut scene = Scene::new();
    let [thread, other] = scene.threads;
    scene.dispatch(thread, 1).unwrap();
    let decision = Decision { scheduler: scene.root, token: 2, timeout: 1000, budget: None };
    let same =
        |scene: &mut Scene, decision| switch_to(&scene.system.memory, &mut scene.system.core, thread, 42, decision);
    assert_eq!(same(&mut scene, decision), Ok(Outcome::DONE));
    assert_eq!((scene.current(), scene.system.core.timeout), (thread, 1000));
    let overtaken = Decision { token: 1, timeout: 0, ..decision };
    assert_eq!(same(&mut scene, overtaken), Err(Error::Stale));
    endpoint::post(&scene.system.memory, scene.root, other, What::Woken);
    assert_eq!(same(&mut scene, decision), Err(Error::EventsPending));
    assert_eq!(scene.system.core.timeout, 1000, "what is refused changes nothing");
}

#[test]
fn a_thread_of_a_dead_component_is_not_started() {
    let mut system = System::new();
    let (thread, component) = system.thread(5, 0x41_0000);
    component::revoke(&system.memory, component).unwrap();
    assert_eq!(wait_for(&system.memory, &mut system.core, thread, 0), Err(Error::Revoked));
    assert_eq!(thread::state(&system.memory, system.core.thread()), State::Running);
}

#[test]
fn the_end_of_the_first_thread_leaves_nothing_to_run() {
    let mut system = System::new();
    let outcome = end(&system.memory, &mut system.core, ThreadEnd::Returned, 0);
    assert_eq!(outcome, Outcome::NothingToRun);
}

#[test]
fn a_scheduler_learns_that_its_thread_ended() {
    let mut scene = Scene::new();
    let thread = scene.threads[0];
    scene.dispatch(thread, 1).unwrap();
    let outcome = end(&scene.system.memory, &mut scene.system.core, ThreadEnd::Returned, 7);
    assert_eq!((outcome, scene.current()), (Outcome::DONE, scene.root));
    assert_eq!(scene.poll(), Ok(event(5, What::Ended(7), false)));
    assert_eq!(scene.poll(), Err(Error::NothingPending));
    assert!(scene.dispatch(thread, 2).is_ok(), "it starts again");
}

#[test]
fn a_scheduler_learns_that_its_thread_faulted_and_it_is_gone() {
    let mut scene = Scene::new();
    let thread = scene.threads[0];
    scene.dispatch(thread, 1).unwrap();
    invocation::unwind(&scene.system.memory, &mut scene.system.core, Error::Faulted);
    assert_eq!(scene.poll(), Ok(event(5, What::Faulted(Error::Faulted.status()), false)));
    assert_eq!(scene.dispatch(thread, 2), Err(Error::NotDispatchable));
    assert_eq!(scene.current(), scene.root);
}

#[test]
fn a_scheduler_learns_that_a_handler_ended_its_thread_and_it_is_gone() {
    let mut scene = Scene::new();
    let thread = scene.threads[0];
    scene.dispatch(thread, 1).unwrap();
    end(&scene.system.memory, &mut scene.system.core, ThreadEnd::Exited, 7);
    assert_eq!(scene.poll(), Ok(event(5, What::Faulted(7), false)), "not that it can start again");
    assert_eq!(scene.dispatch(thread, 2), Err(Error::NotDispatchable));
}

#[test]
fn an_overtaken_decision_is_refused() {
    let mut scene = Scene::new();
    let [one, other] = scene.threads;
    scene.dispatch(one, 7).unwrap();
    assert_eq!(scene.dispatch(other, 6), Err(Error::Stale));
    assert_eq!(scene.current(), one);
    scene.dispatch(other, 7).unwrap();
    assert_eq!(scene.current(), other);
}

#[test]
fn events_come_before_decisions() {
    let mut scene = Scene::new();
    let [one, other] = scene.threads;
    scene.dispatch(one, 1).unwrap();
    scene.preempt();
    assert_eq!(scene.current(), scene.root);
    assert_eq!(scene.dispatch(other, 2), Err(Error::EventsPending));
    assert_eq!(scene.poll(), Ok(event(5, What::Preempted, false)));
    scene.dispatch(other, 2).unwrap();
    assert_eq!(scene.current(), other);
}

#[test]
fn a_preempted_thread_is_restored_and_a_suspended_one_is_answered() {
    let mut scene = Scene::new();
    let [one, other] = scene.threads;
    scene.dispatch(one, 1).unwrap();
    scene.preempt();
    scene.poll().unwrap();
    assert_eq!(scene.dispatch(other, 2).map(|_| ()), Ok(()));
    assert_eq!(scene.dispatch(one, 3), Ok(Outcome::Restore));
    assert_eq!(scene.dispatch(other, 4), Ok(Outcome::DONE));
}

#[test]
fn a_thread_that_nobody_schedules_keeps_the_core() {
    let mut scene = Scene::new();
    assert_eq!(scene.preempt(), Outcome::Restore);
    let thread = scene.threads[0];
    wait_for(&scene.system.memory, &mut scene.system.core, thread, 0).unwrap();
    assert_eq!(scene.preempt(), Outcome::Restore);
    assert_eq!(scene.current(), thread);
}

#[test]
fn the_timeout_is_the_decisions_and_ends_with_it() {
    let mut scene = Scene::new();
    let decision = Decision { scheduler: scene.root, token: 1, timeout: 1000, budget: None };
    switch_to(&scene.system.memory, &mut scene.system.core, scene.threads[0], 0, decision).unwrap();
    assert_eq!(scene.system.core.timeout, 1000);
    scene.preempt();
    assert_eq!(scene.system.core.timeout, 0);
}

#[test]
fn a_thread_waits_for_a_send_and_its_scheduler_goes_on() {
    let mut scene = Scene::new();
    let [receiver, sender] = scene.threads;
    scene.dispatch(receiver, 1).unwrap();
    assert_eq!(scene.receive(), Ok([0, 0]));
    assert_eq!(scene.current(), scene.root);
    assert_eq!(scene.poll(), Ok(event(5, What::Blocked, false)));
    scene.dispatch(sender, 2).unwrap();
    assert_eq!(scene.send(receiver, 1), Outcome::DONE);
    assert_eq!(scene.current(), scene.root, "the scheduler decides");
    assert_eq!(scene.poll(), Ok(event(5, What::Woken, true)));
    assert_eq!(scene.poll(), Ok(event(6, What::Preempted, false)));
    let outcome = scene.dispatch(receiver, 3).unwrap();
    assert_eq!(scene.system.told(outcome), (0, [1, 0]));
}

#[test]
fn sends_are_counted_and_none_is_lost() {
    let mut scene = Scene::new();
    let [receiver, sender] = scene.threads;
    scene.dispatch(sender, 1).unwrap();
    for _ in 0..3 {
        assert_eq!(scene.send(receiver, 0), Outcome::DONE);
        assert_eq!(scene.current(), sender, "nobody asked for a decision");
    }
    scene.dispatch(receiver, 2).unwrap();
    assert_eq!(scene.receive(), Ok([3, 0]));
    assert_eq!(scene.poll(), Err(Error::NothingPending));
}

#[test]
fn a_wakeup_that_overtakes_the_news_of_the_block_replaces_it() {
    let mut scene = Scene::new();
    let [receiver, _] = scene.threads;
    scene.dispatch(receiver, 1).unwrap();
    scene.receive().unwrap();
    assert_eq!(scene.send(receiver, 0), Outcome::DONE);
    assert_eq!(scene.poll(), Ok(event(5, What::Woken, false)));
    assert_eq!(scene.poll(), Err(Error::NothingPending), "one event for a thread");
}

#[test]
fn an_end_point_is_its_threads_own() {
    let mut scene = Scene::new();
    let thread = scene.threads[0];
    let foreign = receive(&scene.system.memory, &mut scene.system.core, thread, [0; 4]);
    assert_eq!(foreign, Err(Error::BadArgument));
    let root = scene.root;
    let unknown = receive(&scene.system.memory, &mut scene.system.core, root, [4, 0, 0, 0]);
    assert_eq!(unknown, Err(Error::BadArgument));
    scene.dispatch(thread, 1).unwrap();
    let timed = receive(&scene.system.memory, &mut scene.system.core, thread, [0, 99, 0, 0]);
    assert_eq!(timed, Err(Error::BadArgument), "its scheduler keeps its time");
}

#[test]
fn with_nothing_to_run_the_core_sleeps_until_the_time_given() {
    let mut scene = Scene::new();
    let root = scene.root;
    let outcome = receive(&scene.system.memory, &mut scene.system.core, root, [0, 500, 0, 0]);
    assert_eq!((outcome, scene.system.core.timeout), (Ok(Outcome::Idle), 500));
    assert_eq!(wake(&scene.system.memory, &mut scene.system.core, 499), Outcome::Idle);
    assert_eq!(wake(&scene.system.memory, &mut scene.system.core, 500), Error::TimedOut.into());
    assert_eq!(thread::state(&scene.system.memory, root), State::Running);
}

#[test]
fn a_scheduler_that_never_ran_schedules_nobody() {
    let mut scene = Scene::new();
    let [never, thread] = scene.threads;
    let decision = Decision { scheduler: never, token: 0, timeout: 0, budget: None };
    let result = switch_to(&scene.system.memory, &mut scene.system.core, thread, 0, decision);
    assert_eq!(result, Err(Error::NotDispatchable));
}

#[test]
fn who_waits_for_a_thread_is_told_of_its_end_whoever_scheduled_it() {
    let mut scene = Scene::new();
    let [awaited, other] = scene.threads;
    let root = scene.root;
    wait_for(&scene.system.memory, &mut scene.system.core, awaited, 0).unwrap();
    let own = Decision { scheduler: awaited, token: 0, timeout: 0, budget: None };
    switch_to(&scene.system.memory, &mut scene.system.core, other, 0, own).unwrap();
    switch_to(&scene.system.memory, &mut scene.system.core, awaited, 0, own).unwrap();
    let outcome = end(&scene.system.memory, &mut scene.system.core, ThreadEnd::Returned, 3);
    assert_eq!((scene.system.told(outcome), scene.current()), ((0, [ThreadEnd::Returned as u64, 3]), root));
}

#[test]
fn schedulers_that_end_in_a_circle_leave_the_core_to_the_root() {
    let mut scene = Scene::new();
    let awaited = scene.system.thread(7, 0x41_0000).0;
    let [one, other] = scene.threads;
    wait_for(&scene.system.memory, &mut scene.system.core, awaited, 0).unwrap();
    let by = |scheduler| Decision { scheduler, token: 0, timeout: 0, budget: None };
    let go = |scene: &mut Scene, thread, scheduler| {
        switch_to(&scene.system.memory, &mut scene.system.core, thread, 0, by(scheduler)).unwrap();
    };
    go(&mut scene, one, awaited);
    go(&mut scene, other, one);
    go(&mut scene, one, other);
    end(&scene.system.memory, &mut scene.system.core, ThreadEnd::Returned, 0);
    assert_eq!(scene.current(), other, "its scheduler");
    end(&scene.system.memory, &mut scene.system.core, ThreadEnd::Returned, 0);
    assert_eq!(scene.current(), awaited, "nobody in the circle can go on");
}

#[test]
fn a_root_that_waits_for_something_lets_the_core_sleep() {
    let mut scene = Scene::new();
    let [awaited, one] = scene.threads;
    wait_for(&scene.system.memory, &mut scene.system.core, awaited, 0).unwrap();
    thread::set_scheduler(&scene.system.memory, one, Scheduler::EndPoint(one));
    thread::switch(&scene.system.memory, &mut scene.system.core, one);
    thread::set_state(&scene.system.memory, awaited, State::Receiving);
    let outcome = end(&scene.system.memory, &mut scene.system.core, ThreadEnd::Faulted, 0);
    // The news of its own end is the only thing that a circle of one leaves behind.
    assert_eq!((outcome, scene.current()), (Outcome::Idle, awaited));
    assert_eq!(wake(&scene.system.memory, &mut scene.system.core, 1), Outcome::Idle);
}

#[test]
fn an_ended_scheduler_is_passed_over() {
    let mut scene = Scene::new();
    let [inner, thread] = scene.threads;
    wait_for(&scene.system.memory, &mut scene.system.core, inner, 0).unwrap();
    let decision = Decision { scheduler: inner, token: 1, timeout: 0, budget: None };
    switch_to(&scene.system.memory, &mut scene.system.core, thread, 0, decision).unwrap();
    thread::set_state(&scene.system.memory, inner, State::Faulted);
    let status = u64::from(Error::NotDispatchable.status());
    let outcome = scene.preempt();
    let told = (0, [ThreadEnd::Faulted as u64, status]);
    assert_eq!((scene.system.told(outcome), scene.current()), (told, scene.root));
}

/// What the current thread is told at once, without waiting, of all that is pending.
fn all_pending(scene: &mut Scene) -> Option<Batch> {
    scene.take([DO_NOT_WAIT | ALL, 0, 0, 0]).ok().map(Batch::from_words)
}

#[test]
fn all_that_is_pending_comes_at_once_as_far_as_there_is_room() {
    let mut scene = Scene::new();
    let root = scene.root;
    let more = [7, 8].map(|index| scene.system.thread(index, 0x41_0000).0);
    let all: Vec<_> = scene.threads.into_iter().chain(more).collect();
    for thread in &all {
        scene.system.settle_under(*thread, root);
        endpoint::post(&scene.system.memory, root, *thread, What::Blocked);
        endpoint::post(&scene.system.memory, root, *thread, What::Woken);
    }
    (0..3).for_each(|_| assert_eq!(scene.send(root, 0), Outcome::DONE));
    let told = |thread, more| Some(Event { thread, what: What::Woken, more });
    let first = Batch { sent: 3, events: [told(5, true), told(6, true), told(7, true)] };
    assert_eq!(all_pending(&mut scene), Some(first), "one event a thread, the last one");
    assert_eq!(all_pending(&mut scene), Some(Batch { sent: 0, events: [told(8, false), None, None] }));
    assert_eq!(all_pending(&mut scene), None);
}

#[test]
fn who_waited_for_all_is_told_all() {
    let mut scene = Scene::new();
    let (root, [inner, outer]) = (scene.root, scene.threads);
    scene.dispatch(inner, 0).unwrap();
    let outcome = receive(&scene.system.memory, &mut scene.system.core, inner, [ALL, 0, 0, 0]).unwrap();
    assert_eq!((scene.system.told(outcome).0, scene.current()), (0, root));
    scene.system.settle_under(outer, inner);
    endpoint::post(&scene.system.memory, inner, outer, What::Expired);
    assert_eq!(scene.send(inner, 0), Outcome::DONE);
    scene.receive().unwrap();
    let outcome = scene.dispatch(inner, 1).unwrap();
    let event = Event { thread: 6, what: What::Expired, more: false };
    let told = Batch { sent: 1, events: [Some(event), None, None] };
    assert_eq!(Batch::from_words(scene.system.told(outcome).1), told);
}

#[test]
fn unknown_flags_of_a_receive_are_refused() {
    let mut scene = Scene::new();
    assert_eq!(scene.take([4, 0, 0, 0]), Err(Error::BadArgument));
    assert_eq!(scene.take([u64::MAX, 0, 0, 0]), Err(Error::BadArgument));
}
