//! The scheduler's side of blockpoints: who waits at which, and which epoch each has come to.
//!
//! What lies in the threads' own memory is [`blockpoint`](crate::blockpoint), which is never read here. The scheduler keeps the
//! last epoch that it was told of, and holds who would wait in that one. A blockpoint is named by its place and
//! its generation, so that the name of one that has been freed never means a newer one.
//!
//! Whoever is told "one may go on" and does not come back to its component to do so, because it has ended meanwhile, passes
//! that on to the next: so no turn is lost. Who has gone on without saying so passes it on at its end, too: then another looks once
//! more, and waits again.

use crate::blockpoint::Epoch;
use crate::error::ThreadError;
use crate::policy::Policy;
use crate::scheduler::{Quick, Scheduler};
use crate::thread::ThreadId;
use crate::time::Instant;
use crate::timers::Timers;

/// Names a blockpoint: its place and, above that, a generation. The name of one that has been freed never means a newer one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PointId(u64);

/// Bits of a name below its generation.
const PLACE_BITS: u32 = 16;

/// Generations of a place.
const GENERATIONS: u64 = 1 << 32;

impl PointId {
    /// Its place: no two that there are at once have the same.
    pub const fn place(self) -> usize {
        self.0 as u16 as usize
    }

    /// The name as a word; never 0.
    pub const fn to_word(self) -> u64 {
        self.0
    }

    /// The name that a word stands for, of a blockpoint or of none.
    pub const fn from_word(word: u64) -> Self {
        Self(word)
    }

