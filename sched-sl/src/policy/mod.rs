//! Who runs next, and for how long: a policy's whole business.
//!
//! A policy knows threads by their place, a number below `N`: the scheduler names
//! no other. It is told which of them are ready and how long each has run; it
//! never sees states, timers or the kernel. A new policy is one file like
//! [`proportional_share`], and one line in the list below: with that the graph format, the scheduler component and the simulator know it.
//!
//! | policy | who runs | what it promises |
//! |---|---|---|
//! | [`fixed_priority_round_robin`] | the highest priority | to a priority, all that those above leave |
//! | [`earliest_deadline_first`] | the earliest deadline, within its budget | to each, its budget before each of its deadlines |
//! | [`proportional_share`] | who has had least for its weight | to each, its share, to within a turn or two |
//! | [`time_partitions`] | whose slot it is | to each partition, its slots, whatever others do |

/// All policies, each by the file that has its type, the `NAME` by which a graph chooses it, and the `KEYS` of a graph's threads that it looks
/// at. Plans name them by their places in this list; the first is the one that a scheduler has unless the graph says otherwise.
macro_rules! every_policy {
    ($then:ident) => {
        $then! {
            fixed_priority_round_robin::FixedPriorityRoundRobin,
            earliest_deadline_first::EarliestDeadlineFirst,
            proportional_share::ProportionalShare,
            time_partitions::TimePartitions,
        }
    };
}

/// Declares their files.
macro_rules! declare {
    ($($file:ident::$Policy:ident,)+) => { $(pub mod $file;)+ };
}

every_policy!(declare);

pub mod any;
mod parameters;

pub use parameters::Parameters;

use crate::time::{Duration, Instant};
use fixed_priority_round_robin::FixedPriorityRoundRobin;

/// The parameters are outside what the policy can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadParameters;

/// A policy's answer: this place, until then at the latest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Who runs.
    pub place: usize,
    /// When the policy wants to be asked again; [`Instant::NEVER`] if only something that happens can change its mind.
    pub until: Instant,
}

/// What counts of a thread's life in its next one, in words of the policy's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Past(pub [u64; 3]);

/// Decides among at most `N` threads.
pub trait Policy<const N: usize> {
    /// What it has to know about a thread.
    type Parameters: Copy;

    /// Takes a new thread, which is not ready yet.
    ///
    /// # Errors
    ///
    /// [`BadParameters`]; the thread was not taken.
    fn admit(&mut self, place: usize, parameters: Self::Parameters) -> Result<(), BadParameters>;

    /// Forgets a thread, which is not ready.
    fn dismiss(&mut self, place: usize);

    /// What a thread has had that counts in its next life: else who ends and is created anew comes by more than its share.
    fn past(&self, place: usize) -> Past {
        let _ = place;
        Past::default()
    }

    /// The thread that was just admitted to this place has had a life before, with the same parameters.
    fn recall(&mut self, place: usize, past: Past) {
        let _ = (place, past);
    }

    /// A thread has become ready: it was created or woken, its time came, or the kernel let it go.
    fn ready(&mut self, place: usize);

    /// The same of a thread that was to be ready from a point on that can lie a little back: nobody could look at the clock just then.
    fn ready_since(&mut self, place: usize, since: Instant) {
        let _ = since;
        self.ready(place);
    }

    /// A thread is not ready any more.
    fn unready(&mut self, place: usize);

    /// A ready thread lets others of its rank go first.
    fn yielded(&mut self, place: usize);

    /// A thread has run this long. If the kernel suspended it, it is unready by the time that this is known.
    fn ran(&mut self, place: usize, length: Duration);

    /// Who runs from now on; `None` if nobody is ready, or may run now.
    fn choose(&mut self, now: Instant) -> Option<Choice>;

    /// Whether it is that policy, for which the scheduler has [`Quick`](crate::Quick) forms of what is asked most often.
    #[inline(always)]
    fn as_fixed_priority(&mut self) -> Option<&mut FixedPriorityRoundRobin<N>> {
        None
    }

    /// When [`Policy::choose`], which has just named nobody, has somebody again, though nothing happens to any thread.
    fn idle_until(&self) -> Option<Instant> {
        None
    }

    /// Whether one place, if both were ready, would have its turn before the other, for as long as it needs. Of equals, and where
    /// nobody has such a precedence, neither.
    fn is_before(&self, left: usize, right: usize) -> bool {
        let _ = (left, right);
        false
    }

    /// Whether it has budgets kept itself, so that nobody else needs to stop those that have used theirs up.
    fn keeps_budgets(&self) -> bool {
        false
    }
}
