#![allow(clippy::indexing_slicing, reason = "a test that indexes out of its vectors should fail")]

use super::*;
use crate::component::Reference;
use crate::dispatch::{self, Decision};
use crate::endpoint;
use crate::invocation;
use crate::migrate::migrate;
use crate::outcome::Registers;
use crate::testing::System;
use crate::thread::{Scheduler, entry};
use abi::operation::ThreadEnd;

const MEMORY: u64 = 0x70_0000;
const START: u64 = 0x45_0000;
/// Indices of the two, and of their stacks' spans.
const ONE: u32 = 5;
const OTHER: u32 = 6;

/// Two threads of a component under the first thread; the one runs, and both have joined.
struct Scene {
    system: System,
    component: Reference,
    root: Frame,
    one: Frame,
    other: Frame,
    token: u64,
}

impl Scene {
    fn new() -> Self {
        let system = System::new();
        let component = system.component(4);
        let [one, other] = [ONE, OTHER].map(|index| system.thread_in(index, component));
        let mut scene = Self { root: system.core.thread(), system, component, one, other, token: 0 };
        for (thread, index) in [(other, OTHER), (one, ONE)] {
            scene.run(thread);
            scene.stand_on(index);
            scene.here(START).unwrap();
            if thread == other {
                dispatch::end(&scene.system.memory, &mut scene.system.core, ThreadEnd::Returned, 0);
                assert!(endpoint::take(&scene.system.memory, scene.root).is_some(), "the scheduler is told");
            }
        }
        scene
    }

    fn run(&mut self, thread: Frame) -> Outcome {
        self.token += 1;
        let decision = Decision { scheduler: self.root, token: self.token, timeout: 0, budget: None };
        dispatch::switch_to(&self.system.memory, &mut self.system.core, thread, 1, decision).unwrap()
    }

    /// The stack pointer of the current level is in the span of the thread with this index.
    fn stand_on(&self, index: u32) {
        let [address, stack, ..] = self.system.memory.level(self.system.core.top);
        address.store(MEMORY + u64::from(index), Relaxed);
        stack.store((u64::from(index) + 100) * STACK_SPAN + 0x8000, Relaxed);
    }

    fn here(&mut self, start: u64) -> Result<Outcome, Error> {
        here(&self.system.memory, &mut self.system.core, start)
    }

    fn look(&mut self) {
        look(&self.system.memory, &mut self.system.core, saved::PREEMPTED);
    }

    fn current(&self) -> Frame {
        self.system.core.thread()
    }

    fn words(&self, thread: Frame) -> &[core::sync::atomic::AtomicU64] {
        self.system.memory.words(thread)
    }
}

#[test]
fn whoever_is_on_anothers_stack_is_that_one() {
    let mut scene = Scene::new();
    scene.stand_on(OTHER);
    assert_eq!(scene.here(0), Ok(Outcome::DONE));
    assert_eq!((scene.current(), scene.system.core.identity), (scene.other, OTHER.into()));
    assert_eq!(
        scene.system.resume_point(),
        (MEMORY + u64::from(OTHER), (u64::from(OTHER) + 100) * STACK_SPAN + 0x8000)
    );
    assert_eq!(thread::state(&scene.system.memory, scene.other), State::Running);
    // Who was left begins where it has said, with its index.
    let outcome = scene.run(scene.one);
    assert_eq!(scene.system.resumed(outcome), Registers { rdi: 1, r9: ONE.into(), ..Registers::ZERO });
    assert_eq!(scene.system.resume_point(), (START, 0));
}

#[test]
fn what_an_interrupt_has_kept_is_the_others() {
    let mut scene = Scene::new();
    let area = saved::PREEMPTED;
    let kept = [area.registers, area.flags, area.fs_base, area.gs_base, area.floating_point, area.floating_point + 63];
    for at in kept {
        scene.words(scene.one)[at].store(at as u64, Relaxed);
    }
    scene.look();
    assert_eq!(scene.current(), scene.one, "it is on its own stack");
    scene.stand_on(OTHER);
    scene.look();
    assert_eq!(scene.current(), scene.other);
    assert!(kept.into_iter().all(|at| scene.words(scene.other)[at].load(Relaxed) == at as u64));
    assert_eq!(scene.words(scene.other)[area.floating_point + 64].load(Relaxed), 0, "nothing else is");
}

/// What is in the way of a belief.
type Obstacle = fn(&mut Scene);

fn set_state(scene: &mut Scene, state: State) {
    thread::set_state(&scene.system.memory, scene.other, state);
}

