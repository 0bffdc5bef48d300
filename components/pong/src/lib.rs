//! Answers ping.
#![no_std]
#![forbid(unsafe_code)]

use pong_interface::{Pong, PongError, Result};

/// A server of the interface `pong`. It keeps no state.
pub struct Answering;

impl Pong for Answering {
    fn call(&self) -> Result<()> {
        Ok(())
    }

    fn add(&self, a: u64, b: u64) -> Result<u64> {
        Ok(a.wrapping_add(b))
    }

    fn args(&self, a: u64, b: u64, c: u64, d: u64) -> Result<(u64, u64)> {
        Ok((a.wrapping_add(b), c.wrapping_add(d)))
    }

    fn fails(&self) -> Result<()> {
        Err(PongError::Refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_wrap_around() {
        assert_eq!(Answering.add(2, 3), Ok(5));
        assert_eq!(Answering.add(u64::MAX, 2), Ok(1));
        assert_eq!(Answering.args(1, 2, u64::MAX, 1), Ok((3, 0)));
    }

    #[test]
    fn only_failing_fails() {
        assert_eq!(Answering.call(), Ok(()));
        assert_eq!(Answering.fails(), Err(PongError::Refused));
    }
}
