//! Triggers from other cores, and blockpoints that are given up there: what a thread of one core says about one whose home is another.
//!
//! Who lets others go on must not have to go where they wait: there, all that are more urgent than it would be in its way, and so in
//! the way of those that wait, however urgent these are. So what it says travels, and the home's own thread takes it in. What is said
//! several times until then is as one trigger of the last epoch, for as many as all of them together.

use super::inbox::Inbox;
use crate::state::POINTS;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use core::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64};
use sched_interface::{Result, SchedError};
use sched_sl::{Epoch, PointId, Wakes};

/// What other cores know of a blockpoint, and say of it.
struct Told {
    /// Its name at its home; 0 if there is none in this place.
    name: AtomicU64,
    /// The last epoch of which the home has been told.
    epoch: AtomicU64,
    /// How many may go on who wait; [`ALL`] if all, [`FREE`] if it is given up. 0 if it is not in the inbox.
    wanted: AtomicU32,
    /// Its link there.
    next: AtomicU16,
    /// 1 + the number of the client that owns it.
    owner: AtomicU8,
}

/// Beside a number of threads: all of them.
const ALL: u32 = 1 << 31;
/// The blockpoint is given up.
const FREE: u32 = 1 << 30;
/// As many threads as can be counted, and more than there are.
const MOST: u32 = FREE - 1;

/// What another core says of a blockpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// An epoch has begun, and so many go on.
    Triggered(Epoch, Wakes),
    /// It is given up.
    Freed,
}

impl Told {
    const fn new() -> Self {
        Self {
            name: AtomicU64::new(0),
            epoch: AtomicU64::new(0),
            wanted: AtomicU32::new(0),
            next: AtomicU16::new(0),
            owner: AtomicU8::new(0),
        }
    }
}

/// What other cores say of the blockpoints of one.
pub struct Triggers {
    points: [Told; POINTS],
    inbox: Inbox,
}

impl Triggers {
    /// There are no blockpoints.
    pub const fn new() -> Self {
        Self { points: [const { Told::new() }; POINTS], inbox: Inbox::new() }
    }

    fn told(&self, point: PointId) -> Option<&Told> {
        let told = self.points.get(point.place())?;
        // No blockpoint has the name 0, which says that there is none.
        (point.to_word() != 0 && told.name.load(Acquire) == point.to_word()).then_some(told)
    }

    /// A blockpoint has been made, which nobody knows yet.
    pub fn open(&self, point: PointId, owner: usize) {
        let Some(told) = self.points.get(point.place()) else { return };
        told.epoch.store(0, Relaxed);
        told.owner.store(owner as u8 + 1, Relaxed);
        told.name.store(point.to_word(), Release);
    }

    /// A blockpoint has been given up.
    pub fn close(&self, point: PointId) {
        let _ = self.told(point).map(|told| told.name.store(0, Release));
    }

    /// The client that owns a blockpoint.
    pub fn owner(&self, point: PointId) -> Option<usize> {
        usize::from(self.told(point)?.owner.load(Relaxed)).checked_sub(1)
    }

    /// Says that an epoch has begun. Answers whether the home does not know yet that it has something to take in.
    ///
    /// # Errors
    ///
    /// [`SchedError::NoSuchPoint`].
    pub fn tell(&self, point: PointId, Epoch(epoch): Epoch, wakes: Wakes) -> Result<bool> {
        let told = self.told(point).ok_or(SchedError::NoSuchPoint)?;
        told.epoch.fetch_max(epoch, SeqCst);
        Ok(self.want(point, told, |wanted| match wakes {
            Wakes::All => wanted | ALL,
            Wakes::One => (wanted & MOST).saturating_add(1).min(MOST) | wanted & !MOST,
        }))
    }

    /// Says that a blockpoint is given up. Answers whether the home does not know yet that it has something to take in.
    ///
    /// # Errors
    ///
    /// [`SchedError::NoSuchPoint`].
    pub fn tell_free(&self, point: PointId) -> Result<bool> {
        let told = self.told(point).ok_or(SchedError::NoSuchPoint)?;
        Ok(self.want(point, told, |wanted| wanted | FREE))
    }

    fn want(&self, point: PointId, told: &Told, more: impl Fn(u32) -> u32) -> bool {
        let is_first = told.wanted.fetch_update(SeqCst, SeqCst, |wanted| Some(more(wanted))) == Ok(0);
        if is_first {
            self.inbox.put(point.place() as u16, &told.next);
        }
        is_first
    }

    /// Takes in all that was said: calls `note` for each thread that may go on, until it answers that nobody waits any more.
    pub fn take(&self, mut note: impl FnMut(PointId, Said) -> bool) {
        let link = |place: u16| self.points.get(usize::from(place)).map(|told| &told.next);
        self.inbox.take(link, |place| {
            let Some(told) = self.points.get(usize::from(place)) else { return };
            // Before the epoch: that of whoever has asked for more is there by then.
            let wanted = told.wanted.swap(0, SeqCst);
            let point = PointId::from_word(told.name.load(Acquire));
            let epoch = Epoch(told.epoch.load(SeqCst));
            if wanted & FREE != 0 {
                note(point, Said::Freed);
            } else if wanted & ALL != 0 {
                note(point, Said::Triggered(epoch, Wakes::All));
            } else {
                let _ = (0..wanted).take_while(|_| note(point, Said::Triggered(epoch, Wakes::One))).count();
            }
        });
    }
}

impl Default for Triggers {
    fn default() -> Self {
        Self::new()
    }
}
