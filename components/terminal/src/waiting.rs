//! Who waits for input.

use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

/// Threads that can wait at once.
const PLACES: usize = 16;

/// Places for threads that wait: each holds a thread's index plus one, or 0.
pub struct Waiting([AtomicU64; PLACES]);

/// A place that is given up when this is dropped.
#[must_use = "the thread does not wait any more when this is dropped"]
pub struct Place<'w>(&'w AtomicU64);

impl Waiting {
    /// Nobody waits.
    pub const fn new() -> Self {
        Self([const { AtomicU64::new(0) }; PLACES])
    }

    /// Notes that `thread` waits. `None` if there is no place for it.
    pub fn enter(&self, thread: u32) -> Option<Place<'_>> {
        let entry = u64::from(thread) + 1;
        let place = self.0.iter().find(|place| place.compare_exchange(0, entry, AcqRel, Relaxed).is_ok())?;
        Some(Place(place))
    }

    /// Has `wake` wake all that wait now.
    pub fn wake_all(&self, wake: impl Fn(u32)) {
        let waiting = self.0.iter().map(|place| place.load(Acquire)).filter(|entry| *entry != 0);
        waiting.for_each(|entry| wake((entry - 1) as u32));
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.store(0, Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::vec::Vec;

    fn woken(waiting: &Waiting) -> Vec<u32> {
        let woken = RefCell::new(Vec::new());
        waiting.wake_all(|thread| woken.borrow_mut().push(thread));
        woken.into_inner()
    }

    #[test]
    fn those_that_wait_are_woken_and_no_others() {
        let waiting = Waiting::new();
        let (first, second) = (waiting.enter(0), waiting.enter(7));
        assert!(first.is_some() && second.is_some());
        assert_eq!(woken(&waiting), [0, 7]);
        drop(first);
        assert_eq!(woken(&waiting), [7]);
    }

    #[test]
    fn there_are_so_many_places() {
        let waiting = Waiting::new();
        let places: Vec<_> = (0..PLACES).map(|thread| waiting.enter(thread as u32)).collect();
        assert!(places.iter().all(Option::is_some));
        assert!(waiting.enter(99).is_none());
        drop(places);
        assert!(waiting.enter(99).is_some());
    }
}
