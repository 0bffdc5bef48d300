//! What theory says: whether any job can be late, whatever happens.
//!
//! Tasks are [`Demand`]s: sporadic, so that jobs come no closer together than the period, at worst all at once. They do not
//! wait in the midst of a job, nor for each other: whoever may have to, for locks, is looked at with as much more work. What a job takes
//! includes the servers that it calls, as a thread that calls runs in the server itself.
//!
//! | policy | analysis | exact? |
//! |---|---|---|
//! | fixed priorities | [`fixed_priority`]: response times (Joseph and Pandya, 1986) | yes, if no two have one priority |
//! | earliest deadline first | [`demand`]: processor demand (Baruah et al., 1990; Zhang and Burns, 2009) | yes |
//! | proportional share | [`shares`]: response times beside all others, whatever these do | no, sufficient |
//! | fixed priorities below another scheduler | [`periodic_resource`]: response times on a share (Shin and Lee, 2003) | no, sufficient |
//! | time partitions | [`partitions`]: response times on what the slots supply (Mok and Feng, 2002) | no, sufficient |
//!
//! What is not late by [`demand`] when all comes at once can be done by one policy at least; what is late then, by none: so a set that
//! [`demand::check`] refuses has somebody late under each of them.

pub mod demand;
pub mod fixed_priority;
pub mod partitions;
pub mod periodic_resource;
pub mod shares;

use crate::task::{Arrivals, Task};

/// What a task asks for at worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// How much work a job is.
    pub cost: u64,
    /// How close together jobs come.
    pub period: u64,
    /// From the release of a job to the point by which it is to be done; at most the period.
    pub deadline: u64,
    /// Its priority; 0 is the highest.
    pub priority: u8,
    /// How much it may run in each period, if the kernel sees to that; 0 if nobody does. With a budget it is taken for a deferrable server
    /// (Strosnider et al., 1995): one that runs up to the end of a period and on from the start of the next.
    pub budget: u64,
}

impl Demand {
    /// What a periodic task asks for.
    pub const fn of(task: &Task) -> Option<Self> {
        let Arrivals::Periodic { period, cost, .. } = task.arrivals else { return None };
        Some(Self { cost, period, deadline: task.deadline, priority: task.parameters.priority, budget: 0 })
    }

    /// The same, where the kernel lets it run no longer than this in each period.
    #[must_use]
    pub const fn with_budget(self, budget: u64) -> Self {
        Self { budget, ..self }
    }

    /// The most that it takes from others within so much time.
    fn interference(&self, length: u64) -> Option<u64> {
        let (piece, early) = match self.budget {
            0 => (self.cost, 0),
            budget => (budget, self.period.saturating_sub(budget)),
        };
        length.checked_add(early)?.div_ceil(self.period.max(1)).checked_mul(piece)
    }

    /// The same, where each job pays for two switches: to it, and from it.
    #[must_use]
    pub const fn with_switches(self, switch: u64) -> Self {
        Self { cost: self.cost.saturating_add(switch.saturating_mul(2)), ..self }
    }
}

/// Whether all demands together are more than the processor has. Exact, unless the periods are beyond all measure.
pub fn is_overloaded(demands: &[Demand]) -> bool {
    let mut sum = (0u128, 1u128);
    for demand in demands {
        sum = match add(sum, (demand.cost.into(), demand.period.max(1).into())) {
            Some(sum) => sum,
            None => return demands.iter().map(|it| it.cost as f64 / it.period as f64).sum::<f64>() > 1.0,
        };
    }
    sum.0 > sum.1
}

/// The sum of two fractions.
fn add(left: (u128, u128), right: (u128, u128)) -> Option<(u128, u128)> {
    let common = gcd(left.1, right.1);
    let below = (left.1 / common).checked_mul(right.1)?;
    let above = left.0.checked_mul(right.1 / common)?.checked_add(right.0.checked_mul(left.1 / common)?)?;
    let common = gcd(above, below).max(1);
    Some((above / common, below / common))
}

fn gcd(mut left: u128, mut right: u128) -> u128 {
    while right != 0 {
        (left, right) = (right, left % right);
    }
    left
}
