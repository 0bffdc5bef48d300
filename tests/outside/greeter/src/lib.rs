//! Greets visitors, and counts them.
#![no_std]
#![forbid(unsafe_code)]

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use greeting::{Greeting, GreetingError};
use runtime::Result;

/// Visitors whom a greeter has the voice for.
pub const VOICE: u64 = 1000;

/// A greeter, and how many visitors it has greeted.
#[derive(Default)]
pub struct Greeter {
    visitors: AtomicU64,
}

impl Greeter {
    /// A greeter that has greeted nobody.
    pub const fn new() -> Self {
        Self { visitors: AtomicU64::new(0) }
    }
}

impl Greeting for Greeter {
    fn greet(&self) -> Result<u64, GreetingError> {
        let before = self.visitors.fetch_add(1, Relaxed);
        if before < VOICE { Ok(before + 1) } else { Err(GreetingError::Hoarse) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_visitor_counts() {
        let greeter = Greeter::new();
        assert_eq!(greeter.greet(), Ok(1));
        assert_eq!(greeter.greet(), Ok(2));
    }

    #[test]
    fn a_voice_does_not_last_for_ever() {
        let greeter = Greeter { visitors: AtomicU64::new(VOICE) };
        assert_eq!(greeter.greet(), Err(GreetingError::Hoarse));
    }
}
