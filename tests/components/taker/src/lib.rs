//! The interface of a server that maps what its clients offer.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

use runtime::Result;

/// Maps memory, and touches it.
#[runtime::interface]
pub trait Taker {
    /// Maps what the calling component offers at `address`; answers where, and how many pages.
    fn map(&self, address: u64) -> Result<(u64, u64)>;

    /// Answers the word at `address` of its own memory.
    fn read(&self, address: u64) -> Result<u64>;

    /// Writes a word to `address` of its own memory.
    fn write(&self, address: u64, word: u64) -> Result<()>;
}
