//! A test for each condition of reclaiming, and for what is stale afterwards.

#![allow(clippy::indexing_slicing, reason = "a test that indexes out of its vectors should fail")]

use super::*;
use crate::capability::{Capability, commit};
use crate::component::Reference;
use crate::dispatch::{self, Decision};
use crate::invocation;
use crate::store::Words;
use crate::testing::{Memory, System};
use abi::event::What;
use abi::operation::ThreadEnd;
use core::sync::atomic::Ordering::Relaxed;
use std::vec::Vec;

/// What user level writes into memory that it gets: in every word, what looks most like an object of ours.
fn fill_with_hostile_words(words: &Words) {
    for (at, word) in words.iter().enumerate() {
        let hostile = [u64::MAX, 1, 0xffff_8000_0000_0000 | at as u64, 0x40_0000, 3 | 0xffff << 8];
        word.store(hostile[at % hostile.len()], Relaxed);
    }
}

fn holding(memory: &Memory, capability: Capability) -> Slot {
    let slot = Slot::default();
    slot::claim(memory, &slot).unwrap();
    commit(memory, &slot, capability);
    slot
}

fn reclaim(system: &System, capability: Capability) -> Result<u64, Error> {
    object(&system.memory, &system.core, &holding(&system.memory, capability))
}

fn decision(scheduler: Frame) -> Decision {
    Decision { scheduler, token: 0, timeout: 0, budget: None }
}

/// The frame becomes user memory with a mapping, full of hostile words.
fn give_to_user(system: &System, frame: Frame, epoch: u64) {
    system.memory.quiesce(epoch);
    frame::claim_user(&system.memory, frame, true).unwrap();
    fill_with_hostile_words(system.memory.words(frame));
}

#[test]
fn what_has_no_object_of_its_own_is_not_reclaimed() {
    let system = System::new();
    let (thread, _) = system.thread(5, 0x41_0000);
    for capability in
        [Capability::Power, Capability::DebugConsole, Capability::Receive(thread), Capability::Send(thread)]
    {
        assert_eq!(reclaim(&system, capability), Err(Error::WrongKind), "{capability:?}");
    }
    assert_eq!(object(&system.memory, &system.core, &Slot::default()), Err(Error::Empty));
}

#[test]
fn the_right_can_be_left_out() {
    let system = System::new();
    let (thread, _) = system.thread(5, 0x41_0000);
    let (whole, part) = (holding(&system.memory, Capability::Thread(thread)), Slot::default());
    slot::copy(&system.memory, &whole, &part, rights::RECLAIM).unwrap();
    assert_eq!(object(&system.memory, &system.core, &part), Err(Error::RightsExceeded));
    assert!(object(&system.memory, &system.core, &whole).is_ok());
    assert_eq!(object(&system.memory, &system.core, &whole), Err(Error::Revoked), "it ends once");
}

#[test]
fn a_thread_that_runs_or_waits_or_is_waited_for_is_in_use() {
    let mut system = System::new();
    let (outer, inner) = (system.thread(5, 0x41_0000).0, system.thread(6, 0x42_0000).0);
    let first = system.core.thread();
    assert_eq!(reclaim(&system, Capability::Thread(first)), Err(Error::InUse), "it runs");
    dispatch::wait_for(&system.memory, &mut system.core, outer, 0).unwrap();
    dispatch::switch_to(&system.memory, &mut system.core, inner, 0, decision(outer)).unwrap();
    assert_eq!(reclaim(&system, Capability::Thread(first)), Err(Error::InUse), "it waits");
    assert_eq!(reclaim(&system, Capability::Thread(outer)), Err(Error::InUse), "it is waited for");
}

#[test]
fn a_thread_that_is_gone_leaves_its_index_and_every_capability_to_it_is_stale() {
    let mut system = System::new();
    let (thread, component) = system.thread(5, 0x41_0000);
    let slots = [Capability::Thread(thread), Capability::Receive(thread), Capability::Send(thread)];
    let slots = slots.map(|capability| holding(&system.memory, capability));
    let epoch = object(&system.memory, &system.core, &slots[0]).unwrap();
    assert_eq!(thread::check_index(&system.memory, 5), Ok(()));
    give_to_user(&system, thread, epoch);
    for slot in &slots {
        assert_eq!(crate::capability::read(&system.memory, slot), Err(Error::Revoked));
    }
    let again = system.memory.kernel();
    thread::create(&system.memory, again, 5, 0, component, 0x41_0000).unwrap();
    dispatch::wait_for(&system.memory, &mut system.core, again, 0).unwrap();
}

