//! What a campaign ends with.

use std::fmt;

/// How many cases there were, and what became of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Cases that were tried.
    pub tried: u64,
    /// Those that succeeded.
    pub succeeded: u64,
    /// Those that were answered with an error, as they may be.
    pub errors: u64,
    /// What is wrong, a line each.
    pub failures: Vec<String>,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tried, succeeded, errors, failures } = self;
        write!(f, "{tried} tried, {succeeded} succeeded, {errors} answered with an error, {} failed", failures.len())
    }
}
