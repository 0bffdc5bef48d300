//! Timers in a binary heap that knows where each place's timer is.
//!
//! Setting, cancelling and expiring take at most log₂ N steps, and nothing is
//! left behind by a cancelled timer.

use crate::time::Instant;
use crate::timers::Timers;

/// Not in the heap.
const UNSET: u16 = u16::MAX;

/// When, and of equals in which order.
type Key = (Instant, u64);

/// A heap of at most `N` timers.
#[derive(Debug)]
pub struct HeapTimers<const N: usize> {
    /// Places; each is due no later than those at twice its index and one or two more.
    heap: [u16; N],
    length: usize,
    /// Where in the heap a place is.
    index: [u16; N],
    key: [Key; N],
    count: u64,
}

impl<const N: usize> HeapTimers<N> {
    /// No timer is set.
    pub const fn new() -> Self {
        const { assert!(N <= UNSET as usize, "a place is a 16-bit number") };
        Self { heap: [UNSET; N], length: 0, index: [UNSET; N], key: [(Instant(0), 0); N], count: 0 }
    }

    fn is_before(&self, left: usize, right: usize) -> bool {
        self.key[usize::from(self.heap[left])] < self.key[usize::from(self.heap[right])]
    }

    fn swap(&mut self, left: usize, right: usize) {
        self.heap.swap(left, right);
        self.index[usize::from(self.heap[left])] = left as u16;
        self.index[usize::from(self.heap[right])] = right as u16;
    }

    fn rise(&mut self, mut at: usize) {
        while at > 0 && self.is_before(at, (at - 1) / 2) {
            self.swap(at, (at - 1) / 2);
            at = (at - 1) / 2;
        }
    }

    fn sink(&mut self, mut at: usize) {
        while let Some(child) = self.earlier_child(at) {
            if !self.is_before(child, at) {
                break;
            }
            self.swap(child, at);
            at = child;
        }
    }

    fn earlier_child(&self, at: usize) -> Option<usize> {
        let (left, right) = (2 * at + 1, 2 * at + 2);
        if right < self.length && self.is_before(right, left) {
            return Some(right);
        }
        (left < self.length).then_some(left)
    }

    fn remove(&mut self, at: usize) {
        self.length -= 1;
        self.swap(at, self.length);
        self.index[usize::from(self.heap[self.length])] = UNSET;
        if at < self.length {
            self.rise(at);
            self.sink(at);
        }
    }
}

impl<const N: usize> Default for HeapTimers<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Timers<N> for HeapTimers<N> {
    fn set(&mut self, place: usize, at: Instant) {
        self.cancel(place);
        self.key[place] = (at, self.count);
        self.count += 1;
        self.heap[self.length] = place as u16;
        self.index[place] = self.length as u16;
        self.length += 1;
        self.rise(self.length - 1);
    }

    fn cancel(&mut self, place: usize) {
        if self.index[place] != UNSET {
            self.remove(usize::from(self.index[place]));
        }
    }

    fn next(&self) -> Option<Instant> {
        let first = self.heap[..self.length].first()?;
        Some(self.key[usize::from(*first)].0)
    }

    fn expire(&mut self, now: Instant) -> Option<usize> {
        self.next().filter(|due| *due <= now)?;
        let place = usize::from(self.heap[0]);
        self.remove(0);
        Some(place)
    }
}
