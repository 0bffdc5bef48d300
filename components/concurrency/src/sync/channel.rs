//! Values that go from threads to threads, in order, with room for so many.
//!
//! Each place has a *turn*, a number that says whose it is: in round `r` of the ring, place `i` is to be written at turn `r × N + i`, and to be
//! read one later. A thread takes a position by one exchange, writes or reads the place, and passes it on by its turn.

use crate::NO_TIME_LEFT;
use crate::point::Condition;
use crate::time::Instant;
use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use runtime::Result;

struct Place<T> {
    turn: AtomicU64,
    value: UnsafeCell<MaybeUninit<T>>,
}

/// A channel with room for `N` values, which any number of threads send to and receive from.
///
/// It is a value of its own, most often a `static`; both ends are references to it.
pub struct Channel<T, const N: usize> {
    places: [Place<T>; N],
    /// Where the next value is sent to, and received from: positions, which only grow.
    tail: AtomicU64,
    head: AtomicU64,
    not_full: Condition,
    not_empty: Condition,
}

// SAFETY: a place is one thread's at a time, by its turn, so values are sent between threads and never shared.
unsafe impl<T: Send, const N: usize> Sync for Channel<T, N> {}

/// The channel is full; this is the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrySendError<T>(pub T);

/// The channel is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TryRecvError;

impl<T, const N: usize> Channel<T, N> {
    /// An empty channel.
    pub const fn new() -> Self {
        const {
            assert!(N.is_power_of_two() && N > 1, "the room is a power of two, and not 1: a turn tells full from empty")
        };
        let mut places =
            [const { Place { turn: AtomicU64::new(0), value: UnsafeCell::new(MaybeUninit::uninit()) } }; N];
        let mut at = 0;
        while at < N {
            places[at].turn = AtomicU64::new(at as u64);
            at += 1;
        }
        let (tail, head) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { places, tail, head, not_full: Condition::new(), not_empty: Condition::new() }
    }

    /// Sends a value, as soon as there is room.
    ///
    /// # Errors
    ///
    /// The scheduler's; the value is lost.
    #[inline]
    pub fn send(&self, value: T) -> Result<()> {
        match self.try_send(value) {
            Ok(()) => Ok(()),
            Err(TrySendError(value)) => self.send_slowly(value, None),
        }
    }

    /// Sends a value, if there is room by then.
    ///
    /// # Errors
    ///
    /// [`NO_TIME_LEFT`]; the scheduler's; the value is lost.
    pub fn send_until(&self, value: T, until: Instant) -> Result<()> {
        self.send_slowly(value, Some(until))
    }

    /// Sends a value, if there is room.
    ///
    /// # Errors
    ///
    /// [`TrySendError`].
    #[inline]
    pub fn try_send(&self, value: T) -> core::result::Result<(), TrySendError<T>> {
        self.put(value)?;
        self.not_empty.changed();
        Ok(())
    }

    /// Sends a value and receives one from another channel, as soon as that can be: as [`Self::send`] and [`Self::recv`], one after the
    /// other, for half of what they cost where somebody waits for the one value before there is the other.
    ///
    /// # Errors
    ///
    /// The scheduler's.
    #[inline]
    pub fn send_and_recv<U, const M: usize>(&self, value: T, from: &Channel<U, M>) -> Result<U> {
        match self.put(value) {
            Ok(()) => self.not_empty.changed_and_wait(&from.not_empty, || from.try_recv().ok())?.ok_or(NO_TIME_LEFT),
            Err(TrySendError(value)) => {
                self.send_slowly(value, None)?;
                from.recv()
            }
        }
    }

    /// Sends a value, if there is room, and tells nobody yet.
    #[inline]
    fn put(&self, value: T) -> core::result::Result<(), TrySendError<T>> {
        let mut at = self.tail.load(Relaxed);
        loop {
            let place = &self.places[at as usize % N];
            let turn = place.turn.load(Acquire);
            if turn == at {
                match self.tail.compare_exchange(at, at + 1, Relaxed, Relaxed) {
                    Ok(_) => {
                        // SAFETY: it is this position's turn, and the position is this thread's.
                        unsafe { (*place.value.get()).write(value) };
                        place.turn.store(at + 1, Release);
                        return Ok(());
                    }
                    Err(now) => at = now,
                }
            } else if turn < at {
                return Err(TrySendError(value));
            } else {
                at = self.tail.load(Relaxed);
            }
        }
    }

