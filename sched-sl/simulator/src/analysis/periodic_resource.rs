//! Response times on a share of the processor: fixed priorities below another scheduler, which gives so much of each period.
//!
//! A share is a *periodic resource* (Shin and Lee, 2003): somewhere in each period, in one piece or in many, there is its whole budget. At worst
//! that was at the start of the period in which a job comes, just before it, and is at the end of all that follow: a gap of twice
//! what the budget leaves of a period, and of once as much behind each further budget.

use super::Demand;
use super::fixed_priority::response_times_on;

/// What another scheduler gives for sure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// How much, in each period.
    pub budget: u64,
    /// The period; no shorter than the budget.
    pub period: u64,
}

/// How long the jobs of each task take at worst, if the time of all is a share; `None` for one that can be late.
pub fn response_times(demands: &[Demand], share: Share) -> Vec<Option<u64>> {
    response_times_on(demands, |work| longest_wait(share, work))
}

/// How long it takes at worst until there has been so much time.
pub fn longest_wait(share: Share, work: u64) -> Option<u64> {
    let gap = share.period.checked_sub(share.budget)?;
    let budgets_before = work.checked_sub(1)?.checked_div(share.budget)?;
    let gaps = budgets_before.checked_add(2)?.checked_mul(gap)?;
    gaps.checked_add(work)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARE: Share = Share { budget: 30, period: 100 };

    #[test]
    fn the_first_gap_is_twice_as_long_as_those_between_budgets() {
        let waits = [1, 30, 31, 60, 61].map(|work| longest_wait(SHARE, work));
        assert_eq!(waits, [141, 170, 241, 270, 341].map(Some));
        assert_eq!(
            longest_wait(Share { budget: 100, period: 100 }, 250),
            Some(250),
            "all of it is no less than the processor"
        );
        assert_eq!(longest_wait(Share { budget: 0, period: 100 }, 1), None);
    }

    #[test]
    fn what_goes_first_is_done_on_the_same_share() {
        let demand = |cost, priority| Demand { cost, period: 1_000, deadline: 1_000, priority, budget: 0 };
        assert_eq!(response_times(&[demand(20, 1), demand(20, 2)], SHARE), [Some(160), Some(2 * 70 + 30 + 70 + 10)]);
        assert_eq!(response_times(&[demand(900, 1)], SHARE), [None]);
    }
}
