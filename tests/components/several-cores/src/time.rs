//! Each core has a timer of its own: threads that never yield are preempted on both at once.

use crate::asking::{Asking, THREADS, ask};
use crate::worker::{Job, STOP, word};
use abi::boot::slot;
use abi::event::{Event, What};
use abi::operation::{ReceiveOperation, ThreadEnd, ThreadOperation};
use core::sync::atomic::Ordering::Release;

/// All of it.
pub fn all(asking: &mut Asking, _: u64) {
    STOP.store(0, Release);
    let (scheduler, _) = (asking.worker(asking.core), asking.worker(asking.core));
    let here = asking.worker(0);
    asking.launch(scheduler, Job::Schedule, 0);
    let timeout = runtime::time::ticks() + 1_000_000;
    let words = [word(Job::Work, here, u32::MAX), timeout, 1, slot::RECEIVE.into()];
    let back = loop {
        match ask(THREADS + here, ThreadOperation::Dispatch as u16, words) {
            // What it was told before.
            Err(abi::error::Error::EventsPending) => asking.hear(),
            back => break back,
        };
    };
    asking.is("a dispatch", back, Ok([0, 0]));
    let told = preempted(asking, here);
    asking.is("a preemption here", told, true);
    let ended = asking.end_of(scheduler);
    let preempted = Event { thread: 0, what: What::Preempted, more: false }.to_word() >> 32;
    asking.is("a preemption there", ended, Ok([ThreadEnd::Returned as u64, 0x100 | preempted]));
}

/// Whether the constructor's end-point tells that the worker was preempted; it may tell of sends first.
fn preempted(asking: &mut Asking, worker: u32) -> bool {
    loop {
        match ask(slot::RECEIVE, ReceiveOperation::Receive as u16, [1, 0, 0, 0]) {
            Ok([times, 0]) => asking.heard(times),
            Ok([times, event]) => {
                asking.heard(times);
                let event = Event::from_word(event);
                let index = crate::worker::FIRST_THREAD + worker;
                return event.is_some_and(|event| event.thread == index && event.what == What::Preempted);
            }
            Err(error) => {
                asking.complain(format_args!("an event: {error}"));
                return false;
            }
        }
    }
}
