//! Who waits for what, on one thread of the kernel's: user threads and futures, in lines that are never full.
//!
//! What waits brings its own place in the line: a `Node` on a user thread's stack, or in a future. So nothing is
//! allocated, and as many can wait as there are.

use crate::{Error, Result};
use core::cell::Cell;
use core::marker::PhantomPinned;
use core::pin::Pin;
use core::ptr::{NonNull, null};

mod sources;
mod timers;

pub use sources::{Readiness, Sleeper, Source, Sources};
pub use timers::{Sleep, Timers};

/// What goes on when it is woken: a user thread, or a future's task.
pub trait Wake {
    /// Lets it go on.
    fn wake(self);
}

impl Wake for core::task::Waker {
    fn wake(self) {
        Self::wake(self);
    }
}

/// Waits until something has happened, and wakes whom it concerns.
pub trait Idle {
    /// Called when nobody is ready. `false`: there is nothing to wait for.
    fn idle(&self) -> bool;
}

/// There is never anything to wait for.
impl Idle for () {
    fn idle(&self) -> bool {
        false
    }
}

/// Those that wait, in the order of their keys, and of their coming if these are the same.
pub(crate) struct Line<W> {
    first: Cell<*const Place<W>>,
}

/// A place in a line. It is taken out of it when it is dropped.
pub(crate) struct Node<'l, W> {
    place: Place<W>,
    line: Cell<Option<&'l Line<W>>>,
    /// Others lead to it.
    _pinned: PhantomPinned,
}

struct Place<W> {
    key: Cell<u64>,
    waiter: Cell<Option<W>>,
    next: Cell<*const Self>,
}

impl<W> Line<W> {
    pub(crate) const fn new() -> Self {
        Self { first: Cell::new(null()) }
    }

    /// Lets `waiter` wait in `node`, behind all whose key is no greater than `key`.
    pub(crate) fn wait<'l>(&'l self, node: Pin<&Node<'l, W>>, key: u64, waiter: W) {
        node.leave();
        let place = &node.get_ref().place;
        place.key.set(key);
        place.waiter.set(Some(waiter));
        let link = self.link(|other| other.key.get() > key);
        place.next.set(link.get());
        link.set(place);
        node.line.set(Some(self));
    }

    /// The key of the first.
    pub(crate) fn first_key(&self) -> Option<u64> {
        Self::place(self.first.get()).map(|place| place.key.get())
    }

    /// Takes the first out of the line.
    pub(crate) fn pop(&self) -> Option<W> {
        let first = Self::place(self.first.get())?;
        self.first.set(first.next.get());
        first.waiter.take()
    }

    fn remove(&self, place: &Place<W>) {
        let link = self.link(|other| core::ptr::eq(other, place));
        if core::ptr::eq(link.get(), place) {
            link.set(place.next.get());
        }
    }

    /// What leads to the first place of which `is_it` is true, or to none.
    fn link(&self, is_it: impl Fn(&Place<W>) -> bool) -> &Cell<*const Place<W>> {
        let mut link = &self.first;
        while let Some(place) = Self::place(link.get()).filter(|place| !is_it(place)) {
            link = &place.next;
        }
        link
    }

    fn place<'l>(place: *const Place<W>) -> Option<&'l Place<W>> {
        // SAFETY: what is in a line is pinned, and taken out before it is gone (`Node::drop`). Nobody keeps the reference
        // for longer than it looks for something.
        NonNull::new(place.cast_mut()).map(|place| unsafe { place.as_ref() })
    }
}

impl<'l, W> Node<'l, W> {
    pub(crate) const fn new() -> Self {
        let place = Place { key: Cell::new(0), waiter: Cell::new(None), next: Cell::new(null()) };
        Self { place, line: Cell::new(None), _pinned: PhantomPinned }
    }

    /// Does not wait any more.
    pub(crate) fn leave(&self) {
        if let Some(line) = self.line.take() {
            line.remove(&self.place);
            self.place.waiter.take();
        }
    }
}

impl<W> Drop for Node<'_, W> {
    fn drop(&mut self) {
        self.leave();
    }
}

/// The error of a thread that cannot sleep.
const CANNOT_SLEEP: Error = Error::Kernel(abi::error::Error::UnknownOperation);

/// Nobody ever sleeps.
impl Sleeper for () {
    fn sleep_until(&self, _: u64) -> Result<()> {
        Err(CANNOT_SLEEP)
    }

    fn wake(&self, _: u64) -> Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
