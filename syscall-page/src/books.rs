//! What a client knows about its own calls, whatever the page says.
//!
//! Calls are numbered as they are made. Call `n` lies in slot `n mod N`, so
//! numbers are skipped whose slot is still in use. A number is used once, which
//! makes it the ticket as well: an old ticket never names a newer call.
//!
//! # One word says all about a slot
//!
//! A slot's word is a number. If that is still to come, the slot is free, and
//! that is the next call in it; if it is past, that call is under way. So to
//! post is to compare the slot's word with the next number and to count on, and
//! to collect is to move the slot's word on by a round. Whatever is not as
//! simple has a mark beside the number, which makes both comparisons fail and
//! leads to the longer way.
//!
//! # The order of calls
//!
//! The server looks at slots round and round, from where it took the last call.
//! Calls therefore start in the order of their numbers as long as every call
//! that waits is less than one round ahead of the last that was taken, and that
//! is what [`Books::allocate`] keeps to. A call whose slot's last call was the
//! one a round before is: that was taken, as it was collected.

use crate::layout::ENTRIES;

/// The call in the slot has ended without having been taken.
const UNTAKEN: u64 = 1 << 60;

/// The slot's call needs care, or the slot does before it is used: the last call in it was not a round ago.
const CARE: u64 = 1 << 61;

/// Nobody wants the result.
const ABANDONED: u64 = 1 << 62;

/// Beside a number: nobody counts as far.
const MARKS: u64 = UNTAKEN | CARE | ABANDONED;

/// No call has this number or a larger one.
pub(crate) const NO_CALL: u64 = 1 << 59;

const _: () = assert!(NO_CALL & MARKS == 0);

/// The word of a slot that is never used: no number is as large.
const RETIRED: u64 = u64::MAX;

/// The number behind `number`.
#[inline]
pub(crate) const fn after(number: u64) -> u64 {
    number + 1
}

/// The slot of call `number`, as an index.
#[inline]
pub(crate) const fn place_of<const N: usize>(number: u64) -> usize {
    number as usize % N
}

/// The number in a slot's word; that of a slot that is retired is larger than all.
const fn number_in(word: u64) -> u64 {
    if word == RETIRED { word } else { word & !MARKS }
}

/// The numbers of the bits in `slots`.
#[inline]
pub(crate) fn each(mut slots: u64) -> impl Iterator<Item = u32> {
    core::iter::from_fn(move || {
        let slot = slots.trailing_zeros();
        slots &= slots.wrapping_sub(1);
        (slot < u64::BITS).then_some(slot)
    })
}

/// A client's slots.
#[derive(Debug)]
pub(crate) struct Books<const N: usize = ENTRIES> {
    /// A number for each slot, and marks.
    words: [u64; N],
    /// The next call's number.
    next: u64,
    /// Slots whose calls are abandoned.
    abandoned: u64,
    /// The number behind the last that is known to be taken.
    reach: u64,
    tokens: [u64; N],
}

impl<const N: usize> Books<N> {
    const ROUND: u64 = N as u64;

    /// Books in which `slots` are free, and no others are ever used.
    pub(crate) fn new(slots: u64) -> Self {
        let word = |slot: usize| if slots >> slot & 1 != 0 { slot as u64 } else { RETIRED };
        Self { words: core::array::from_fn(word), next: 0, abandoned: 0, reach: 0, tokens: [0; N] }
    }

    /// The slot of call `number`.
    #[inline]
    pub(crate) const fn slot_of(number: u64) -> u32 {
        place_of::<N>(number) as u32
    }

    #[inline]
    fn word(&mut self, number: u64) -> &mut u64 {
        &mut self.words[place_of::<N>(number)]
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
        if *self.word(number) != number {
            return None;
        }
        self.next = after(number);
        Some(number)
    }

    /// Uses the next slot that is free. `is_taken` looks whether the server has taken the submitted call in a slot. Answers
    /// the number, and whether no other call waits and the server's place is not known.
    pub(crate) fn allocate(&mut self, is_taken: impl Fn(u32) -> bool) -> Option<(u64, bool)> {
        let number = self.next_free()?;
        let is_far = number - self.reach >= Self::ROUND;
        let waits = is_far && self.advance_reach(is_taken);
        let is_alone = number - self.reach >= Self::ROUND;
        if is_alone && waits {
            return None;
        }
        if is_alone {
            self.reach = after(number) - Self::ROUND;
        }
        self.skip_to(number);
        *self.word(number) = number;
        self.next = after(number);
        Some((number, is_alone))
    }

    fn next_free(&self) -> Option<u64> {
        (0..N as u64).map(|ahead| self.next + ahead).find(|number| self.is_free(Self::slot_of(*number)))
    }

    /// Calls in slots that are passed over while they are in use are followed by none a round later.
    fn skip_to(&mut self, number: u64) {
        while self.next < number {
            *self.word(self.next) |= CARE;
            self.next = after(self.next);
        }
    }

    /// Looks for the last call that was taken. Of those that were collected, all were. Answers whether any waits to be.
    fn advance_reach(&mut self, is_taken: impl Fn(u32) -> bool) -> bool {
        let mut waits = false;
        for slot in 0..N as u32 {
            let word = self.words[slot as usize];
            if word == RETIRED || word & UNTAKEN != 0 {
                continue;
            }
            if self.is_free(slot) {
                if word & CARE == 0 {
                    self.reach = self.reach.max(after(word).saturating_sub(Self::ROUND));
                }
            } else if is_taken(slot) {
                self.reach = self.reach.max(after(number_in(word)));
            } else {
                waits = true;
            }
        }
        waits
    }

