//! A case: choices written down, and how they are changed into others.

use play::{Choices, Random};

/// Choices of a case, at most.
const LIMIT: usize = 4096;

/// Choices that were written down.
#[derive(Clone, Debug, Default)]
pub struct Script {
    words: Vec<u64>,
    at: usize,
}

impl Script {
    /// A case of its own.
    pub fn fresh(random: &mut Random) -> Self {
        let length = 64 << random.below(6);
        Self { words: (0..length).map(|_| random.word()).collect(), at: 0 }
    }

    /// A case like this one, or like this one and another.
    pub fn changed(&self, other: &Self, random: &mut Random) -> Self {
        let mut words = self.words.clone();
        for _ in 0..1 << random.below(3) {
            change(&mut words, &other.words, random);
        }
        words.truncate(LIMIT);
        Self { words, at: 0 }
    }

    /// Whether all choices have been made.
    pub const fn is_over(&self) -> bool {
        self.at >= self.words.len()
    }
}

fn change(words: &mut Vec<u64>, other: &[u64], random: &mut Random) {
    // Near the front more often than not: what follows depends on it.
    let front = 1 + (words.len() as u64 >> random.below(12));
    let at = random.below(front) as usize;
    match (random.below(6), words.get_mut(at)) {
        (0 | 1, Some(word)) => *word = random.word(),
        (2, Some(word)) => *word ^= 1 << random.below(64),
        (3, _) => _ = words.splice(at..at, other.iter().copied().skip(at).take(64)),
        (4, _) => _ = words.drain(at..(at + 8).min(words.len())),
        _ => words.extend((0..64).map(|_| random.word())),
    }
}

impl Choices for Script {
    fn word(&mut self) -> u64 {
        let word = self.words.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        word
    }
}
