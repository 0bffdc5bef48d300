//! Threads that are launched, and their ends.

use crate::asking::{Asking, THREADS};
use crate::worker::{Job, STOP, word};
use abi::error::Error;
use abi::operation::{ThreadEnd, ThreadOperation};
use core::sync::atomic::Ordering::Release;

/// All of it.
pub fn all(asking: &mut Asking, rounds: u64) {
    let worker = asking.worker(asking.core);
    for round in 0..rounds as u32 {
        let status = round % 0xffff;
        asking.launch(worker, Job::End, status);
        let ended = asking.end_of(worker);
        asking.is("an end", ended, Ok([ThreadEnd::Returned as u64, status.into()]));
    }
    one_at_a_time(asking, worker);
    faulted(asking);
}

fn one_at_a_time(asking: &mut Asking, worker: u32) {
    STOP.store(0, Release);
    asking.launch(worker, Job::Work, 1);
    let second = asking.worker(asking.core);
    let words = [word(Job::End, second, 0), 0, 0, 0];
    asking.refused(THREADS + second, ThreadOperation::Launch as u16, words, Error::InUse);
    asking.refused(THREADS + worker, ThreadOperation::Ended as u16, [0; 4], Error::Pending);
    STOP.store(1, Release);
    let ended = asking.end_of(worker);
    asking.is("a stop", ended, Ok([ThreadEnd::Returned as u64, 0]));
}

fn faulted(asking: &mut Asking) {
    let worker = asking.worker(asking.core);
    asking.launch(worker, Job::Fault, 0);
    let ended = asking.end_of(worker);
    asking.is("a fault", ended, Ok([ThreadEnd::Faulted as u64, Error::Faulted.status().into()]));
    let launch = ThreadOperation::Launch as u16;
    let mut refused = crate::asking::ask(THREADS + worker, launch, [0; 4]);
    while refused == Err(Error::InUse) {
        refused = crate::asking::ask(THREADS + worker, launch, [0; 4]);
    }
    asking.is("a launch after a fault", refused, Err(Error::NotDispatchable));
}
