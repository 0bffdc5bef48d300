//! An office, in which two clerks answer letters.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod porter;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use concurrency::sync::{Channel, Mutex};
use concurrency::thread;
use core::cell::RefCell;
use runtime::Result;

runtime::thread_local! {
    static WRITTEN: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// An office.
#[derive(Default)]
pub struct Office {
    letters: Channel<Option<u64>, 4>,
    answers: Mutex<Vec<String>>,
}

impl Office {
    /// An office without letters.
    pub const fn new() -> Self {
        Self { letters: Channel::new(), answers: Mutex::new(Vec::new()) }
    }

    /// Has two clerks answer so many letters. Answers how many they have answered together.
    ///
    /// # Errors
    ///
    /// Those of threads.
    pub fn answer(&self, letters: u64) -> Result<u64> {
        // Threads of a scope borrow; `thread::spawn` starts one that goes on by itself.
        thread::scope(|scope| {
            let clerks = [scope.spawn(|| self.work())?, scope.spawn(|| self.work())?];
            for letter in 1..=letters {
                self.letters.send(Some(letter))?; // waits while there are four that nobody has received
            }
            for _ in &clerks {
                self.letters.send(None)?; // a channel has no ends: nobody would know that no more come
            }
            clerks.into_iter().map(|clerk| clerk.join()?).sum() // a clerk that panicked is one error, one that returned an error another
        })?
    }

    /// Answers letters until there are no more; tells how many.
    fn work(&self) -> Result<u64> {
        while let Some(letter) = self.letters.recv()? {
            WRITTEN.with_borrow_mut(|written| written.push(letter)); // this thread's own
            self.answers.lock()?.push(format!("as to {letter}"));
        }
        Ok(WRITTEN.take().len() as u64)
    }

    /// The answers, in whatever order they were written.
    ///
    /// # Errors
    ///
    /// A clerk has panicked while it wrote one.
    pub fn answers(&self) -> Result<Vec<String>> {
        Ok(self.answers.lock()?.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_clerks_answer_each_letter_once() {
        let office = Office::new();
        assert_eq!(office.answer(1_000), Ok(1_000));
        let mut answers = office.answers().unwrap();
        answers.sort();
        answers.dedup();
        assert_eq!(answers.len(), 1_000);
    }
}