#[test]
fn a_scheduler_does_not_hear_of_a_thread_that_is_gone() {
    let mut system = System::new();
    let (one, other) = (system.thread(5, 0x41_0000).0, system.thread(6, 0x42_0000).0);
    let scheduler = system.core.thread();
    for thread in [one, other] {
        dispatch::switch_to(&system.memory, &mut system.core, thread, 0, decision(scheduler)).unwrap();
        invocation::return_with(&system.memory, &mut system.core, 0, [0; 2]);
        endpoint::take(&system.memory, scheduler);
    }
    for thread in [one, other] {
        endpoint::post(&system.memory, scheduler, thread, What::Preempted);
    }
    reclaim(&system, Capability::Thread(one)).unwrap();
    let told: Vec<_> = core::iter::from_fn(|| endpoint::take(&system.memory, scheduler)).collect();
    assert_eq!(told.len(), 1, "the other's event is in the list, alone");
}

#[test]
fn threads_of_a_scheduler_that_is_gone_belong_to_the_one_above() {
    let mut system = System::new();
    let (middle, below) = (system.thread(5, 0x41_0000).0, system.thread(6, 0x42_0000).0);
    let top = system.core.thread();
    dispatch::switch_to(&system.memory, &mut system.core, middle, 0, decision(top)).unwrap();
    dispatch::switch_to(&system.memory, &mut system.core, below, 0, decision(middle)).unwrap();
    endpoint::post(&system.memory, middle, below, What::Blocked);
    reclaim(&system, Capability::Thread(middle)).unwrap();
    assert_eq!(thread::scheduler(&system.memory, below), Scheduler::EndPoint(top));
    assert!(endpoint::has_pending(&system.memory, top), "what was to be told is told to the one above");
    // Its end is told there, and nobody looks for the one that is gone.
    invocation::return_with(&system.memory, &mut system.core, 3, [0; 2]);
    assert_eq!(system.core.thread(), top);
}

#[test]
fn a_thread_of_another_core_is_reclaimed_when_that_runs_nothing_and_no_scheduler_knows_it() {
    let mut system = System::new();
    system.memory.start_core(1);
    let component = system.component(9);
    let make = |index| {
        let thread = system.memory.kernel();
        thread::create(&system.memory, thread, index, 1, component, 0x41_0000).unwrap();
        thread
    };
    let (one, other, scheduler) = (make(10), make(11), make(12));
    let launched = &system.memory.shared(1).unwrap().launched.0;
    launched.store(other.address(), Release);
    assert_eq!(reclaim(&system, Capability::Thread(one)), Err(Error::WrongCore), "the core runs something");
    launched.store(launched::IDLE, Release);
    thread::set_scheduler(&system.memory, one, Scheduler::EndPoint(scheduler));
    assert_eq!(reclaim(&system, Capability::Thread(one)), Err(Error::WrongCore), "a scheduler knows it");
    assert_eq!(reclaim(&system, Capability::Thread(scheduler)), Err(Error::WrongCore), "it is that scheduler");
    assert!(reclaim(&system, Capability::Thread(other)).is_ok());
    assert_eq!(launched.load(Acquire), launched::IDLE, "the core is free again");
    let _ = &mut system;
}

#[test]
fn what_others_sent_is_taken_in_first() {
    let system = System::new();
    let (thread, _) = system.thread(5, 0x41_0000);
    cross_core::send(&system.memory, thread, false).unwrap();
    assert_eq!(reclaim(&system, Capability::Thread(thread)), Err(Error::Pending));
    cross_core::take(&system.memory, &system.core);
    assert!(reclaim(&system, Capability::Thread(thread)).is_ok());
    assert_eq!(cross_core::send(&system.memory, thread, false), Err(Error::Revoked));
}

/// A component on the invocation stack of the current thread, between two others; with what its objects lie in.
struct Between {
    system: System,
    middle: Reference,
    objects: [Frame; 3],
    to_middle: crate::capability::Invocation,
}

