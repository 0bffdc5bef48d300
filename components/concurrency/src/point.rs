//! Where threads wait: the scheduler's blockpoint, made when first somebody has to.

mod unscheduled;

use crate::scheduler::{self, SCHED};
use crate::time::Instant;
use core::cell::Cell;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use runtime::Result;
use sched_interface::{NEVER, NOBODY, Sched, SchedError};
use sched_sl::{Blockpoint, Epoch};

/// How long a thread sleeps that waits for something of which the scheduler has no room to know, in ticks.
const MOMENT: u64 = 10_000;

/// The scheduler's name for a place at which threads wait.
#[derive(Debug, Default)]
pub struct Point {
    /// 0 if there is none, or none yet.
    name: AtomicU64,
}

impl Point {
    /// One that the scheduler does not know of.
    pub const fn new() -> Self {
        Self { name: AtomicU64::new(0) }
    }

    /// Whether the scheduler knows of it.
    pub fn is_known(&self) -> bool {
        self.name.load(Relaxed) != 0
    }

    /// Makes the scheduler know of it, if that has room. Who is about to wait does this before it says so: whoever then finds that
    /// somebody waits finds the name, too.
    #[inline]
    pub fn prepare(&self) {
        if !self.is_known() {
            self.make_after_asked();
        }
    }

    #[cold]
    #[inline(never)]
    fn make_after_asked(&self) {
        if !ASKED.is_known() {
            ASKED.make();
        }
        self.make();
    }

    fn make(&self) {
        let Ok(name) = SCHED.create_point() else { return };
        if self.name.compare_exchange(0, name, AcqRel, Relaxed).is_err() {
            // Somebody else was faster.
            let _ = SCHED.free_point(name);
        }
    }

    /// Waits for an epoch to pass, at most until a point in time, or for a moment if the scheduler does not know of this. `holder` is the
    /// thread, by its index, that is to bring it about. Answers whether there is still time.
    ///
    /// # Errors
    ///
    /// The scheduler's: among them [`HolderEnded`](sched_interface::SchedError::HolderEnded) and
    /// [`WouldDeadlock`](sched_interface::SchedError::WouldDeadlock).
    #[inline]
    pub fn wait(&self, epoch: Epoch, holder: Option<u64>, until: Option<Instant>) -> Result<bool> {
        let until = until.map_or(NEVER, Instant::ticks);
        match self.name.load(Acquire) {
            0 => poll(holder, until),
            name => match SCHED.wait_on(name, epoch.0, holder.unwrap_or(NOBODY), until) {
                Ok(in_time) => Ok(in_time),
                Err(refused) => unscheduled::wait(refused, until),
            },
        }
    }

    /// Waits for a moment, or until a point in time, whether the scheduler knows of this or not. Answers whether there is still time.
    ///
    /// # Errors
    ///
    /// The scheduler's.
    pub fn pause(until: Option<Instant>) -> Result<bool> {
        poll(None, until.map_or(NEVER, Instant::ticks))
    }

    /// An epoch has begun: lets all go on that wait.
    #[cold]
    pub fn trigger(&self, epoch: Epoch) {
        self.tell(|name| SCHED.trigger(name, epoch.0));
    }

    /// An epoch has begun: lets one go on.
    #[cold]
    pub fn trigger_one(&self, epoch: Epoch) {
        self.tell(|name| SCHED.trigger_one(name, epoch.0));
    }

    /// An epoch has begun there, where all go on; and waits here for another to pass. Answers whether the scheduler knows of both.
    ///
    /// # Errors
    ///
    /// The scheduler's.
    #[inline]
    fn trigger_and_wait(&self, begins: Epoch, here: &Self, seen: Epoch) -> Result<bool> {
        let names = (self.name.load(Acquire), here.name.load(Acquire));
        if names.0 == 0 || names.1 == 0 {
            return Ok(false);
        }
        let waited = SCHED.trigger_and_wait(names.0, begins.0, names.1, seen.0);
        // If it was refused, nobody may have been told.
        waited.inspect_err(|_| self.trigger(begins))?;
        Ok(true)
    }

    fn tell(&self, trigger: impl FnOnce(u64) -> sched_interface::Result<()>) {
        let name = self.name.load(Acquire);
        if name != 0 {
            // The name is this component's: there is nothing to refuse.
            let _ = trigger(name);
        }
    }
}

/// Nobody waits here: it is where the scheduler is asked about threads. It is made before all others, so that there is room for it.
static ASKED: Point = Point::new();

/// Whether the thread with this index is there still.
///
/// # Errors
///
/// [`HolderEnded`](sched_interface::SchedError::HolderEnded) if not; the scheduler's.
fn ask_about(thread: u64) -> sched_interface::Result<()> {
    if !ASKED.is_known() {
        ASKED.make();
    }
    match ASKED.name.load(Acquire) {
        0 => Ok(()),
        // In a time that is past.
        name => SCHED.wait_on(name, u64::MAX, thread, 0).map(|_| ()),
    }
}

