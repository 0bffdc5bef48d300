//! The interface `exhibit`: pictures are looked at where they are.
#![no_std]

use regions::{Loan, Peer};
use runtime::Result;

/// Looks at pictures.
#[runtime::interface]
pub trait Exhibit {
    /// To whom a picture is lent.
    fn peer(&self) -> Result<Peer>;

    /// Adds up the dots of a picture that is lent.
    fn add_up(&self, picture: Loan<u64>) -> Result<u64>;
}
