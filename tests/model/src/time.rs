//! Time: temporal capabilities, and on which of them the core's time is used up.

use crate::call::{Answer, words};
use crate::state::{Budget, Capability, Gift, Held, Id, Model, Recipient, Say, Time};
use abi::error::Error;
use abi::kind::Kind;
use abi::operation::TemporalCapabilityOperation;
use abi::rights;
use abi::rights::temporal_capability::{GIVE, RUN, TAKE};
use abi::time::{EVERYTHING, SCHEDULERS, UNLIMITED};

impl Model {
    /// It is `now`: what has passed is taken from what the core ran on. While it sleeps that is nothing.
    pub(crate) fn elapse(&mut self, now: u64) {
        let passed = now.saturating_sub(self.now);
        self.now = now;
        if let (false, Budget::Of(id)) = (self.idle, self.budget)
            && let Some(time) = self.times.get_mut(&id)
        {
            time.used += passed;
            time.left = if time.left == UNLIMITED { UNLIMITED } else { time.left.saturating_sub(passed) };
        }
    }

    /// When the core is taken from who runs, at the latest; 0 for never.
    pub(crate) fn deadline(&self) -> u64 {
        let end = match self.budget {
            _ if self.idle => 0,
            Budget::None => 0,
            Budget::Ended => self.now,
            Budget::Of(id) => match self.times[&id].left {
                UNLIMITED => 0,
                left => self.now.saturating_add(left),
            },
        };
        [self.timeout, end].into_iter().filter(|time| *time != 0).min().unwrap_or(0)
    }

    /// Whether somebody who runs on `budget` has time.
    pub(crate) fn has_time(&self, budget: Budget) -> bool {
        match budget {
            Budget::None => true,
            Budget::Ended => false,
            Budget::Of(id) => self.times[&id].left != 0,
        }
    }

    /// What a thread is dispatched with: the caller's capability with this number, or for 0 nothing new.
    pub(crate) fn to_run_on(&self, number: u64) -> Result<Option<Id>, Error> {
        if number == 0 {
            return Ok(None);
        }
        let held = self.slot(self.caller(), number)?;
        self.object(held, Kind::TemporalCapability, RUN).map(Some)
    }

    /// Whether a thread that runs on `one` goes before one that runs on `other`.
    pub(crate) fn takes_precedence(&self, one: Id, other: Id) -> bool {
        let (one, other) = (&self.times[&one], &self.times[&other]);
        let both = one.says.iter().filter_map(|say| Some((say.priority, other.priority(say.scheduler)?)));
        let both: Vec<_> = both.collect();
        one.left != 0 && both.iter().all(|(own, theirs)| own <= theirs) && both.iter().any(|(own, theirs)| own < theirs)
    }

    /// Performs operation `number` of a temporal capability.
    pub(crate) fn time_operation(&mut self, held: Held, number: u16, [to, cycles, priority, _]: [u64; 4]) -> Answer {
        use TemporalCapabilityOperation::*;
        let own = |rights| self.object(held, Kind::TemporalCapability, rights);
        let answer = match TemporalCapabilityOperation::from_number(number).ok_or(Error::UnknownOperation)? {
            Read => {
                let time = &self.times[&own(0)?];
                [time.left, time.used]
            }
            Transfer => {
                let (from, to) = (own(GIVE)?, self.recipient(to)?);
                let gift = self.transferred(from, to, cycles)?;
                [self.give(gift, to), 0]
            }
            Delegate => {
                let (from, to) = (own(GIVE)?, self.recipient(to)?);
                let gift = self.delegated(from, self.known(to), cycles, priority)?;
                [self.give(gift, to), 0]
            }
            Merge => {
                let to = self.recipient(to)?;
                let from = own(GIVE | rights::RECLAIM)?;
                [self.merge(from, to)?, 0]
            }
        };
        Ok(words(answer))
    }

    fn recipient(&self, number: u64) -> Result<Id, Error> {
        let held = self.slot(self.caller(), number)?;
        self.object(held, Kind::TemporalCapability, TAKE)
    }

    fn known(&self, id: Id) -> Recipient {
        let time = &self.times[&id];
        Recipient { id: Some(id), owner: time.owner(), left: time.left, says: time.kept().to_vec() }
    }

    /// Makes a temporal capability, with cycles or without.
    pub(crate) fn create_time(&mut self, table: Id, [packed, at, peers, cycles]: [u64; 4]) -> Result<(), Error> {
        let receive = self.slot(self.caller(), peers >> 32)?;
        let owner = self.object(receive, Kind::Receive, rights::receive::SCHEDULE)?;
        let own = Say { scheduler: owner, priority: 0 };
        let gift = match peers & 0xffff_ffff {
            0 if cycles == 0 => None,
            0 => return Err(Error::BadArgument),
            from => {
                let from = self.object(self.slot(self.caller(), from)?, Kind::TemporalCapability, GIVE)?;
                let new = Recipient { id: None, owner, left: 0, says: vec![own] };
                Some(self.delegated(from, new, cycles, packed >> 32)?)
            }
        };
        let id = self.new_id();
        let frame = self.make(table, packed & 0xffff_ffff, at, Capability::Time(id))?;
        self.times.insert(id, Time { frame, left: 0, used: 0, says: vec![own] });
        gift.map(|gift| self.give(gift, id));
        Ok(())
    }

