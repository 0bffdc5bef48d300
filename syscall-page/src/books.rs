//! What a client knows about its own calls, whatever the page says.
//!
//! Calls are numbered as they are made. Call `n` lies in slot `n mod 64`, so
//! numbers are skipped whose slot is still in use. A number is used once, which
//! makes it the ticket as well: an old ticket never names a newer call.
//!
//! The server looks at slots round and round, from where it took the last call.
//! Calls therefore start in the order of their numbers as long as every call
//! that waits is less than one round ahead of the last that was taken, and that
//! is what [`Books::allocate`] keeps to. (Less than a round ahead of the *oldest
//! that waits* is not enough: numbers may have been skipped before that one.)

use crate::layout::ENTRIES;

/// No call has this number.
const NO_CALL: u64 = u64::MAX;

const ROUND: u64 = ENTRIES as u64;

/// The slot of call `number`.
pub(crate) const fn slot_of(number: u64) -> u32 {
    (number % ROUND) as u32
}

const fn bit_of(number: u64) -> u64 {
    1 << slot_of(number)
}

/// Four disjoint sets of slots. A slot of the page that is in none is retired for good.
#[derive(Debug)]
pub(crate) struct Books {
    free: u64,
    reserved: u64,
    wanted: u64,
    abandoned: u64,
    number: [u64; ENTRIES],
    token: [u64; ENTRIES],
    /// The next call's number, if its slot is free. The one before is used, or `next` is `reach`.
    next: u64,
    /// One more than the last number that is known to be taken.
    reach: u64,
}

impl Books {
    /// Books in which `slots` are free.
    pub(crate) fn new(slots: u64) -> Self {
        Self {
            free: slots,
            reserved: 0,
            wanted: 0,
            abandoned: 0,
            number: [NO_CALL; ENTRIES],
            token: [0; ENTRIES],
            next: 0,
            reach: 0,
        }
    }

    /// Slots that could be allocated.
    pub(crate) fn free(&self) -> u32 {
        self.free.count_ones()
    }

    /// Slots of submitted calls, wanted or not.
    pub(crate) fn in_flight(&self) -> u64 {
        self.wanted | self.abandoned
    }

    /// Slots of submitted calls whose result nobody wants.
    pub(crate) fn abandoned(&self) -> u64 {
        self.abandoned
    }

    /// Reserves the slot of the next call. `is_taken` looks whether the server has the submitted call in a slot.
    pub(crate) fn allocate(&mut self, is_taken: impl Fn(u32) -> bool) -> Option<u64> {
        let number = self.next_free()?;
        if number - self.reach >= ROUND {
            self.advance_reach(is_taken);
        }
        if number - self.reach >= ROUND {
            return None;
        }
        self.next = number + 1;
        self.free &= !bit_of(number);
        self.reserved |= bit_of(number);
        self.number[slot_of(number) as usize] = number;
        Some(number)
    }

    fn next_free(&self) -> Option<u64> {
        let from_next = self.free.rotate_right(slot_of(self.next));
        (from_next != 0).then(|| self.next + u64::from(from_next.trailing_zeros()))
    }

    /// Looks for the last call that was taken; at most a round of steps, and about one per call in the long run.
    fn advance_reach(&mut self, is_taken: impl Fn(u32) -> bool) {
        for number in self.reach..self.next {
            if self.waits(number, &is_taken) {
                break;
            }
            if self.is_used(number) {
                self.reach = number + 1;
            }
        }
    }

    fn waits(&self, number: u64, is_taken: impl Fn(u32) -> bool) -> bool {
        let submitted = self.holds(self.in_flight(), number);
        self.holds(self.reserved, number) || (submitted && !is_taken(slot_of(number)))
    }

    /// Whether a number within the last round was not skipped.
    fn is_used(&self, number: u64) -> bool {
        self.number[slot_of(number) as usize] == number
    }

    /// A reserved slot is now submitted with `token`; `false` if it was not reserved.
    pub(crate) fn submit(&mut self, number: u64, token: u64) -> bool {
        if !self.holds(self.reserved, number) {
            return false;
        }
        self.reserved &= !bit_of(number);
        self.wanted |= bit_of(number);
        self.token[slot_of(number) as usize] = token;
        true
    }

    /// A reserved slot is free again; `false` if it was not reserved.
    pub(crate) fn release(&mut self, number: u64) -> bool {
        let held = self.holds(self.reserved, number);
        if held {
            self.reserved &= !bit_of(number);
            self.free |= bit_of(number);
            self.number[slot_of(number) as usize] = NO_CALL;
            self.take_back_unused();
        }
        held
    }

    fn take_back_unused(&mut self) {
        while self.next > self.reach && !self.is_used(self.next - 1) {
            self.next -= 1;
        }
    }

    /// Nobody wants the result any more; `false` if nobody did before.
    pub(crate) fn abandon(&mut self, number: u64) -> bool {
        let held = self.is_wanted(number);
        if held {
            self.wanted &= !bit_of(number);
            self.abandoned |= bit_of(number);
        }
        held
    }

    /// Whether `number` is a submitted call whose result is wanted.
    pub(crate) fn is_wanted(&self, number: u64) -> bool {
        self.holds(self.wanted, number)
    }

    fn holds(&self, set: u64, number: u64) -> bool {
        set & bit_of(number) != 0 && self.is_used(number)
    }

    /// The call in a slot has ended. Answers its number and token if they are wanted.
    pub(crate) fn settle(&mut self, slot: u32) -> Option<(u64, u64)> {
        self.free |= 1 << slot;
        self.retire(slot)
    }

    /// As [`Books::settle`], but the slot is never used again.
    pub(crate) fn retire(&mut self, slot: u32) -> Option<(u64, u64)> {
        let wanted = self.wanted & (1 << slot) != 0;
        self.wanted &= !(1 << slot);
        self.abandoned &= !(1 << slot);
        wanted.then(|| (self.number[slot as usize], self.token[slot as usize]))
    }
}
