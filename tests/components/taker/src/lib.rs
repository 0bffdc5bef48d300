//! The interface of a server that maps what its clients offer, and gives them something.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

use memory_interface::Result;

/// Maps memory, and touches it.
#[runtime::interface]
pub trait Taker {
    /// Answers by which token memory is offered to this server.
    fn token(&self) -> Result<u64>;

    /// Maps what the calling component offers at `address`, to be written if so said; answers where, and how many pages.
    fn map(&self, address: u64, writable: bool) -> Result<(u64, u64)>;

    /// Lets go of what was mapped, and lies, or lay, at `address`.
    fn release(&self, address: u64) -> Result<()>;

    /// Takes what the calling component gives at `address`; answers where it is, and how many pages.
    fn take(&self, address: u64) -> Result<(u64, u64)>;

    /// Gives the calling component a page with this word; answers where it had it.
    fn give(&self, word: u64) -> Result<u64>;

    /// Gives pages at `address` back.
    fn discard(&self, address: u64, pages: u64) -> Result<()>;

    /// Answers the word at `address` of its own memory.
    fn read(&self, address: u64) -> Result<u64>;

    /// Writes a word to `address` of its own memory.
    fn write(&self, address: u64, word: u64) -> Result<()>;
}
