//! Schedulers below each other: until when each has the core, and which of them is told.

#![allow(clippy::indexing_slicing, reason = "a test that indexes out of its arrays should fail")]

use super::*;
use crate::endpoint::{notify, receive};
use crate::temporal_capability as temporal;
use crate::testing::System;
use abi::event::Event;

/// Four threads, each the scheduler of the next one: the root, a child, a grandchild, and a thread that schedules nobody.
struct Scene {
    system: System,
    levels: [Frame; 4],
    time: Frame,
    now: u64,
}

const NOW: u64 = 1000;

impl Scene {
    fn new() -> Self {
        let system = System::new();
        let [child, grandchild, thread] = [5, 6, 7].map(|index| system.thread(index, 0x41_0000).0);
        let root = system.core.thread();
        let time = system.memory.kernel();
        temporal::create_unlimited(&system.memory, time, root);
        Self { system, levels: [root, child, grandchild, thread], time, now: NOW }
    }

    /// The thread of this level dispatches the one below it. What that one is told, if it waited for that.
    fn descend(&mut self, level: usize, timeout: u64) -> Option<(usize, What)> {
        let (scheduler, thread) = (self.levels[level], self.levels[level + 1]);
        let decision = Decision { scheduler, token: 0, timeout, budget: Some(self.time) };
        let outcome = switch_to(&self.system.memory, &mut self.system.core, thread, 0, decision).unwrap();
        if matches!(outcome, Outcome::Resume) { None } else { event(self.system.told(outcome).1[1]) }
    }

    /// Each level dispatches the next one, until these times.
    fn descend_all(&mut self, timeouts: [u64; 3]) {
        for (level, timeout) in timeouts.into_iter().enumerate() {
            self.descend(level, timeout);
        }
        assert_eq!(self.current(), 3);
    }

    fn interrupt(&mut self, decide: Option<usize>) {
        interrupted(&self.system.memory, &mut self.system.core, self.now, decide);
    }

    /// The timer interrupts.
    fn meet_timeout(&mut self) {
        self.now = self.system.core.timeout;
        self.interrupt(Some(0));
    }

    /// The level of who runs.
    fn current(&self) -> usize {
        self.levels.iter().position(|level| *level == self.system.core.thread()).unwrap()
    }

    /// What who runs is told, and of which level.
    fn told(&mut self) -> Option<(usize, What)> {
        let thread = self.system.core.thread();
        let outcome = receive(&self.system.memory, &mut self.system.core, thread, [1, 0, 0, 0]).ok()?;
        event(self.system.told(outcome).1[1])
    }

    /// Who runs waits.
    fn wait(&mut self) {
        let thread = self.system.core.thread();
        receive(&self.system.memory, &mut self.system.core, thread, [0; 4]).unwrap();
    }
}

/// What an event says, and of which level.
fn event(word: u64) -> Option<(usize, What)> {
    Event::from_word(word).map(|event| (event.thread as usize - 4, event.what))
}

#[test]
fn nothing_below_a_scheduler_runs_longer_than_the_scheduler_may() {
    for (timeouts, until) in [
        ([0, 0, 0], 0),
        ([5000, 0, 0], 5000),
        ([5000, 9000, 0], 5000),
        ([5000, 4000, 6000], 4000),
        ([5000, 4000, 3000], 3000),
        ([0, 4000, 0], 4000),
    ] {
        let mut scene = Scene::new();
        scene.descend_all(timeouts);
        assert_eq!(scene.system.core.timeout, until, "{timeouts:?}");
    }
}

#[test]
fn at_the_timeout_the_one_whose_decision_it_was_goes_on() {
    for (timeouts, level) in [([5000, 0, 0], 0), ([5000, 4000, 9000], 1), ([5000, 4000, 3000], 2), ([3000, 3000, 0], 0)]
    {
        let mut scene = Scene::new();
        scene.descend_all(timeouts);
        scene.meet_timeout();
        assert_eq!(scene.current(), level, "{timeouts:?}");
        assert_eq!(scene.told(), Some((level + 1, What::Preempted)));
        for below in level..2 {
            scene.descend(below, 0);
            assert_eq!(scene.told(), Some((below + 2, What::Preempted)), "it learns of it when it goes on");
        }
    }
}