/// Whether the thread with this index has ended.
#[cold]
pub fn has_ended(thread: u64) -> bool {
    ask_about(thread) == Err(SchedError::HolderEnded)
}

/// Sleeps for a moment, or until a point in time. Answers whether there is still time.
///
/// # Errors
///
/// Those of a wait that the scheduler knows of, as far as they can be seen from here: of a circle, only the smallest.
#[cold]
#[inline(never)]
fn poll(holder: Option<u64>, until: u64) -> Result<bool> {
    let moment = scheduler::ticks().saturating_add(MOMENT);
    match holder.map_or(Ok(()), check).and_then(|()| SCHED.sleep_until(until.min(moment))) {
        Ok(()) => Ok(until > moment),
        Err(refused) => unscheduled::wait(refused, until),
    }
}

/// Whether it makes sense to wait for the thread with this index.
fn check(holder: u64) -> sched_interface::Result<()> {
    ask_about(holder)?;
    if holder == scheduler::index(scheduler::number()) { Err(SchedError::WouldDeadlock) } else { Ok(()) }
}

impl Drop for Point {
    fn drop(&mut self) {
        let name = *self.name.get_mut();
        if name != 0 {
            let _ = SCHED.free_point(name);
        }
    }
}

/// Something that is waited for until it is so.
#[derive(Debug, Default)]
pub struct Condition {
    epochs: Blockpoint<AtomicU64>,
    point: Point,
}

impl Condition {
    /// Nobody waits.
    pub const fn new() -> Self {
        Self { epochs: Blockpoint::new(AtomicU64::new(0)), point: Point::new() }
    }

    /// Tries until it succeeds, or until a point in time: then `None`. Somebody [changes](Self::changed) what is tried.
    ///
    /// # Errors
    ///
    /// The scheduler's.
    #[inline]
    pub fn wait<R>(&self, until: Option<Instant>, mut attempt: impl FnMut() -> Option<R>) -> Result<Option<R>> {
        match attempt() {
            Some(result) => Ok(Some(result)),
            None => self.wait_for(|| None, until, attempt),
        }
    }

    /// The same, for a thread to change what is tried, whose index `holder` knows by then.
    ///
    /// # Errors
    ///
    /// The scheduler's: among them [`HolderEnded`](sched_interface::SchedError::HolderEnded).
    #[cold]
    #[inline(never)]
    pub fn wait_for<R>(
        &self,
        holder: impl Fn() -> Option<u64>,
        until: Option<Instant>,
        mut attempt: impl FnMut() -> Option<R>,
    ) -> Result<Option<R>> {
        self.point.prepare();
        let in_time = Cell::new(true);
        let attempt = || attempt().map(Some).or_else(|| (!in_time.get()).then_some(None));
        self.epochs.wait_for_change(attempt, |epoch| {
            in_time.set(self.point.wait(epoch, holder(), until)?);
            Ok(())
        })
    }

    /// Whether the scheduler knows of this.
    pub fn is_known(&self) -> bool {
        self.point.is_known()
    }

    /// As [`Self::changed`], by a caller who has made the change by a sequentially consistent read-modify-write.
    #[inline]
    pub fn changed_by_exchange(&self) {
        if let Some(epoch) = self.epochs.trigger_after_exchange() {
            self.point.trigger(epoch);
        }
    }

    /// Says that what others may try has changed, as [`Self::changed`], and then tries something else until it succeeds, which somebody
    /// changes who says so `here`, as [`Self::wait`]: with one call of the scheduler where both take one.
    ///
    /// # Errors
    ///
    /// The scheduler's.
    #[inline]
    pub fn changed_and_wait<R>(&self, here: &Self, mut attempt: impl FnMut() -> Option<R>) -> Result<Option<R>> {
        if let Some(begins) = self.epochs.trigger()
            && let Some(result) = self.tell_and_wait(begins, here, &mut attempt)?
        {
            return Ok(Some(result));
        }
        here.wait(None, attempt)
    }

    /// Tells those that wait that an epoch has begun, and waits once, if there still is something to wait for.
    fn tell_and_wait<R>(
        &self,
        begins: Epoch,
        here: &Self,
        mut attempt: impl FnMut() -> Option<R>,
    ) -> Result<Option<R>> {
        here.point.prepare();
        let seen = here.epochs.checkpoint();
        let is_announced = here.epochs.announce(seen);
        let result = attempt();
        if result.is_none() && is_announced && self.point.trigger_and_wait(begins, &here.point, seen)? {
            return Ok(None);
        }
        self.point.trigger(begins);
        Ok(result)
    }

    /// Says that what others may try has changed.
    #[inline]
    pub fn changed(&self) {
        if let Some(epoch) = self.epochs.trigger() {
            self.point.trigger(epoch);
        }
    }
}
