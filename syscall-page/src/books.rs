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
//!
//! A call that is posted costs a bit and a number, no more: everything else is
//! kept for those that are not simply posted and taken.

use crate::layout::ENTRIES;

const ROUND: u64 = ENTRIES as u64;

/// The slot of call `number`.
#[inline]
pub(crate) const fn slot_of(number: u64) -> u32 {
    (number % ROUND) as u32
}

const fn bit_of(number: u64) -> u64 {
    1 << slot_of(number)
}

/// In a slot's word, beside the number of its last call: somebody wants the result.
const WANTED: u64 = 1;

const fn wanted(number: u64) -> u64 {
    number << 1 | WANTED
}

/// Stands for no call: no number is as large.
const NO_CALL: u64 = u64::MAX - WANTED;

/// The numbers of the bits in `slots`.
#[inline]
pub(crate) fn each(mut slots: u64) -> impl Iterator<Item = u32> {
    core::iter::from_fn(move || {
        let slot = slots.trailing_zeros();
        slots &= slots.wrapping_sub(1);
        (slot < u64::BITS).then_some(slot)
    })
}

/// The sets of slots, and the last call in each. A used slot is reserved, abandoned, retired or wanted.
#[derive(Debug)]
pub(crate) struct Books {
    used: u64,
    reserved: u64,
    abandoned: u64,
    /// Never to be used again. Slots that the page does not have are retired from the start.
    retired: u64,
    /// The number of the slot's last call, shifted, and [`WANTED`].
    call: [u64; ENTRIES],
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
            used: !slots,
            reserved: 0,
            abandoned: 0,
            retired: !slots,
            call: [NO_CALL; ENTRIES],
            token: [0; ENTRIES],
            next: 0,
            reach: 0,
        }
    }

    /// Slots that could be allocated.
    pub(crate) fn free(&self) -> u32 {
        self.used.count_zeros()
    }

    /// Slots of submitted calls, wanted or not.
    #[inline]
    pub(crate) fn in_flight(&self) -> u64 {
        self.used & !(self.reserved | self.retired)
    }

    /// Slots of submitted calls whose result nobody wants.
    #[inline]
    pub(crate) fn abandoned(&self) -> u64 {
        self.abandoned
    }

    /// The next call's number.
    #[inline]
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// Uses the slot of the next call, if that is as simple as it mostly is.
    #[inline]
    pub(crate) fn use_next(&mut self) -> Option<u64> {
        let number = self.next;
        if self.used & bit_of(number) != 0 || number - self.reach >= ROUND {
            return None;
        }
        self.take(number);
        Some(number)
    }

    /// Uses the slot of the next call. `is_taken` looks whether the server has the submitted call in a slot.
    pub(crate) fn allocate(&mut self, is_taken: impl Fn(u32) -> bool) -> Option<u64> {
        let number = self.next_free()?;
        if number - self.reach >= ROUND {
            self.advance_reach(is_taken);
        }
        if number - self.reach >= ROUND {
            return None;
        }
        self.take(number);
        Some(number)
    }

    #[inline]
    fn take(&mut self, number: u64) {
        self.next = number + 1;
        self.used |= bit_of(number);
    }

    fn next_free(&self) -> Option<u64> {
        let from_next = (!self.used).rotate_right(slot_of(self.next));
        (from_next != 0).then(|| self.next + u64::from(from_next.trailing_zeros()))
    }

    /// Looks for the last call that was taken: the one before the first that waits. Costs a look at each call under way.
    fn advance_reach(&mut self, is_taken: impl Fn(u32) -> bool) {
        let mut reach = self.next;
        for slot in each(self.used & !self.retired) {
            let number = self.call[slot as usize] >> 1;
            if (self.reach..reach).contains(&number) && self.waits(number, &is_taken) {
                reach = number;
            }
        }
        // Numbers that were skipped were not taken.
        while reach > self.reach && !self.is_last(reach - 1) {
            reach -= 1;
        }
        self.reach = reach;
    }

    fn waits(&self, number: u64, is_taken: impl Fn(u32) -> bool) -> bool {
        let submitted = self.holds(self.in_flight(), number);
        self.holds(self.reserved, number) || (submitted && !is_taken(slot_of(number)))
    }

    /// Whether the number is that of its slot's last call: one within the last round that was not skipped is.
    fn is_last(&self, number: u64) -> bool {
        self.call[slot_of(number) as usize] >> 1 == number
    }

    fn holds(&self, set: u64, number: u64) -> bool {
        set & bit_of(number) != 0 && self.is_last(number)
    }

    /// A slot that was just allocated is reserved.
    pub(crate) fn reserve(&mut self, number: u64) {
        self.reserved |= bit_of(number);
        self.call[slot_of(number) as usize] = wanted(number) - WANTED;
    }

    /// The number is that of a slot that is reserved.
    pub(crate) fn is_reserved(&self, number: u64) -> bool {
        self.holds(self.reserved, number)
    }

    /// A slot that was allocated or reserved is now submitted.
    #[inline]
    pub(crate) fn submit(&mut self, number: u64, token: u64) {
        self.call[slot_of(number) as usize] = wanted(number);
        self.token[slot_of(number) as usize] = token;
    }

    /// A reserved slot is not reserved any more.
    pub(crate) fn unreserve(&mut self, number: u64) {
        self.reserved &= !bit_of(number);
    }

    /// A reserved slot is free again; `false` if it was not reserved.
    pub(crate) fn release(&mut self, number: u64) -> bool {
        let held = self.is_reserved(number);
        if held {
            self.unreserve(number);
            self.used &= !bit_of(number);
            self.call[slot_of(number) as usize] = NO_CALL;
            self.take_back_unused();
        }
        held
    }

    fn take_back_unused(&mut self) {
        while self.next > self.reach && !self.is_last(self.next - 1) {
            self.next -= 1;
        }
    }

    /// Nobody wants the result any more; `false` if nobody did before.
    #[inline]
    pub(crate) fn abandon(&mut self, number: u64) -> bool {
        let held = self.is_wanted(number);
        if held {
            self.abandoned |= bit_of(number);
            self.call[slot_of(number) as usize] = wanted(number) - WANTED;
        }
        held
    }

    /// Whether `number` is a submitted call whose result is wanted.
    #[inline]
    pub(crate) fn is_wanted(&self, number: u64) -> bool {
        self.call[slot_of(number) as usize] == wanted(number)
    }

    /// A wanted call has ended.
    #[inline]
    pub(crate) fn settle_wanted(&mut self, number: u64) {
        self.used &= !bit_of(number);
        self.call[slot_of(number) as usize] = wanted(number) - WANTED;
    }

    /// Calls in `slots`, whose results nobody wants, have ended.
    #[inline]
    pub(crate) fn settle_abandoned(&mut self, slots: u64) {
        self.used &= !slots;
        self.abandoned &= !slots;
    }

    /// The call in a slot has ended. Answers its number and token if they are wanted.
    pub(crate) fn settle(&mut self, slot: u32) -> Option<(u64, u64)> {
        self.used &= !(1 << slot);
        self.end(slot)
    }

    /// As [`Books::settle`], but the slot is never used again.
    pub(crate) fn retire(&mut self, slot: u32) -> Option<(u64, u64)> {
        self.retired |= 1 << slot;
        self.end(slot)
    }

    fn end(&mut self, slot: u32) -> Option<(u64, u64)> {
        self.abandoned &= !(1 << slot);
        let call = &mut self.call[slot as usize];
        let is_wanted = *call & WANTED != 0;
        *call &= !WANTED;
        is_wanted.then_some((*call >> 1, self.token[slot as usize]))
    }
}
