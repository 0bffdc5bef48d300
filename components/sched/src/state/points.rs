//! Blockpoints: each is one client's, on whose behalf alone threads wait there and trigger it: those that execute in it, whosever they are.

use super::{CLIENTS, Member, PLACES, Part, State, Target, refused};
use crate::Machine;
use crate::answers::Answers;
use crate::directory::Entry;
use crate::shared::Shared;
use sched_interface::{NOBODY, Result, SchedError};
use sched_sl::{Answer, Epoch, Instant, PointId, Quick, Said, ThreadId, Wait, WaitError, Waits, Wakes};

/// Blockpoints that a scheduler has room for.
pub const POINTS: usize = 512;

/// The blockpoints of a scheduler.
pub type Points = sched_sl::Points<POINTS, PLACES>;

impl State {
    /// Makes a blockpoint for the client with this token. Each may have as many as there are for each.
    ///
    /// # Errors
    ///
    /// [`SchedError::TooManyPoints`].
    pub fn create_point(&mut self, part: &Part<impl Machine>, token: u64) -> Result<u64> {
        let (number, _) = self.client(token).ok_or(SchedError::NotScheduled)?;
        let clients = self.clients.iter().flatten().count().clamp(1, CLIENTS);
        let triggers = part.shared.triggers(part.machine.core())?;
        // Where something is on its way that other cores have said of a blockpoint that was there, there is no other yet.
        let is_vacant = |place| triggers.is_vacant(place);
        let point = self.points.allocate(number as u16, POINTS / clients, is_vacant).map_err(refused_point)?;
        triggers.open(point, number);
        Ok(point.to_word())
    }

    /// Gives up a blockpoint of the client with this token.
    ///
    /// # Errors
    ///
    /// [`SchedError::NoSuchPoint`].
    pub fn free_point(&mut self, part: &Part<impl Machine>, token: u64, point: u64) -> Result<()> {
        let point = PointId::from_word(point);
        self.check_point(token, point)?;
        self.free_here(part, point)
    }

    fn free_here(&mut self, part: &Part<impl Machine>, point: PointId) -> Result<()> {
        part.shared.triggers(part.machine.core())?.close(point);
        self.points.free(&mut self.threads, point).map_err(refused_point)
    }

    /// Whether the client with this token owns a blockpoint of another core.
    ///
    /// # Errors
    ///
    /// [`SchedError::NoSuchPoint`] if not.
    pub fn check_elsewhere(&self, shared: &Shared, token: u64, home: u32, point: PointId) -> Result<()> {
        let owner = shared.triggers(home)?.owner(point).ok_or(SchedError::NoSuchPoint)?;
        self.check_owner(token, owner)
    }

    /// Takes in what other cores have said of blockpoints of this one.
    pub fn take_triggers(&mut self, part: &Part<impl Machine>) {
        let Ok(triggers) = part.shared.triggers(part.machine.core()) else { return };
        // If it is gone by now, that is as well.
        triggers.take(|point, said| match said {
            Said::Triggered(epoch, wakes) => {
                self.points.trigger(&mut self.threads, point, epoch, wakes).unwrap_or(false)
            }
            Said::Freed => self.free_here(part, point).is_ok(),
        });
    }

    /// Has a thread wait at a blockpoint, on behalf of the client with this token.
    ///
    /// # Errors
    ///
    /// [`SchedError::NoSuchPoint`]; [`SchedError::NoSuchThread`] about a holder that cannot come to execute in the owner; [`SchedError::WouldDeadlock`].
    pub fn wait_on(&mut self, token: u64, thread: ThreadId, wait: Wait, now: Instant) -> Result<Waits> {
        let owner = self.check_point(token, wait.point)?;
        if wait.holder.is_some_and(|holder| !self.comes_to(holder, owner)) {
            return Err(SchedError::NoSuchThread);
        }
        self.points.wait(&mut self.threads, thread, wait, now).map_err(refused_point)
    }

    /// [`Self::wait_on`] and what follows, in the common case, of the thread that asks.
    #[inline(always)]
    pub fn quick_wait(&mut self, me: Entry, token: u64, wait: Wait, now: Instant) -> Quick<Target> {
        let (Some(thread), true) = (self.threads.at(me.place()), self.may_use(me, token, &wait)) else {
            return Quick::Unusual;
        };
        self.points.quick_wait(&mut self.threads, (thread, |name: Target| name.is(me)), wait, now)
    }

    /// [`Self::trigger_and_wait`] and what follows, in the common case, of the thread that asks.
    #[inline(always)]
    pub fn quick_trigger_and_wait(
        &mut self,
        me: Entry,
        token: u64,
        ((there, begins), (here, seen)): ((u64, u64), (u64, u64)),
        (now, answers): (Instant, &Answers),
    ) -> Quick<Target> {
        let Some(&Member { id, client, .. }) = self.member(me).filter(|member| member.token == token) else {
            return Quick::Unusual;
        };
        let me = (id, |name: Target| name.is(me));
        let (begins, seen) = ((PointId::from_word(there), Epoch(begins)), (PointId::from_word(here), Epoch(seen)));
        let by = (client as u16, now);
        self.points.quick_trigger_and_wait(&mut self.threads, me, begins, seen, by, |place| answers.give(place))
    }

    /// Notes that an epoch has begun at one blockpoint, and has a thread wait at another, on behalf of the client with this token. Answers
    /// whether it waits.
    ///
    /// # Errors
    ///
    /// [`SchedError::NoSuchPoint`]: then neither is done.
    pub fn trigger_and_wait(
        &mut self,
        token: u64,
        thread: ThreadId,
        ((there, begins), (here, seen)): ((u64, u64), (u64, u64)),
        now: Instant,
    ) -> Result<bool> {
        let here = PointId::from_word(here);
        self.check_point(token, here)?;
        self.trigger(token, there, begins, Wakes::All)?;
        let wait = Wait { point: here, epoch: Epoch(seen), holder: None, until: None };
        self.points.wait(&mut self.threads, thread, wait, now).map(|waits| waits == Waits::Held).map_err(refused_point)
    }

