//! The scheduler's side of blockpoints: who waits at which, and which epoch each has come to.
//!
//! What lies in the threads' own memory is [`blockpoint`](crate::blockpoint), which is never read here. The scheduler keeps the
//! last epoch that it was told of, and holds who would wait in that one. A blockpoint is named by its place and
//! its generation, so that the name of one that has been freed never means a newer one.
//!
//! Whoever is told "one may go on" and does not come back to its component to do so, because it has ended meanwhile, passes
//! that on to the next: so no turn is lost. Who has gone on without saying so passes it on at its end, too: then another looks once
//! more, and waits again.
//!
//! | question | module |
//! |---|---|
//! | how is a blockpoint named? | `name` |
//! | who waits there, in which order? | `queue` |
//! | how do those go on that wait? | `release` |
//! | who waited and is back, or has ended? | `ends` |
//! | the common cases, in few steps? | `quick` |

mod ends;
mod name;
mod queue;
mod quick;
mod release;

use name::PLACE_BITS;
pub use name::PointId;

use crate::blockpoint::Epoch;
use crate::error::ThreadError;
use crate::policy::Policy;
use crate::scheduler::Scheduler;
use crate::thread::ThreadId;
use crate::time::Instant;
use crate::timers::Timers;

/// Why something was refused that was asked about a blockpoint. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitError {
    /// The owner has as many as it may have, or all are taken.
    Exhausted,
    /// The name is of no blockpoint, or of one that has been freed.
    NoSuchPoint,
    /// The thread cannot wait.
    Thread(ThreadError),
}

/// What a thread waits for.
#[derive(Clone, Copy, Debug)]
pub struct Wait {
    /// At which blockpoint.
    pub point: PointId,
    /// For this epoch to pass.
    pub epoch: Epoch,
    /// Who is to bring that about, if one thread is: its holder, if the blockpoint is a lock's. What time those would have
    /// that wait goes to it.
    pub holder: Option<ThreadId>,
    /// Up to this point in time.
    pub until: Option<Instant>,
}

/// What became of a wish to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a thread that waits must not go on"]
pub enum Waits {
    /// The thread is held: reschedule. When it goes on, [`Points::finish`] says why.
    Held,
    /// The epoch is past: it goes on.
    EpochIsPast,
    /// The time is: it goes on.
    TimeIsPast,
}

/// Why a thread goes on that waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The epoch is past.
    Triggered,
    /// Its time came.
    TimedOut,
    /// The blockpoint was freed.
    Freed,
    /// It turned out that the holder waits for this thread.
    Deadlock,
    /// The holder has ended, and did not bring it about.
    Abandoned,
}

/// Whom a trigger lets go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wakes {
    /// Of those that wait, the first in the policy's order; of equals, who came first.
    One,
    /// All that wait.
    All,
}

/// A blockpoint that somebody owns.
#[derive(Clone, Copy, Debug)]
struct Point {
    owner: u16,
    /// The last epoch that has begun.
    epoch: Epoch,
    /// The places of those that wait, in the order in which they came.
    first: Option<u16>,
    last: Option<u16>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Of the blockpoint that is there, or was last.
    name: PointId,
    point: Option<Point>,
}

/// What a thread has to do with blockpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    /// Nothing.
    Elsewhere,
    /// It waits, and the one in this place came after it.
    Waits { at: PointId, thread: ThreadId, next: Option<u16> },
    /// It may go on, alone of those that waited, and has not yet.
    HasTurn { at: PointId },
    /// It may go on, and has not yet.
    Triggered,
    /// The same, since there is nothing any more to wait at.
    Freed,
    /// The same, since it would wait for ever.
    Deadlocked,
    /// The same, since its holder has ended.
    Abandoned,
}

/// At most `B` blockpoints, at which at most `N` threads wait.
#[derive(Debug)]
pub struct Points<const B: usize, const N: usize> {
    entries: [Entry; B],
    /// By the thread's place.
    statuses: [Status; N],
}

