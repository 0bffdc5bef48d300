//! Tasks: threads with jobs, each of which has a point by which it is to be done.

use sched_sl::{Duration, Parameters};

/// A thread, and what it has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// When its jobs come, and how much work each is.
    pub arrivals: Arrivals,
    /// From the release of a job to the point by which it is to be done.
    pub deadline: u64,
    /// What the policy is told of it.
    pub parameters: Parameters,
}

/// When jobs come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrivals {
    /// The same one again and again.
    Periodic {
        /// When the first comes.
        offset: u64,
        /// From one to the next.
        period: u64,
        /// How much work each is.
        cost: u64,
    },
    /// These, each with its release and its work, in the order of their releases.
    Listed(Vec<(u64, u64)>),
}

impl Arrivals {
    /// Release and work of the job with this number.
    pub fn job(&self, number: u64) -> Option<(u64, u64)> {
        match self {
            Self::Periodic { offset, period, cost } => {
                Some((number.checked_mul(*period)?.checked_add(*offset)?, *cost))
            }
            Self::Listed(all) => all.get(usize::try_from(number).ok()?).copied(),
        }
    }
}

impl Task {
    /// A task that has `cost` to do in each `period`, by its end, first of all at 0. The policy is told that as well: as budget,
    /// period and deadline.
    pub const fn periodic(cost: u64, period: u64) -> Self {
        let parameters = Parameters {
            budget: Duration(cost),
            period: Duration(period),
            deadline: Duration(period),
            ..Parameters::with_priority(0)
        };
        Self { arrivals: Arrivals::Periodic { offset: 0, period, cost }, deadline: period, parameters }
    }

    /// The same with a deadline before the end of its period.
    #[must_use]
    pub const fn with_deadline(mut self, deadline: u64) -> Self {
        self.deadline = deadline;
        self.parameters.deadline = Duration(deadline);
        self
    }

    /// The same with this priority; 0 is the highest.
    #[must_use]
    pub const fn with_priority(mut self, priority: u8) -> Self {
        self.parameters.priority = priority;
        self
    }

    /// The same in this partition.
    #[must_use]
    pub const fn in_partition(mut self, partition: u8) -> Self {
        self.parameters.partition = Some(partition);
        self
    }

    /// The same with other jobs than the policy is told.
    #[must_use]
    pub fn with_arrivals(mut self, arrivals: Arrivals) -> Self {
        self.arrivals = arrivals;
        self
    }

    /// A task that always has work, of this weight.
    pub fn greedy(weight: u32) -> Self {
        let parameters = Parameters { weight, ..Parameters::with_priority(0) };
        Self { arrivals: Arrivals::Listed(vec![(0, u64::MAX)]), deadline: u64::MAX, parameters }
    }
}
