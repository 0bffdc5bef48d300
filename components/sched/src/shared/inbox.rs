//! Lists that every core puts into, and one takes from: never full, nothing is lost, and nobody waits for another core.

use core::sync::atomic::Ordering::{Relaxed, SeqCst};
use core::sync::atomic::{AtomicU16, AtomicU32};

/// Numbers, each of which has one link by which it can stand in the list: so whoever puts one in sees to it that it is not in yet.
pub struct Inbox {
    /// 1 + the number that was put in last.
    first: AtomicU32,
}

impl Inbox {
    /// Nothing is in it.
    pub const fn new() -> Self {
        Self { first: AtomicU32::new(0) }
    }

    /// Puts a number in, whose link this is.
    pub fn put(&self, number: u16, link: &AtomicU16) {
        let behind = |first: u32| {
            link.store(first as u16, Relaxed);
            Some(u32::from(number) + 1)
        };
        let _ = self.first.fetch_update(SeqCst, Relaxed, behind);
    }

    /// Takes all out, and calls `each` with every number. From then on it may be put in again.
    pub fn take<'l>(&self, link: impl Fn(u16) -> Option<&'l AtomicU16>, mut each: impl FnMut(u16)) {
        let mut at = self.first.swap(0, SeqCst);
        while let Some(number) = at.checked_sub(1).map(|number| number as u16) {
            let Some(link) = link(number) else { return };
            at = link.load(Relaxed).into();
            each(number);
        }
    }
}

impl Default for Inbox {
    fn default() -> Self {
        Self::new()
    }
}
