//! Values that go from one thread to another, in order, with room for so many: a [`Channel`](super::Channel) for those of whom there is one at
//! each end, who need not agree with anybody else.

use crate::NO_TIME_LEFT;
use crate::point::Condition;
use crate::sync::{TryRecvError, TrySendError};
use crate::time::Instant;
use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::sync::atomic::Ordering::SeqCst;
use core::sync::atomic::{AtomicBool, AtomicU64};
use runtime::Result;
use sched_sl::Position;

/// A pipe with room for `N` values. It is a value of its own, most often a `static`, that is [split](Self::split) into two ends.
pub struct Pipe<T, const N: usize> {
    values: [UnsafeCell<MaybeUninit<T>>; N],
    /// Where the next value is sent to, and received from.
    tail: Position<AtomicU64>,
    head: Position<AtomicU64>,
    not_full: Condition,
    not_empty: Condition,
    is_split: AtomicBool,
}

// SAFETY: a place is the sender's or the receiver's, by head and tail, so values are sent between threads and never shared.
unsafe impl<T: Send, const N: usize> Sync for Pipe<T, N> {}

impl<T, const N: usize> Pipe<T, N> {
    /// An empty pipe.
    pub const fn new() -> Self {
        const { assert!(N.is_power_of_two(), "the room is a power of two") };
        Self {
            values: [const { UnsafeCell::new(MaybeUninit::uninit()) }; N],
            tail: Position::new(AtomicU64::new(0)),
            head: Position::new(AtomicU64::new(0)),
            not_full: Condition::new(),
            not_empty: Condition::new(),
            is_split: AtomicBool::new(false),
        }
    }

    /// Both ends, once; `None` after that.
    pub fn split(&self) -> Option<(Sender<'_, T, N>, Receiver<'_, T, N>)> {
        let is_first = !self.is_split.swap(true, SeqCst);
        is_first.then_some((Sender { pipe: self, tail: 0, limit: N as i64 }, Receiver { pipe: self, head: 0, tail: 0 }))
    }

    /// Up to where there is room, as soon as that is after a position.
    #[cold]
    #[inline(never)]
    fn limit_after(&self, tail: i64, until: Option<Instant>) -> Result<i64> {
        let head = self.not_full.wait(until, || self.head.moved_from(tail - N as i64))?;
        head.map(|head| head + N as i64).ok_or(NO_TIME_LEFT)
    }

    /// Up to where there are values, as soon as that is after a position.
    #[cold]
    #[inline(never)]
    fn tail_after(&self, head: i64, until: Option<Instant>) -> Result<i64> {
        self.not_empty.wait(until, || self.tail.moved_from(head))?.ok_or(NO_TIME_LEFT)
    }

    const fn place(&self, at: i64) -> *mut T {
        self.values[at as usize % N].get().cast()
    }
}

impl<T, const N: usize> Default for Pipe<T, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, const N: usize> Drop for Pipe<T, N> {
    fn drop(&mut self) {
        for at in self.head.get()..self.tail.get() {
            // SAFETY: what lies between the two has been sent and not received, and nobody has an end any more.
            unsafe { self.place(at).drop_in_place() };
        }
    }
}

/// The end to which values are given.
pub struct Sender<'p, T, const N: usize> {
    pipe: &'p Pipe<T, N>,
    tail: i64,
    /// Up to where there is room. There may be more meanwhile.
    limit: i64,
}

impl<T, const N: usize> Sender<'_, T, N> {
    /// Sends a value, as soon as there is room.
    ///
    /// # Errors
    ///
    /// The scheduler's; the value is lost.
    #[inline]
    pub fn send(&mut self, value: T) -> Result<()> {
        if self.is_full() {
            self.limit = self.pipe.limit_after(self.tail, None)?;
        }
        self.put(value);
        Ok(())
    }

    /// Sends a value, if there is room by then.
    ///
    /// # Errors
    ///
    /// [`NO_TIME_LEFT`]; the scheduler's; the value is lost.
    pub fn send_until(&mut self, value: T, until: Instant) -> Result<()> {
        if self.is_full() {
            self.limit = self.pipe.limit_after(self.tail, Some(until))?;
        }
        self.put(value);
        Ok(())
    }

    /// Sends a value, if there is room.
    ///
    /// # Errors
    ///
    /// [`TrySendError`].
    #[inline]
    pub fn try_send(&mut self, value: T) -> core::result::Result<(), TrySendError<T>> {
        if self.is_full() {
            self.limit = self.pipe.head.get() + N as i64;
            if self.tail == self.limit {
                return Err(TrySendError(value));
            }
        }
        self.put(value);
        Ok(())
    }

    /// Whether there is no room, or the receiver has just been told of more: then it may look so.
    #[inline]
    fn is_full(&mut self) -> bool {
        if self.tail >= self.limit {
            self.limit = self.pipe.head.glance() + N as i64;
        }
        self.tail >= self.limit
    }

    /// There is room.
    #[inline]
    fn put(&mut self, value: T) {
        // SAFETY: the place is behind the head, so the receiver is done with it, and this is the only sender.
        unsafe { self.pipe.place(self.tail).write(value) };
        self.tail += 1;
        if self.pipe.tail.advance() {
            tell(&self.pipe.tail, &self.pipe.not_empty);
        }
    }
}

/// The end from which values are taken.
pub struct Receiver<'p, T, const N: usize> {
    pipe: &'p Pipe<T, N>,
    head: i64,
    /// Up to where there are values. There may be more meanwhile.
    tail: i64,
}

impl<T, const N: usize> Receiver<'_, T, N> {
    /// Receives a value, as soon as there is one.
    ///
    /// # Errors
    ///
    /// The scheduler's.
    #[inline]
    pub fn recv(&mut self) -> Result<T> {
        if self.is_empty() {
            self.tail = self.pipe.tail_after(self.head, None)?;
        }
        Ok(self.take())
    }

    /// Receives a value, if there is one by then.
    ///
    /// # Errors
    ///
    /// [`NO_TIME_LEFT`]; the scheduler's.
    pub fn recv_until(&mut self, until: Instant) -> Result<T> {
        if self.is_empty() {
            self.tail = self.pipe.tail_after(self.head, Some(until))?;
        }
        Ok(self.take())
    }

    /// Receives a value, if there is one.
    ///
    /// # Errors
    ///
    /// [`TryRecvError`].
    #[inline]
    pub fn try_recv(&mut self) -> core::result::Result<T, TryRecvError> {
        if self.is_empty() {
            self.tail = self.pipe.tail.get();
            if self.head == self.tail {
                return Err(TryRecvError);
            }
        }
        Ok(self.take())
    }

    /// Whether there is nothing, or the sender is just about to tell of something: then it may look so.
    #[inline]
    fn is_empty(&mut self) -> bool {
        if self.head >= self.tail {
            self.tail = self.pipe.tail.glance();
        }
        self.head >= self.tail
    }

    /// There is a value.
    #[inline]
    fn take(&mut self) -> T {
        // SAFETY: the place is before the tail, so the sender has written it, and this is the only receiver.
        let value = unsafe { self.pipe.place(self.head).read() };
        self.head += 1;
        if self.pipe.head.advance() {
            tell(&self.pipe.head, &self.pipe.not_full);
        }
        value
    }
}

/// Tells the other end, which has left a mark, that this one has moved on.
#[cold]
#[inline(never)]
fn tell(position: &Position<AtomicU64>, changed: &Condition) {
    position.unmark();
    changed.changed();
}