#[test]
fn a_scheduler_that_goes_on_has_what_is_left_to_it() {
    let mut scene = Scene::new();
    scene.descend_all([5000, 4000, 3000]);
    scene.meet_timeout();
    assert_eq!((scene.current(), scene.system.core.timeout), (2, 4000));
    scene.wait_told();
    assert_eq!((scene.current(), scene.system.core.timeout), (1, 5000));
}

#[test]
fn its_own_threads_do_not_give_a_scheduler_more_time() {
    let mut scene = Scene::new();
    scene.descend_all([5000, 0, 0]);
    let (child, thread) = (scene.levels[1], scene.levels[3]);
    for timeout in [0, 9000] {
        let decision = Decision { scheduler: child, token: 0, timeout, budget: Some(scene.time) };
        switch_to(&scene.system.memory, &mut scene.system.core, child, 0, decision).unwrap();
        assert_eq!(scene.system.core.timeout, 5000);
        switch_to(&scene.system.memory, &mut scene.system.core, thread, 0, decision).unwrap();
        assert_eq!(scene.system.core.timeout, 5000);
    }
}

#[test]
fn nor_do_they_take_time_from_it() {
    let mut scene = Scene::new();
    scene.descend_all([5000, 0, 0]);
    let (child, thread) = (scene.levels[1], scene.levels[3]);
    for (to, timeout, until) in [(child, 3000, 3000), (thread, 0, 5000)] {
        let decision = Decision { scheduler: child, token: 0, timeout, budget: Some(scene.time) };
        switch_to(&scene.system.memory, &mut scene.system.core, to, 0, decision).unwrap();
        assert_eq!(scene.system.core.timeout, until);
    }
}

#[test]
fn all_schedulers_that_wait_are_told_of_a_send_below_them() {
    let mut scene = Scene::new();
    scene.descend_all([0, 0, 0]);
    for level in [3, 2, 1] {
        assert_eq!(scene.current(), level);
        scene.wait_told();
    }
    assert_eq!(scene.told(), Some((1, What::Blocked)));
    assert_eq!(scene.told(), None);
    notify(&scene.system.memory, scene.levels[3]);
    let mut told = scene.told();
    for level in [0, 1, 2] {
        assert_eq!(told, Some((level + 1, What::Woken)));
        told = scene.descend(level, 0);
    }
    assert_eq!(scene.current(), 3);
}

#[test]
fn the_highest_scheduler_that_is_told_decides() {
    for receiver in [1, 2] {
        let mut scene = Scene::new();
        let (driver, _) = scene.system.thread(8, 0x41_0000);
        let scheduler = scene.levels[receiver - 1];
        thread::set_scheduler(&scene.system.memory, driver, Scheduler::EndPoint(scheduler));
        thread::set_state(&scene.system.memory, driver, State::Receiving);
        scene.descend_all([0, 0, 0]);
        notify(&scene.system.memory, driver);
        interrupted_for(&scene.system.memory, &mut scene.system.core, NOW, driver);
        assert_eq!(scene.current(), receiver - 1);
    }
}

#[test]
fn a_scheduler_ends_the_wait_of_its_thread() {
    let mut scene = Scene::new();
    scene.descend(0, 0);
    scene.wait();
    assert_eq!(scene.told(), Some((1, What::Blocked)));
    let decision = Decision { scheduler: scene.levels[0], token: 0, timeout: 0, budget: None };
    let outcome = switch_to(&scene.system.memory, &mut scene.system.core, scene.levels[1], 0, decision);
    assert_eq!(outcome, Ok(Error::TimedOut.into()));
    assert_eq!(scene.current(), 1);
}

impl Scene {
    /// Who runs takes in what it is told, and waits.
    fn wait_told(&mut self) {
        while self.told().is_some() {}
        self.wait();
    }
}
