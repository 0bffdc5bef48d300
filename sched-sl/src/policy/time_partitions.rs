//! Threads run in the slots of their partition, and only there: time partitions by a cyclic table.
//!
//! A table of slots is gone through again and again. In a slot, the threads of
//! one partition run, by fixed priorities; if none of them wants to, nobody does. So what one partition
//! does changes nothing about when another runs: not by a tick of its time.
//!
//! A decision costs a search in the table, at most log₂ of its slots. Only who finds nobody to run looks along
//! the table for the next slot that has somebody, so that no slot in which nothing happens wakes the processor.

use crate::policy::fixed_priority_round_robin::{FixedPriorityRoundRobin, Priority};
use crate::policy::{BadParameters, Choice, Parameters, Policy};
use crate::time::{Duration, Instant};

/// By which a graph chooses it.
pub const NAME: &str = "time-partitions";

/// The keys of a graph's threads at which it looks, or whoever analyses what it does.
pub const KEYS: &[&str] = &["priority", "partition", "budget", "period", "deadline", "cost"];

/// Number of partitions that there can be.
pub const PARTITIONS: usize = 8;

/// Number of slots that the table can have.
pub const SLOTS: usize = 64;

/// Which partition a thread belongs to, and its priority there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Belongs {
    /// The partition, below [`PARTITIONS`]; a thread of none is refused, as it would never run.
    pub partition: Option<u8>,
    /// Its priority among the partition's threads.
    pub priority: Priority,
}

impl From<Parameters> for Belongs {
    fn from(of: Parameters) -> Self {
        Self { partition: of.partition, priority: Priority(of.priority) }
    }
}

/// A part of the cycle.
#[derive(Clone, Copy, Debug)]
struct Slot {
    /// From the start of the cycle to the slot's.
    start: u64,
    /// Whose it is.
    partition: Option<u8>,
}

/// A cyclic table of slots.
#[derive(Clone, Copy, Debug)]
struct Table {
    slots: [Slot; SLOTS],
    count: usize,
    /// How long all slots are together.
    cycle: u64,
}

/// The slot of a moment, and how long that lies behind the slot's start.
#[derive(Clone, Copy, Debug)]
struct Position {
    slot: usize,
    passed: u64,
}

impl Table {
    fn position(&self, since_origin: u64) -> Option<Position> {
        let in_cycle = since_origin.checked_rem(self.cycle)?;
        let slot = self.slots[..self.count].partition_point(|slot| slot.start <= in_cycle).checked_sub(1)?;
        Some(Position { slot, passed: in_cycle - self.slots[slot].start })
    }

    fn length(&self, slot: usize) -> u64 {
        let end = self.slots[..self.count].get(slot + 1).map_or(self.cycle, |next| next.start);
        end - self.slots[slot].start
    }
}

/// Time partitions, with fixed priorities in each.
#[derive(Debug)]
pub struct TimePartitions<const N: usize> {
    table: Table,
    /// When the first cycle began: at the first decision, unless somebody has said so.
    origin: Option<Instant>,
    partition: [u8; N],
    queues: [FixedPriorityRoundRobin<N>; PARTITIONS],
    /// When the next slot begins in which somebody is ready, if nobody is in this one.
    next: Option<Instant>,
}

impl<const N: usize> TimePartitions<N> {
    /// Nobody is ready, and no partition has a slot. `quantum` is the length of a turn among equals of one partition.
    pub const fn new(quantum: Duration) -> Self {
        let slots = [Slot { start: 0, partition: None }; SLOTS];
        let mut all = Self {
            table: Table { slots, count: 0, cycle: 0 },
            origin: None,
            partition: [0; N],
            queues: [const { FixedPriorityRoundRobin::new(Duration(0)) }; PARTITIONS],
            next: None,
        };
        all.set_quantum(quantum);
        all
    }

    /// Changes the length of a turn.
    pub const fn set_quantum(&mut self, quantum: Duration) {
        let mut partition = 0;
        while partition < PARTITIONS {
            self.queues[partition].set_quantum(quantum);
            partition += 1;
        }
    }

    /// Adds a slot at the end of the cycle: of a partition, or of nobody.
    ///
    /// # Errors
    ///
    /// [`BadParameters`]: there is no such partition, no room in the table, or the slot has no length or one past measure.
    pub fn add_slot(&mut self, partition: Option<u8>, length: Duration) -> Result<(), BadParameters> {
        let is_known = partition.is_none_or(|partition| usize::from(partition) < PARTITIONS);
        let cycle = self.table.cycle.checked_add(length.0).ok_or(BadParameters)?;
        let slot = self.table.slots.get_mut(self.table.count).ok_or(BadParameters)?;
        if !is_known || length.0 == 0 {
            return Err(BadParameters);
        }
        *slot = Slot { start: self.table.cycle, partition };
        self.table.count += 1;
        self.table.cycle = cycle;
        Ok(())
    }

    /// Has cycles be counted from this point on, which can lie ahead by less than one: so those of several cores can be in step.
    pub const fn count_from(&mut self, origin: Instant) {
        self.origin = Some(origin);
    }

    fn queue(&mut self, place: usize) -> &mut FixedPriorityRoundRobin<N> {
        &mut self.queues[usize::from(self.partition[place])]
    }

    /// When the next slot begins whose partition has somebody ready; `position` and `end` are of the slot now.
    fn next_occupied(&self, position: Position, end: Instant) -> Option<Instant> {
        let (count, mut start) = (self.table.count, end);
        for slot in (1..=count).map(|later| (position.slot + later) % count) {
            let partition = self.table.slots[slot].partition;
            if partition.is_some_and(|partition| self.queues[usize::from(partition)].has_ready()) {
                return Some(start);
            }
            start = start.after(Duration(self.table.length(slot)));
        }
        None
    }
}

impl<const N: usize> Policy<N> for TimePartitions<N> {
    type Parameters = Belongs;

    fn admit(&mut self, place: usize, Belongs { partition, priority }: Belongs) -> Result<(), BadParameters> {
        let partition = partition.filter(|partition| usize::from(*partition) < PARTITIONS).ok_or(BadParameters)?;
        self.partition[place] = partition;
        self.queue(place).admit(place, priority)
    }

    fn dismiss(&mut self, place: usize) {
        self.queue(place).dismiss(place);
    }

    fn ready(&mut self, place: usize) {
        self.queue(place).ready(place);
    }

    fn unready(&mut self, place: usize) {
        self.queue(place).unready(place);
    }

    fn yielded(&mut self, place: usize) {
        self.queue(place).yielded(place);
    }

    fn ran(&mut self, place: usize, length: Duration) {
        self.queue(place).ran(place, length);
    }

    fn choose(&mut self, now: Instant) -> Option<Choice> {
        let origin = *self.origin.get_or_insert(now);
        let position = self.table.position(now.since(origin).0)?;
        let end = now.after(Duration(self.table.length(position.slot) - position.passed));
        let partition = self.table.slots[position.slot].partition;
        let choice = partition.and_then(|partition| self.queues[usize::from(partition)].choose(now));
        let Some(choice) = choice else {
            self.next = self.next_occupied(position, end);
            return None;
        };
        Some(Choice { until: choice.until.min(end), ..choice })
    }

    fn idle_until(&self) -> Option<Instant> {
        self.next
    }

    /// Those of different partitions do not take turns.
    fn is_before(&self, left: usize, right: usize) -> bool {
        let partition = self.partition[left];
        partition == self.partition[right] && self.queues[usize::from(partition)].is_before(left, right)
    }
}
