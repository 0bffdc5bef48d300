//! Waiting, with a lock given back meanwhile, for what another thread says has changed.

use super::{Mutex, MutexGuard};
use crate::point::Point;
use crate::time::{Duration, Instant};
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{AcqRel, Acquire};
use runtime::Result;
use sched_sl::{Blockpoint, Epoch};

/// A condition, as `std::sync::Condvar`. A wait may end without a notification: look again, or use [`Condvar::wait_while`].
#[derive(Debug, Default)]
pub struct Condvar {
    /// How many wait, or are about to.
    waiting: AtomicU64,
    epochs: Blockpoint<AtomicU64>,
    point: Point,
}

/// Whether a wait ended because its time came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    /// Whether it did.
    pub const fn timed_out(self) -> bool {
        self.0
    }
}

impl Condvar {
    /// Nobody waits.
    pub const fn new() -> Self {
        Self { waiting: AtomicU64::new(0), epochs: Blockpoint::new(AtomicU64::new(0)), point: Point::new() }
    }

    /// Gives the lock back, waits for a notification, and takes the lock again. No notification is missed from the moment on at
    /// which the lock is given back.
    ///
    /// # Errors
    ///
    /// Those of [`Mutex::lock`]; the lock is then not taken.
    pub fn wait<'l, T>(&self, guard: MutexGuard<'l, T>) -> Result<MutexGuard<'l, T>> {
        self.wait_at_most(guard, None).map(|(guard, _)| guard)
    }

    /// As [`Self::wait`], for as long as the condition is true of the value.
    ///
    /// # Errors
    ///
    /// As [`Self::wait`].
    pub fn wait_while<'l, T>(
        &self,
        mut guard: MutexGuard<'l, T>,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> Result<MutexGuard<'l, T>> {
        while condition(&mut guard) {
            guard = self.wait(guard)?;
        }
        Ok(guard)
    }

    /// As [`Self::wait`], but at most for so long.
    ///
    /// # Errors
    ///
    /// As [`Self::wait`].
    pub fn wait_timeout<'l, T>(
        &self,
        guard: MutexGuard<'l, T>,
        length: Duration,
    ) -> Result<(MutexGuard<'l, T>, WaitTimeoutResult)> {
        self.wait_at_most(guard, Some(Instant::now().after(length)?))
    }

    /// As [`Self::wait_while`], but at most for so long, all together. Whether it timed out says whether the condition is still true.
    ///
    /// # Errors
    ///
    /// As [`Self::wait`].
    pub fn wait_timeout_while<'l, T>(
        &self,
        mut guard: MutexGuard<'l, T>,
        length: Duration,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> Result<(MutexGuard<'l, T>, WaitTimeoutResult)> {
        let until = Instant::now().after(length)?;
        let mut is_over = false;
        while condition(&mut guard) {
            if is_over {
                return Ok((guard, WaitTimeoutResult(true)));
            }
            let (again, waited) = self.wait_at_most(guard, Some(until))?;
            (guard, is_over) = (again, waited.timed_out());
        }
        Ok((guard, WaitTimeoutResult(false)))
    }

    /// Lets one of those go on that wait.
    pub fn notify_one(&self) {
        if self.waiting.load(Acquire) != 0 {
            self.point.trigger_one(self.epochs.advance());
        }
    }

    /// Lets all go on that wait.
    pub fn notify_all(&self) {
        if self.waiting.load(Acquire) != 0 {
            self.point.trigger(self.epochs.advance());
        }
    }

    /// Waits for an epoch to pass, where the scheduler has no room to know of that. Each moment ends one wait there, and another begins here:
    /// whoever gives each wait a length would never come to its end.
    #[cold]
    #[inline(never)]
    fn poll(&self, epoch: Epoch, until: Option<Instant>) -> Result<bool> {
        let mut in_time = true;
        while in_time && self.epochs.checkpoint() == epoch {
            in_time = Point::pause(until)?;
        }
        Ok(in_time)
    }

    #[inline(always)]
    fn wait_at_most<'l, T>(
        &self,
        guard: MutexGuard<'l, T>,
        until: Option<Instant>,
    ) -> Result<(MutexGuard<'l, T>, WaitTimeoutResult)> {
        let mutex: &'l Mutex<T> = guard.mutex();
        self.point.prepare();
        // Said while the lock is held: who changes the value after this holder finds it.
        self.waiting.fetch_add(1, AcqRel);
        let epoch = self.epochs.checkpoint();
        drop(guard);
        let waited = match self.point.is_known() {
            true => self.point.wait(epoch, None, until),
            false => self.poll(epoch, until),
        };
        self.waiting.fetch_sub(1, AcqRel);
        Ok((mutex.lock()?, WaitTimeoutResult(!waited?)))
    }
}
