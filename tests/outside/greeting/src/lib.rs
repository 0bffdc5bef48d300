//! The interface `greeting`.
#![no_std]

use runtime::Result;

/// Greets visitors.
#[runtime::interface]
pub trait Greeting {
    /// Greets one more visitor. Answers how many there have been.
    fn greet(&self) -> Result<u64>;
}