    fn is_free(&self, slot: u32) -> bool {
        let word = self.words[slot as usize];
        word != RETIRED && number_in(word) >= self.next
    }

    /// Whether a call was submitted in a slot and not collected, wanted or not.
    pub(crate) fn is_in_flight(&self, slot: u32) -> bool {
        let word = self.words[slot as usize % N];
        number_in(word) < self.next
    }

    /// Slots of submitted calls, wanted or not. Costs a look at each.
    pub(crate) fn in_flight(&self) -> u64 {
        self.set(|slot| self.is_in_flight(slot))
    }

    /// The same among `slots`. Costs a look at each of these.
    pub(crate) fn in_flight_among(&self, slots: u64) -> u64 {
        each(slots).filter(|slot| self.is_in_flight(*slot)).fold(0, |set, slot| set | 1 << slot)
    }

    /// Slots that could be allocated. Costs a look at each.
    pub(crate) fn free(&self) -> u64 {
        self.set(|slot| self.is_free(slot))
    }

    fn set(&self, has: impl Fn(u32) -> bool) -> u64 {
        (0..N as u32).filter(|slot| has(*slot)).fold(0, |set, slot| set | 1 << slot)
    }

    /// The call in `slots`, which hold some, that was made first: its number and its slot.
    pub(crate) fn first(&self, slots: u64) -> Option<(u64, u32)> {
        each(slots).map(|slot| (number_in(self.words[slot as usize % N]), slot)).min()
    }

    /// Slots of submitted calls whose result nobody wants.
    #[inline]
    pub(crate) fn abandoned(&self) -> u64 {
        self.abandoned
    }

    /// Keeps `token` for a call whose slot was just used.
    pub(crate) fn keep_token(&mut self, number: u64, token: u64) {
        *self.word(number) |= CARE;
        self.tokens[Self::slot_of(number) as usize] = token;
    }

    /// The slot is free, and its next number is the first that is still to come.
    fn free_with_care(&mut self, slot: u32) {
        let ahead = u64::from(slot.wrapping_sub(Self::slot_of(self.next)) % N as u32);
        self.words[slot as usize] = (self.next + ahead) | CARE;
    }

    /// Whether no slot is ever used again.
    pub(crate) fn are_all_retired(&self) -> bool {
        self.words.iter().all(|word| *word == RETIRED)
    }

    /// Nobody wants the result any more; `false` if nobody did before.
    #[inline]
    pub(crate) fn abandon(&mut self, number: u64) -> bool {
        let held = self.is_wanted(number);
        if held {
            *self.word(number) |= ABANDONED;
            self.abandoned |= 1 << Self::slot_of(number);
        }
        held
    }

    /// Whether `number` is a submitted call whose result is wanted.
    #[inline]
    pub(crate) fn is_wanted(&self, number: u64) -> bool {
        let word = self.words[Self::slot_of(number) as usize];
        word & !(CARE | UNTAKEN) == number && number < self.next
    }

    /// The call in a slot has ended without having been taken.
    pub(crate) fn note_untaken(&mut self, slot: u32) {
        self.words[slot as usize] |= UNTAKEN | CARE;
    }

    /// Whether there is nothing to be said of call `number` but that its result is wanted.
    #[inline]
    pub(crate) fn is_simple(&self, number: u64) -> bool {
        self.words[place_of::<N>(number)] == number
    }

    /// A simple call has ended.
    #[inline]
    pub(crate) fn settle_simple(&mut self, number: u64) {
        *self.word(number) = number + Self::ROUND;
    }

    /// Calls in `slots`, whose results nobody wants, have ended.
    #[inline]
    pub(crate) fn settle_abandoned(&mut self, slots: u64) {
        for slot in each(slots) {
            self.settle(slot);
        }
    }

    /// The call in a slot has ended. Answers its number and token if they are wanted.
    pub(crate) fn settle(&mut self, slot: u32) -> Option<(u64, u64)> {
        let word = self.words[slot as usize];
        let number = number_in(word);
        let wanted = self.end(slot);
        let marks = if word & UNTAKEN != 0 { CARE | UNTAKEN } else { 0 };
        if marks == 0 && number + Self::ROUND < self.next {
            self.reach = self.reach.max(after(number));
        }
        if number + Self::ROUND >= self.next {
            self.words[slot as usize] = (number + Self::ROUND) | marks;
        } else {
            self.free_with_care(slot);
        }
        wanted
    }

    /// As [`Books::settle`], but the slot is never used again.
    pub(crate) fn retire(&mut self, slot: u32) -> Option<(u64, u64)> {
        let wanted = self.end(slot);
        self.words[slot as usize] = RETIRED;
        wanted
    }

    #[inline]
    fn end(&mut self, slot: u32) -> Option<(u64, u64)> {
        let word = self.words[slot as usize];
        self.abandoned &= !(1 << slot);
        let token = core::mem::take(&mut self.tokens[slot as usize]);
        (word & ABANDONED == 0).then_some((number_in(word), token))
    }
}
