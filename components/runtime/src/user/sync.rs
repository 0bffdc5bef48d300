//! Locks and channels among user threads: who waits lets the others run, and the thread of the kernel's goes on. None of this
//! leaves its thread of the kernel's: the compiler sees to that.

use super::queue::Queue;
use super::{Threads, Waiter};
use crate::waiting::Wake;
use core::cell::{Cell, UnsafeCell};
use core::ops::{Deref, DerefMut};

/// A lock. Who waits for it gets it in turn.
pub struct Mutex<T> {
    is_locked: Cell<bool>,
    waiting: Queue,
    value: UnsafeCell<T>,
}

/// What is locked, until this is dropped.
pub struct MutexGuard<'m, T>(&'m Mutex<T>);

impl<T> Mutex<T> {
    /// Locked by nobody.
    pub const fn new(value: T) -> Self {
        Self { is_locked: Cell::new(false), waiting: Queue::new(), value: UnsafeCell::new(value) }
    }

    /// Waits until nobody else has it.
    pub fn lock(&self, threads: &Threads) -> MutexGuard<'_, T> {
        if self.is_locked.replace(true) {
            // Whoever lets go of it leaves it locked, for this one.
            threads.block(|Waiter(control)| self.waiting.push(control));
        }
        MutexGuard(self)
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: one guard exists at a time: `lock` makes one when nobody has another, or when that was given up for it.
        unsafe { &*self.0.value.get() }
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above.
        unsafe { &mut *self.0.value.get() }
    }
}

impl<T> Drop for MutexGuard<'_, T> {
    fn drop(&mut self) {
        match self.0.waiting.pop() {
            Some(next) => Waiter(next).wake(),
            None => self.0.is_locked.set(false),
        }
    }
}

/// A channel with room for so many values: who sends to a full one waits, and who receives from an empty one.
pub struct Channel<T, const ROOM: usize> {
    values: [Cell<Option<T>>; ROOM],
    first: Cell<usize>,
    length: Cell<usize>,
    is_closed: Cell<bool>,
    senders: Queue,
    receivers: Queue,
}

impl<T, const ROOM: usize> Channel<T, ROOM> {
    /// An empty one.
    pub const fn new() -> Self {
        const { assert!(ROOM > 0, "a channel without room passes nothing on") };
        Self {
            values: [const { Cell::new(None) }; ROOM],
            first: Cell::new(0),
            length: Cell::new(0),
            is_closed: Cell::new(false),
            senders: Queue::new(),
            receivers: Queue::new(),
        }
    }

    /// Sends a value, once there is room for it.
    ///
    /// # Errors
    ///
    /// The value, if the channel is closed.
    pub fn send(&self, threads: &Threads, value: T) -> Result<(), T> {
        while self.length.get() == ROOM && !self.is_closed.get() {
            threads.block(|Waiter(control)| self.senders.push(control));
        }
        if self.is_closed.get() {
            return Err(value);
        }
        self.values[(self.first.get() + self.length.get()) % ROOM].set(Some(value));
        self.length.set(self.length.get() + 1);
        Self::wake_one(&self.receivers);
        Ok(())
    }

    /// Receives the value that was sent first, once there is one; `None` if none is left and the channel is closed.
    pub fn receive(&self, threads: &Threads) -> Option<T> {
        while self.length.get() == 0 && !self.is_closed.get() {
            threads.block(|Waiter(control)| self.receivers.push(control));
        }
        let value = self.values[self.first.get()].take()?;
        self.first.set((self.first.get() + 1) % ROOM);
        self.length.set(self.length.get() - 1);
        Self::wake_one(&self.senders);
        Some(value)
    }

    /// Nothing more is sent; whoever waits goes on.
    pub fn close(&self) {
        self.is_closed.set(true);
        for waiting in [&self.senders, &self.receivers] {
            while let Some(control) = waiting.pop() {
                Waiter(control).wake();
            }
        }
    }

    fn wake_one(waiting: &Queue) {
        if let Some(control) = waiting.pop() {
            Waiter(control).wake();
        }
    }
}

impl<T, const ROOM: usize> Default for Channel<T, ROOM> {
    fn default() -> Self {
        Self::new()
    }
}
