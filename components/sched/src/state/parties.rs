//! Who has called whom, and waits for an answer; and who waits for a call.

use super::{Member, State, refused};
use crate::directory::Entry;
use crate::letters::{Letters, Unanswered};
use crate::state::{PLACES, Target};
use sched_interface::{Result, SchedError};
use sched_sl::{Instant, Quick, ThreadId};

/// What a thread does in the way of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// Nothing.
    None,
    /// It waits for a call.
    Accepts,
    /// It has called the thread in this place, which has not taken the call yet.
    Calls(u16),
    /// It has called the thread in this place, which is to answer.
    IsServed(u16),
}

/// A thread that calls or is called.
#[derive(Clone, Copy)]
#[repr(align(8))]
struct Party {
    role: Role,
    /// How many calls it has not taken yet.
    queued: u16,
}

/// All of them, by place.
pub(super) struct Parties([Party; PLACES]);

impl Parties {
    pub(super) const fn new() -> Self {
        Self([Party { role: Role::None, queued: 0 }; PLACES])
    }

    #[inline(always)]
    fn role(&self, place: usize) -> Role {
        self.0.get(place).map_or(Role::None, |party| party.role)
    }

    #[inline(always)]
    fn set(&mut self, place: usize, role: Role) {
        if let Some(party) = self.0.get_mut(place) {
            party.role = role;
        }
    }

    #[inline(always)]
    fn has_queued(&self, place: usize) -> bool {
        self.0.get(place).is_some_and(|party| party.queued != 0)
    }

    fn queue(&mut self, place: usize, by: i16) {
        if let Some(party) = self.0.get_mut(place) {
            party.queued = party.queued.saturating_add_signed(by);
        }
    }

    /// Whether anybody waits for the thread in this place.
    pub(super) fn is_waited_for(&self, place: usize) -> bool {
        self.first_waiting_for(place).is_some()
    }

    fn waiting_for(&self, place: usize) -> impl Iterator<Item = usize> + '_ {
        let is_for =
            move |party: &Party| matches!(party.role, Role::Calls(to) | Role::IsServed(to) if usize::from(to) == place);
        self.0.iter().enumerate().filter(move |(_, party)| is_for(party)).map(|(at, _)| at)
    }

    fn first_waiting_for(&self, place: usize) -> Option<usize> {
        self.waiting_for(place).next()
    }
}

/// What a call led to.
pub enum Called {
    /// The thread had waited for it: this follows.
    Taken(Quick<Target>),
    /// It will take it later.
    Queued,
}

impl State {
    /// Calls the thread `server` on behalf of `me`, by the edge with this token, with a word: a caller may call those that its own threads
    /// can come to execute with.
    ///
    /// # Errors
    ///
    /// [`SchedError::NoSuchThread`], also if there is one that is none of the client's business.
    #[inline(always)]
    pub fn call(
        &mut self,
        letters: &Letters,
        (me, token, index): (Entry, u64, u32),
        (server, word): (Entry, u64),
        now: Instant,
    ) -> Result<Called> {
        if !self.may_call.is_so(me, token, server) {
            self.check_call(me, token, server)?;
        }
        if self.parties.role(server.place()) != Role::Accepts {
            self.parties.set(me.place(), Role::Calls(server.place() as u16));
            self.parties.queue(server.place(), 1);
            letters.put(me.place(), index.into(), word);
            return Ok(Called::Queued);
        }
        self.parties.set(server.place(), Role::None);
        self.parties.set(me.place(), Role::IsServed(server.place() as u16));
        letters.put(server.place(), index.into(), word);
        let to = (server.place(), |name: Target| name.is(server));
        Ok(Called::Taken(self.threads.quick_call((me.place(), |name| name.is(me)), to, now)))
    }

