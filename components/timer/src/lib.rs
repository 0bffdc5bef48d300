//! The timer: nanoseconds from ticks, and waiting by the scheduler.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

use timer_interface::{Result, Timer, TimerError};

/// Nanoseconds in a second.
const SECOND: u128 = 1_000_000_000;

/// What the timer stands on.
pub trait Clock {
    /// What the time-stamp counter says.
    fn ticks(&self) -> u64;

    /// Its ticks in a second.
    ///
    /// # Errors
    ///
    /// The scheduler's.
    fn frequency(&self) -> runtime::Result<u64>;

    /// Lets the calling thread wait until a tick.
    ///
    /// # Errors
    ///
    /// The scheduler's.
    fn sleep_until(&self, tick: u64) -> runtime::Result<()>;
}

/// A server of the interface `timer`.
pub struct Timing<C>(pub C);

impl<C: Clock> Timing<C> {
    /// The first tick at which it is `time`, or later.
    fn tick(&self, time: u64) -> Result<u64> {
        let ticks = (u128::from(time) * u128::from(self.0.frequency()?)).div_ceil(SECOND);
        u64::try_from(ticks).map_err(|_| TimerError::BadTime)
    }
}

impl<C: Clock> Timer for Timing<C> {
    fn now(&self) -> Result<u64> {
        let frequency = u128::from(self.0.frequency()?.max(1));
        u64::try_from(u128::from(self.0.ticks()) * SECOND / frequency).map_err(|_| TimerError::BadTime)
    }

    fn sleep_until(&self, time: u64) -> Result<()> {
        let tick = self.tick(time)?;
        if tick <= self.0.ticks() { Ok(()) } else { Ok(self.0.sleep_until(tick)?) }
    }

    fn next(&self, start: u64, period: u64) -> Result<u64> {
        let now = self.now()?;
        let passed = now.saturating_sub(start).checked_div(period).ok_or(TimerError::BadTime)?;
        let periods = if now < start { 0 } else { passed + 1 };
        let time =
            periods.checked_mul(period).and_then(|offset| start.checked_add(offset)).ok_or(TimerError::BadTime)?;
        self.sleep_until(time)?;
        Ok(time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::cell::Cell;

    /// A clock of 3 ticks in a nanosecond, which goes on when somebody waits.
    struct Fake(Cell<u64>);

    impl Clock for Fake {
        fn ticks(&self) -> u64 {
            self.0.get()
        }

        fn frequency(&self) -> runtime::Result<u64> {
            Ok(3_000_000_000)
        }

        fn sleep_until(&self, tick: u64) -> runtime::Result<()> {
            assert!(tick > self.0.get(), "nobody waits for what has passed");
            self.0.set(tick);
            Ok(())
        }
    }

    fn at(tick: u64) -> Timing<Fake> {
        Timing(Fake(Cell::new(tick)))
    }

    #[test]
    fn ticks_are_nanoseconds_rounded_down() {
        assert_eq!(at(3000).now(), Ok(1000));
        assert_eq!(at(3002).now(), Ok(1000));
        assert_eq!(at(u64::MAX).now(), Ok(u64::MAX / 3));
    }

    #[test]
    fn a_wait_never_ends_early() {
        let timing = at(10);
        timing.sleep_until(7).unwrap();
        assert_eq!((timing.0.ticks(), timing.now()), (21, Ok(7)));
        timing.sleep_until(6).unwrap();
        assert_eq!(timing.0.ticks(), 21);
        assert_eq!(timing.sleep_until(u64::MAX), Err(TimerError::BadTime));
    }

    #[test]
    fn a_period_is_kept_and_what_was_missed_is_skipped() {
        let timing = at(0);
        assert_eq!(timing.next(100, 10), Ok(100));
        assert_eq!(timing.next(100, 10), Ok(110));
        timing.0.0.set(3 * 135);
        assert_eq!(timing.next(100, 10), Ok(140));
        assert_eq!(timing.next(100, 0), Err(TimerError::BadTime));
        assert_eq!(timing.next(100, u64::MAX), Err(TimerError::BadTime));
    }
}