impl<const B: usize, const N: usize> Points<B, N> {
    /// There are none.
    pub const fn new() -> Self {
        const { assert!(B <= 1 << PLACE_BITS, "a place is a 16-bit number") };
        Self { entries: [Entry { name: PointId::NONE, point: None }; B], statuses: [Status::Elsewhere; N] }
    }

    /// Makes a blockpoint for an owner, who may have `most` at once, in a place that `is_vacant` allows.
    ///
    /// # Errors
    ///
    /// [`WaitError::Exhausted`].
    pub fn allocate(
        &mut self,
        owner: u16,
        most: usize,
        is_vacant: impl Fn(usize) -> bool,
    ) -> Result<PointId, WaitError> {
        let owned = self.entries.iter().filter(|entry| entry.point.is_some_and(|point| point.owner == owner)).count();
        let is_free = |entry: &Entry| entry.point.is_none() && entry.name.has_next();
        let mut free = self.entries.iter().enumerate().filter(|(place, entry)| is_free(entry) && is_vacant(*place));
        let (place, _) = free.next().filter(|_| owned < most).ok_or(WaitError::Exhausted)?;
        let name = self.entries[place].name.next(place);
        let point = Point { owner, epoch: Epoch(0), first: None, last: None };
        self.entries[place] = Entry { name, point: Some(point) };
        Ok(name)
    }

    /// Who owns a blockpoint.
    ///
    /// # Errors
    ///
    /// [`WaitError::NoSuchPoint`].
    pub fn owner(&self, point: PointId) -> Result<u16, WaitError> {
        Ok(self.get(point)?.owner)
    }

    /// Gives a blockpoint up. Those that wait at it go on, with an error.
    ///
    /// # Errors
    ///
    /// [`WaitError::NoSuchPoint`].
    pub fn free<T: Copy, P: Policy<N>, M: Timers<N>>(
        &mut self,
        scheduler: &mut Scheduler<T, P, M, N>,
        point: PointId,
    ) -> Result<(), WaitError> {
        self.get(point)?;
        while let Some(thread) = self.take_first(point) {
            self.let_go(scheduler, thread, Status::Freed);
        }
        self.entries[point.place()].point = None;
        Ok(())
    }

    /// Has a running thread wait, unless what it waits for has happened.
    ///
    /// # Errors
    ///
    /// [`WaitError`].
    pub fn wait<T: Copy, P: Policy<N>, M: Timers<N>>(
        &mut self,
        scheduler: &mut Scheduler<T, P, M, N>,
        thread: ThreadId,
        wait: Wait,
        now: Instant,
    ) -> Result<Waits, WaitError> {
        let epoch = self.get(wait.point)?.epoch;
        if wait.epoch < epoch {
            return Ok(Waits::EpochIsPast);
        }
        let is_past = wait.until.is_some_and(|until| until <= now);
        if !is_past {
            scheduler.hold(thread, wait.holder, wait.until, now).map_err(WaitError::Thread)?;
        }
        wait.holder.into_iter().for_each(|holder| self.lend_all(scheduler, wait.point, holder));
        if is_past {
            return Ok(Waits::TimeIsPast);
        }
        self.append(wait.point, thread);
        Ok(Waits::Held)
    }

    /// An epoch has begun at a blockpoint: lets those go on that waited for it. Answers whether anybody did.
    ///
    /// # Errors
    ///
    /// [`WaitError::NoSuchPoint`].
    pub fn trigger<T: Copy, P: Policy<N>, M: Timers<N>>(
        &mut self,
        scheduler: &mut Scheduler<T, P, M, N>,
        point: PointId,
        epoch: Epoch,
        wakes: Wakes,
    ) -> Result<bool, WaitError> {
        let entry = self.get_mut(point)?;
        entry.epoch = entry.epoch.max(epoch);
        let any = entry.first.is_some();
        match wakes {
            Wakes::One => self.pass_on(scheduler, point),
            Wakes::All => {
                while let Some(thread) = self.take_first(point) {
                    self.let_go(scheduler, thread, Status::Triggered);
                }
            }
        }
        Ok(any)
    }
}

impl<const B: usize, const N: usize> Default for Points<B, N> {
    fn default() -> Self {
        Self::new()
    }
}