#[test]
fn what_cannot_be_is_not_believed() {
    let obstacles: [(&str, Obstacle); 13] = [
        ("it has faulted", |scene| set_state(scene, State::Faulted)),
        ("it is suspended", |scene| set_state(scene, State::Suspended)),
        ("it waits", |scene| set_state(scene, State::Receiving)),
        ("registers of it are kept", |scene| {
            set_state(scene, State::Preempted);
            thread::first_level(&scene.system.memory, scene.other)[entry::STACK].store(8, Relaxed);
        }),
        ("it is in a server", |scene| {
            set_state(scene, State::Preempted);
            // It has left no stack behind: a component that lies can call from nowhere.
            thread::first_level(&scene.system.memory, scene.other)[entry::STACK].store(0, Relaxed);
            let top = thread::top(&scene.system.memory, scene.other);
            scene.words(scene.other)[thread::TOP].store(top + entry::BYTES, Relaxed);
        }),
        ("it is of another component", |scene| {
            thread::first_level(&scene.system.memory, scene.other)[entry::DESCRIPTOR].store(0, Relaxed);
        }),
        ("its component has ended", |scene| {
            thread::first_level(&scene.system.memory, scene.other)[entry::EPOCH].fetch_add(2, Relaxed);
        }),
        ("it is of another core", |scene| thread::set_core(&scene.system.memory, scene.other, 1)),
        ("it has another scheduler", |scene| {
            thread::set_scheduler(&scene.system.memory, scene.other, Scheduler::EndPoint(scene.one));
        }),
        ("nobody schedules either", |scene| {
            for thread in [scene.one, scene.other] {
                thread::set_scheduler(&scene.system.memory, thread, Scheduler::None);
            }
        }),
        ("it runs on something else", |scene| {
            scene.words(scene.other)[budget::BUDGET].store(scene.root.address(), Relaxed);
        }),
        ("it has not joined", |scene| scene.words(scene.other)[SPAN].store(0, Relaxed)),
        ("who says it has not", |scene| scene.words(scene.one)[SPAN].store(0, Relaxed)),
    ];
    for (obstacle, put) in obstacles {
        let mut scene = Scene::new();
        put(&mut scene);
        scene.stand_on(OTHER);
        let before = thread::state(&scene.system.memory, scene.other);
        assert_eq!(scene.here(0), Err(Error::NotDispatchable), "{obstacle}");
        scene.look();
        assert_eq!(scene.current(), scene.one, "{obstacle}");
        assert_eq!(thread::state(&scene.system.memory, scene.other), before, "{obstacle}");
    }
}

#[test]
fn nobody_is_left_who_has_an_invocation_in_progress() {
    let of_another: fn(&mut Scene) -> Reference = |scene| scene.system.component(7);
    let its_own: fn(&mut Scene) -> Reference = |scene| scene.component;
    for server in [of_another, its_own] {
        let mut scene = Scene::new();
        let server = server(&mut scene);
        let capability = crate::capability::Invocation { server, entry: 0x50_0000, token: 0, methods: 1 };
        invocation::invoke(&scene.system.memory, &mut scene.system.core, capability, 0, [0; 4]).unwrap();
        scene.stand_on(OTHER);
        assert_eq!(scene.here(0), Err(Error::NotDispatchable));
        assert_eq!(scene.here(START), Err(Error::BadArgument), "nor does a server have it join");
        assert_eq!(scene.current(), scene.one);
    }
}

#[test]
fn one_that_lost_the_core_while_nobodys_registers_were_there_can_be_handed_over_to() {
    let mut scene = Scene::new();
    scene.run(scene.other);
    scene.look();
    dispatch::preempt(&scene.system.memory, &mut scene.system.core, 0, 0);
    assert_eq!(thread::state(&scene.system.memory, scene.other), State::Preempted);
    assert_eq!(scene.current(), scene.root);
    let _ = endpoint::take(&scene.system.memory, scene.root);
    scene.run(scene.one);
    scene.stand_on(OTHER);
    scene.look();
    assert_eq!(scene.current(), scene.other);
}

#[test]
fn numbers_of_spans_that_no_thread_has_name_nobody() {
    for index in [0, 7, 1023, u32::MAX] {
        let mut scene = Scene::new();
        scene.stand_on(index);
        assert_eq!(scene.here(0), Err(Error::NotDispatchable));
        assert_eq!(scene.current(), scene.one);
    }
}

#[test]
fn whoever_has_joined_stays_on_its_core() {
    struct Others;
    impl crate::cross_core::Cores for Others {
        fn interrupt(&mut self, _: u32) {}
        fn forget_translations(&mut self) {}
    }
    let scene = Scene::new();
    scene.system.memory.start_core(1);
    let moved = migrate(&scene.system.memory, &mut Others, &scene.system.core, scene.other, 1);
    assert_eq!(moved, Err(Error::InUse));
}

#[test]
fn nobody_starts_where_nothing_can_be() {
    let mut scene = Scene::new();
    assert_eq!(scene.here(1), Err(Error::BadArgument));
    assert_eq!(scene.here(1 << 47), Err(Error::BadArgument));
}
