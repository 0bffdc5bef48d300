//! Points in time and lengths of time, in ticks of the time-stamp counter.

use crate::scheduler::{self, SCHED};
use sched_interface::Sched;
pub use sched_sl::{Duration, Instant};

/// What time it is.
pub fn now() -> Instant {
    Instant(scheduler::ticks())
}

/// How many ticks there are in a second.
///
/// # Errors
///
/// The scheduler's.
pub fn ticks_per_second() -> runtime::Result<u64> {
    SCHED.frequency()
}
