//! A value for one thread that changes it, or for many that look at it.
//!
//! Who changes it holds the *gate*, a lock, for as long as that takes; a bit in the readers' word says so. Who looks at it counts itself in, or
//! finds the bit and goes through the gate. So readers are one locked instruction each way, a writer that waits is not overtaken by readers
//! that come later, and while threads wait for a writer, it runs in their place, as the owner of any lock does.

use super::mutex::{Mutex, MutexGuard, TryLockError};
use crate::NO_TIME_LEFT;
use crate::point::Condition;
use crate::time::Instant;
use core::cell::UnsafeCell;
use core::fmt;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, SeqCst};
use runtime::Result;

/// In the readers' word, above their number: a writer has the value, or waits for the readers to be gone.
const WRITER: u64 = 1 << 63;

/// A value that one thread changes at a time, or many look at, as `std::sync::RwLock`.
pub struct RwLock<T: ?Sized> {
    gate: Mutex<()>,
    readers: AtomicU64,
    no_readers: Condition,
    value: UnsafeCell<T>,
}

// SAFETY: it is one thread's to change, or many threads' to look at; so it is sent, and shared.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLock<T> {}

impl<T> RwLock<T> {
    /// A value that nobody has.
    pub const fn new(value: T) -> Self {
        Self {
            gate: Mutex::new(()),
            readers: AtomicU64::new(0),
            no_readers: Condition::new(),
            value: UnsafeCell::new(value),
        }
    }

    /// The value.
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized> RwLock<T> {
    /// Waits until nobody changes the value, and keeps it as it is.
    ///
    /// # Errors
    ///
    /// Those of [`Mutex::lock`], about the thread that changes it.
    #[inline]
    pub fn read(&self) -> Result<RwLockReadGuard<'_, T>> {
        if !self.count_in() {
            self.read_slowly(None)?;
        }
        Ok(self.read_guard())
    }

    /// As [`Self::read`], but only up to a point in time.
    ///
    /// # Errors
    ///
    /// [`NO_TIME_LEFT`]; as [`Self::read`].
    pub fn read_until(&self, until: Instant) -> Result<RwLockReadGuard<'_, T>> {
        if !self.count_in() {
            self.read_slowly(Some(until))?;
        }
        Ok(self.read_guard())
    }

    /// The value as it is, if nobody changes it or waits to do so.
    ///
    /// # Errors
    ///
    /// [`TryLockError::WouldBlock`].
    #[inline]
    pub fn try_read(&self) -> core::result::Result<RwLockReadGuard<'_, T>, TryLockError> {
        if self.count_in() { Ok(self.read_guard()) } else { Err(TryLockError::WouldBlock) }
    }

    /// Waits until nobody else has the value.
    ///
    /// # Errors
    ///
    /// As [`Self::read`].
    pub fn write(&self) -> Result<RwLockWriteGuard<'_, T>> {
        self.write_behind(self.gate.lock()?, None)
    }

    /// As [`Self::write`], but only up to a point in time.
    ///
    /// # Errors
    ///
    /// [`NO_TIME_LEFT`]; as [`Self::read`].
    pub fn write_until(&self, until: Instant) -> Result<RwLockWriteGuard<'_, T>> {
        self.write_behind(self.gate.lock_until(until)?, Some(until))
    }

    /// The value, if nobody has it.
    ///
    /// # Errors
    ///
    /// [`TryLockError::WouldBlock`].
    pub fn try_write(&self) -> core::result::Result<RwLockWriteGuard<'_, T>, TryLockError> {
        let gate = self.gate.try_lock()?;
        match self.readers.compare_exchange(0, WRITER, AcqRel, Relaxed) {
            Ok(_) => Ok(RwLockWriteGuard { lock: self, _gate: gate }),
            Err(_) => Err(TryLockError::WouldBlock),
        }
    }

    /// The value, of which this is the only reference.
    pub const fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }

    /// Counts a reader in, unless there is a writer. Answers whether it did.
    #[inline]
    fn count_in(&self) -> bool {
        let more = |readers: u64| (readers & WRITER == 0).then_some(readers + 1);
        self.readers.fetch_update(AcqRel, Acquire, more).is_ok()
    }

    #[cold]
    #[inline(never)]
    fn read_slowly(&self, until: Option<Instant>) -> Result<()> {
        let _gate = self.gate.lock_at_most(until)?;
        // Who has the gate is alone in saying that there is a writer.
        self.readers.fetch_add(1, AcqRel);
        Ok(())
    }

    fn write_behind<'l>(&'l self, gate: MutexGuard<'l, ()>, until: Option<Instant>) -> Result<RwLockWriteGuard<'l, T>> {
        self.readers.fetch_or(WRITER, SeqCst);
        // From here on it is given back with the gate, whatever happens.
        let guard = RwLockWriteGuard { lock: self, _gate: gate };
        let alone = self.no_readers.wait(until, || (self.readers.load(Acquire) == WRITER).then_some(()))?;
        alone.map(|()| guard).ok_or(NO_TIME_LEFT)
    }

    const fn read_guard(&self) -> RwLockReadGuard<'_, T> {
        RwLockReadGuard { lock: self, stays: PhantomData }
    }
}

impl<T: Default> Default for RwLock<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> From<T> for RwLock<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.try_read() {
            Ok(value) => f.debug_tuple("RwLock").field(&&*value).finish(),
            Err(TryLockError::WouldBlock) => f.write_str("RwLock(<locked>)"),
        }
    }
}

/// Access to a value that stays as it is until this is dropped.
#[must_use = "the value may change when this is dropped"]
pub struct RwLockReadGuard<'l, T: ?Sized> {
    lock: &'l RwLock<T>,
    /// Not to be sent, as its like in the standard library.
    stays: PhantomData<*const ()>,
}

// SAFETY: what a reference to the guard leads to is a reference to the value.
unsafe impl<T: ?Sized + Sync> Sync for RwLockReadGuard<'_, T> {}

impl<T: ?Sized> Drop for RwLockReadGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if self.lock.readers.fetch_sub(1, SeqCst) == WRITER + 1 {
            self.lock.no_readers.changed_by_exchange();
        }
    }
}

impl<T: ?Sized> Deref for RwLockReadGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: while readers are counted, nobody changes it.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockReadGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// Access to a value that nobody else has until this is dropped.
#[must_use = "the lock is given back when this is dropped"]
pub struct RwLockWriteGuard<'l, T: ?Sized> {
    lock: &'l RwLock<T>,
    /// Given back after this has said that there is no writer.
    _gate: MutexGuard<'l, ()>,
}

// SAFETY: what a reference to the guard leads to is a reference to the value.
unsafe impl<T: ?Sized + Sync> Sync for RwLockWriteGuard<'_, T> {}

impl<T: ?Sized> Drop for RwLockWriteGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.lock.readers.fetch_and(!WRITER, AcqRel);
    }
}

impl<T: ?Sized> Deref for RwLockWriteGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: there is one such guard once it is given out, and no reader.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T: ?Sized> DerefMut for RwLockWriteGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above; and it is lent out once.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockWriteGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