    fn transferred(&self, from: Id, to: Id, cycles: u64) -> Result<Gift, Error> {
        let to = self.known(to);
        let cycles = self.check_gift(from, &to, cycles)?;
        if self.times[&from].priority(to.owner).is_none() {
            return Err(Error::BadArgument);
        }
        self.check_room(Gift { from, cycles, own: None }, &to)
    }

    fn delegated(&self, from: Id, to: Recipient, cycles: u64, priority: u64) -> Result<Gift, Error> {
        let cycles = self.check_gift(from, &to, cycles)?;
        let time = &self.times[&from];
        if time.owner() != to.owner && time.priority(to.owner).is_some() {
            return Err(Error::BadArgument);
        }
        let own = Some(Say { scheduler: time.owner(), priority });
        self.check_room(Gift { from, cycles, own }, &to)
    }

    fn check_gift(&self, from: Id, to: &Recipient, cycles: u64) -> Result<u64, Error> {
        let has = self.times[&from].left;
        if to.id == Some(from) || cycles == 0 || (cycles == EVERYTHING && has == UNLIMITED) {
            return Err(Error::BadArgument);
        }
        if !self.threads.contains_key(&to.owner) {
            return Err(Error::Revoked);
        }
        let cycles = if cycles == EVERYTHING { has } else { cycles };
        match to.left.checked_add(cycles) {
            _ if cycles == 0 || cycles > has => Err(Error::BudgetExhausted),
            None | Some(UNLIMITED) if to.left != UNLIMITED => Err(Error::BudgetOverflow),
            _ => Ok(cycles),
        }
    }

    fn check_room(&self, gift: Gift, to: &Recipient) -> Result<Gift, Error> {
        let through = self.times[&gift.from].says.iter().skip(1).map(|say| say.scheduler);
        let new = through
            .chain(gift.own.map(|own| own.scheduler))
            .filter(|new| to.says.iter().all(|say| say.scheduler != *new));
        if to.says.len() + new.count() > SCHEDULERS { Err(Error::TooManySchedulers) } else { Ok(gift) }
    }

    /// Moves cycles. Answers how many.
    fn give(&mut self, Gift { from, cycles, own }: Gift, to: Id) -> u64 {
        let (has, through) = (self.times[&from].left, self.times[&from].says[1..].to_vec());
        let Some(time) = self.times.get_mut(&to) else { return 0 };
        time.says = time.kept().to_vec();
        let owner = time.owner();
        for say in through.into_iter().filter(|say| say.scheduler != owner) {
            let known = time.priority(say.scheduler).unwrap_or(0);
            time.say(Say { priority: say.priority.max(known), ..say });
        }
        if let Some(own) = own {
            time.say(own);
        }
        match time.left {
            UNLIMITED => self.granted -= i128::from(cycles),
            _ => time.left += cycles,
        }
        match (has, self.times.get_mut(&from)) {
            (UNLIMITED, _) => self.granted += i128::from(cycles),
            (_, Some(time)) => time.left -= cycles,
            (_, None) => {}
        }
        cycles
    }

    fn merge(&mut self, from: Id, to: Id) -> Result<u64, Error> {
        self.check_unused(from)?;
        match self.transferred(from, to, EVERYTHING) {
            Ok(gift) => self.give(gift, to),
            Err(Error::BudgetExhausted) => 0,
            Err(error) => return Err(error),
        };
        let frame = self.end_time(from)?;
        Ok(self.give_up(frame))
    }

    fn check_unused(&self, id: Id) -> Result<(), Error> {
        if self.budget == Budget::Of(id) { Err(Error::InUse) } else { Ok(()) }
    }

    /// Ends a temporal capability. Answers its frame.
    pub(crate) fn end_time(&mut self, id: Id) -> Result<u64, Error> {
        self.check_unused(id)?;
        for thread in self.threads.values_mut().filter(|thread| thread.budget == Budget::Of(id)) {
            thread.budget = Budget::Ended;
        }
        let ended = self.times.remove(&id).ok_or(Error::Revoked)?;
        if ended.left != UNLIMITED {
            self.ended += i128::from(ended.left) + i128::from(ended.used);
        }
        Ok(ended.frame)
    }
}

impl Time {
    /// Its own scheduler.
    fn owner(&self) -> Id {
        self.says[0].scheduler
    }

    /// The priority that `scheduler` gives it, if it has a say.
    fn priority(&self, scheduler: Id) -> Option<u64> {
        self.says.iter().find(|say| say.scheduler == scheduler).map(|say| say.priority)
    }

    /// Who has a say in what is left: where nothing is, its own scheduler alone.
    fn kept(&self) -> &[Say] {
        if self.left == 0 { &self.says[..1] } else { &self.says }
    }

    fn say(&mut self, new: Say) {
        match self.says.iter_mut().find(|say| say.scheduler == new.scheduler) {
            Some(say) => *say = new,
            None => self.says.push(new),
        }
    }
}
