//! Response times under fixed priorities.
//!
//! A job waits longest if it comes together with one of each task that goes before it, all at their highest
//! rates: then it is done at the least time that has room for its own work and all of theirs.
//!
//! Who has a budget of the kernel's can have to wait for that, besides: if a job before was held up into the period in which this one
//! comes. That one had to wait for others alone, or as long as the one before it; so the wait is never longer than what others
//! can hold up a job.

use super::Demand;

/// Looks at points before it gives up and takes a task for one that can be late; few need more than ten.
const STEPS: u32 = 10_000;

/// How long the jobs of each task take at worst; `None` for one that can be late. Tasks of one priority are each taken
/// to go before the other: that is the worst that turns can do.
pub fn response_times(demands: &[Demand]) -> Vec<Option<u64>> {
    response_times_on(demands, Some)
}

/// The same on time that is not all there: `needed` says how long it takes at worst until there has been so much.
pub(super) fn response_times_on(demands: &[Demand], needed: impl Fn(u64) -> Option<u64>) -> Vec<Option<u64>> {
    (0..demands.len()).map(|at| response_time(demands, at, &needed)).collect()
}

fn response_time(demands: &[Demand], at: usize, needed: impl Fn(u64) -> Option<u64>) -> Option<u64> {
    let own = demands.get(at)?;
    let before: Vec<Demand> = (0..)
        .zip(demands)
        .filter(|(other, it)| *other != at && it.priority <= own.priority)
        .map(|(_, it)| *it)
        .collect();
    let response = least_point(own, &before, &needed)?;
    match own.budget {
        0 => Some(response),
        _ => least_point(&Demand { cost: response, ..*own }, &before, needed),
    }
}

/// The least point by which there is time for a job and all that goes before it; `None` if that is after its
/// deadline. `needed` says how long it takes to have so much time.
fn least_point(own: &Demand, before: &[Demand], needed: impl Fn(u64) -> Option<u64>) -> Option<u64> {
    let mut point = needed(own.cost)?;
    for _ in 0..STEPS {
        if point > own.deadline {
            return None;
        }
        let next = needed(work(own, before, point)?)?;
        if next == point {
            return Some(point);
        }
        point = next;
    }
    None
}

/// A job's own work, and what goes before it within `length`.
fn work(own: &Demand, before: &[Demand], length: u64) -> Option<u64> {
    before.iter().try_fold(own.cost, |sum, other| sum.checked_add(other.interference(length)?))
}
