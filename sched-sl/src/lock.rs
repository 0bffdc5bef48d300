//! A lock whose word says who has it, so that the scheduler can lend the owner the time of those that wait.
//!
//! ```text
//!   63            32 31            0
//!   ┌───────────────┬───────────────┐
//!   │ how many wait │ owner, or 0   │
//!   └───────────────┴───────────────┘
//! ```
//!
//! Nobody else there: one locked instruction takes it, one gives it back, and the second one's answer says whether
//! anybody waits. Who finds it taken counts itself in, by an exchange that fails if the owner has left meanwhile, and
//! waits in the epoch that it read before; who leaves others behind begins the next epoch and has the scheduler wake
//! *one*. That one is still counted until it has the lock, or gives up: so whoever has the lock in between, leaving,
//! finds that somebody waits.
//!
//! The lock is not handed over: who comes by just then takes it, and the one that was woken waits again. So a lock that
//! is given back is never idle while its next owner has yet to be scheduled. Who is woken is the scheduler's to say: the first in its
//! policy's order.

use crate::blockpoint::{Blockpoint, Epoch};
use crate::word::Word;
use core::num::NonZeroU32;
use core::sync::atomic::Ordering::{AcqRel, Relaxed};

/// In the lock's word: one who waits.
const WAITER: u64 = 1 << 32;

/// A lock's two words.
#[derive(Debug, Default)]
pub struct Lock<W> {
    word: W,
    epochs: Blockpoint<W>,
}

impl<W> Lock<W> {
    /// A lock that nobody has, of two words that are 0.
    pub const fn new(word: W, epochs: W) -> Self {
        Self { word, epochs: Blockpoint::new(epochs) }
    }
}

impl<W: Word> Lock<W> {
    /// Takes the lock if nobody has it or waits for it, in one locked instruction.
    #[inline]
    pub fn try_lock_uncontended(&self, me: NonZeroU32) -> bool {
        self.word.exchange(0, me.get().into()).is_ok()
    }

    /// Takes the lock if nobody has it.
    #[inline]
    pub fn try_lock(&self, me: NonZeroU32) -> bool {
        self.try_lock_uncontended(me) || self.take_over(me, 0).is_none()
    }

    /// Takes the lock. `wait` waits until an epoch is past that it is given, and is told whose lock it is; it may return
    /// earlier.
    ///
    /// # Errors
    ///
    /// Those of `wait`; the lock is not taken.
    #[inline]
    pub fn lock<E>(&self, me: NonZeroU32, wait: impl FnMut(Epoch, NonZeroU32) -> Result<(), E>) -> Result<(), E> {
        if self.try_lock_uncontended(me) { Ok(()) } else { self.contend_slowly(me, wait) }
    }

    #[cold]
    #[inline(never)]
    fn contend_slowly<E>(&self, me: NonZeroU32, wait: impl FnMut(Epoch, NonZeroU32) -> Result<(), E>) -> Result<(), E> {
        self.contend(me, wait)
    }

    /// Gives the lock back, of which `me` is the owner. `Some` if others wait: the scheduler is to be told that this epoch
    /// has begun, and to wake one of them. What they did before they waited is seen by then.
    #[inline]
    #[must_use = "the scheduler wakes who waits"]
    pub fn unlock(&self, me: NonZeroU32) -> Option<Epoch> {
        let me = u64::from(me.get());
        if self.word.fetch_sub(me, AcqRel) == me { None } else { Some(self.epochs.advance()) }
    }

    /// Who has the lock.
    pub fn owner(&self) -> Option<NonZeroU32> {
        owner(self.word.load(Relaxed))
    }

    /// Takes the lock, which most likely somebody has: as [`Self::lock`].
    ///
    /// # Errors
    ///
    /// Those of `wait`; the lock is not taken.
    #[inline]
    pub fn contend<E>(
        &self,
        me: NonZeroU32,
        mut wait: impl FnMut(Epoch, NonZeroU32) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut counted = 0;
        loop {
            let seen = self.epochs.checkpoint();
            let Some(owner) = self.enter(me, &mut counted) else { return Ok(()) };
            if let Err(error) = wait(seen, owner) {
                return if self.give_up(me) { Err(error) } else { Ok(()) };
            }
        }
    }

