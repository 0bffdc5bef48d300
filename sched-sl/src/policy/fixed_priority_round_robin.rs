//! The highest priority runs; equals take turns of one quantum each.
//!
//! A thread stays at the head of its queue while it runs. If a higher priority
//! interrupts its turn, it goes on afterwards with what is left of it. If it
//! has used its turn up, or yields, it goes to the tail and has a fresh one.
//! A thread that has no equal is not interrupted by any tick.

use crate::policy::{BadParameters, Choice, Policy};
use crate::time::{Duration, Instant};

/// By which a graph chooses it.
pub const NAME: &str = "fixed-priority";

/// The keys of a graph's threads at which it looks, or whoever analyses what it does.
pub const KEYS: &[&str] = &["priority", "budget", "period", "deadline", "cost"];

/// Number of priorities. 0 is the highest.
pub const PRIORITIES: usize = 32;

/// A thread's priority, below [`PRIORITIES`]; 0 is the highest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Priority(pub u8);

/// Nobody.
const NONE: u16 = u16::MAX;

/// A thread in at most one queue: a ring, in which the last comes before the first.
#[derive(Clone, Copy, Debug)]
struct Member {
    /// Nobody if it is in none.
    next: u16,
    previous: u16,
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
    /// Who is first in each queue.
    heads: [u16; PRIORITIES],
    members: [Member; N],
}

impl<const N: usize> FixedPriorityRoundRobin<N> {
    /// Nobody is ready. `quantum` is the length of a turn; one of zero length counts as one tick.
    pub const fn new(quantum: Duration) -> Self {
        const { assert!(N <= NONE as usize, "a place is a 16-bit number") };
        let quantum = Duration(if quantum.0 == 0 { 1 } else { quantum.0 });
        let member = Member { next: NONE, previous: NONE, priority: 0, used: Duration(0) };
        Self { quantum, occupied: 0, heads: [NONE; PRIORITIES], members: [member; N] }
    }

    /// Changes the length of a turn, also of those that have begun.
    pub const fn set_quantum(&mut self, quantum: Duration) {
        self.quantum = Duration(if quantum.0 == 0 { 1 } else { quantum.0 });
    }

    /// Whether anybody is ready.
    pub(crate) const fn has_ready(&self) -> bool {
        self.occupied != 0
    }

    /// Whether a thread is in its queue.
    pub(crate) fn is_queued(&self, place: usize) -> bool {
        self.members[place].next != NONE
    }

    #[inline(always)]
    fn link(&mut self, first: u16, second: u16) {
        self.members[usize::from(first)].next = second;
        self.members[usize::from(second)].previous = first;
    }

    #[inline(always)]
    fn append(&mut self, place: usize) {
        let (id, priority) = (place as u16, usize::from(self.members[place].priority));
        self.members[place].used = Duration(0);
        match self.heads[priority] {
            NONE => {
                self.heads[priority] = id;
                self.link(id, id);
                self.occupied |= 1 << priority;
            }
            head => {
                self.link(self.members[usize::from(head)].previous, id);
                self.link(id, head);
            }
        }
    }

    #[inline(always)]
    fn take_out(&mut self, place: usize) {
        let Member { previous, next, priority, .. } = self.members[place];
        let priority = usize::from(priority);
        self.members[place].next = NONE;
        if usize::from(next) == place {
            self.heads[priority] = NONE;
            self.occupied &= !(1 << priority);
            return;
        }
        self.link(previous, next);
        if usize::from(self.heads[priority]) == place {
            self.heads[priority] = next;
        }
    }

    /// To the tail, with a fresh turn, if it is in its queue.
    #[inline(always)]
    fn rotate(&mut self, place: usize) {
        let member = &mut self.members[place];
        let head = &mut self.heads[usize::from(member.priority) % PRIORITIES];
        if usize::from(*head) == place {
            // Who is first and makes way for the second is last.
            *head = member.next;
            member.used = Duration(0);
        } else {
            self.move_to_tail(place);
        }
    }

    /// What follows when a thread that runs yields. Its next turn is a fresh one, however long this one was.
    #[inline(always)]
    pub(crate) fn after_yield(&mut self, place: usize, now: Instant) -> Option<Choice> {
        self.rotate(place);
        self.choose(now)
    }

    /// What follows when a thread that runs stops: the same.
    #[inline(always)]
    pub(crate) fn after_stop(&mut self, place: usize, now: Instant) -> Option<Choice> {
        self.unready(place);
        self.choose(now)
    }

    /// What follows when a thread is woken, and another has run for so long.
    #[inline(always)]
    pub(crate) fn after_wake(&mut self, woken: usize, runs: usize, length: Duration, now: Instant) -> Option<Choice> {
        self.ready(woken);
        self.ran(runs, length);
        self.choose(now)
    }

    /// What follows when a thread goes on and another, which runs, stops.
    #[inline(always)]
    pub(crate) fn after_hand_over(&mut self, stops: usize, goes_on: usize, now: Instant) -> Option<Choice> {
        if self.takes_place(goes_on, stops) {
            return Some(Choice { place: goes_on, until: Instant::NEVER });
        }
        self.ready(goes_on);
        self.unready(stops);
        self.choose(now)
    }

    /// Puts a thread that is in no queue into the place of one of its priority, if that is alone there and first of all. Answers whether.
    #[inline(always)]
    fn takes_place(&mut self, new: usize, old: usize) -> bool {
        let priority = usize::from(self.members[old].priority);
        let is_alone =
            usize::from(self.members[old].next) == old && self.occupied.trailing_zeros() as usize == priority;
        if !is_alone || self.is_queued(new) || usize::from(self.members[new].priority) != priority {
            return false;
        }
        self.members[old].next = NONE;
        self.members[new].used = Duration(0);
        self.link(new as u16, new as u16);
        self.heads[priority % PRIORITIES] = new as u16;
        true
    }

    #[cold]
    #[inline(never)]
    fn move_to_tail(&mut self, place: usize) {
        if self.is_queued(place) {
            self.take_out(place);
            self.append(place);
        }
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

    #[inline(always)]
    fn ready(&mut self, place: usize) {
        if !self.is_queued(place) {
            self.append(place);
        }
    }

    #[inline(always)]
    fn unready(&mut self, place: usize) {
        if self.is_queued(place) {
            self.take_out(place);
        }
    }

    #[inline(always)]
    fn yielded(&mut self, place: usize) {
        self.rotate(place);
    }

    #[inline(always)]
    fn ran(&mut self, place: usize, length: Duration) {
        self.members[place].used = self.members[place].used.plus(length);
        if self.members[place].used >= self.quantum {
            self.rotate(place);
        }
    }

    #[inline(always)]
    fn as_fixed_priority(&mut self) -> Option<&mut Self> {
        Some(self)
    }

    #[inline(always)]
    fn choose(&mut self, now: Instant) -> Option<Choice> {
        if self.occupied == 0 {
            return None;
        }
        let head = self.heads[self.occupied.trailing_zeros() as usize];
        let member = self.members[usize::from(head)];
        let left = self.quantum.minus(member.used);
        let until = if member.next == head { Instant::NEVER } else { now.after(left) };
        Some(Choice { place: usize::from(head), until })
    }

    fn is_before(&self, left: usize, right: usize) -> bool {
        self.members[left].priority < self.members[right].priority
    }
}
