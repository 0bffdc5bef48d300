//! A critical section between threads that dispatch each other: who is inside is known, so that those outside can
//! let it finish instead of spinning.

use core::cell::UnsafeCell;
use core::marker::PhantomData;
use core::num::NonZeroU32;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::AtomicU64;
use sched_sl::Occupancy;

/// A value for one thread at a time. It never waits: who finds it taken is told by whom.
///
/// One word says who is inside, and whether somebody found it so: the protocol is [`Occupancy`], which is explored on its own.
pub struct Section<T> {
    occupancy: Occupancy<AtomicU64>,
    value: UnsafeCell<T>,
}

// SAFETY: `enter` gives the value out to one thread at a time, so it is sent between threads and never shared.
unsafe impl<T: Send> Sync for Section<T> {}

impl<T> Section<T> {
    /// A section with nobody inside.
    pub const fn new(value: T) -> Self {
        Self { occupancy: Occupancy::new(AtomicU64::new(0)), value: UnsafeCell::new(value) }
    }

    /// Enters as `who`.
    ///
    /// # Errors
    ///
    /// Who is inside, if somebody is; they are told so when they leave.
    #[inline(always)]
    pub fn enter(&self, who: NonZeroU32) -> Result<Guard<'_, T>, NonZeroU32> {
        self.occupancy.enter(who).map(|()| Guard { section: self, access: PhantomData })
    }

    /// Whether somebody was told that the section is taken.
    fn leave(&self) -> bool {
        self.occupancy.leave()
    }
}

/// Access to what a section protects, until it is dropped.
#[must_use = "the section is left when this is dropped"]
pub struct Guard<'s, T> {
    section: &'s Section<T>,
    /// Who has a guard has the value, to share or to send only as the value itself can be.
    access: PhantomData<&'s mut T>,
}

impl<T> Guard<'_, T> {
    /// Leaves the section. Answers whether somebody found it taken meanwhile.
    pub fn leave(self) -> bool {
        let section = self.section;
        core::mem::forget(self);
        section.leave()
    }
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        self.section.leave();
    }
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: whoever has the guard is inside, alone.
        unsafe { &*self.section.value.get() }
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: whoever has the guard is inside, alone, and lends the guard out once.
        unsafe { &mut *self.section.value.get() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: NonZeroU32 = NonZeroU32::MIN;
    const TWO: NonZeroU32 = ONE.saturating_add(1);

    #[test]
    fn one_is_inside_and_the_other_is_told_who() {
        let section = Section::new(7);
        let mut guard = section.enter(ONE).unwrap_or_else(|owner| panic!("taken by {owner}"));
        *guard += 1;
        assert_eq!(section.enter(TWO).err(), Some(ONE));
        assert!(guard.leave(), "somebody wanted in");
        let guard = section.enter(TWO).unwrap_or_else(|owner| panic!("taken by {owner}"));
        assert_eq!(*guard, 8);
        assert!(!guard.leave(), "nobody wanted in");
    }

    #[test]
    fn a_dropped_guard_leaves() {
        let section = Section::new(());
        drop(section.enter(ONE));
        assert!(section.enter(TWO).is_ok());
    }

    #[test]
    fn nothing_is_lost_between_threads() {
        extern crate std;
        let section = Section::new(0_u64);
        std::thread::scope(|scope| {
            for who in [ONE, TWO] {
                let section = &section;
                scope.spawn(move || {
                    for _ in 0..10_000 {
                        let mut guard = loop {
                            match section.enter(who) {
                                Ok(guard) => break guard,
                                Err(owner) => assert_ne!(owner, who),
                            }
                        };
                        *guard += 1;
                    }
                });
            }
        });
        assert_eq!(section.enter(ONE).map(|guard| *guard).ok(), Some(20_000));
    }
}
