//! Threads that run on budgets, and schedulers below schedulers.

use super::*;
use crate::budget::settle;
use crate::endpoint::receive;
use crate::outcome::Outcome;
use crate::temporal_capability::{self as temporal, Recipient};
use crate::testing::System;
use abi::event::Event;
use abi::time::EVERYTHING;

/// A root scheduler without a budget, a child scheduler that waits for events, and a thread of that one.
struct Scene {
    system: System,
    root: Frame,
    child: Frame,
    thread: Frame,
    now: u64,
}

impl Scene {
    fn new() -> Self {
        let system = System::new();
        let [child, thread] = [5, 6].map(|index| system.thread(index, 0x41_0000).0);
        Self { root: system.core.thread(), system, child, thread, now: 1000 }
    }

    /// A temporal capability of `scheduler`, with cycles of `from`.
    fn budget(&self, scheduler: Frame, from: Option<Frame>, cycles: u64) -> Frame {
        let (memory, made) = (&self.system.memory, self.system.memory.kernel());
        let from = from.unwrap_or_else(|| {
            let root = memory.kernel();
            temporal::create_unlimited(memory, root, self.root);
            root
        });
        temporal::create(memory, made, scheduler);
        let gift = temporal::delegate(memory, 0, from, Recipient::of(memory, made), cycles, 0).unwrap();
        gift.hand_over(memory, made);
        made
    }

    fn left(&self, capability: Frame) -> u64 {
        temporal::left(&self.system.memory, capability)
    }

    /// Dispatches, as the entry paths do: on the way out, accounts are settled.
    fn dispatch(&mut self, scheduler: Frame, thread: Frame, budget: Option<Frame>) -> Result<Outcome, Error> {
        let decision = Decision { scheduler, token: 0, timeout: 0, budget };
        let outcome = switch_to(&self.system.memory, &mut self.system.core, thread, 0, decision);
        self.leave();
        outcome
    }

    fn leave(&mut self) {
        if !self.system.core.account.is_settled() {
            settle(&self.system.memory, &mut self.system.core, self.now);
        }
    }

    /// So many ticks pass, and the timer interrupts if it is set to that.
    fn pass(&mut self, ticks: u64) {
        self.now += ticks;
        let deadline = self.system.core.account.deadline(self.system.core.timeout);
        if deadline != 0 && deadline <= self.now {
            interrupted(&self.system.memory, &mut self.system.core, self.now, None);
            self.leave();
        }
    }

    fn wait(&mut self) -> Result<Outcome, Error> {
        let thread = self.current();
        let outcome = receive(&self.system.memory, &mut self.system.core, thread, [0; 4]);
        self.leave();
        outcome
    }

    /// What the current thread is told at its end-point.
    fn told(&mut self) -> Option<Event> {
        let thread = self.current();
        let outcome = receive(&self.system.memory, &mut self.system.core, thread, [1, 0, 0, 0]).ok()?;
        Event::from_word(self.system.told(outcome).1[1])
    }

    fn current(&self) -> Frame {
        self.system.core.thread()
    }
}

fn expired(thread: u32) -> Option<Event> {
    Some(Event { thread, what: What::Expired, more: false })
}

#[test]
fn a_thread_is_stopped_when_its_budget_ends() {
    let mut scene = Scene::new();
    let (root, thread) = (scene.root, scene.thread);
    let budget = scene.budget(root, None, 100);
    scene.dispatch(root, thread, Some(budget)).unwrap();
    scene.pass(99);
    assert_eq!(scene.current(), thread);
    scene.pass(1);
    assert_eq!((scene.current(), scene.left(budget)), (root, 0));
    assert_eq!(scene.told(), expired(6));
    assert_eq!(scene.dispatch(root, thread, Some(budget)), Err(Error::BudgetExhausted));
}

#[test]
fn time_of_a_thread_is_charged_to_what_it_was_dispatched_with() {
    let mut scene = Scene::new();
    let (root, child, thread) = (scene.root, scene.child, scene.thread);
    let (one, other) = (scene.budget(root, None, 100), scene.budget(root, None, 100));
    scene.dispatch(root, child, Some(one)).unwrap();
    scene.pass(30);
    scene.dispatch(root, thread, Some(other)).unwrap();
    scene.pass(20);
    scene.dispatch(root, child, None).unwrap();
    scene.pass(5);
    scene.dispatch(root, child, Some(one)).unwrap();
    assert_eq!((scene.left(one), scene.left(other)), (70, 75), "without another one it stays the same");
}