fn between() -> Between {
    let mut system = System::new();
    let memory = &system.memory;
    let objects: [Frame; 3] = core::array::from_fn(|_| memory.kernel());
    let [object, table, page_table] = objects;
    CapabilityTable::create(memory, table);
    PageTable::create(memory, page_table);
    let middle = component::create(memory, object, 8, table, page_table).unwrap();
    let inner = system.component(9);
    let to = |server| crate::capability::Invocation { server, entry: 0x50_0000, token: 0, methods: 1 };
    for server in [middle, inner] {
        invocation::invoke(&system.memory, &mut system.core, to(server), 0, [0; 4]).unwrap();
    }
    Between { system, middle, objects, to_middle: to(middle) }
}

#[test]
fn whatever_leads_to_a_component_that_is_gone_answers_an_error() {
    let Between { mut system, middle, objects: [object, table, page_table], to_middle } = between();
    let memory = &system.memory;
    let held = [
        Capability::Component(middle),
        Capability::CapabilityTable(table),
        Capability::PageTable(page_table),
        Capability::Invocation(to_middle),
    ];
    let slots = held.map(|capability| holding(memory, capability));
    let reclaim = |slot: &Slot| super::object(memory, &system.core, slot);
    for slot in &slots[1..3] {
        assert_eq!(reclaim(slot), Err(Error::InUse), "the component uses it");
    }
    assert_eq!(reclaim(&slots[0]), Err(Error::InUse), "it lives");
    memory.quiesce(component::revoke(memory, middle).unwrap());
    let epochs: Vec<_> = slots[..3].iter().map(|slot| reclaim(slot).unwrap()).collect();
    for (frame, epoch) in [object, table, page_table].into_iter().zip(epochs) {
        give_to_user(&system, frame, epoch);
    }
    for slot in &slots {
        assert_eq!(crate::capability::read(memory, slot), Err(Error::Revoked));
    }
    assert_eq!(slot::component(memory, &slots[0], 0), Err(Error::Revoked));
    let result = invocation::invoke(&system.memory, &mut system.core, to_middle, 0, [0; 4]);
    assert_eq!(result, Err(Error::Revoked));
    // The return from the innermost goes past the one that is gone.
    let outcome = invocation::return_with(&system.memory, &mut system.core, 0, [0; 2]);
    assert_eq!(outcome, Error::Revoked.into());
    assert!(thread::is_at_first_entry(&system.core));
}

#[test]
fn a_thread_whose_component_is_gone_does_not_start() {
    let mut system = System::new();
    let (thread, component) = system.thread(5, 0x41_0000);
    let slot = holding(&system.memory, Capability::Component(component));
    let object = component.object(&system.memory).unwrap();
    system.memory.quiesce(component::revoke(&system.memory, component).unwrap());
    let epoch = super::object(&system.memory, &system.core, &slot).unwrap();
    give_to_user(&system, object, epoch);
    let result = dispatch::wait_for(&system.memory, &mut system.core, thread, 0);
    assert_eq!(result, Err(Error::Revoked));
    let _ = ThreadEnd::Returned;
}

#[test]
fn descriptors_and_indices_are_used_again_for_ever() {
    let system = System::new();
    let memory = &system.memory;
    let [object, table, page_table, thread] = core::array::from_fn(|_| memory.untyped());
    for _ in 0..1000 {
        let [_, _, _, _] = [object, table, page_table, thread].map(|frame| frame::claim_kernel(memory, frame).unwrap());
        CapabilityTable::create(memory, table);
        PageTable::create(memory, page_table);
        let reference = component::create(memory, object, 8, table, page_table).unwrap();
        thread::create(memory, thread, 8, 0, reference, 0x41_0000).unwrap();
        let slots = [
            Capability::Thread(thread),
            Capability::Component(reference),
            Capability::CapabilityTable(table),
            Capability::PageTable(page_table),
        ];
        let slots = slots.map(|capability| holding(memory, capability));
        memory.quiesce(component::revoke(memory, reference).unwrap());
        let last = slots.each_ref().map(|slot| super::object(memory, &system.core, slot).unwrap());
        memory.quiesce(last[3]);
    }
}
