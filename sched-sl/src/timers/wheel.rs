//! Timers in a hierarchy of wheels: setting and cancelling is a constant number of steps.
//!
//! Each wheel has 64 slots, and a slot of one wheel spans a whole turn of the
//! one below. A timer is on the wheel of the highest digit, to the base of 64,
//! in which its time differs from the wheels' own; that is in one list with
//! all that share this digit and those above. When the earliest timer expires,
//! the wheels move on to its time, and the rest of its list is spread over the
//! wheels below: so a timer moves at most once for each wheel in its life, and
//! none fires before its time. Which timer is the earliest is remembered, and
//! looked for in one list when that one is gone.
//!
//! The scheme is by Varghese and Lauck, 1987; that wheels follow the earliest
//! timer instead of ticking is what radix heaps do (Ahuja et al., 1990).

use crate::time::Instant;
use crate::timers::Timers;

/// Nobody.
const NONE: u16 = u16::MAX;

/// Bits of a digit.
const BITS: u32 = 6;

/// Slots of a wheel.
const SLOTS: usize = 1 << BITS;

/// Wheels: one for each digit of a time.
const WHEELS: usize = u64::BITS.div_ceil(BITS) as usize;

/// A list of timers, in the order in which they were set: its ends.
#[derive(Clone, Copy, Debug)]
struct List {
    head: u16,
    tail: u16,
}

/// A timer in at most one list.
#[derive(Clone, Copy, Debug)]
struct Timer {
    at: Instant,
    previous: u16,
    next: u16,
    /// The list: its wheel and slot, counted together. [`NONE`] if it is in none.
    list: u16,
}

/// Wheels with at most `N` timers.
#[derive(Debug)]
pub struct WheelTimers<const N: usize> {
    /// The wheels' own time: no timer that is set has less but those that were set too late.
    base: u64,
    /// A bit for each wheel with timers.
    occupied: u16,
    /// For each wheel, a bit for each slot with timers.
    slots: [u64; WHEELS],
    lists: [List; WHEELS * SLOTS],
    timers: [Timer; N],
    earliest: u16,
}

impl<const N: usize> WheelTimers<N> {
    /// No timer is set.
    pub const fn new() -> Self {
        const { assert!(N <= NONE as usize, "a place is a 16-bit number") };
        let timer = Timer { at: Instant::NEVER, previous: NONE, next: NONE, list: NONE };
        let lists = [List { head: NONE, tail: NONE }; WHEELS * SLOTS];
        Self { base: 0, occupied: 0, slots: [0; WHEELS], lists, timers: [timer; N], earliest: NONE }
    }

    /// The list of a time: its wheel and slot, counted together.
    fn list_of(&self, at: Instant) -> u16 {
        // What should have happened already is with what happens now.
        let at = at.0.max(self.base);
        let wheel = (at ^ self.base).checked_ilog2().unwrap_or(0) / BITS;
        let slot = (at >> (wheel * BITS)) as usize % SLOTS;
        (wheel as usize * SLOTS + slot) as u16
    }

    fn append(&mut self, place: u16) {
        let list = self.list_of(self.timers[usize::from(place)].at);
        let (wheel, slot) = (usize::from(list) / SLOTS, usize::from(list) % SLOTS);
        let ends = &mut self.lists[usize::from(list)];
        let previous = core::mem::replace(&mut ends.tail, place);
        match previous {
            NONE => ends.head = place,
            previous => self.timers[usize::from(previous)].next = place,
        }
        let timer = &mut self.timers[usize::from(place)];
        (timer.list, timer.previous, timer.next) = (list, previous, NONE);
        self.occupied |= 1 << wheel;
        self.slots[wheel] |= 1 << slot;
    }

    fn take_out(&mut self, place: u16) {
        let Timer { previous, next, list, .. } = self.timers[usize::from(place)];
        match previous {
            NONE => self.lists[usize::from(list)].head = next,
            previous => self.timers[usize::from(previous)].next = next,
        }
        match next {
            NONE => self.lists[usize::from(list)].tail = previous,
            next => self.timers[usize::from(next)].previous = previous,
        }
        self.timers[usize::from(place)].list = NONE;
        if self.lists[usize::from(list)].head == NONE {
            self.forget_list(usize::from(list));
        }
    }

    /// A list has become empty.
    fn forget_list(&mut self, list: usize) {
        let (wheel, slot) = (list / SLOTS, list % SLOTS);
        self.slots[wheel] &= !(1 << slot);
        if self.slots[wheel] == 0 {
            self.occupied &= !(1 << wheel);
        }
    }

    /// The first of the timers that come first: they are all in the first list of the lowest wheel with timers.
    fn find_earliest(&self) -> u16 {
        if self.occupied == 0 {
            return NONE;
        }
        let wheel = self.occupied.trailing_zeros() as usize;
        let list = wheel * SLOTS + self.slots[wheel].trailing_zeros() as usize;
        let mut earliest = self.lists[list].head;
        let mut place = earliest;
        while place != NONE {
            if self.timers[usize::from(place)].at < self.timers[usize::from(earliest)].at {
                earliest = place;
            }
            place = self.timers[usize::from(place)].next;
        }
        earliest
    }

    /// Moves the wheels on to the time of the earliest timer, which was in this list: its others go down.
    fn advance(&mut self, at: Instant, list: u16) {
        self.base = self.base.max(at.0);
        if usize::from(list) < SLOTS {
            return;
        }
        let ends = core::mem::replace(&mut self.lists[usize::from(list)], List { head: NONE, tail: NONE });
        self.forget_list(usize::from(list));
        let mut place = ends.head;
        while place != NONE {
            let next = self.timers[usize::from(place)].next;
            self.append(place);
            place = next;
        }
    }
}

impl<const N: usize> Default for WheelTimers<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Timers<N> for WheelTimers<N> {
    fn set(&mut self, place: usize, at: Instant) {
        self.cancel(place);
        self.timers[place].at = at;
        self.append(place as u16);
        if self.next().is_none_or(|earliest| at < earliest) {
            self.earliest = place as u16;
        }
    }

    fn cancel(&mut self, place: usize) {
        if self.timers[place].list != NONE {
            self.take_out(place as u16);
            if usize::from(self.earliest) == place {
                self.earliest = self.find_earliest();
            }
        }
    }

    fn next(&self) -> Option<Instant> {
        (self.earliest != NONE).then(|| self.timers[usize::from(self.earliest)].at)
    }

    fn expire(&mut self, now: Instant) -> Option<(usize, Instant)> {
        let at = self.next().filter(|at| *at <= now)?;
        let place = self.earliest;
        let list = self.timers[usize::from(place)].list;
        self.take_out(place);
        self.advance(at, list);
        self.earliest = self.find_earliest();
        Some((usize::from(place), at))
    }
}
