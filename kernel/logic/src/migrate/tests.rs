//! A thread goes to another core, with what others send to it.

use super::*;
use crate::dispatch::{Decision, switch_to};
use crate::endpoint;
use crate::testing::{Interrupted, System};
use std::vec::Vec;

const OTHER: u32 = 1;

/// A root scheduler and a thread of the first core, and another core that takes part.
struct Scene {
    system: System,
    other: CoreState,
    thread: Frame,
    interrupted: Interrupted,
}

impl Scene {
    fn new() -> Self {
        let system = System::new();
        system.memory.start_core(OTHER);
        let (thread, _) = system.thread(5, 0x41_0000);
        let (scheduler, _) = system.thread_on(OTHER, 6, 0x41_0000);
        thread::set_state(&system.memory, scheduler, State::Running);
        let other = CoreState { number: OTHER.into(), thread: scheduler.address(), ..CoreState::IDLE };
        Self { system, other, thread, interrupted: Interrupted::default() }
    }

    fn migrate(&mut self, to: u64) -> Result<Outcome, Error> {
        migrate(&self.system.memory, &mut self.interrupted, &self.system.core, self.thread, to)
    }

    /// The root dispatches the thread, which comes back.
    fn run(&mut self) {
        let root = self.system.core.thread();
        self.dispatch().unwrap();
        let decision = Decision { scheduler: root, token: 0, timeout: 0, budget: None };
        switch_to(&self.system.memory, &mut self.system.core, root, 0, decision).unwrap();
    }

    fn dispatch(&mut self) -> Result<Outcome, Error> {
        let scheduler = self.system.core.thread();
        let decision = Decision { scheduler, token: 0, timeout: 0, budget: None };
        switch_to(&self.system.memory, &mut self.system.core, self.thread, 0, decision)
    }

    fn state(&self) -> State {
        thread::state(&self.system.memory, self.thread)
    }
}

#[test]
fn a_thread_goes_on_on_the_other_core_and_not_on_this_one() {
    let mut scene = Scene::new();
    scene.run();
    assert_eq!(scene.migrate(OTHER.into()), Ok(Outcome::DONE));
    assert_eq!(scene.dispatch(), Err(Error::WrongCore));
    assert_eq!(scene.migrate(0), Err(Error::WrongCore));
    assert_eq!(thread::scheduler(&scene.system.memory, scene.thread), Scheduler::None);
    let decision = Decision { scheduler: scene.other.thread(), token: 0, timeout: 0, budget: None };
    assert_eq!(switch_to(&scene.system.memory, &mut scene.other, scene.thread, 0, decision), Ok(Outcome::DONE));
    assert_eq!((scene.other.thread(), scene.other.identity), (scene.thread, 5 | u64::from(OTHER) << 32));
    assert!(scene.interrupted.cores.is_empty(), "nobody sent to it");
}

#[test]
fn its_scheduler_is_told_nothing_of_a_thread_that_has_gone() {
    let mut scene = Scene::new();
    scene.run();
    let root = scene.system.core.thread();
    endpoint::post(&scene.system.memory, root, scene.thread, abi::event::What::Preempted);
    scene.migrate(OTHER.into()).unwrap();
    assert!(!endpoint::has_pending(&scene.system.memory, root));
}

#[test]
fn only_a_thread_that_could_go_on_here_can_go_on_elsewhere() {
    use State::*;
    let mut scene = Scene::new();
    for state in [Running, Waiting, Receiving, Faulted] {
        thread::set_state(&scene.system.memory, scene.thread, state);
        assert_eq!(scene.migrate(OTHER.into()), Err(Error::NotDispatchable), "{state:?}");
    }
    for state in [AtStart, Suspended, Preempted] {
        thread::set_state(&scene.system.memory, scene.thread, state);
        assert_eq!((scene.migrate(0), scene.state()), (Ok(Outcome::DONE), state));
    }
    for nowhere in [2, u64::from(u32::MAX), u64::MAX] {
        assert_eq!(scene.migrate(nowhere), Err(Error::BadArgument));
    }
}

#[test]
fn who_schedules_others_or_is_waited_for_stays() {
    let mut scene = Scene::new();
    let memory = &scene.system.memory;
    let (scheduled, _) = scene.system.thread(7, 0x41_0000);
    thread::set_scheduler(memory, scheduled, Scheduler::EndPoint(scene.thread));
    assert_eq!(scene.migrate(OTHER.into()), Err(Error::InUse));
    let memory = &scene.system.memory;
    thread::set_scheduler(memory, scheduled, Scheduler::EndPoint(scene.system.core.thread()));
    thread::set_scheduler(memory, scene.thread, Scheduler::Waiting(scheduled));
    assert_eq!(scene.migrate(OTHER.into()), Err(Error::InUse));
    thread::set_scheduler(&scene.system.memory, scene.thread, Scheduler::None);
    assert_eq!(scene.migrate(OTHER.into()), Ok(Outcome::DONE));
}

#[test]
fn what_was_sent_and_not_taken_keeps_it_here_and_what_is_sent_then_follows() {
    let mut scene = Scene::new();
    thread::set_state(&scene.system.memory, scene.thread, State::Suspended);
    let sent = |scene: &Scene| cross_core::send(&scene.system.memory, scene.thread, false);
    assert_eq!(sent(&scene), Ok(Some(0)));
    assert_eq!(scene.migrate(OTHER.into()), Err(Error::Pending));
    cross_core::take(&scene.system.memory, &scene.system.core);
    scene.migrate(OTHER.into()).unwrap();
    assert_eq!(sent(&scene), Ok(Some(OTHER)));
    cross_core::take(&scene.system.memory, &scene.other);
    assert_eq!(endpoint::take(&scene.system.memory, scene.thread), Some([2, 0]));
}

#[test]
fn a_send_on_the_way_is_listed_where_the_thread_arrives() {
    let mut scene = Scene::new();
    let memory = &scene.system.memory;
    cross_core::hold(memory, scene.thread).unwrap();
    assert_eq!(cross_core::send(memory, scene.thread, false), Ok(None), "whoever moves it sees to that");
    thread::set_core(memory, scene.thread, OTHER);
    assert_eq!(cross_core::let_go(memory, scene.thread), Ok(true));
    let cores: Vec<_> = [&scene.system.core, &scene.other].map(|core| cross_core::take(memory, core)).into();
    assert_eq!(cores, [None, None]);
    assert_eq!(endpoint::take(memory, scene.thread), Some([1, 0]));
    scene.interrupted.cores.clear();
}
