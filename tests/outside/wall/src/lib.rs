//! The interface `exhibit`: pictures are looked at where they are.
#![no_std]

use memory_interface::Result;
use regions::{Loan, Peer};

/// Looks at pictures. What it fails with is what its memory manager says of a loan.
#[runtime::interface]
pub trait Exhibit {
    /// To whom a picture is lent.
    fn peer(&self) -> Result<Peer>;

    /// Adds up the dots of a picture that is lent.
    fn add_up(&self, picture: Loan<u64>) -> Result<u64>;
}