    /// [`Self::trigger`] and what follows, in the common case.
    #[inline(always)]
    pub fn quick_trigger(
        &mut self,
        me: Entry,
        token: u64,
        (point, epoch, wakes): (u64, u64, Wakes),
        (now, answers): (Instant, &Answers),
    ) -> Quick<Target> {
        let point = PointId::from_word(point);
        if !self.is_own_point(me, token, point) {
            return Quick::Unusual;
        }
        let begins = (Epoch(epoch), wakes);
        self.points.quick_trigger(&mut self.threads, point, begins, now, |place| answers.give(place))
    }

    /// Whether a blockpoint is that of the component whose token this is, of which the thread is one.
    #[inline(always)]
    fn is_own_point(&self, me: Entry, token: u64, point: PointId) -> bool {
        let Some(member) = self.member(me) else { return false };
        member.token == token && self.points.owner(point) == Ok(member.client as u16)
    }

    /// Whether a wait is at the thread's own component's blockpoint, for a thread of that, if for any.
    #[inline(always)]
    fn may_use(&self, me: Entry, token: u64, wait: &Wait) -> bool {
        let client = |place: usize| self.members.get(place).and_then(Option::as_ref).map(|member| member.client);
        let is_own = |holder: ThreadId| client(holder.place()) == client(me.place());
        self.is_own_point(me, token, wait.point) && wait.holder.is_none_or(is_own)
    }

    /// What is asked for in these words. A holder that is not scheduled here lends and is lent nothing.
    ///
    /// # Errors
    ///
    /// [`SchedError::HolderEnded`].
    #[inline(always)]
    pub fn wait_from(&self, part: &Part<'_, impl Machine>, [point, epoch, holder, time]: [u64; 4]) -> Result<Wait> {
        let entry = if holder == NOBODY { None } else { find_holder(part, holder)? };
        Ok(Wait {
            point: PointId::from_word(point),
            epoch: Epoch(epoch),
            holder: entry.and_then(|entry: Entry| self.thread(entry).ok()),
            until: Instant(time).unless_never(),
        })
    }

    /// A thread has ended, most often on another core: whoever may wait for it looks again.
    pub fn look_again(&mut self) {
        self.points.release_all(&mut self.threads);
    }

    /// Notes that an epoch has begun, on behalf of the client with this token. Answers whether anybody goes on.
    ///
    /// # Errors
    ///
    /// [`SchedError::NoSuchPoint`].
    pub fn trigger(&mut self, token: u64, point: u64, epoch: u64, wakes: Wakes) -> Result<bool> {
        let point = PointId::from_word(point);
        self.check_point(token, point)?;
        self.points.trigger(&mut self.threads, point, Epoch(epoch), wakes).map_err(refused_point)
    }

    /// A thread is back that was held at a blockpoint: whether what it waited for has happened.
    ///
    /// # Errors
    ///
    /// [`SchedError::NoSuchPoint`]: it is gone; [`SchedError::WouldDeadlock`]; [`SchedError::HolderEnded`].
    pub fn finish_wait(&mut self, thread: ThreadId) -> Result<bool> {
        match self.points.finish(thread) {
            Answer::Triggered => Ok(true),
            Answer::TimedOut => Ok(false),
            Answer::Freed => Err(SchedError::NoSuchPoint),
            Answer::Deadlock => Err(SchedError::WouldDeadlock),
            Answer::Abandoned => Err(SchedError::HolderEnded),
        }
    }

    /// Who owns a blockpoint: the client with this token. What threads wait for there is in its memory, so nobody else can know.
    fn check_point(&self, token: u64, point: PointId) -> Result<usize> {
        let owner = usize::from(self.points.owner(point).map_err(refused_point)?);
        self.check_owner(token, owner).map(|()| owner)
    }

    fn check_owner(&self, token: u64, owner: usize) -> Result<()> {
        let is_owner = self.client(token).is_some_and(|(number, _)| number == owner);
        if is_owner { Ok(()) } else { Err(SchedError::NoSuchPoint) }
    }

    fn comes_to(&self, thread: ThreadId, owner: usize) -> bool {
        let member = self.members.get(thread.place()).and_then(Option::as_ref);
        member.is_some_and(|member| self.reaches(member.client, owner))
    }

    /// Whether threads of the client with this token can come to execute in this one, or it is that one.
    pub fn may_enter(&self, token: u64, other: usize) -> bool {
        self.client(token).is_some_and(|(number, _)| self.reaches(number, other))
    }

    /// Whether threads of a client can come to execute in another, or the other is itself.
    fn reaches(&self, client: usize, other: usize) -> bool {
        let other = self.clients.get(other).and_then(Option::as_ref);
        other.is_some_and(|other| other.wakes & 1 << client != 0)
    }
}

#[inline(always)]
fn find_holder(part: &Part<'_, impl Machine>, holder: u64) -> Result<Option<Entry>> {
    match part.directory.find(holder) {
        None if part.shared.has_ended(holder) => Err(SchedError::HolderEnded),
        found => Ok(found),
    }
}

fn refused_point(error: WaitError) -> SchedError {
    match error {
        WaitError::Exhausted => SchedError::TooManyPoints,
        WaitError::NoSuchPoint => SchedError::NoSuchPoint,
        WaitError::Thread(error) => refused(error),
    }
}
