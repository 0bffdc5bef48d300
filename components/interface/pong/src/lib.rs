//! The interface `pong`: calls of every shape that there is, for those who
//! want to see or to measure one.
#![no_std]

/// What a method of [`Pong`] answers.
pub type Result<T> = runtime::Result<T, PongError>;

runtime::errors! {
    /// Why calls that are meant to fail do so.
    pub enum PongError {
        Refused = 1: "that is what it does",
    }
}

/// Answers calls.
#[runtime::interface]
pub trait Pong {
    /// Does nothing.
    fn call(&self) -> Result<()>;

    /// Answers the sum, modulo 2^64.
    fn add(&self, a: u64, b: u64) -> Result<u64>;

    /// Answers the sums `a + b` and `c + d`, modulo 2^64.
    fn args(&self, a: u64, b: u64, c: u64, d: u64) -> Result<(u64, u64)>;

    /// Answers [`PongError::Refused`].
    fn fails(&self) -> Result<()>;
}