#[test]
fn a_scheduler_goes_on_on_its_own_budget() {
    let mut scene = Scene::new();
    let (root, child, thread) = (scene.root, scene.child, scene.thread);
    let parent = scene.budget(root, None, 100);
    let given = scene.budget(child, Some(parent), 40);
    scene.dispatch(root, child, Some(parent)).unwrap();
    scene.dispatch(child, thread, Some(given)).unwrap();
    scene.pass(10);
    scene.wait().unwrap();
    assert_eq!(scene.current(), child, "its thread has blocked");
    scene.pass(7);
    scene.wait().unwrap();
    scene.wait().unwrap();
    assert_eq!(scene.current(), root);
    assert_eq!((scene.left(parent), scene.left(given)), (53, 30));
}

#[test]
fn expiry_goes_to_the_first_scheduler_that_has_time() {
    let mut scene = Scene::new();
    let (root, child, thread) = (scene.root, scene.child, scene.thread);
    let parent = scene.budget(root, None, 100);
    let given = scene.budget(child, Some(parent), 40);
    scene.dispatch(root, child, Some(parent)).unwrap();
    scene.dispatch(child, thread, Some(given)).unwrap();
    scene.pass(40);
    assert_eq!(scene.current(), child, "it has 60 of its own");
    assert_eq!(scene.told(), expired(6));
    scene.pass(60);
    assert_eq!(scene.current(), root);
    assert_eq!(scene.told(), expired(5));
}

#[test]
fn each_scheduler_without_time_is_told_when_it_has_some() {
    let mut scene = Scene::new();
    let (root, child, thread) = (scene.root, scene.child, scene.thread);
    let parent = scene.budget(root, None, 100);
    scene.dispatch(root, child, Some(parent)).unwrap();
    scene.dispatch(child, thread, None).unwrap();
    scene.pass(100);
    assert_eq!(scene.current(), root, "what was its own is used up below");
    assert_eq!(scene.told(), expired(5));
    let more = scene.budget(root, None, 50);
    scene.dispatch(root, child, Some(more)).unwrap();
    assert_eq!(scene.told(), expired(6));
}

#[test]
fn who_gives_everything_away_cannot_go_on() {
    let mut scene = Scene::new();
    let (root, child, thread) = (scene.root, scene.child, scene.thread);
    let parent = scene.budget(root, None, 100);
    scene.dispatch(root, child, Some(parent)).unwrap();
    settle(&scene.system.memory, &mut scene.system.core, scene.now);
    let given = scene.budget(child, Some(parent), EVERYTHING);
    scene.dispatch(child, thread, Some(given)).unwrap();
    scene.pass(10);
    scene.wait().unwrap();
    assert_eq!(scene.current(), root);
    assert_eq!(scene.told(), expired(5));
    assert_eq!(scene.left(given), 90);
}

#[test]
fn a_timeout_before_the_end_comes_first() {
    let mut scene = Scene::new();
    let (root, thread) = (scene.root, scene.thread);
    let budget = scene.budget(root, None, 100);
    let decision = Decision { scheduler: root, token: 0, timeout: 1030, budget: Some(budget) };
    switch_to(&scene.system.memory, &mut scene.system.core, thread, 0, decision).unwrap();
    scene.leave();
    assert_eq!(scene.system.core.account.deadline(scene.system.core.timeout), 1030);
    scene.now = 1030;
    interrupted(&scene.system.memory, &mut scene.system.core, 1030, Some(0));
    scene.leave();
    assert_eq!((scene.current(), scene.left(budget)), (root, 70));
    assert_eq!(scene.told(), Some(Event { thread: 6, what: What::Preempted, more: false }));
}

