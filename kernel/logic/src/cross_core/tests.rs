#![allow(clippy::indexing_slicing, reason = "a test that indexes out of its vectors should fail")]

use super::*;
use crate::testing::{Interrupted, System};
use abi::event::{Event, What};
use std::thread as host;
use std::vec::Vec;

const OTHER: u32 = 1;

/// A system with a second core, and a thread there.
fn scene() -> (System, CoreState, Frame) {
    let system = System::new();
    system.memory.start_core(OTHER);
    let (thread, _) = system.thread_on(OTHER, 5, 0x41_0000);
    (system, CoreState { number: OTHER.into(), ..CoreState::IDLE }, thread)
}

fn pending(system: &System, thread: Frame) -> Option<[u64; 2]> {
    endpoint::take(&system.memory, thread)
}

#[test]
fn sends_are_counted_and_the_first_interrupts() {
    let (system, other, thread) = scene();
    let mut interrupted = Interrupted::default();
    for _ in 0..3 {
        assert_eq!(activate(&system.memory, &mut interrupted, thread, 0), Ok(Outcome::DONE));
    }
    assert_eq!(interrupted.cores, [OTHER]);
    assert_eq!(pending(&system, thread), None, "its core has not taken them");
    take(&system.memory, &other);
    assert_eq!(pending(&system, thread), Some([3, 0]));
    activate(&system.memory, &mut interrupted, thread, 0).unwrap();
    assert_eq!(interrupted.cores, [OTHER, OTHER]);
}

#[test]
fn each_thread_gets_its_own() {
    let (system, other, thread) = scene();
    let (second, _) = system.thread_on(OTHER, 6, 0x41_0000);
    for receiver in [thread, second, thread] {
        activate(&system.memory, &mut Interrupted::default(), receiver, 0).unwrap();
    }
    take(&system.memory, &other);
    assert_eq!(pending(&system, thread), Some([2, 0]));
    assert_eq!(pending(&system, second), Some([1, 0]));
}

#[test]
fn unknown_flags_are_refused() {
    let (system, _, thread) = scene();
    assert_eq!(activate(&system.memory, &mut Interrupted::default(), thread, 2), Err(Error::BadArgument));
}

#[test]
fn a_scheduler_learns_that_its_thread_woke_and_decides_at_once_if_asked() {
    for (flags, decides) in [(0, None), (1, Some(0))] {
        let (system, mut other, thread) = scene();
        let ((scheduler, _), (running, _)) =
            (system.thread_on(OTHER, 6, 0x41_0000), system.thread_on(OTHER, 7, 0x41_0000));
        thread::set_state(&system.memory, thread, thread::State::Receiving);
        for scheduled in [thread, running] {
            thread::set_scheduler(&system.memory, scheduled, thread::Scheduler::EndPoint(scheduler));
        }
        other.thread = running.address();
        activate(&system.memory, &mut Interrupted::default(), thread, 0).unwrap();
        activate(&system.memory, &mut Interrupted::default(), thread, flags).unwrap();
        assert_eq!(take(&system.memory, &other), decides);
        let woken = Event { thread: 5, what: What::Woken, more: false };
        assert_eq!(pending(&system, scheduler), Some([0, woken.to_word()]));
    }
}

#[test]
fn nothing_is_sent_to_a_thread_that_is_about_to_go() {
    let (system, other, thread) = scene();
    activate(&system.memory, &mut Interrupted::default(), thread, 0).unwrap();
    assert_eq!(close(&system.memory, thread), Err(Error::Pending), "it is listed");
    take(&system.memory, &other);
    assert_eq!(close(&system.memory, thread), Ok(()));
    assert_eq!(close(&system.memory, thread), Ok(()));
    assert_eq!(activate(&system.memory, &mut Interrupted::default(), thread, 1), Err(Error::Revoked));
    take(&system.memory, &other);
    assert_eq!(pending(&system, thread), Some([1, 0]), "what was sent before");
}

/// Three cores send to five threads as fast as they can, while the threads' core takes: no send is lost.
#[test]
fn many_senders_lose_nothing() {
    const TIMES: u64 = 20_000;
    let (system, other, _) = scene();
    let threads: Vec<Frame> = (6..11).map(|index| system.thread_on(OTHER, index, 0x41_0000).0).collect();
    let memory = &system.memory;
    host::scope(|scope| {
        let send = |at: u64| {
            let receiver = threads[(at % 5) as usize];
            activate(memory, &mut Interrupted::default(), receiver, at & 1).unwrap();
        };
        let senders: Vec<_> = (0..3).map(|_| scope.spawn(move || (0..TIMES).for_each(send))).collect();
        while senders.iter().any(|sender| !sender.is_finished()) {
            take(memory, &other);
        }
    });
    take(memory, &other);
    for thread in threads {
        assert_eq!(endpoint::take(memory, thread), Some([3 * TIMES / 5, 0]));
    }
}
