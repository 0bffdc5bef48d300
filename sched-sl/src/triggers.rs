//! Triggers from other cores, and blockpoints that are given up there: what a thread of one core says about one whose home is another.
//!
//! Who lets others go on must not have to go where they wait: there, all that are more urgent than it would be in its way, and so in
//! the way of those that wait, however urgent these are. So what it says travels, and the home's own thread takes it in. What is said
//! several times until then is as one trigger of the last epoch, for as many as all of them together.
//!
//! A place in which a blockpoint was given up is that of the next one only when all has been taken in that was said of the one before:
//!
//! ```text
//!   who says it:  comes ──▶ the name is still there? ──▶ raises the epoch ──▶ leaves what it wants ──▶ goes
//!   the home:     takes the name away ──▶ nobody has come, and nothing is wanted? ──▶ the next one's name
//! ```
//!
//! Both come and the home's question change one word in one step. So either the home finds who has come, or who comes finds no name.

use crate::blockpoint::Epoch;
use crate::inbox::{Inbox, Notice};
use crate::waiting::{PointId, WaitError, Wakes};
use crate::word::Word;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

/// Beside a number of threads that may go on: all of them.
const ALL: u64 = 1 << 31;
/// The blockpoint is given up.
const FREE: u64 = 1 << 30;
/// As many threads as can be counted, and more than there are.
const MOST: u64 = FREE - 1;

/// What another core says of a blockpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// An epoch has begun, and so many go on.
    Triggered(Epoch, Wakes),
    /// It is given up.
    Freed,
}

/// What other cores know of the blockpoint in a place, and say of it.
#[derive(Debug, Default)]
struct Told<W> {
    /// Its name at its home; 0 if there is none.
    name: W,
    /// 1 + the number of the client that owns it.
    owner: W,
    /// How many have come to say something.
    tellers: W,
    /// The last epoch of which the home has been told.
    epoch: W,
    /// How many may go on who wait.
    notice: Notice<W>,
}

impl Told<AtomicU64> {
    const fn new() -> Self {
        const fn zero() -> AtomicU64 {
            AtomicU64::new(0)
        }
        Self { name: zero(), owner: zero(), tellers: zero(), epoch: zero(), notice: Notice::new(zero(), zero()) }
    }
}

/// What other cores say of the blockpoints of one, in at most `B` places.
#[derive(Debug)]
pub struct Triggers<W, const B: usize> {
    points: [Told<W>; B],
    inbox: Inbox<W>,
}

impl<const B: usize> Triggers<AtomicU64, B> {
    /// There are no blockpoints.
    pub const fn new() -> Self {
        Self { points: [const { Told::new() }; B], inbox: Inbox::new(AtomicU64::new(0)) }
    }
}

impl<W: Default, const B: usize> Default for Triggers<W, B> {
    fn default() -> Self {
        Self { points: core::array::from_fn(|_| Told::default()), inbox: Inbox::default() }
    }
}

impl<W: Word, const B: usize> Triggers<W, B> {
    /// A blockpoint has been made, in a place that [is vacant](Self::is_vacant), which nobody knows yet.
    pub fn open(&self, point: PointId, owner: usize) {
        let Some(told) = self.points.get(point.place()) else { return };
        told.epoch.store(0, Relaxed);
        told.owner.store(owner as u64 + 1, Relaxed);
        told.name.store(point.to_word(), Release);
    }

    /// A blockpoint has been given up.
    pub fn close(&self, point: PointId) {
        let _ = self.told(point).map(|told| told.name.store(0, Release));
    }

    /// Whether nothing is on its way that was said of a blockpoint that has been given up in this place.
    pub fn is_vacant(&self, place: usize) -> bool {
        // Changes nothing, and yet in one step with who comes.
        self.points.get(place).is_some_and(|told| told.tellers.exchange(0, 0).is_ok() && told.notice.is_empty())
    }

    /// The client that owns a blockpoint.
    pub fn owner(&self, point: PointId) -> Option<usize> {
        usize::try_from(self.told(point)?.owner.load(Relaxed)).ok()?.checked_sub(1)
    }

    /// Says that an epoch has begun. Answers whether the home is to look.
    ///
    /// # Errors
    ///
    /// [`WaitError::NoSuchPoint`].
    pub fn tell(&self, point: PointId, Epoch(epoch): Epoch, wakes: Wakes) -> Result<bool, WaitError> {
        self.say(point, |told| {
            told.epoch.update(|last| (last < epoch).then_some(epoch));
            self.want(point, told, |wanted| match wakes {
                Wakes::All => wanted | ALL,
                Wakes::One => (wanted & MOST).saturating_add(1).min(MOST) | wanted & !MOST,
            })
        })
    }

    /// Says that a blockpoint is given up. Answers whether the home is to look.
    ///
    /// # Errors
    ///
    /// [`WaitError::NoSuchPoint`].
    pub fn tell_free(&self, point: PointId) -> Result<bool, WaitError> {
        self.say(point, |told| self.want(point, told, |wanted| wanted | FREE))
    }

    /// Takes in all that was said: calls `note` for each thread that may go on, until it answers that nobody waits any more.
    pub fn take(&self, mut note: impl FnMut(PointId, Said) -> bool) {
        let notice = |place: usize| self.points.get(place).map(|told| &told.notice);
        self.inbox.take(notice, |place, wanted| {
            let Some(told) = self.points.get(place) else { return };
            let point = PointId::from_word(told.name.load(Acquire));
            // Of whoever is counted in what is wanted, the epoch is there by now.
            let epoch = Epoch(told.epoch.load(Acquire));
            if wanted & FREE != 0 {
                note(point, Said::Freed);
            } else if wanted & ALL != 0 {
                note(point, Said::Triggered(epoch, Wakes::All));
            } else {
                let _ = (0..wanted).take_while(|_| note(point, Said::Triggered(epoch, Wakes::One))).count();
            }
        });
    }

    fn told(&self, point: PointId) -> Option<&Told<W>> {
        self.points.get(point.place()).filter(|told| told.is(point))
    }

    /// Says something of a blockpoint, in whose place there is no other until that is taken in.
    fn say<R>(&self, point: PointId, say: impl FnOnce(&Told<W>) -> R) -> Result<R, WaitError> {
        let told = self.points.get(point.place()).ok_or(WaitError::NoSuchPoint)?;
        told.tellers.fetch_add(1, AcqRel);
        let said = told.is(point).then(|| say(told));
        told.tellers.fetch_sub(1, AcqRel);
        said.ok_or(WaitError::NoSuchPoint)
    }

    fn want(&self, point: PointId, told: &Told<W>, more: impl Fn(u64) -> u64) -> bool {
        self.inbox.post(point.place(), &told.notice, more)
    }
}

impl<W: Word> Told<W> {
    /// Whether it is this blockpoint. None has the name 0, which says that there is none.
    fn is(&self, point: PointId) -> bool {
        point.to_word() != 0 && self.name.load(Acquire) == point.to_word()
    }
}
