//! Greets visitors, and counts them.
#![no_std]
#![forbid(unsafe_code)]

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use greeting::Greeting;
use runtime::Result;

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
    fn greet(&self) -> Result<u64> {
        Ok(self.visitors.fetch_add(1, Relaxed) + 1)
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
}
