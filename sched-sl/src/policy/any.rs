//! All policies in one type, so that which of them decides can be said when a system is composed.

use crate::policy::fixed_priority_round_robin::FixedPriorityRoundRobin;
use crate::policy::{BadParameters, Choice, Parameters, Past, Policy};
use crate::time::{Duration, Instant};

/// Asks whichever policy it is. What is asked of the first one costs one comparison more than if it were alone; the others
/// are called.
macro_rules! policies {
    ($first:ident::$First:ident, $($other:ident::$Other:ident,)+) => {
        /// The names of the policies, by their numbers.
        pub const NAMES: [&str; [stringify!($first), $(stringify!($other)),+].len()] = [super::$first::NAME, $(super::$other::NAME),+];

        /// The keys of a graph's threads at which each looks.
        pub const KEYS: [&[&str]; NAMES.len()] = [super::$first::KEYS, $(super::$other::KEYS),+];

        /// One of the policies that there are.
        #[derive(Debug)]
        #[expect(missing_docs, reason = "each is the policy of its name")]
        #[expect(clippy::large_enum_variant, reason = "nothing is allocated: there is room for the largest")]
        pub enum AnyPolicy<const N: usize> {
            $First(super::$first::$First<N>),
            $($Other(super::$other::$Other<N>),)+
        }

        impl<const N: usize> AnyPolicy<N> {
            /// The first policy, which a system has unless it says otherwise, with turns of this length.
            pub const fn new(quantum: Duration) -> Self {
                Self::$First(super::$first::$First::new(quantum))
            }

            /// Becomes the policy of this name, with turns of this length. No thread may have been admitted yet.
            ///
            /// # Errors
            ///
            /// [`BadParameters`]: there is no such policy.
            pub fn change_to(&mut self, name: &str, quantum: Duration) -> Result<(), BadParameters> {
                match name {
                    super::$first::NAME => *self = const { Self::new(Duration(0)) },
                    // Constants, so that they are copied to their place and not made on the stack.
                    $(super::$other::NAME => *self = const { Self::$Other(super::$other::$Other::new(Duration(0))) },)+
                    _ => return Err(BadParameters),
                }
                self.set_quantum(quantum);
                Ok(())
            }

            /// Changes the length of a turn.
            pub fn set_quantum(&mut self, quantum: Duration) {
                match self {
                    Self::$First(policy) => policy.set_quantum(quantum),
                    $(Self::$Other(policy) => policy.set_quantum(quantum),)+
                }
            }
        }

        impl<const N: usize> Policy<N> for AnyPolicy<N> {
            type Parameters = Parameters;

            fn admit(&mut self, place: usize, of: Parameters) -> Result<(), BadParameters> {
                match self {
                    Self::$First(policy) => policy.admit(place, of.into()),
                    $(Self::$Other(policy) => policy.admit(place, of.into()),)+
                }
            }

            #[inline]
            fn dismiss(&mut self, place: usize) {
                if let Self::$First(policy) = self {
                    return policy.dismiss(place);
                }
                outlined(move || match self {
                    Self::$First(policy) => policy.dismiss(place),
                    $(Self::$Other(policy) => policy.dismiss(place),)+
                })
            }

            fn past(&self, place: usize) -> Past {
                match self {
                    Self::$First(policy) => policy.past(place),
                    $(Self::$Other(policy) => policy.past(place),)+
                }
            }

            fn recall(&mut self, place: usize, past: Past) {
                match self {
                    Self::$First(policy) => policy.recall(place, past),
                    $(Self::$Other(policy) => policy.recall(place, past),)+
                }
            }

            #[inline]
            fn ready(&mut self, place: usize) {
                if let Self::$First(policy) = self {
                    return policy.ready(place);
                }
                outlined(move || match self {
                    Self::$First(policy) => policy.ready(place),
                    $(Self::$Other(policy) => policy.ready(place),)+
                })
            }

            #[inline]
            fn ready_since(&mut self, place: usize, since: Instant) {
                if let Self::$First(policy) = self {
                    return policy.ready_since(place, since);
                }
                outlined(move || match self {
                    Self::$First(policy) => policy.ready_since(place, since),
                    $(Self::$Other(policy) => policy.ready_since(place, since),)+
                })
            }

            #[inline]
            fn unready(&mut self, place: usize) {
                if let Self::$First(policy) = self {
                    return policy.unready(place);
                }
                outlined(move || match self {
                    Self::$First(policy) => policy.unready(place),
                    $(Self::$Other(policy) => policy.unready(place),)+
                })
            }

            #[inline]
            fn yielded(&mut self, place: usize) {
                if let Self::$First(policy) = self {
                    return policy.yielded(place);
                }
                outlined(move || match self {
                    Self::$First(policy) => policy.yielded(place),
                    $(Self::$Other(policy) => policy.yielded(place),)+
                })
            }

            #[inline]
            fn ran(&mut self, place: usize, length: Duration) {
                if let Self::$First(policy) = self {
                    return policy.ran(place, length);
                }
                outlined(move || match self {
                    Self::$First(policy) => policy.ran(place, length),
                    $(Self::$Other(policy) => policy.ran(place, length),)+
                })
            }

            #[inline(always)]
            fn as_fixed_priority(&mut self) -> Option<&mut FixedPriorityRoundRobin<N>> {
                match self {
                    Self::FixedPriorityRoundRobin(policy) => Some(policy),
                    _ => None,
                }
            }

            #[inline]
            fn choose(&mut self, now: Instant) -> Option<Choice> {
                if let Self::$First(policy) = self {
                    return policy.choose(now);
                }
                outlined(move || match self {
                    Self::$First(policy) => policy.choose(now),
                    $(Self::$Other(policy) => policy.choose(now),)+
                })
            }

            #[inline]
            fn idle_until(&self) -> Option<Instant> {
                if let Self::$First(policy) = self {
                    return policy.idle_until();
                }
                outlined(move || match self {
                    Self::$First(policy) => policy.idle_until(),
                    $(Self::$Other(policy) => policy.idle_until(),)+
                })
            }

            #[inline]
            fn keeps_budgets(&self) -> bool {
                if let Self::$First(policy) = self {
                    return policy.keeps_budgets();
                }
                outlined(move || match self {
                    Self::$First(policy) => policy.keeps_budgets(),
                    $(Self::$Other(policy) => policy.keeps_budgets(),)+
                })
            }

            fn is_before(&self, left: usize, right: usize) -> bool {
                match self {
                    Self::$First(policy) => policy.is_before(left, right),
                    $(Self::$Other(policy) => policy.is_before(left, right),)+
                }
            }
        }
    };
}

/// Does it out of the way of what is common.
#[cold]
#[inline(never)]
fn outlined<R>(ask: impl FnOnce() -> R) -> R {
    ask()
}

every_policy!(policies);

impl<const N: usize> AnyPolicy<N> {
    /// Adds a slot at the end of the cycle of the partitions: of a partition, or of nobody.
    ///
    /// # Errors
    ///
    /// [`BadParameters`]: the policy has no partitions, or see [`TimePartitions::add_slot`](super::time_partitions::TimePartitions::add_slot).
    pub fn add_slot(&mut self, partition: Option<u8>, length: Duration) -> Result<(), BadParameters> {
        match self {
            Self::TimePartitions(policy) => policy.add_slot(partition, length),
            _ => Err(BadParameters),
        }
    }

    /// Has what comes again and again be counted from this point on, if the policy has such things: cycles of slots.
    pub const fn count_from(&mut self, origin: Instant) {
        if let Self::TimePartitions(policy) = self {
            policy.count_from(origin);
        }
    }
}
