use super::*;
use crate::component;
use crate::invocation::return_with;
use crate::outcome::Registers;
use crate::testing::{Interrupted, System};

/// The number of the core on which threads are launched.
const OTHER: u32 = 1;

/// A system with a second core that runs nothing, and a thread there.
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
        let (thread, _) = system.thread_on(OTHER, 5, 0x41_0000);
        let other = CoreState { number: OTHER.into(), ..CoreState::IDLE };
        Self { system, other, thread, interrupted: Interrupted::default() }
    }

    fn launch(&mut self, told: Option<Frame>) -> Result<Outcome, Error> {
        begin(&self.system.memory, &mut self.interrupted, self.thread, 7, told)
    }

    fn next(&mut self) -> Outcome {
        next(&self.system.memory, &mut self.interrupted, &mut self.other)
    }

    fn end(&mut self, status: u16) -> Outcome {
        return_with(&self.system.memory, &mut self.other, status, [0; 2])
    }

    fn ended(&self) -> Result<[u64; 2], Error> {
        ended(&self.system.memory, self.thread)
    }
}

#[test]
fn a_launched_thread_runs_on_its_own_core_until_it_ends() {
    let mut scene = Scene::new();
    assert_eq!(scene.ended(), Err(Error::NothingPending));
    assert_eq!(scene.next(), Outcome::Idle);
    assert_eq!(scene.launch(None), Ok(Outcome::DONE));
    assert_eq!(scene.interrupted.cores, [OTHER]);
    let identity = 5 | u64::from(OTHER) << 32;
    assert_eq!(scene.next(), Outcome::Resume);
    assert_eq!(scene.other.registers, Registers { rdi: 7, r9: identity, ..Registers::ZERO });
    assert_eq!((scene.other.thread(), scene.other.root), (scene.thread, scene.thread.address()));
    assert_eq!(scene.ended(), Err(Error::Pending));
    assert_eq!(scene.end(300), Outcome::Idle);
    scene.other.registers = Registers::ZERO;
    assert_eq!(scene.other, CoreState { number: OTHER.into(), ..CoreState::IDLE });
    assert_eq!(scene.ended(), Ok([ThreadEnd::Returned as u64, 300]));
    assert_eq!(scene.next(), Outcome::Idle);
}

#[test]
fn a_core_runs_one_root_at_a_time_and_the_next_when_that_has_ended() {
    let mut scene = Scene::new();
    scene.launch(None).unwrap();
    assert_eq!(scene.launch(None), Err(Error::InUse), "not yet begun");
    scene.next();
    assert_eq!(scene.launch(None), Err(Error::InUse), "running");
    scene.end(0);
    assert_eq!(scene.launch(None), Err(Error::InUse), "the core has not said so yet");
    scene.next();
    assert_eq!(scene.launch(None), Ok(Outcome::DONE));
    assert_ne!(scene.next(), Outcome::Idle);
    assert_eq!(scene.ended(), Err(Error::Pending));
}

#[test]
fn the_first_core_is_never_free() {
    let mut scene = Scene::new();
    (scene.thread, _) = scene.system.thread(6, 0x41_0000);
    assert_eq!(scene.launch(None), Err(Error::InUse));
}

#[test]
fn only_a_thread_at_its_start_is_launched_and_a_refusal_leaves_the_core_free() {
    let mut scene = Scene::new();
    thread::set_state(&scene.system.memory, scene.thread, State::Faulted);
    assert_eq!(scene.launch(None), Err(Error::NotDispatchable));
    thread::set_state(&scene.system.memory, scene.thread, State::AtStart);
    assert_eq!(scene.launch(None), Ok(Outcome::DONE));
}

#[test]
fn a_thread_whose_component_died_before_it_began_ends_at_once() {
    let mut scene = Scene::new();
    let (thread, component) = scene.system.thread_on(OTHER, 6, 0x41_0000);
    scene.thread = thread;
    scene.launch(None).unwrap();
    component::revoke(&scene.system.memory, component).unwrap();
    assert_eq!(scene.next(), Outcome::Idle);
    assert_eq!(scene.ended(), Ok([ThreadEnd::Faulted as u64, Error::Revoked.status().into()]));
    assert_eq!(scene.other.thread, 0);
    assert_eq!(scene.launch(None), Ok(Outcome::DONE), "the core is free");
}

#[test]
fn whoever_is_to_be_told_is_sent_to_across_cores() {
    let mut scene = Scene::new();
    let launcher = scene.system.core.thread();
    scene.launch(Some(launcher)).unwrap();
    scene.next();
    scene.end(0);
    scene.interrupted.cores.clear();
    assert_eq!(scene.next(), Outcome::Idle);
    assert_eq!(scene.interrupted.cores, [0]);
    cross_core::take(&scene.system.memory, &scene.system.core);
    assert_eq!(endpoint::take(&scene.system.memory, launcher), Some([1, 0]));
}

#[test]
fn whoever_is_to_be_told_and_is_gone_gets_nothing() {
    let mut scene = Scene::new();
    let (told, _) = scene.system.thread(6, 0x41_0000);
    let life = frame::life(&scene.system.memory, told);
    scene.launch(Some(told)).unwrap();
    frame::end(&scene.system.memory, told, life).unwrap();
    scene.next();
    scene.end(0);
    scene.interrupted.cores.clear();
    scene.next();
    assert!(scene.interrupted.cores.is_empty());
}

#[test]
fn nobody_takes_a_launched_thread_from_its_core() {
    use crate::dispatch::{Decision, switch_to};
    let mut scene = Scene::new();
    scene.launch(None).unwrap();
    scene.next();
    let memory = &scene.system.memory;
    let (worker, _) = scene.system.thread_on(OTHER, 6, 0x41_0000);
    let root = scene.thread;
    let decision = |scheduler, token| Decision { scheduler, token, timeout: 0, budget: None };
    switch_to(memory, &mut scene.other, worker, 0, decision(root, 1)).unwrap();
    // The worker would be the scheduler of the root.
    switch_to(memory, &mut scene.other, root, 0, decision(worker, 1)).unwrap();
    assert_eq!(thread::scheduler(memory, root), Scheduler::Launched);
}