    /// Receives a value, as soon as there is one.
    ///
    /// # Errors
    ///
    /// The scheduler's.
    #[inline]
    pub fn recv(&self) -> Result<T> {
        match self.try_recv() {
            Ok(value) => Ok(value),
            Err(TryRecvError) => self.recv_slowly(None),
        }
    }

    /// Receives a value, if there is one by then.
    ///
    /// # Errors
    ///
    /// [`NO_TIME_LEFT`]; the scheduler's.
    pub fn recv_until(&self, until: Instant) -> Result<T> {
        self.recv_slowly(Some(until))
    }

    /// Receives a value, if there is one.
    ///
    /// # Errors
    ///
    /// [`TryRecvError`].
    #[inline]
    pub fn try_recv(&self) -> core::result::Result<T, TryRecvError> {
        let mut at = self.head.load(Relaxed);
        loop {
            let place = &self.places[at as usize % N];
            let turn = place.turn.load(Acquire);
            if turn == at + 1 {
                match self.head.compare_exchange(at, at + 1, Relaxed, Relaxed) {
                    Ok(_) => {
                        // SAFETY: it has been written, it is this position's turn, and the position is this thread's.
                        let value = unsafe { (*place.value.get()).assume_init_read() };
                        place.turn.store(at + N as u64, Release);
                        self.not_full.changed();
                        return Ok(value);
                    }
                    Err(now) => at = now,
                }
            } else if turn <= at {
                return Err(TryRecvError);
            } else {
                at = self.head.load(Relaxed);
            }
        }
    }

    /// Sends a value, as soon as there is room, unless it turns out that nobody will make some.
    ///
    /// # Errors
    ///
    /// The value, if that is so, or if the scheduler does not let the thread wait.
    pub(super) fn send_unless(&self, value: T, is_over: impl Fn() -> bool) -> core::result::Result<(), T> {
        let mut value = Some(value);
        let attempt = || match is_over() {
            // The value stays here.
            true => Some(()),
            false => {
                value = self.try_send(value.take()?).err().map(|TrySendError(back)| back);
                value.is_none().then_some(())
            }
        };
        let waited = self.not_full.wait(None, attempt);
        // Who may not wait has the value still.
        debug_assert!(waited.is_ok() || value.is_some());
        value.map_or(Ok(()), Err)
    }

    /// Receives a value, as soon as there is one, if there is one by then; `None` if it turns out that nobody will send one.
    ///
    /// # Errors
    ///
    /// [`NO_TIME_LEFT`]; the scheduler's.
    pub(super) fn recv_unless(&self, until: Option<Instant>, is_over: impl Fn() -> bool) -> Result<Option<T>> {
        let attempt = || {
            // Looked at first: what was sent before it was over is there.
            let is_over = is_over();
            self.try_recv().ok().map(Some).or_else(|| is_over.then_some(None))
        };
        self.not_empty.wait(until, attempt)?.ok_or(NO_TIME_LEFT)
    }

    /// Lets all look again that wait.
    pub(super) fn look_again(&self) {
        self.not_empty.changed();
        self.not_full.changed();
    }

    #[cold]
    #[inline(never)]
    fn send_slowly(&self, value: T, until: Option<Instant>) -> Result<()> {
        let mut value = Some(value);
        let attempt = || match self.try_send(value.take()?) {
            Ok(()) => Some(()),
            Err(TrySendError(back)) => {
                value = Some(back);
                None
            }
        };
        self.not_full.wait(until, attempt)?.ok_or(NO_TIME_LEFT)
    }

    #[cold]
    #[inline(never)]
    fn recv_slowly(&self, until: Option<Instant>) -> Result<T> {
        self.not_empty.wait(until, || self.try_recv().ok())?.ok_or(NO_TIME_LEFT)
    }
}

impl<T, const N: usize> Default for Channel<T, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, const N: usize> Drop for Channel<T, N> {
    fn drop(&mut self) {
        while self.try_recv().is_ok() {}
    }
}
