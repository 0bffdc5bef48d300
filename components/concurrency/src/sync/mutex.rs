//! A value for one thread at a time.

use crate::HOLDER_ENDED;
use crate::point::Point;
use crate::time::Instant;
use crate::{NO_TIME_LEFT, scheduler};
use core::cell::UnsafeCell;
use core::fmt;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::AtomicU64;
use runtime::Result;
use sched_sl::Lock;

/// A value for one thread at a time, as `std::sync::Mutex`.
///
/// While others wait for it, the thread that has the lock runs in their place, as urgently as the most urgent of them.
///
/// A panic gives nothing back. If it ends the thread that has the lock, whoever wants it is told so; if it ends a call of a client's thread,
/// the lock stays that thread's, and others wait for it until that ends, unless they wait [with a limit](Self::lock_until).
pub struct Mutex<T: ?Sized> {
    lock: Lock<AtomicU64>,
    point: Point,
    inherits: bool,
    value: UnsafeCell<T>,
}

// SAFETY: `lock` gives the value out to one thread at a time, so it is sent between threads and never shared.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}

impl<T> Mutex<T> {
    /// A value that nobody has.
    pub const fn new(value: T) -> Self {
        Self::with_inheritance(value, true)
    }

    /// A value that nobody has. Unless it `inherits`, the scheduler is not told for whom others wait: the thread that has the lock stays as urgent
    /// as it is, and who waits for one that has ended, or that waits for it, is not told so. To see what that costs.
    pub const fn with_inheritance(value: T, inherits: bool) -> Self {
        let lock = Lock::new(AtomicU64::new(0), AtomicU64::new(0));
        Self { lock, point: Point::new(), inherits, value: UnsafeCell::new(value) }
    }

    /// The value.
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Waits until nobody else has the value.
    ///
    /// # Errors
    ///
    /// [`WouldDeadlock`](sched_interface::SchedError::WouldDeadlock): who has it waits for this thread, or is this thread; [`HolderEnded`](sched_interface::SchedError::HolderEnded): who has it
    /// has ended; the scheduler's.
    #[inline]
    pub fn lock(&self) -> Result<MutexGuard<'_, T>> {
        if !self.lock.try_lock_uncontended(scheduler::number()) {
            self.lock_slowly(None)?;
        }
        Ok(self.guard())
    }

    /// As [`Self::lock`], but only up to a point in time.
    ///
    /// # Errors
    ///
    /// [`NO_TIME_LEFT`] if somebody else has it still; as [`Self::lock`].
    #[inline]
    pub fn lock_until(&self, until: Instant) -> Result<MutexGuard<'_, T>> {
        self.lock_at_most(Some(until))
    }

    /// The value, if nobody has it.
    ///
    /// # Errors
    ///
    /// [`TryLockError::WouldBlock`].
    #[inline]
    pub fn try_lock(&self) -> core::result::Result<MutexGuard<'_, T>, TryLockError> {
        if self.lock.try_lock(scheduler::number()) { Ok(self.guard()) } else { Err(TryLockError::WouldBlock) }
    }

    /// The value, of which this is the only reference.
    pub const fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }

    pub(crate) fn lock_at_most(&self, until: Option<Instant>) -> Result<MutexGuard<'_, T>> {
        if !self.lock.try_lock_uncontended(scheduler::number()) {
            self.lock_slowly(until)?;
        }
        Ok(self.guard())
    }

    #[cold]
    #[inline(never)]
    fn lock_slowly(&self, until: Option<Instant>) -> Result<()> {
        self.point.prepare();
        let mut waited_for = None;
        loop {
            let locked = self.lock.contend(scheduler::number(), |epoch, owner| {
                waited_for = Some(owner);
                let holder = waited_for.filter(|_| self.inherits).map(scheduler::index);
                let in_time = self.point.wait(epoch, holder, until)?;
                if in_time { Ok(()) } else { Err(NO_TIME_LEFT) }
            });
            match locked {
                // It is lost, but has given the lock back before.
                Err(error) if error == HOLDER_ENDED && self.lock.owner() != waited_for => {}
                locked => return locked,
            }
        }
    }

    const fn guard(&self) -> MutexGuard<'_, T> {
        MutexGuard { mutex: self, stays: PhantomData }
    }
}

impl<T: Default> Default for Mutex<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> From<T> for Mutex<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.try_lock() {
            Ok(value) => f.debug_tuple("Mutex").field(&&*value).finish(),
            Err(TryLockError::WouldBlock) => f.write_str("Mutex(<locked>)"),
        }
    }
}

/// Why a lock was not taken at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryLockError {
    /// Somebody has it.
    WouldBlock,
}

/// Access to what a lock protects, until it is dropped. It stays with the thread that has it.
#[must_use = "the lock is given back when this is dropped"]
pub struct MutexGuard<'l, T: ?Sized> {
    mutex: &'l Mutex<T>,
    /// Not to be sent: the lock knows whose it is.
    stays: PhantomData<*const ()>,
}

// SAFETY: what a reference to the guard leads to is a reference to the value.
unsafe impl<T: ?Sized + Sync> Sync for MutexGuard<'_, T> {}

impl<'l, T: ?Sized> MutexGuard<'l, T> {
    /// The lock that this gives back.
    pub(crate) const fn mutex(&self) -> &'l Mutex<T> {
        self.mutex
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(epoch) = self.mutex.lock.unlock(scheduler::number()) {
            self.mutex.point.trigger_one(epoch);
        }
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: whoever has the guard has the lock, alone.
        unsafe { &*self.mutex.value.get() }
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: whoever has the guard has the lock, alone, and lends the guard out once.
        unsafe { &mut *self.mutex.value.get() }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
