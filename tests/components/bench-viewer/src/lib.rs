//! The interface of a server that maps what the benchmark lends it.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

use regions::{Loan, Peer};
use runtime::Result;

/// Maps regions.
#[runtime::interface]
pub trait Viewer {
    /// Who it is.
    fn peer(&self) -> Result<Peer>;

    /// Maps a region that is lent, and unmaps it; answers its first word.
    fn view(&self, region: Loan<u64>) -> Result<u64>;
}
