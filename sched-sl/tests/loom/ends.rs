//! The two ends of a queue: one moves on, and the other, which finds nothing more, waits and is told.

use crate::desk::Desk;
use crate::explore;
use crate::word::{Explored, SOUND, TORN, TORN_EXCHANGE};
use loom::thread;
use sched_sl::{Blockpoint, Position};
use std::sync::Arc;

/// How far the one end goes.
const LENGTH: i64 = 2;

struct Queue<const FAULT: u8> {
    position: Position<Explored<FAULT>>,
    point: Blockpoint<Explored<SOUND>>,
    desk: Desk,
}

impl<const FAULT: u8> Queue<FAULT> {
    fn new() -> Arc<Self> {
        let (position, point) = (Position::new(Explored::zero()), Blockpoint::new(Explored::zero()));
        Arc::new(Self { position, point, desk: Desk::new() })
    }

    fn put(&self) {
        if self.position.advance() {
            self.position.unmark();
            if let Some(epoch) = self.point.trigger() {
                self.desk.wake(epoch, usize::MAX);
            }
        }
    }

    fn take_all(&self) {
        let mut taken = 0;
        while taken < LENGTH {
            let moved = self.point.wait_until(|| self.position.moved_from(taken), |seen| self.desk.wait(1, seen));
            taken = moved.unwrap();
        }
    }
}

fn one_moves_on_and_the_other_follows<const FAULT: u8>() {
    explore(|| {
        let queue = Queue::<FAULT>::new();
        let other = queue.clone();
        let follows = thread::spawn(move || other.take_all());
        (0..LENGTH).for_each(|_| queue.put());
        follows.join().unwrap();
    });
}

#[test]
fn who_finds_nothing_more_is_told_of_more() {
    one_moves_on_and_the_other_follows::<SOUND>();
}

#[test]
#[should_panic(expected = "deadlock")]
fn moving_on_in_two_steps_is_found_out() {
    one_moves_on_and_the_other_follows::<TORN>();
}

#[test]
#[should_panic(expected = "deadlock")]
fn a_mark_that_is_left_in_two_steps_is_found_out() {
    one_moves_on_and_the_other_follows::<TORN_EXCHANGE>();
}
