//! Processor demand under earliest deadline first.
//!
//! If all tasks begin at once, what has to be done by a point is the work of all jobs whose deadlines are no later. Nobody is
//! late, whenever jobs come, exactly if that is nowhere more than the time there is up to that point. Quick processor-demand
//! analysis looks at few points: from the end of the longest busy time downwards, each time as far as the
//! demand says that nothing can be wrong.

use super::{Demand, is_overloaded};

/// Looks at points before it gives up and takes the tasks for impossible.
const STEPS: u32 = 100_000;

/// Why jobs can be late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Late {
    /// All together are more than the processor has.
    Overload,
    /// More has to be done within this time, after all have come at once, than the time is long.
    Demand {
        /// The time.
        within: u64,
        /// What has to be done.
        work: u64,
    },
    /// Too much to be looked at.
    Undecided,
}

/// Whether no job is ever late.
///
/// # Errors
///
/// [`Late`].
pub fn check(demands: &[Demand]) -> Result<(), Late> {
    if is_overloaded(demands) {
        return Err(Late::Overload);
    }
    let first = demands.iter().map(|it| it.deadline).min().unwrap_or(0);
    let end = busy_time(demands).ok_or(Late::Undecided)?;
    // A point beyond the busy time needs no look; the end itself may be a deadline.
    let mut point = last_deadline_before(demands, end.saturating_add(1));
    for _ in 0..STEPS {
        let Some(within) = point.filter(|within| *within >= first) else { return Ok(()) };
        let work = work_by(demands, within).ok_or(Late::Undecided)?;
        if work > within {
            return Err(Late::Demand { within, work });
        }
        point = if work < within { Some(work) } else { last_deadline_before(demands, within) };
    }
    Err(Late::Undecided)
}

/// How long the processor is busy at worst, after all have come at once.
fn busy_time(demands: &[Demand]) -> Option<u64> {
    let mut length = demands.iter().try_fold(0u64, |sum, it| sum.checked_add(it.cost))?;
    for _ in 0..STEPS {
        let of = |it: &Demand| length.div_ceil(it.period.max(1)).checked_mul(it.cost);
        let next = demands.iter().try_fold(0u64, |sum, it| sum.checked_add(of(it)?))?;
        if next == length {
            return Some(length);
        }
        length = next;
    }
    None
}

/// The work of all jobs with deadlines up to `within`.
fn work_by(demands: &[Demand], within: u64) -> Option<u64> {
    let jobs = |it: &Demand| within.checked_sub(it.deadline).map_or(0, |rest| rest / it.period.max(1) + 1);
    demands.iter().try_fold(0u64, |sum, it| sum.checked_add(jobs(it).checked_mul(it.cost)?))
}

/// The last deadline before a point.
fn last_deadline_before(demands: &[Demand], point: u64) -> Option<u64> {
    let of = |it: &Demand| {
        let rest = point.checked_sub(it.deadline)?.checked_sub(1)?;
        Some(it.deadline + rest / it.period.max(1) * it.period)
    };
    demands.iter().filter_map(of).max()
}
