//! A journal: who changes something says so, and the last changes can be read.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// What a method of [`Journal`] answers.
pub type Result<T> = runtime::Result<T, JournalError>;

runtime::errors! {
    /// Why the journal does not have a record.
    pub enum JournalError {
        Gone = 1: "the record has not been written yet, or has been overwritten",
    }
}

/// Keeps what happened, in the order in which it was told.
#[runtime::interface]
pub trait Journal {
    /// Adds a record; answers its number, which is one more than that of the record before.
    fn append(&self, subject: u64, change: u64) -> Result<u64>;

    /// Answers the record with this number.
    fn record(&self, number: u64) -> Result<(u64, u64)>;
}

/// The last `ROOM` records.
pub struct Ring<const ROOM: usize> {
    next: AtomicU64,
    records: [Record; ROOM],
}

struct Record {
    /// One more than the record's number; 0 while it is being written.
    number: AtomicU64,
    words: [AtomicU64; 2],
}

impl Record {
    const fn new() -> Self {
        Self { number: AtomicU64::new(0), words: [const { AtomicU64::new(0) }; 2] }
    }
}

impl<const ROOM: usize> Ring<ROOM> {
    /// An empty one.
    pub const fn new() -> Self {
        Self { next: AtomicU64::new(0), records: [const { Record::new() }; ROOM] }
    }

    fn place(&self, number: u64) -> Result<&Record> {
        self.records.get(number as usize % ROOM.max(1)).ok_or(JournalError::Gone)
    }
}

impl<const ROOM: usize> Default for Ring<ROOM> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const ROOM: usize> Journal for Ring<ROOM> {
    fn append(&self, subject: u64, change: u64) -> Result<u64> {
        let number = self.next.fetch_add(1, Relaxed);
        let record = self.place(number)?;
        record.number.store(0, Release);
        for (place, word) in record.words.iter().zip([subject, change]) {
            place.store(word, Release);
        }
        record.number.store(number + 1, Release);
        Ok(number)
    }

    fn record(&self, number: u64) -> Result<(u64, u64)> {
        let record = self.place(number)?;
        let before = record.number.load(Acquire);
        let [subject, change] = [&record.words[0], &record.words[1]].map(|word| word.load(Acquire));
        // Whoever writes it says so first.
        let is_whole = before == number + 1 && record.number.load(Acquire) == before;
        if is_whole { Ok((subject, change)) } else { Err(JournalError::Gone) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_records_can_be_read() {
        let ring = Ring::<4>::new();
        for number in 0..10 {
            assert_eq!(ring.append(number, number * 2), Ok(number));
        }
        for number in 0..12 {
            let expected = if (6..10).contains(&number) { Ok((number, number * 2)) } else { Err(JournalError::Gone) };
            assert_eq!(ring.record(number), expected);
        }
    }
}
