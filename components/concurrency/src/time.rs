//! Points in time and lengths of time, as in `std::time`. The clock is the time-stamp counter.

use crate::scheduler::{self, SCHED};
use core::fmt;
use core::ops::{Add, AddAssign, Sub, SubAssign};
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;
pub use core::time::Duration;
use runtime::Result;
use sched_interface::Sched;

const NANOSECONDS: u128 = 1_000_000_000;

/// A point in time, as `std::time::Instant`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant {
    ticks: u64,
}

impl Instant {
    /// The end of time, which no clock reaches.
    pub const NEVER: Self = Self { ticks: u64::MAX };

    /// What time it is.
    pub fn now() -> Self {
        Self { ticks: scheduler::ticks() }
    }

    /// The point at which the time-stamp counter has come to this.
    pub const fn from_ticks(ticks: u64) -> Self {
        Self { ticks }
    }

    /// What the time-stamp counter has come to then.
    pub const fn ticks(self) -> u64 {
        self.ticks
    }

    /// This much later, at most [`Self::NEVER`].
    ///
    /// # Errors
    ///
    /// The scheduler's, if it does not say how fast the clock is.
    pub fn after(self, length: Duration) -> Result<Self> {
        Ok(Self { ticks: self.ticks.saturating_add(ticks(length)?) })
    }

    /// How long it is since `earlier`; nothing if that lies in the future.
    ///
    /// # Panics
    ///
    /// If the scheduler does not say how fast the clock is.
    #[must_use]
    pub fn duration_since(self, earlier: Self) -> Duration {
        let ticks = u128::from(self.ticks.saturating_sub(earlier.ticks));
        let nanoseconds = ticks * NANOSECONDS / u128::from(known(frequency()));
        Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
    }

    /// How long it is since `earlier`, as [`Self::duration_since`].
    ///
    /// # Panics
    ///
    /// As there.
    #[must_use]
    pub fn saturating_duration_since(self, earlier: Self) -> Duration {
        self.duration_since(earlier)
    }

    /// How long it is since `earlier`, unless that lies in the future.
    ///
    /// # Panics
    ///
    /// As [`Self::duration_since`].
    #[must_use]
    pub fn checked_duration_since(self, earlier: Self) -> Option<Duration> {
        (earlier <= self).then(|| self.duration_since(earlier))
    }

    /// How long it has been since.
    ///
    /// # Panics
    ///
    /// As [`Self::duration_since`].
    #[must_use]
    pub fn elapsed(self) -> Duration {
        Self::now().duration_since(self)
    }

    /// This much later, unless that is out of range.
    ///
    /// # Panics
    ///
    /// As [`Self::duration_since`].
    #[must_use]
    pub fn checked_add(self, length: Duration) -> Option<Self> {
        self.ticks.checked_add(known(ticks(length))).map(Self::from_ticks)
    }

    /// This much earlier, unless that is out of range.
    ///
    /// # Panics
    ///
    /// As [`Self::duration_since`].
    #[must_use]
    pub fn checked_sub(self, length: Duration) -> Option<Self> {
        self.ticks.checked_sub(known(ticks(length))).map(Self::from_ticks)
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, length: Duration) -> Self {
        self.checked_add(length).unwrap_or(Self::NEVER)
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, length: Duration) {
        *self = *self + length;
    }
}

impl Sub<Duration> for Instant {
    type Output = Self;

    fn sub(self, length: Duration) -> Self {
        self.checked_sub(length).unwrap_or(Self { ticks: 0 })
    }
}

impl SubAssign<Duration> for Instant {
    fn sub_assign(&mut self, length: Duration) {
        *self = *self - length;
    }
}

impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.duration_since(earlier)
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Instant({})", self.ticks)
    }
}

/// How many ticks there are in a second.
///
/// # Errors
///
/// The scheduler's.
pub fn frequency() -> Result<u64> {
    static FREQUENCY: AtomicU64 = AtomicU64::new(0);
    match FREQUENCY.load(Relaxed) {
        0 => {
            let frequency = SCHED.frequency()?.max(1);
            FREQUENCY.store(frequency, Relaxed);
            Ok(frequency)
        }
        frequency => Ok(frequency),
    }
}

/// A length of time in ticks: no fewer than it takes.
fn ticks(length: Duration) -> Result<u64> {
    let ticks = length.as_nanos().saturating_mul(frequency()?.into()).div_ceil(NANOSECONDS);
    Ok(u64::try_from(ticks).unwrap_or(u64::MAX))
}

/// A scheduler that has started knows its clock.
fn known<T>(answer: Result<T>) -> T {
    match answer {
        Ok(value) => value,
        Err(error) => unreachable!("the scheduler does not say how fast the clock is: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_lengths_and_points_do_not_wrap() {
        let point = Instant::from_ticks(5_000);
        assert_eq!((point + Duration::from_nanos(7)) - point, Duration::from_nanos(7));
        assert_eq!(point - (point + Duration::from_secs(1)), Duration::ZERO);
        assert_eq!((point + Duration::MAX, point - Duration::MAX), (Instant::NEVER, Instant::from_ticks(0)));
        assert_eq!((point.checked_add(Duration::MAX), point.checked_sub(Duration::MAX)), (None, None));
        assert!(Instant::now() <= Instant::now());
        let (second, mut later) = (Duration::from_secs(1), point);
        later += second;
        assert_eq!((later.checked_duration_since(point), point.checked_duration_since(later)), (Some(second), None));
        assert_eq!([later, point].map(|time| time.saturating_duration_since(point)), [second, Duration::ZERO]);
        later -= second;
        assert_eq!(later, point);
    }
}
