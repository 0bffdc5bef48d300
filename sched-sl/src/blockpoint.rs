//! A point at which threads wait for something to change, seen from the threads: one word in their own memory.
//!
//! The word holds an *epoch*, which counts how often waiting threads were told of a change, and a *waiter bit*. Who finds
//! a thing missing and would wait for it does so in steps, because the thing can come between any two of them:
//!
//! ```text
//!   try ──▶ checkpoint ──▶ announce ──▶ try again ──▶ ask the scheduler to wait, naming the epoch
//!    ▲ done                    │ the epoch is past │ done              │ woken
//!    └─────────────────────────┴───────────────────┴───────────────────┘
//! ```
//!
//! Who brings the thing then *triggers*: if the waiter bit is set, that begins the next epoch and takes the bit away, in
//! one locked instruction, and the scheduler is to be told. If it is not set, that is all: no call. The scheduler
//! remembers the last epoch that it was told, and answers at once to who would wait in an older one. So there
//! is no moment at which a change is missed:
//!
//! - it comes before the second try: that finds it, by the fences between announcing and trying, and between bringing and
//!   triggering;
//! - it comes after that: then the bit is set, and the scheduler is told; if it is told before it is asked to wait, the
//!   epoch is past by then.
//!
//! Threads of several components, and of several cores, can share the word; the scheduler never reads it.
//!
//! The scheduler's side is [`waiting`](crate::waiting).

use crate::word::Word;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, SeqCst};

/// How often those who waited have been told of a change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub u64);

/// Somebody waits, or is about to.
const WAITER: u64 = 1;

/// A blockpoint's word.
#[derive(Debug, Default)]
pub struct Blockpoint<W> {
    /// The epoch, times two, and [`WAITER`].
    word: W,
}

impl<W> Blockpoint<W> {
    /// A blockpoint at its first epoch, of a word that is 0.
    pub const fn new(word: W) -> Self {
        Self { word }
    }
}

impl<W: Word> Blockpoint<W> {
    /// The epoch, to be read before the try after which the caller waits.
    #[inline]
    pub fn checkpoint(&self) -> Epoch {
        Epoch(self.word.load(Acquire) / 2)
    }

    /// Says that the caller is about to wait. It must then try again, and only then wait. Answers whether the epoch is
    /// still the one that was seen; if it is not, something has changed, and there is nothing to wait for.
    pub fn announce(&self, seen: Epoch) -> bool {
        let quiet = seen.0 * 2;
        let exchanged = self.word.exchange(quiet, quiet | WAITER);
        W::full_fence();
        exchanged.is_ok() || exchanged == Err(quiet | WAITER)
    }

    /// Says that something has changed. `Some` if anybody may wait for that: the scheduler is to be told that this epoch
    /// has begun.
    #[inline]
    #[must_use = "the scheduler wakes who waits"]
    pub fn trigger(&self) -> Option<Epoch> {
        W::full_fence();
        let found = self.word.load(Relaxed);
        if found & WAITER == 0 { None } else { self.begin_next(found) }
    }

    /// As [`Self::trigger`], by a caller who has made the change by a sequentially consistent read-modify-write: that is a fence already.
    #[inline]
    #[must_use = "the scheduler wakes who waits"]
    pub fn trigger_after_exchange(&self) -> Option<Epoch> {
        let found = self.word.load(SeqCst);
        if found & WAITER == 0 { None } else { self.begin_next(found) }
    }

    /// Begins the next epoch, unless another has: it then tells the scheduler.
    #[cold]
    fn begin_next(&self, found: u64) -> Option<Epoch> {
        let next = found + WAITER;
        self.word.exchange(found, next).ok().map(|_| Epoch(next / 2))
    }

    /// Begins the next epoch in any case. For what notes elsewhere whether anybody waits, as [`Lock`](crate::Lock) does.
    pub fn advance(&self) -> Epoch {
        Epoch(self.word.fetch_add(2, AcqRel) / 2 + 1)
    }

    /// Tries until it succeeds, and lets `wait` wait in between. `wait` returns when the epoch that it is given is past;
    /// earlier does no harm.
    ///
    /// # Errors
    ///
    /// Those of `wait`.
    pub fn wait_until<R, E>(
        &self,
        mut attempt: impl FnMut() -> Option<R>,
        wait: impl FnMut(Epoch) -> Result<(), E>,
    ) -> Result<R, E> {
        match attempt() {
            Some(result) => Ok(result),
            None => self.wait_for_change(attempt, wait),
        }
    }

    /// The same, after a try that failed.
    ///
    /// # Errors
    ///
    /// Those of `wait`.
    pub fn wait_for_change<R, E>(
        &self,
        mut attempt: impl FnMut() -> Option<R>,
        mut wait: impl FnMut(Epoch) -> Result<(), E>,
    ) -> Result<R, E> {
        loop {
            let seen = self.checkpoint();
            if self.announce(seen) {
                if let Some(result) = attempt() {
                    return Ok(result);
                }
                wait(seen)?;
            }
            if let Some(result) = attempt() {
                return Ok(result);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::convert::Infallible;
    use core::sync::atomic::AtomicU64;

    type Real = Blockpoint<AtomicU64>;

    #[test]
    fn nobody_is_told_of_what_nobody_waits_for() {
        let point = Real::default();
        assert_eq!(point.trigger(), None);
        assert_eq!(point.checkpoint(), Epoch(0), "and nothing was changed");
    }

    #[test]
    fn all_who_announced_themselves_are_told_once() {
        let point = Real::default();
        let seen = point.checkpoint();
        assert!(point.announce(seen) && point.announce(seen), "two");
        assert_eq!(point.trigger(), Some(Epoch(1)));
        assert_eq!(point.trigger(), None);
        assert!(!point.announce(seen), "the epoch is past");
    }

    #[test]
    fn who_waits_tries_twice_before_each_wait() {
        let point = Real::default();
        let (mut attempts, mut waits) = (0, 0);
        let attempt = || {
            attempts += 1;
            (attempts == 5).then_some(attempts)
        };
        let result = point.wait_until(attempt, |seen| {
            waits += 1;
            assert_eq!(point.trigger(), Some(Epoch(seen.0 + 1)));
            Ok::<_, Infallible>(())
        });
        assert_eq!((result, waits), (Ok(5), 2));
    }

    #[test]
    fn a_wait_that_fails_ends_it() {
        assert_eq!(Real::default().wait_until(|| None::<()>, |_| Err("refused")), Err("refused"));
    }
}
