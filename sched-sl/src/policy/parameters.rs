//! What policies are told of a thread, all of them in one: each takes what it needs.

use crate::policy::fixed_priority_round_robin::Priority;
use crate::time::Duration;

/// A thread's parameters. A policy refuses what it cannot do, and does not look at what it does not need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// Its priority; 0 is the highest.
    pub priority: u8,
    /// Its weight: twice the weight is twice the time.
    pub weight: u32,
    /// The partition in whose slots it runs.
    pub partition: Option<u8>,
    /// How long it may run in each period; 0 if there is no end to that.
    pub budget: Duration,
    /// A period.
    pub period: Duration,
    /// From the start of a period to the point by which its work is to be done.
    pub deadline: Duration,
}

impl Parameters {
    /// A thread that only has a priority.
    pub const fn with_priority(priority: u8) -> Self {
        let zero = Duration(0);
        Self { priority, weight: 1, partition: None, budget: zero, period: zero, deadline: zero }
    }
}

impl From<Parameters> for Priority {
    fn from(of: Parameters) -> Self {
        Self(of.priority)
    }
}
