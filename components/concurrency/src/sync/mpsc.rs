//! Queues with ends: many that send, and one that receives, as in `std::sync::mpsc`. Whoever is left alone is told so.
//!
//! Nothing is allocated: a [`Queue`] is a value of its own, most often a `static`, with room for so many, and is split into its ends. For many
//! that receive there is [`Channel`]. A thread that is lost drops nothing, so its end stays there.

use super::{Channel, EventSet};
use crate::time::{Duration, Instant};
use core::fmt;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use core::sync::atomic::{AtomicBool, AtomicU32};
use runtime::Error;

/// A queue with room for `N` values.
pub struct Queue<T, const N: usize> {
    values: Channel<T, N>,
    is_split: AtomicBool,
    senders: AtomicU32,
    has_receiver: AtomicBool,
    /// What happens when there is something to receive.
    tells: Option<(&'static EventSet, u64)>,
}

/// Nobody will receive it, or the scheduler does not let the thread wait; this is the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendError<T>(pub T);

/// Why a value was not sent at once; and the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrySendError<T> {
    /// There is no room.
    Full(T),
    /// Nobody will receive it.
    Disconnected(T),
}

/// Why no value was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecvError {
    /// There is none, and nobody will send one.
    Disconnected,
    /// The scheduler does not let the thread wait.
    Refused(Error),
}

/// Why no value was received at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryRecvError {
    /// There is none.
    Empty,
    /// There is none, and nobody will send one.
    Disconnected,
}

/// Why no value was received in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecvTimeoutError {
    /// There was none.
    Timeout,
    /// There is none, and nobody will send one.
    Disconnected,
    /// The scheduler does not let the thread wait.
    Refused(Error),
}

impl<T, const N: usize> Queue<T, N> {
    /// An empty queue.
    pub const fn new() -> Self {
        Self::with(None)
    }

    /// An empty queue; whenever there is something to receive, these events happen.
    pub const fn in_set(set: &'static EventSet, events: u64) -> Self {
        Self::with(Some((set, events)))
    }

    const fn with(tells: Option<(&'static EventSet, u64)>) -> Self {
        Self {
            values: Channel::new(),
            is_split: AtomicBool::new(false),
            senders: AtomicU32::new(0),
            has_receiver: AtomicBool::new(false),
            tells,
        }
    }

    /// Both ends, once; `None` after that.
    pub fn split(&self) -> Option<(Sender<'_, T, N>, Receiver<'_, T, N>)> {
        if self.is_split.swap(true, AcqRel) {
            return None;
        }
        self.senders.store(1, Relaxed);
        self.has_receiver.store(true, Relaxed);
        Some((Sender { queue: self }, Receiver { queue: self }))
    }

    fn is_abandoned(&self) -> bool {
        !self.has_receiver.load(Acquire)
    }

    fn is_finished(&self) -> bool {
        self.senders.load(Acquire) == 0
    }

    fn tell(&self) {
        if let Some((set, events)) = self.tells {
            set.trigger(events);
        }
    }
}

impl<T, const N: usize> Default for Queue<T, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, const N: usize> fmt::Debug for Queue<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("senders", &self.senders).field("has_receiver", &self.has_receiver).finish()
    }
}

/// An end to which values are given. Cloned, there is one more.
#[derive(Debug)]
pub struct Sender<'q, T, const N: usize> {
    queue: &'q Queue<T, N>,
}

impl<T, const N: usize> Sender<'_, T, N> {
    /// Sends a value, as soon as there is room.
    ///
    /// # Errors
    ///
    /// [`SendError`].
    #[inline]
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        self.queue.values.send_unless(value, || self.queue.is_abandoned()).map_err(SendError)?;
        self.queue.tell();
        Ok(())
    }

    /// Sends a value, if there is room.
    ///
    /// # Errors
    ///
    /// [`TrySendError`].
    #[inline]
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        if self.queue.is_abandoned() {
            return Err(TrySendError::Disconnected(value));
        }
        self.queue.values.try_send(value).map_err(|super::TrySendError(value)| TrySendError::Full(value))?;
        self.queue.tell();
        Ok(())
    }
}

