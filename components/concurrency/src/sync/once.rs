//! What is done once, by whoever needs it first, while the others wait.

use crate::point::Condition;
use crate::scheduler;
use core::cell::{Cell, UnsafeCell};
use core::fmt;
use core::mem::MaybeUninit;
use core::num::NonZeroU32;
use core::ops::Deref;
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Release};
use runtime::Result;

const NOT_YET: u32 = 0;
/// What lies between is the number of the thread that does it.
const DONE: u32 = u32::MAX;

/// Something that is done once, as `std::sync::Once`.
#[derive(Debug, Default)]
pub struct Once {
    state: AtomicU32,
    done: Condition,
}

impl Once {
    /// It has not been done.
    pub const fn new() -> Self {
        Self { state: AtomicU32::new(NOT_YET), done: Condition::new() }
    }

    /// Whether it has been done.
    #[inline]
    pub fn is_completed(&self) -> bool {
        self.state.load(Acquire) == DONE
    }

    /// Does it, unless it has been done; waits, if another thread is doing it.
    ///
    /// # Errors
    ///
    /// [`HolderEnded`](sched_interface::SchedError::HolderEnded): a thread has ended while it was doing it;
    /// [`WouldDeadlock`](sched_interface::SchedError::WouldDeadlock): it is this thread that does it, or one that waits for this one; the scheduler's.
    #[inline]
    pub fn call_once(&self, does: impl FnOnce()) -> Result<()> {
        if self.is_completed() { Ok(()) } else { self.call_first(does) }
    }

    #[cold]
    fn call_first(&self, does: impl FnOnce()) -> Result<()> {
        let me = scheduler::number().get();
        if self.state.compare_exchange(NOT_YET, me, AcqRel, Acquire).is_ok() {
            does();
            self.state.store(DONE, Release);
            self.done.changed();
            return Ok(());
        }
        let waited = self.done.wait_for(|| self.who_does_it(), None, || self.is_completed().then_some(()));
        // Who did it may have done so before it was lost.
        if self.is_completed() { Ok(()) } else { waited.map(|_| ()) }
    }

    /// The index of the thread that is doing it.
    fn who_does_it(&self) -> Option<u64> {
        let number = Some(self.state.load(Acquire)).filter(|state| *state != DONE);
        number.and_then(NonZeroU32::new).map(scheduler::index)
    }
}

/// A value that is written once, as `std::sync::OnceLock`.
pub struct OnceLock<T> {
    once: Once,
    value: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: the value is written by one thread, before `once` is completed, and shared after that.
unsafe impl<T: Send + Sync> Sync for OnceLock<T> {}

impl<T> OnceLock<T> {
    /// It has not been written.
    pub const fn new() -> Self {
        Self { once: Once::new(), value: UnsafeCell::new(MaybeUninit::uninit()) }
    }

    /// The value, if it has been written.
    #[inline]
    pub fn get(&self) -> Option<&T> {
        // SAFETY: it was written before `once` was completed, and is not written again.
        self.once.is_completed().then(|| unsafe { (*self.value.get()).assume_init_ref() })
    }

    /// Writes the value.
    ///
    /// # Errors
    ///
    /// The value that was to be written, if another has been; or if the thread that was about to write one is lost, or is this one: then there is
    /// none.
    pub fn set(&self, value: T) -> core::result::Result<(), T> {
        let mut value = Some(value);
        let _ = self.write(|| value.take());
        value.map_or(Ok(()), Err)
    }

    /// The value; `make` makes it, if it has not been written.
    ///
    /// # Errors
    ///
    /// The scheduler's, about waiting for another thread that makes it.
    pub fn get_or_init(&self, make: impl FnOnce() -> T) -> Result<&T> {
        self.write(|| Some(make()))?;
        // SAFETY: `once` is completed, and what completed it has written the value: `make` makes one in any case.
        Ok(unsafe { (*self.value.get()).assume_init_ref() })
    }

    /// The value, if it has been written, of which this is the only reference.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        // SAFETY: it was written before `once` was completed.
        self.once.is_completed().then(|| unsafe { self.value.get_mut().assume_init_mut() })
    }

    /// Takes the value, if it has been written: as if it never had been.
    pub fn take(&mut self) -> Option<T> {
        core::mem::take(self).into_inner()
    }

    /// The value, of which this is the only reference.
    pub fn into_inner(mut self) -> Option<T> {
        let is_there = core::mem::take(&mut self.once).is_completed();
        // SAFETY: it has been written, and is not dropped, since that is not known any more.
        is_there.then(|| unsafe { (*self.value.get()).assume_init_read() })
    }

    fn write(&self, make: impl FnOnce() -> Option<T>) -> Result<()> {
        self.once.call_once(|| {
            if let Some(value) = make() {
                // SAFETY: one thread comes here, once, and nobody reads before it is through.
                unsafe { (*self.value.get()).write(value) };
            }
        })
    }
}

impl<T> Default for OnceLock<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Drop for OnceLock<T> {
    fn drop(&mut self) {
        if self.once.is_completed() {
            // SAFETY: it has been written, and nobody has it any more.
            unsafe { self.value.get_mut().assume_init_drop() };
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for OnceLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OnceLock").field(&self.get()).finish()
    }
}

/// A value that is made when first it is needed, as `std::sync::LazyLock`.
pub struct LazyLock<T, F = fn() -> T> {
    value: OnceLock<T>,
    make: Cell<Option<F>>,
}

// SAFETY: `make` is touched by the one thread that makes the value.
unsafe impl<T: Send + Sync, F: Send> Sync for LazyLock<T, F> {}

impl<T, F: FnOnce() -> T> LazyLock<T, F> {
    /// A value that `make` will make.
    pub const fn new(make: F) -> Self {
        Self { value: OnceLock::new(), make: Cell::new(Some(make)) }
    }

    /// The value.
    ///
    /// # Errors
    ///
    /// The scheduler's, about waiting for another thread that makes it.
    pub fn force(this: &Self) -> Result<&T> {
        this.value.get_or_init(|| match this.make.take() {
            Some(make) => make(),
            None => unreachable!("a value is made once"),
        })
    }
}

impl<T, F: FnOnce() -> T> Deref for LazyLock<T, F> {
    type Target = T;

    /// # Panics
    ///
    /// If the thread has to wait for another that makes the value, and cannot.
    fn deref(&self) -> &T {
        match Self::force(self) {
            Ok(value) => value,
            Err(error) => unreachable!("cannot wait for the value: {error}"),
        }
    }
}
