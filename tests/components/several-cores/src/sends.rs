//! Sends from core to core, both ways at once: none is lost, and whoever sleeps wakes up.

use crate::asking::Asking;
use crate::worker::{self, Job};
use abi::operation::ThreadEnd;

/// All of it.
pub fn all(asking: &mut Asking, rounds: u64) {
    let worker = asking.worker(asking.core);
    // One after another: both cores sleep in turns.
    asking.launch(worker, Job::Echo, rounds as u32);
    asking.expect(rounds);
    let mut heard = 0;
    for sent in 1..=rounds {
        let answer = worker::send(worker, 0);
        asking.is("a send", answer, Ok([0, 0]));
        while heard < sent {
            heard += asking.hear();
        }
    }
    finish(asking, worker);
    // As fast as it goes.
    let many = 10 * rounds;
    asking.launch(worker, Job::Echo, many as u32);
    for at in 0..many {
        let answer = worker::send(worker, at & 1);
        asking.is("a send", answer, Ok([0, 0]));
    }
    asking.expect(many);
    finish(asking, worker);
}

fn finish(asking: &mut Asking, worker: u32) {
    let ended = asking.end_of(worker);
    asking.is("the end of who sends back", ended, Ok([ThreadEnd::Returned as u64, 0]));
}
