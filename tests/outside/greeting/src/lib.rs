//! The interface `greeting`.
#![no_std]

use runtime::Result;

runtime::errors! {
    /// Why a greeter does not greet.
    pub enum GreetingError {
        Hoarse = 1: "the greeter has greeted too many",
    }
}

/// Greets visitors.
#[runtime::interface]
pub trait Greeting {
    /// Greets one more visitor. Answers how many there have been.
    fn greet(&self) -> Result<u64, GreetingError>;
}
