//! The highest priority runs; equals take turns of one quantum each.
//!
//! A thread stays at the head of its queue while it runs. If a higher priority
//! interrupts its turn, it goes on afterwards with what is left of it. If it
//! has used its turn up, or yields, it goes to the tail and has a fresh one.
//! A thread that has no equal is not interrupted by any tick.

use crate::policy::{BadParameters, Choice, Policy};
use crate::time::{Duration, Instant};

/// Number of priorities. 0 is the highest.
pub const PRIORITIES: usize = 32;

/// A thread's priority, below [`PRIORITIES`]; 0 is the highest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Priority(pub u8);

/// Nobody.
const NONE: u16 = u16::MAX;

/// A queue of ready threads: its ends.
#[derive(Clone, Copy, Debug)]
struct Queue {
    head: u16,
    tail: u16,
}

/// A thread in at most one queue.
#[derive(Clone, Copy, Debug)]
struct Member {
    previous: u16,
    next: u16,
    priority: u8,
    /// How much of its turn it has used.
    used: Duration,
}

/// Fixed priorities, round robin among equals. Every step is a constant number of instructions.
#[derive(Debug)]
pub struct FixedPriorityRoundRobin<const N: usize> {
    quantum: Duration,
    /// A bit for each priority whose queue is not empty.
    occupied: u32,
    queues: [Queue; PRIORITIES],
    members: [Member; N],
}

impl<const N: usize> FixedPriorityRoundRobin<N> {
    /// Nobody is ready. `quantum` is the length of a turn; one of zero length counts as one tick.
    pub const fn new(quantum: Duration) -> Self {
        const { assert!(N <= NONE as usize, "a place is a 16-bit number") };
        let quantum = Duration(if quantum.0 == 0 { 1 } else { quantum.0 });
        let member = Member { previous: NONE, next: NONE, priority: 0, used: Duration(0) };
        Self { quantum, occupied: 0, queues: [Queue { head: NONE, tail: NONE }; PRIORITIES], members: [member; N] }
    }

    /// Changes the length of a turn, also of those that have begun.
    pub const fn set_quantum(&mut self, quantum: Duration) {
        self.quantum = Duration(if quantum.0 == 0 { 1 } else { quantum.0 });
    }

    fn queue(&mut self, place: usize) -> &mut Queue {
        &mut self.queues[usize::from(self.members[place].priority)]
    }

    /// Whether a thread is in its queue.
    fn is_queued(&self, place: usize) -> bool {
        let member = self.members[place];
        member.previous != NONE || self.queues[usize::from(member.priority)].head == place as u16
    }

    fn append(&mut self, place: usize) {
        let tail = core::mem::replace(&mut self.queue(place).tail, place as u16);
        self.members[place].previous = tail;
        self.members[place].next = NONE;
        self.members[place].used = Duration(0);
        match tail {
            NONE => self.queue(place).head = place as u16,
            tail => self.members[usize::from(tail)].next = place as u16,
        }
        self.occupied |= 1 << self.members[place].priority;
    }

    fn take_out(&mut self, place: usize) {
        let Member { previous, next, priority, .. } = self.members[place];
        match previous {
            NONE => self.queue(place).head = next,
            previous => self.members[usize::from(previous)].next = next,
        }
        match next {
            NONE => self.queue(place).tail = previous,
            next => self.members[usize::from(next)].previous = previous,
        }
        self.members[place].previous = NONE;
        if self.queue(place).head == NONE {
            self.occupied &= !(1 << priority);
        }
    }

    /// To the tail, with a fresh turn.
    fn rotate(&mut self, place: usize) {
        self.take_out(place);
        self.append(place);
    }
}

impl<const N: usize> Policy<N> for FixedPriorityRoundRobin<N> {
    type Parameters = Priority;

    fn admit(&mut self, place: usize, Priority(priority): Priority) -> Result<(), BadParameters> {
        if usize::from(priority) >= PRIORITIES {
            return Err(BadParameters);
        }
        self.members[place].priority = priority;
        Ok(())
    }

    fn dismiss(&mut self, place: usize) {
        self.unready(place);
    }

    fn ready(&mut self, place: usize) {
        if !self.is_queued(place) {
            self.append(place);
        }
    }

    fn unready(&mut self, place: usize) {
        if self.is_queued(place) {
            self.take_out(place);
        }
    }

    fn yielded(&mut self, place: usize) {
        if self.is_queued(place) {
            self.rotate(place);
        }
    }

    fn ran(&mut self, place: usize, length: Duration) {
        self.members[place].used = self.members[place].used.plus(length);
        if self.members[place].used >= self.quantum && self.is_queued(place) {
            self.rotate(place);
        }
    }

    fn choose(&mut self, now: Instant) -> Option<Choice> {
        if self.occupied == 0 {
            return None;
        }
        let Queue { head, tail } = self.queues[self.occupied.trailing_zeros() as usize];
        let place = usize::from(head);
        let left = self.quantum.minus(self.members[place].used);
        Some(Choice { place, until: (head != tail).then(|| now.after(left)) })
    }
}
