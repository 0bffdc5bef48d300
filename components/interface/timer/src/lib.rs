//! The interface `timer`: time in nanoseconds, and waiting for it.
//!
//! Times are nanoseconds since an origin that stays the same while the system runs. A wait ends at its time or a little
//! later, never before.
#![no_std]

#[cfg(test)]
extern crate std;

/// What a method of [`Timer`] answers.
pub type Result<T> = runtime::Result<T, TimerError>;

runtime::errors! {
    /// Why a timer does not do what it is asked.
    pub enum TimerError {
        BadTime = 1: "the period is 0, or the time is beyond what the clock can count",
    }
}

/// Tells the time, and lets the calling thread wait.
#[runtime::interface]
pub trait Timer {
    /// Answers what time it is.
    fn now(&self) -> Result<u64>;

    /// Waits until `time`; returns at once if that has passed.
    #[may_block]
    fn sleep_until(&self, time: u64) -> Result<()>;

    /// Waits until the next of the times `start`, `start + period`, `start + 2 * period` … after now, and answers it: a
    /// thread that asks again and again keeps the period whatever else it does, and skips what it has missed.
    #[may_block]
    fn next(&self, start: u64, period: u64) -> Result<u64>;
}
