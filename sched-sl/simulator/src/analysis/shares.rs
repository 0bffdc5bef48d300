//! Response times under shares in proportion to weights.
//!
//! A job's thread starts where the system's pass is, or where its last turn left it: at most a turn, divided by its weight, ahead. When it is
//! done, its pass has grown by its work, divided by its weight. Whoever runs meanwhile was no further when its turn began than the thread
//! was then; so each other thread has had what its own weight makes of that, and a turn at most. That holds whatever others do, also for those
//! that always have work; nothing is taken from it for those that have little.
//!
//! Who has a budget of the kernel's can have to wait for that, as under fixed priorities (see [`super::fixed_priority`]): no longer than others
//! hold up a job. Its job then is two, one before and one behind the wait, neither of which takes longer than the whole.

use super::Demand;

/// A thread, as the policy sees it, and as it declares itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Its weight.
    pub weight: u32,
    /// What it asks for; `None` if nothing is said of it.
    pub demand: Option<Demand>,
}

/// How long the jobs of each thread take at worst, among these threads and no others, with turns of this length; `None` for one that can be
/// late, or of which nothing is said.
pub fn response_times(all: &[Share], quantum: u64) -> Vec<Option<u64>> {
    (0..all.len()).map(|at| response_time(all, at, quantum)).collect()
}

fn response_time(all: &[Share], at: usize, quantum: u64) -> Option<u64> {
    let own = all.get(at)?;
    let demand = own.demand?;
    let others = all.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, other)| other);
    let of = |other: &Share| most_of(other.weight, (own.weight, demand.cost), quantum);
    let whole = others.map(of).try_fold(demand.cost, |sum, time| sum.checked_add(time?))?;
    let response = match demand.budget {
        0 => whole,
        _ => whole.checked_mul(3)?.checked_sub(demand.cost)?,
    };
    (response <= demand.deadline).then_some(response)
}

/// What a thread of this weight has at most while one of weight `own` does so much work.
fn most_of(weight: u32, (own, cost): (u32, u64), quantum: u64) -> Option<u64> {
    let ahead = cost.checked_add(quantum)?.checked_mul(weight.into())?;
    ahead.checked_add(u64::from(own.max(1)) - 1)?.checked_div(own.into())?.checked_add(quantum)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(weight: u32, cost: u64) -> Share {
        Share { weight, demand: Some(Demand { cost, period: 1_000, deadline: 1_000, priority: 0, budget: 0 }) }
    }

    #[test]
    fn each_other_has_what_its_weight_makes_of_the_work_and_a_turn() {
        let greedy = Share { weight: 6, demand: None };
        let times = response_times(&[share(3, 20), share(1, 5), greedy], 10);
        assert_eq!(times[0], Some(20 + (30_u64.div_ceil(3) + 10) + (2 * 30 + 10)));
        assert_eq!(times[1], Some(5 + (3 * 15 + 10) + (6 * 15 + 10)));
        assert_eq!(times[2], None, "nothing is said of it");
    }

    #[test]
    fn a_thread_that_is_alone_is_not_held_up_and_one_without_a_weight_for_ever() {
        assert_eq!(response_times(&[share(1, 999)], 10), [Some(999)]);
        assert_eq!(response_times(&[share(0, 1), share(1, 1)], 10), [None, Some(1 + 10)]);
    }
}