    /// The name of the next blockpoint in a place, after one of this name.
    const fn next(self, place: usize) -> Self {
        Self(((self.0 >> PLACE_BITS) + 1) << PLACE_BITS | place as u64)
    }
}

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
        Self { entries: [Entry { name: PointId(0), point: None }; B], statuses: [Status::Elsewhere; N] }
    }

    /// Makes a blockpoint for an owner, who may have `most` at once.
    ///
    /// # Errors
    ///
    /// [`WaitError::Exhausted`].
    pub fn allocate(&mut self, owner: u16, most: usize) -> Result<PointId, WaitError> {
        let owned = self.entries.iter().filter(|entry| entry.point.is_some_and(|point| point.owner == owner)).count();
        let free =
            self.entries.iter().position(|entry| entry.point.is_none() && entry.name.0 >> PLACE_BITS < GENERATIONS);
        let place = free.filter(|_| owned < most).ok_or(WaitError::Exhausted)?;
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

    /// [`Points::wait`] for no certain time of the thread that `is_me` knows by the kernel's name for it, and what follows from that, in
    /// as few steps as it takes; if the epoch is not past, and nobody waits there before it for whom it makes a difference.
    #[inline(always)]
    pub fn quick_wait<T: Copy, P: Policy<N>, M: Timers<N>>(
        &mut self,
        scheduler: &mut Scheduler<T, P, M, N>,
        (me, is_me): (ThreadId, impl FnOnce(T) -> bool),
        wait: Wait,
        now: Instant,
    ) -> Quick<T> {
        let Ok(point) = self.get(wait.point) else { return Quick::Unusual };
        let is_first = wait.holder.is_none() || point.first.is_none();
        if wait.epoch < point.epoch || wait.until.is_some() || !is_first {
            return Quick::Unusual;
        }
        let quick = scheduler.quick_hold(is_me, wait.holder, now);
        if !matches!(quick, Quick::Unusual) {
            self.append(wait.point, me);
        }
        quick
    }

    /// [`Points::trigger`] and what follows from that, in as few steps as it takes; if no more than one waits there. `let_go` is told the
    /// place of one that goes on: it need not [finish](Self::finish), if it is told why it does in another way.
    #[inline(always)]
    pub fn quick_trigger<T: Copy, P: Policy<N>, M: Timers<N>>(
        &mut self,
        scheduler: &mut Scheduler<T, P, M, N>,
        at: PointId,
        (epoch, wakes): (Epoch, Wakes),
        now: Instant,
        let_go: impl FnOnce(usize),
    ) -> Quick<T> {
        let Ok(point) = self.get(at) else { return Quick::Unusual };
        let Some(first) = point.first else {
            self.begin(at, epoch);
            return Quick::Stays;
        };
        let Some((thread, None)) = self.waits(first) else { return Quick::Unusual };
        let quick = scheduler.quick_release(thread, now);
        if !matches!(quick, Quick::Unusual) {
            let status = if wakes == Wakes::One { Status::HasTurn { at } } else { Status::Triggered };
            self.statuses[thread.place()] = status;
            self.begin(at, epoch);
            let_go(thread.place());
        }
        quick
    }

    /// [`Points::trigger`] of all at one blockpoint, [`Points::wait`] at another for no certain time and for no holder, and what follows
    /// from both, in as few steps as they take; if one waits there, nobody here, where nothing has happened, and both are this owner's.
    #[inline(always)]
    pub fn quick_trigger_and_wait<T: Copy, P: Policy<N>, M: Timers<N>>(
        &mut self,
        scheduler: &mut Scheduler<T, P, M, N>,
        (me, is_me): (ThreadId, impl FnOnce(T) -> bool),
        (there, begins): (PointId, Epoch),
        (here, seen): (PointId, Epoch),
        (owner, now): (u16, Instant),
        let_go: impl FnOnce(usize),
    ) -> Quick<T> {
        let (Ok(other), Ok(own)) = (self.get(there), self.get(here)) else { return Quick::Unusual };
        let is_usual = other.owner == owner && own.owner == owner && own.first.is_none() && seen >= own.epoch;
        let Some((thread, None)) = other.first.and_then(|first| self.waits(first)) else { return Quick::Unusual };
        if !is_usual || there == here {
            return Quick::Unusual;
        }
        let quick = scheduler.quick_release_and_hold((me.place(), is_me), thread, now);
        if !matches!(quick, Quick::Unusual) {
            self.statuses[thread.place()] = Status::Triggered;
            let_go(thread.place());
            self.statuses[me.place()] = Status::Waits { at: here, thread: me, next: None };
            if let Some(point) = &mut self.entries[there.place()].point {
                (point.first, point.last, point.epoch) = (None, None, point.epoch.max(begins));
            }
            if let Some(point) = &mut self.entries[here.place()].point {
                (point.first, point.last) = (Some(me.place), Some(me.place));
            }
        }
        quick
    }

    /// An epoch has begun, and nobody waits any more.
    #[inline(always)]
    fn begin(&mut self, at: PointId, epoch: Epoch) {
        if let Ok(point) = self.get_mut(at) {
            (point.first, point.last, point.epoch) = (None, None, point.epoch.max(epoch));
        }
    }

    /// A thread that waited is back: says why. It has nothing more to do with the blockpoint.
    pub fn finish(&mut self, thread: ThreadId) -> Answer {
        self.finish_in(thread.place).1
    }

    /// The thread in this place has ended: it waits no longer, and if it was to go on alone, the next one does.
    pub fn forget<T: Copy, P: Policy<N>, M: Timers<N>>(
        &mut self,
        scheduler: &mut Scheduler<T, P, M, N>,
        thread: ThreadId,
    ) {
        if let (Status::HasTurn { at }, _) = self.finish_in(thread.place) {
            self.pass_on(scheduler, at);
        }
    }

    /// A thread is about to end: those that wait for it go on, with an error.
    pub fn abandon<T: Copy, P: Policy<N>, M: Timers<N>>(
        &mut self,
        scheduler: &mut Scheduler<T, P, M, N>,
        holder: ThreadId,
    ) {
        let mut next = scheduler.first_lender(holder);
        while let Some(place) = next {
            next = scheduler.next_lender(place);
            self.let_go_from(scheduler, place, Status::Abandoned);
        }
    }

    /// Lets all go on that wait anywhere, as if they had been triggered: they look again.
    pub fn release_all<T: Copy, P: Policy<N>, M: Timers<N>>(&mut self, scheduler: &mut Scheduler<T, P, M, N>) {
        (0..N).for_each(|place| self.let_go_from(scheduler, place, Status::Triggered));
    }

    /// Lets the thread in this place go on, if it waits.
    fn let_go_from<T: Copy, P: Policy<N>, M: Timers<N>>(
        &mut self,
        scheduler: &mut Scheduler<T, P, M, N>,
        place: usize,
        status: Status,
    ) {
        if let Status::Waits { at, thread, .. } = self.statuses[place] {
            self.take_out(at, thread.place);
            self.let_go(scheduler, thread, status);
        }
    }

    /// What the thread in this place had to do with blockpoints, and why it goes on.
    fn finish_in(&mut self, place: u16) -> (Status, Answer) {
        let status = self.statuses[usize::from(place)];
        if let Status::Waits { at, .. } = status {
            self.take_out(at, place);
        }
        self.statuses[usize::from(place)] = Status::Elsewhere;
        let answer = match status {
            Status::Freed => Answer::Freed,
            Status::Deadlocked => Answer::Deadlock,
            Status::Abandoned => Answer::Abandoned,
            Status::Triggered | Status::HasTurn { .. } => Answer::Triggered,
            Status::Elsewhere | Status::Waits { .. } => Answer::TimedOut,
        };
        (status, answer)
    }

    /// Lets one go on. The others wait for it from here on: it is the next holder, if there is one.
    fn pass_on<T: Copy, P: Policy<N>, M: Timers<N>>(&mut self, scheduler: &mut Scheduler<T, P, M, N>, point: PointId) {
        let Some(first) =
            self.waiting(point).reduce(|first, next| if scheduler.goes_before(next, first) { next } else { first })
        else {
            return;
        };
        self.take_out(point, first.place);
        let lends = scheduler.lends(first);
        self.let_go(scheduler, first, Status::HasTurn { at: point });
        if lends {
            self.lend_all(scheduler, point, first);
        }
    }

    /// Those that wait at a blockpoint all wait for the same thread. One for which that one waits would wait for ever.
    fn lend_all<T: Copy, P: Policy<N>, M: Timers<N>>(
        &mut self,
        scheduler: &mut Scheduler<T, P, M, N>,
        point: PointId,
        to: ThreadId,
    ) {
        let mut next = self.get(point).ok().and_then(|point| point.first);
        while let Some((thread, after)) = next.and_then(|place| self.waits(place)) {
            next = after;
            if scheduler.lend(thread, Some(to)) == Err(ThreadError::Deadlock) {
                self.take_out(point, thread.place);
                self.let_go(scheduler, thread, Status::Deadlocked);
            }
        }
    }

    fn let_go<T: Copy, P: Policy<N>, M: Timers<N>>(
        &mut self,
        scheduler: &mut Scheduler<T, P, M, N>,
        thread: ThreadId,
        status: Status,
    ) {
        self.statuses[thread.place()] = status;
        // If its time had come before, it goes on in any case.
        let _ = scheduler.release(thread);
    }

    fn get(&self, id: PointId) -> Result<&Point, WaitError> {
        let entry = self.entries.get(id.place()).filter(|entry| entry.name == id);
        entry.and_then(|entry| entry.point.as_ref()).ok_or(WaitError::NoSuchPoint)
    }

    fn get_mut(&mut self, id: PointId) -> Result<&mut Point, WaitError> {
        let entry = self.entries.get_mut(id.place()).filter(|entry| entry.name == id);
        entry.and_then(|entry| entry.point.as_mut()).ok_or(WaitError::NoSuchPoint)
    }

    /// Who waits in this place, and who came next.
    fn waits(&self, place: u16) -> Option<(ThreadId, Option<u16>)> {
        match self.statuses[usize::from(place)] {
            Status::Waits { thread, next, .. } => Some((thread, next)),
            _ => None,
        }
    }

    /// Who waits at a blockpoint, in the order in which they came.
    fn waiting(&self, point: PointId) -> impl Iterator<Item = ThreadId> {
        let first = self.get(point).ok().and_then(|point| point.first).and_then(|place| self.waits(place));
        core::iter::successors(first, |(_, next)| self.waits((*next)?)).map(|(thread, _)| thread)
    }

    fn append(&mut self, at: PointId, thread: ThreadId) {
        let Ok(point) = self.get_mut(at) else { return };
        let last = point.last.replace(thread.place);
        point.first = point.first.or(Some(thread.place));
        self.statuses[thread.place()] = Status::Waits { at, thread, next: None };
        last.into_iter().for_each(|last| self.set_next(last, Some(thread.place)));
    }

    fn set_next(&mut self, place: u16, to: Option<u16>) {
        if let Status::Waits { next, .. } = &mut self.statuses[usize::from(place)] {
            *next = to;
        }
    }

    fn take_first(&mut self, point: PointId) -> Option<ThreadId> {
        let (first, _) = self.waits(self.get(point).ok()?.first?)?;
        self.take_out(point, first.place);
        Some(first)
    }

    fn take_out(&mut self, at: PointId, place: u16) {
        let before = self.waiting(at).map(|thread| thread.place).take_while(|other| *other != place).last();
        let next = self.waits(place).and_then(|(_, next)| next);
        before.into_iter().for_each(|before| self.set_next(before, next));
        self.statuses[usize::from(place)] = Status::Elsewhere;
        let Ok(point) = self.get_mut(at) else { return };
        point.first = if before.is_none() { next } else { point.first };
        point.last = if next.is_none() { before } else { point.last };
    }
}

impl<const B: usize, const N: usize> Default for Points<B, N> {
    fn default() -> Self {
        Self::new()
    }
}
