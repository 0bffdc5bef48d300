//! The interface of a server that says where it keeps something, and looks where it is asked to.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

use runtime::Result;

/// Has memory, and looks at memory.
#[runtime::interface]
pub trait Lodger {
    /// The addresses of two words of its own memory: of one that comes with its image, and of one that is zero at the start.
    fn places(&self) -> Result<(u64, u64)>;

    /// The word at `address`.
    fn look(&self, address: u64) -> Result<u64>;
}