    /// Takes the lock, or is counted among those that wait and answers for whom.
    fn enter(&self, me: NonZeroU32, counted: &mut u64) -> Option<NonZeroU32> {
        loop {
            let owner = self.take_over(me, *counted)?;
            if *counted != 0 || self.count(owner) {
                *counted = WAITER;
                return Some(owner);
            }
        }
    }

    /// Takes the lock and, in the same step, itself out of those that wait; or answers whose it is.
    fn take_over(&self, me: NonZeroU32, counted: u64) -> Option<NonZeroU32> {
        let mut found = self.word.load(Relaxed);
        loop {
            if let Some(owner) = owner(found) {
                return Some(owner);
            }
            match self.word.exchange(found, found - counted + u64::from(me.get())) {
                Ok(_) => return None,
                Err(now) => found = now,
            }
        }
    }

    /// Counts one in who waits for this owner. Answers whether it still was.
    fn count(&self, expected: NonZeroU32) -> bool {
        let mut found = self.word.load(Relaxed);
        while owner(found) == Some(expected) {
            match self.word.exchange(found, found + WAITER) {
                Ok(_) => return true,
                Err(now) => found = now,
            }
        }
        false
    }

    /// Waits no longer, and is counted no longer; unless the lock is free by now: then it is taken, and the answer is no.
    fn give_up(&self, me: NonZeroU32) -> bool {
        while self.take_over(me, WAITER).is_some() {
            let found = self.word.load(Relaxed);
            if owner(found).is_some() && self.word.exchange(found, found - WAITER).is_ok() {
                return true;
            }
        }
        false
    }
}

fn owner(word: u64) -> Option<NonZeroU32> {
    NonZeroU32::new(word as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::convert::Infallible;
    use core::sync::atomic::AtomicU64;

    const ME: NonZeroU32 = NonZeroU32::MIN;
    const OTHER: NonZeroU32 = ME.saturating_add(1);

    type Real = Lock<AtomicU64>;

    fn never(_: Epoch, _: NonZeroU32) -> Result<(), Infallible> {
        panic!("nobody has to wait")
    }

    #[test]
    fn without_others_nobody_is_asked() {
        let lock = Real::default();
        for _ in 0..3 {
            assert_eq!(lock.lock(ME, never), Ok(()));
            assert_eq!(lock.owner(), Some(ME));
            assert_eq!(lock.unlock(ME), None);
        }
        assert_eq!(lock.owner(), None);
    }

    #[test]
    fn a_taken_lock_is_waited_for_until_it_is_free_and_the_owner_is_named() {
        let lock = Real::default();
        assert!(lock.try_lock(OTHER) && !lock.try_lock(ME));
        let mut waits = 0;
        let result = lock.lock(ME, |seen, owner| {
            waits += 1;
            assert_eq!((seen, owner), (Epoch(0), OTHER));
            if waits == 2 {
                assert_eq!(lock.unlock(OTHER), Some(Epoch(1)), "somebody waits");
            }
            Ok::<_, Infallible>(())
        });
        assert_eq!((result, waits, lock.owner()), (Ok(()), 2, Some(ME)));
        assert_eq!(lock.unlock(ME), None, "who has it does not wait any more");
    }

    #[test]
    fn who_comes_by_takes_a_free_lock_that_another_waits_for() {
        let lock = Real::default();
        assert!(lock.try_lock(OTHER));
        let mut told = None;
        let result = lock.lock(ME, |_, owner| {
            if told.is_none() {
                told = lock.unlock(owner);
                assert!(lock.try_lock(OTHER), "it comes by");
            } else {
                assert_eq!(lock.unlock(owner), Some(Epoch(2)), "one still waits");
            }
            Ok::<_, Infallible>(())
        });
        assert_eq!((result, told), (Ok(()), Some(Epoch(1))));
        assert_eq!(lock.unlock(ME), None);
    }

    #[test]
    fn who_gives_up_is_counted_no_longer() {
        let lock = Real::default();
        assert!(lock.try_lock(OTHER));
        assert_eq!(lock.lock(ME, |_, _| Err("too late")), Err("too late"));
        assert_eq!(lock.unlock(OTHER), None);
    }

    #[test]
    fn who_gives_up_and_finds_it_free_has_it() {
        let lock = Real::default();
        assert!(lock.try_lock(OTHER));
        let result = lock.lock(ME, |_, owner| {
            let _ = lock.unlock(owner);
            Err("too late")
        });
        assert_eq!((result, lock.owner()), (Ok(()), Some(ME)));
        assert_eq!(lock.unlock(ME), None);
    }
}
