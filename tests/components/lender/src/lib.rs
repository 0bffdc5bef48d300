//! The interface of a component that lends pictures to a gallery, and dies.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

use runtime::Result;

/// Lends pictures.
#[runtime::interface]
pub trait Lender {
    /// Hangs a picture of 64 KiB in the gallery, and gives it another that it is never told of; answers the sum of the first one's words.
    fn lend(&self) -> Result<u64>;

    /// Faults.
    fn die(&self) -> Result<()>;

    /// Answers how many pages it has.
    fn pages(&self) -> Result<u64>;
}