    #[cold]
    #[inline(never)]
    fn check_call(&mut self, me: Entry, token: u64, server: Entry) -> Result<()> {
        let &Member { may_be_entered, .. } = self.member(server).ok_or(SchedError::NoSuchThread)?;
        let client = self.number_of(me, token).ok_or(SchedError::NoSuchThread)?;
        if me == server || may_be_entered >> client & 1 == 0 {
            return Err(SchedError::NoSuchThread);
        }
        self.may_call.note(me, token, server);
        Ok(())
    }

    /// Answers a thread that `me` serves. It goes on as soon as it is released.
    ///
    /// # Errors
    ///
    /// [`SchedError::NoSuchThread`]
    #[inline(always)]
    pub fn answer(&mut self, letters: &Letters, (me, index): (Entry, u32), (client, word): (Entry, u64)) -> Result<()> {
        if self.parties.role(client.place()) != Role::IsServed(me.place() as u16) {
            return Err(SchedError::NoSuchThread);
        }
        self.parties.set(client.place(), Role::None);
        letters.put(client.place(), index.into(), word);
        Ok(())
    }

    /// Takes a call that waits, if there is one. If there is none, the thread waits for one from here on.
    #[inline(always)]
    pub fn accept(&mut self, letters: &Letters, me: Entry) -> bool {
        if self.parties.has_queued(me.place()) {
            return self.take_queued(letters, me);
        }
        self.parties.set(me.place(), Role::Accepts);
        false
    }

    #[cold]
    #[inline(never)]
    fn take_queued(&mut self, letters: &Letters, me: Entry) -> bool {
        let mut first: Option<(usize, ThreadId)> = None;
        for place in self.parties.waiting_for(me.place()).filter(|at| matches!(self.parties.role(*at), Role::Calls(_)))
        {
            let Some(id) = self.threads.at(place) else { continue };
            if first.is_none_or(|(_, first)| self.threads.goes_before(id, first)) {
                first = Some((place, id));
            }
        }
        let Some((place, _)) = first else { return false };
        self.parties.queue(me.place(), -1);
        self.parties.set(place, Role::IsServed(me.place() as u16));
        letters.pass(place, me.place());
        true
    }

    /// A thread has ended, or goes elsewhere: those that wait for it are told so, if any do.
    pub(super) fn forget_party(&mut self, letters: &Letters, place: usize, (is_called, why): (bool, Unanswered)) {
        if let Role::Calls(to) = self.parties.role(place) {
            self.parties.queue(to.into(), -1);
        }
        self.parties.set(place, Role::None);
        while let Some(waiting) = is_called.then(|| self.parties.first_waiting_for(place)).flatten() {
            self.parties.set(waiting, Role::None);
            letters.return_to_sender(waiting, why);
            if let Some(id) = self.threads.at(waiting) {
                // If it has ended meanwhile, that is as well.
                let _ = self.threads.release(id).map_err(refused);
            }
        }
        if let Some(party) = self.parties.0.get_mut(place) {
            party.queued = 0;
        }
    }

    /// [`sched_sl::Scheduler::call`] of a thread that may not have taken the call.
    ///
    /// # Errors
    ///
    /// `SchedError::WouldDeadlock` if it waits for the caller; those of a thread that does not run.
    pub fn call_slowly(&mut self, me: ThreadId, to: ThreadId, now: Instant) -> Result<()> {
        match self.parties.role(me.place()) {
            Role::IsServed(_) => self.threads.call(me, to, now),
            _ => self.threads.hold(me, Some(to), None, now),
        }
        .map_err(refused)
    }

    /// What was thought to be taken was not, since another is in the place of the thread that was called: that one still waits for a call.
    pub fn take_back(&mut self, me: ThreadId) {
        if let Role::IsServed(to) = self.parties.role(me.place()) {
            self.parties.set(to.into(), Role::Accepts);
        }
    }

    /// A thread that wanted to wait goes on.
    pub fn give_up(&mut self, me: Entry) {
        if let Role::Calls(to) = self.parties.role(me.place()) {
            self.parties.queue(to.into(), -1);
        }
        self.parties.set(me.place(), Role::None);
    }
}
