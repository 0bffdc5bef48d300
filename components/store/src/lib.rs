//! A key-value store: a hash table in the server's memory, which any number of threads may come into at once.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{AcqRel, Acquire};

/// What a method of [`Store`] answers.
pub type Result<T> = runtime::Result<T, StoreError>;

runtime::errors! {
    /// Why the store does not do what it is asked.
    pub enum StoreError {
        BadKey = 1: "no key is 0",
        Full = 2: "there is no room for another key",
    }
}

/// Keeps a value for each key. A key is any number but 0.
#[runtime::interface]
pub trait Store {
    /// Answers the value of `key`, or 0 if it has none.
    fn get(&self, key: u64) -> Result<u64>;

    /// Gives `key` a value; answers the one before.
    fn put(&self, key: u64, value: u64) -> Result<u64>;
}

/// A table with open addressing. A key stays where it was first put, so that a look never has to be repeated.
pub struct Table<const ROOM: usize> {
    places: [Place; ROOM],
}

struct Place {
    /// 0 as long as nobody has it.
    key: AtomicU64,
    value: AtomicU64,
}

impl<const ROOM: usize> Table<ROOM> {
    /// An empty one.
    pub const fn new() -> Self {
        Self { places: [const { Place { key: AtomicU64::new(0), value: AtomicU64::new(0) } }; ROOM] }
    }

    /// The places where `key` may be, the most likely first.
    fn places(&self, key: u64) -> impl Iterator<Item = &Place> {
        // Fibonacci hashing: neighbours lie far apart.
        let first = (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize % ROOM.max(1);
        let (before, behind) = self.places.split_at(first);
        behind.iter().chain(before)
    }
}

impl Place {
    /// Whether it is the place of `key`, from now on at least.
    fn is_for(&self, key: u64) -> bool {
        match self.key.compare_exchange(0, key, AcqRel, Acquire) {
            Ok(_) => true,
            Err(other) => other == key,
        }
    }
}

impl<const ROOM: usize> Default for Table<ROOM> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const ROOM: usize> Store for Table<ROOM> {
    fn get(&self, key: u64) -> Result<u64> {
        let looked_at = self.places(key).map(|place| (place, place.key.load(Acquire)));
        let mut until_free = looked_at.take_while(|(_, other)| *other != 0);
        Ok(until_free.find(|(_, other)| *other == key).map_or(0, |(place, _)| place.value.load(Acquire)))
    }

    fn put(&self, key: u64, value: u64) -> Result<u64> {
        if key == 0 {
            return Err(StoreError::BadKey);
        }
        let place = self.places(key).find(|place| place.is_for(key)).ok_or(StoreError::Full)?;
        Ok(place.value.swap(value, AcqRel))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn it_is_what_a_map_is_until_it_is_full() {
        let (table, mut map) = (Table::<64>::new(), HashMap::new());
        let mut random = 7_u64;
        for _ in 0..10_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let (key, value) = (1 + (random >> 33) % 80, random >> 40);
            if map.len() == 64 && !map.contains_key(&key) {
                assert_eq!((table.get(key), table.put(key, value)), (Ok(0), Err(StoreError::Full)));
            } else {
                assert_eq!(table.get(key), Ok(map.get(&key).copied().unwrap_or(0)));
                assert_eq!(table.put(key, value), Ok(map.insert(key, value).unwrap_or(0)));
            }
        }
        assert_eq!((table.put(0, 1), table.get(0)), (Err(StoreError::BadKey), Ok(0)));
    }

    #[test]
    fn of_many_threads_each_finds_what_it_put() {
        let table = Table::<1024>::new();
        std::thread::scope(|scope| {
            for thread in 0..4_u64 {
                let table = &table;
                scope.spawn(move || {
                    for number in 1..200_u64 {
                        let key = number * 4 + thread;
                        assert_eq!(table.put(key, number), Ok(0));
                        assert_eq!(table.get(key), Ok(number));
                    }
                });
            }
        });
    }
}