impl<T, const N: usize> Clone for Sender<'_, T, N> {
    fn clone(&self) -> Self {
        self.queue.senders.fetch_add(1, Relaxed);
        Self { queue: self.queue }
    }
}

impl<T, const N: usize> Drop for Sender<'_, T, N> {
    fn drop(&mut self) {
        if self.queue.senders.fetch_sub(1, AcqRel) == 1 {
            self.queue.values.look_again();
            self.queue.tell();
        }
    }
}

/// The end from which values are taken.
#[derive(Debug)]
pub struct Receiver<'q, T, const N: usize> {
    queue: &'q Queue<T, N>,
}

impl<T, const N: usize> Receiver<'_, T, N> {
    /// Receives a value, as soon as there is one.
    ///
    /// # Errors
    ///
    /// [`RecvError`].
    #[inline]
    pub fn recv(&self) -> Result<T, RecvError> {
        match self.queue.values.recv_unless(None, || self.queue.is_finished()) {
            Ok(value) => value.ok_or(RecvError::Disconnected),
            Err(error) => Err(RecvError::Refused(error)),
        }
    }

    /// Receives a value, if there is one within this time.
    ///
    /// # Errors
    ///
    /// [`RecvTimeoutError`].
    pub fn recv_timeout(&self, length: Duration) -> Result<T, RecvTimeoutError> {
        self.recv_deadline(Instant::now().after(length).map_err(RecvTimeoutError::Refused)?)
    }

    /// Receives a value, if there is one by then.
    ///
    /// # Errors
    ///
    /// [`RecvTimeoutError`].
    pub fn recv_deadline(&self, until: Instant) -> Result<T, RecvTimeoutError> {
        match self.queue.values.recv_unless(Some(until), || self.queue.is_finished()) {
            Ok(value) => value.ok_or(RecvTimeoutError::Disconnected),
            Err(error) if error == crate::NO_TIME_LEFT => Err(RecvTimeoutError::Timeout),
            Err(error) => Err(RecvTimeoutError::Refused(error)),
        }
    }

    /// Receives a value, if there is one.
    ///
    /// # Errors
    ///
    /// [`TryRecvError`].
    #[inline]
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        let is_finished = self.queue.is_finished();
        let none = if is_finished { TryRecvError::Disconnected } else { TryRecvError::Empty };
        self.queue.values.try_recv().map_err(|_| none)
    }

    /// Receives values until nobody will send any more.
    pub fn iter(&self) -> impl Iterator<Item = T> + '_ {
        core::iter::from_fn(|| self.recv().ok())
    }

    /// Receives what is there.
    pub fn try_iter(&self) -> impl Iterator<Item = T> + '_ {
        core::iter::from_fn(|| self.try_recv().ok())
    }
}

/// Receives values until nobody will send any more: see [`Receiver::iter`].
#[derive(Debug)]
pub struct IntoIter<'q, T, const N: usize>(Receiver<'q, T, N>);

impl<T, const N: usize> Iterator for IntoIter<'_, T, N> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.0.recv().ok()
    }
}

impl<'q, T, const N: usize> IntoIterator for Receiver<'q, T, N> {
    type Item = T;
    type IntoIter = IntoIter<'q, T, N>;

    fn into_iter(self) -> IntoIter<'q, T, N> {
        IntoIter(self)
    }
}

impl<T, const N: usize> Drop for Receiver<'_, T, N> {
    fn drop(&mut self) {
        use core::sync::atomic::Ordering::Release;
        self.queue.has_receiver.store(false, Release);
        while self.queue.values.try_recv().is_ok() {}
        self.queue.values.look_again();
    }
}