#[test]
fn nobody_takes_the_core_from_who_has_no_scheduler() {
    let mut scene = Scene::new();
    let root = scene.root;
    let budget = scene.budget(root, None, 100);
    scene.dispatch(root, root, Some(budget)).unwrap();
    scene.pass(100);
    assert_eq!((scene.current(), scene.left(budget)), (root, 0));
    scene.pass(1000);
    assert_eq!(temporal::used(&scene.system.memory, budget), 100, "from there on it is not counted");
}

/// The child's thread waits on a temporal capability that its scheduler, the child, has from the root with this priority; a
/// thread of the root runs on one with priority 5, and is about to send to it.
fn before_a_send_to(priority: u64) -> (Scene, Frame) {
    let mut scene = Scene::new();
    let (root, child, thread) = (scene.root, scene.child, scene.thread);
    let runner = scene.system.thread(7, 0x41_0000).0;
    let memory = &scene.system.memory;
    let source = memory.kernel();
    temporal::create_unlimited(memory, source, root);
    let [high, low] = [(child, priority), (root, 5)].map(|(owner, priority)| {
        let made = memory.kernel();
        temporal::create(memory, made, owner);
        temporal::delegate(memory, 0, source, Recipient::of(memory, made), 100, priority)
            .unwrap()
            .hand_over(memory, made);
        made
    });
    scene.dispatch(root, child, Some(high)).unwrap();
    scene.dispatch(child, thread, None).unwrap();
    scene.wait().unwrap();
    while scene.told().is_some() {}
    scene.wait().unwrap();
    while scene.told().is_some() {}
    scene.dispatch(root, runner, Some(low)).unwrap();
    scene.pass(10);
    (scene, low)
}

fn after_a_send_to(priority: u64) -> (Scene, Frame) {
    let (mut scene, low) = before_a_send_to(priority);
    crate::endpoint::send(&scene.system.memory, &mut scene.system.core, scene.thread, 0).unwrap();
    scene.leave();
    (scene, low)
}

#[test]
fn so_does_an_interrupt_for_it() {
    for (priority, goes_on) in [(4, true), (5, false)] {
        let (mut scene, low) = before_a_send_to(priority);
        let (thread, runner) = (scene.thread, scene.current());
        crate::endpoint::notify(&scene.system.memory, thread);
        let outcome = interrupted_for(&scene.system.memory, &mut scene.system.core, scene.now, thread);
        scene.leave();
        // Otherwise who is above both decides: its thread, the scheduler that waited, has woken.
        assert_eq!(scene.current(), if goes_on { scene.child } else { scene.root });
        assert_ne!(outcome, Outcome::Restore);
        let state = crate::thread::state(&scene.system.memory, runner);
        assert_eq!(state, State::Preempted, "its registers are kept");
        assert_eq!(scene.left(low), 90);
    }
}

#[test]
fn a_send_to_who_takes_precedence_gives_that_ones_scheduler_the_core() {
    let (mut scene, low) = after_a_send_to(4);
    let (child, root) = (scene.child, scene.root);
    assert_eq!((scene.current(), scene.left(low)), (child, 90));
    scene.pass(20);
    assert_eq!(scene.left(low), 90, "it runs on its own");
    scene.wait().unwrap();
    assert_eq!(scene.current(), root);
    assert_eq!(scene.told(), Some(Event { thread: 5, what: What::Blocked, more: true }));
    assert_eq!(scene.told(), Some(Event { thread: 7, what: What::Preempted, more: false }));
}

#[test]
fn a_send_to_anybody_else_does_not() {
    for priority in [5, 6] {
        let (scene, _) = after_a_send_to(priority);
        assert_ne!(scene.current(), scene.child, "priority {priority}");
        assert_ne!(scene.current(), scene.root, "priority {priority}");
    }
}

#[test]
fn another_cores_time_is_refused() {
    let mut scene = Scene::new();
    let (root, thread) = (scene.root, scene.thread);
    let (elsewhere, _) = scene.system.thread_on(1, 7, 0x41_0000);
    let budget = scene.system.memory.kernel();
    temporal::create_unlimited(&scene.system.memory, budget, elsewhere);
    assert_eq!(scene.dispatch(root, thread, Some(budget)), Err(Error::WrongCore));
    assert_eq!(scene.current(), root);
}
