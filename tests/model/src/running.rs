//! Who goes on: invocations and returns, faults, dispatch, events.

use crate::call::{Answer, DONE, refusal, words};
use crate::kernel::{Outcome, Registers};
use crate::state::{Budget, Capability, Id, Level, Model, Scheduler, State, Thread};
use abi::crossing::INVOCATION_DEPTH;
use abi::error::Error;
use abi::event::{Batch, Event, What};
use abi::fault::{self, Answer as Handled};
use abi::layout::is_user;
use abi::operation::ThreadEnd;

/// Schedulers above each other that are looked for one that can go on.
const LEVELS: usize = 8;

impl Model {
    /// The thread with this name, which there is.
    pub(crate) fn thread(&mut self, thread: Id) -> &mut Thread {
        self.threads.entry(thread).or_insert_with(|| Thread::new(0, 0, 0))
    }

    fn level(&mut self) -> &mut Level {
        let current = self.current;
        let levels = &mut self.thread(current).levels;
        if levels.is_empty() {
            levels.push(Level::new(0, 0));
        }
        let last = levels.len() - 1;
        &mut levels[last]
    }

    /// Notes where who executes goes on.
    pub(crate) fn keep(&mut self, at: u64) {
        self.level().at = at;
    }

    fn is_live(&self) -> bool {
        let level = self.threads[&self.current].levels.last();
        level.is_some_and(|level| self.lives(level.component) && !level.faulted)
    }

    /// Enters `server`.
    pub(crate) fn invoke(&mut self, server: Id, entry: u64, token: u64, method: u64, words: [u64; 4]) -> Answer {
        let current = self.current;
        let thread = self.thread(current);
        if thread.levels.len() as u64 > INVOCATION_DEPTH {
            return Err(Error::DepthExceeded);
        }
        thread.levels.push(Level::new(server, entry));
        let r9 = thread.index;
        Ok(Outcome::Resume(Registers { rax: method, words, r8: token, r9 }))
    }

    /// Leaves a level with an answer.
    pub(crate) fn return_with(&mut self, status: u64, answer: [u64; 2]) -> Outcome {
        let current = self.current;
        if self.thread(current).levels.len() == 1 {
            let outcome = self.end(ThreadEnd::Returned, status as u16);
            return self.settle(outcome);
        }
        self.thread(current).levels.pop();
        let outcome = if std::mem::take(&mut self.level().faulted) {
            self.follow(status, answer)
        } else {
            Outcome::Resume(Registers::answer(status, answer))
        };
        self.settle(outcome)
    }

    /// Lets nobody go on who is dead: the next level below that lives does, with an error.
    pub(crate) fn settle(&mut self, mut outcome: Outcome) -> Outcome {
        while !matches!(outcome, Outcome::Idle | Outcome::End(_)) && !self.is_live() {
            outcome = self.unwind(Error::Revoked);
        }
        outcome
    }

    fn unwind(&mut self, error: Error) -> Outcome {
        let current = self.current;
        while self.thread(current).levels.len() > 1 {
            self.thread(current).levels.pop();
            let was_faulted = std::mem::take(&mut self.level().faulted);
            if !was_faulted && self.is_live() {
                return refusal(error);
            }
        }
        self.end(ThreadEnd::Faulted, error.status())
    }

    fn contain(&mut self) -> Outcome {
        let outcome = self.unwind(Error::Faulted);
        self.settle(outcome)
    }

    /// Asks who is in `slot` of who executes, or unwinds.
    pub(crate) fn handle(&mut self, slot: u32, words: [u64; 4]) -> Outcome {
        match self.enter_handler(slot, words) {
            Some(outcome) => outcome,
            None => self.contain(),
        }
    }

    fn enter_handler(&mut self, slot: u32, words: [u64; 4]) -> Option<Outcome> {
        let table = self.components.get(&self.executing()).filter(|component| component.revoked.is_none())?.table;
        let Capability::Invocation { server, entry, token, methods } = self.fresh(table, slot.into()).ok()?.capability
        else {
            return None;
        };
        let is_handled = self.threads[&self.current].levels.iter().any(|level| level.faulted);
        if is_handled || methods >> fault::METHOD & 1 == 0 {
            return None;
        }
        let below = self.threads[&self.current].levels.len() - 1;
        let entered = self.invoke(server, entry, token, fault::METHOD.into(), words).ok()?;
        let current = self.current;
        self.thread(current).levels[below].faulted = true;
        Some(entered)
    }

    /// Does what the handler of a fault answered.
    fn follow(&mut self, status: u64, [answer, address]: [u64; 2]) -> Outcome {
        match Handled::from_word(answer).filter(|_| status == 0) {
            Some(Handled::Retry) if is_user(self.level().at) => Outcome::RestoreFaulted,
            Some(Handled::Resume) if is_user(address) => {
                self.keep(address);
                Outcome::RestoreFaulted
            }
            Some(Handled::EndThread) => self.end(ThreadEnd::Faulted, Error::Faulted.status()),
            Some(Handled::Exit) => self.end(ThreadEnd::Exited, address as u16),
            _ => self.contain(),
        }
    }

    /// Ends who runs.
    fn end(&mut self, how: ThreadEnd, status: u16) -> Outcome {
        let (state, what) = match how {
            ThreadEnd::Returned => (State::AtStart, What::Ended(status)),
            ThreadEnd::Faulted | ThreadEnd::Exited => (State::Faulted, What::Faulted(status)),
        };
        let current = self.current;
        match self.thread(current).scheduler {
            Scheduler::None => {
                self.thread(current).state = state;
                Outcome::End(None)
            }
            Scheduler::Waiting(waiting) => {
                self.set_scheduler(current, Scheduler::None);
                if self.roots.last() == Some(&current) {
                    self.roots.pop();
                }
                self.switch(waiting);
                self.budget = self.threads[&waiting].budget;
                self.thread(current).state = state;
                words([how as u64, status.into()])
            }
            Scheduler::EndPoint(scheduler) => self.hand_over(scheduler, state, what),
        }
    }

    /// Who ran remembers what it ran on; who runs now, that is for the caller to say.
    fn switch(&mut self, thread: Id) {
        let (before, budget) = (self.current, self.budget);
        if let Some(before) = self.threads.get_mut(&before) {
            before.budget = budget;
        }
        self.thread(thread).state = State::Running;
        self.current = thread;
    }

    /// Says who goes on when `thread` does not. What the one before was to be told is forgotten.
    pub(crate) fn set_scheduler(&mut self, thread: Id, scheduler: Scheduler) {
        let before = self.threads[&thread].scheduler;
        if before == scheduler {
            return;
        }
        if let Scheduler::EndPoint(before) = before {
            self.thread(before).events.retain(|told| *told != thread);
            self.thread(thread).event = None;
        }
        self.thread(thread).scheduler = scheduler;
    }

    /// Runs `thread` until it ends, while the caller waits.
    pub(crate) fn wait_for(&mut self, thread: Id, word: u64) -> Answer {
        let caller = self.current;
        if matches!(self.threads[&caller].scheduler, Scheduler::EndPoint(_)) {
            return Err(Error::BadArgument);
        }
        if self.threads[&thread].state != State::AtStart {
            return Err(Error::NotDispatchable);
        }
        let outcome = self.resume(thread, word)?;
        self.thread(caller).state = State::Waiting;
        self.set_scheduler(thread, Scheduler::Waiting(caller));
        self.roots.push(thread);
        Ok(outcome)
    }

    /// Switches to `thread`, as `scheduler` decides.
    pub(crate) fn switch_to(&mut self, thread: Id, word: u64, decision: Decision) -> Answer {
        let Decision { scheduler, token, timeout, time } = decision;
        let caller = self.current;
        let timeout = self.within_limit(scheduler, timeout);
        if time.is_some_and(|time| self.times[&time].left == 0) {
            return Err(Error::BudgetExhausted);
        }
        if token < self.threads[&scheduler].token {
            return Err(Error::Stale);
        }
        self.thread(scheduler).token = token;
        if scheduler != caller && !self.can_go_on(scheduler) {
            return Err(Error::NotDispatchable);
        }
        if thread != scheduler && self.has_pending(scheduler) {
            return Err(Error::EventsPending);
        }
        if thread == caller {
            self.limit(thread, scheduler, timeout, time);
            return Ok(DONE);
        }
        let outcome = match self.resume(thread, word) {
            Err(Error::NotDispatchable) if self.threads[&thread].state == State::Receiving => {
                self.switch(thread);
                refusal(Error::TimedOut)
            }
            resumed => resumed?,
        };
        self.thread(caller).state = State::Suspended;
        let is_awaited = matches!(self.threads[&thread].scheduler, Scheduler::Waiting(_));
        if thread != scheduler && !is_awaited {
            self.set_scheduler(thread, Scheduler::EndPoint(scheduler));
        }
        self.limit(thread, scheduler, timeout, time);
        Ok(outcome)
    }

    /// The earlier of a timeout and the scheduler's limit, unless that timeout holds already, or no time does.
    fn within_limit(&self, scheduler: Id, timeout: u64) -> u64 {
        if self.timeout == 0 || timeout == self.timeout {
            return timeout;
        }
        [timeout, self.limit_of(scheduler)].into_iter().filter(|time| *time != 0).min().unwrap_or(0)
    }

    /// Until when a scheduler has the core from the one above it, or 0.
    fn limit_of(&self, scheduler: Id) -> u64 {
        let scheduler = &self.threads[&scheduler];
        if matches!(scheduler.scheduler, Scheduler::EndPoint(_)) { scheduler.limit } else { 0 }
    }

    /// Leaves the core to `thread`; with a temporal capability, what it dispatches has no more time than it.
    fn limit(&mut self, thread: Id, scheduler: Id, timeout: u64, time: Option<Id>) {
        self.timeout = timeout;
        let Some(time) = time else { return };
        self.budget = Budget::Of(time);
        if thread != scheduler {
            self.thread(thread).limit = timeout;
        }
    }

    fn can_go_on(&self, thread: Id) -> bool {
        matches!(self.threads[&thread].state, State::Suspended | State::Receiving | State::Preempted)
    }

    /// Lets `thread` go on where it is.
    fn resume(&mut self, thread: Id, word: u64) -> Answer {
        let outcome = match self.threads[&thread].state {
            State::AtStart => return self.begin(thread, word),
            State::Suspended => DONE,
            State::Receiving => words(self.take_awaited(thread).ok_or(Error::NotDispatchable)?),
            State::Preempted => Outcome::Restore,
            State::Running | State::Waiting | State::Faulted => return Err(Error::NotDispatchable),
        };
        self.switch(thread);
        Ok(outcome)
    }

    fn begin(&mut self, thread: Id, word: u64) -> Answer {
        let component = self.threads[&thread].levels.first().map_or(0, |level| level.component);
        if !self.lives(component) {
            return Err(Error::Revoked);
        }
        if self.is_foreign(thread) {
            self.switch(thread);
            return Ok(Outcome::Restore);
        }
        let start = self.threads[&thread].start;
        self.thread(thread).levels = vec![Level::new(component, start)];
        self.switch(thread);
        let r9 = self.threads[&thread].index;
        Ok(Outcome::Resume(Registers { rax: 0, words: [word, 0, 0, 0], r8: 0, r9 }))
    }

    /// Leaves who runs in `state`; `scheduler` is told and goes on, or who is above it.
    pub(crate) fn hand_over(&mut self, scheduler: Id, state: State, what: What) -> Outcome {
        let current = self.current;
        self.thread(current).state = state;
        self.post(scheduler, current, what);
        self.resume_scheduler(scheduler)
    }

    /// Lets `scheduler` go on, or who is above it. Those that only lack time tell who is above them.
    fn resume_scheduler(&mut self, mut scheduler: Id) -> Outcome {
        for _ in 0..LEVELS {
            if let Some(outcome) = self.resume_started(scheduler) {
                return outcome;
            }
            let Scheduler::EndPoint(above) = self.threads[&scheduler].scheduler else { break };
            if self.can_go_on(scheduler) && !self.has_time(self.threads[&scheduler].budget) {
                self.post(above, scheduler, What::Expired);
            }
            scheduler = above;
        }
        self.resume_root()
    }

    fn resume_started(&mut self, scheduler: Id) -> Option<Outcome> {
        if !self.can_go_on(scheduler) || !self.has_time(self.threads[&scheduler].budget) {
            return None;
        }
        let outcome = self.resume(scheduler, 0).ok()?;
        self.budget = self.threads[&scheduler].budget;
        self.timeout = if self.timeout == 0 { 0 } else { self.limit_of(scheduler) };
        Some(outcome)
    }

    /// Who is to go on, if what `receiver` waits on takes precedence over what the core runs on.
    pub(crate) fn taking_precedence(&self, receiver: Id) -> Option<Id> {
        let (receiver, current) = (&self.threads[&receiver], &self.threads[&self.current]);
        let (Budget::Of(waiting), Budget::Of(running)) = (receiver.budget, self.budget) else { return None };
        let Scheduler::EndPoint(scheduler) = receiver.scheduler else { return None };
        let is_scheduled = matches!(current.scheduler, Scheduler::EndPoint(_));
        let can_decide = self.can_go_on(scheduler) && self.has_time(self.threads[&scheduler].budget);
        let takes =
            is_scheduled && receiver.state == State::Receiving && can_decide && self.takes_precedence(waiting, running);
        takes.then_some(scheduler)
    }

    /// Leaves who runs in `state`, tells its scheduler, and lets `scheduler` go on.
    pub(crate) fn give_way(&mut self, scheduler: Id, state: State) -> Outcome {
        let current = self.current;
        self.thread(current).state = state;
        if let Scheduler::EndPoint(own) = self.threads[&current].scheduler {
            self.post(own, current, What::Preempted);
        }
        self.resume_scheduler(scheduler)
    }

    /// Nobody can go on but a thread for whose end another waits.
    fn resume_root(&mut self) -> Outcome {
        self.timeout = 0;
        let Some(root) = self.roots.last().copied() else { return Outcome::End(None) };
        // Nobody is above it who could give it time.
        if !self.has_time(self.threads[&root].budget) {
            self.thread(root).budget = Budget::None;
        }
        if let Some(outcome) = self.resume_started(root) {
            return outcome;
        }
        let is_receiving = self.threads[&root].state == State::Receiving;
        self.switch(root);
        self.budget = self.threads[&root].budget;
        if is_receiving {
            self.thread(root).state = State::Receiving;
            self.idle = true;
            return Outcome::Idle;
        }
        self.end(ThreadEnd::Faulted, Error::NotDispatchable.status())
    }

    fn has_pending(&self, thread: Id) -> bool {
        let thread = &self.threads[&thread];
        thread.pending != 0 || !thread.events.is_empty()
    }

    /// Takes what is pending at the end-point of `thread`, with one event, or as many as there is room for.
    pub(crate) fn take(&mut self, thread: Id, all: bool) -> Option<[u64; 2]> {
        if !self.has_pending(thread) {
            return None;
        }
        let sent = std::mem::take(&mut self.thread(thread).pending);
        if !all {
            return Some([sent, self.take_event(thread).map_or(0, Event::to_word)]);
        }
        let mut batch = Batch::new(sent);
        while let Some(event) = self.take_event(thread) {
            if !batch.push(event) {
                break;
            }
        }
        Some(batch.to_words())
    }

    fn take_event(&mut self, thread: Id) -> Option<Event> {
        let told = self.threads[&thread].events.first().copied()?;
        self.thread(thread).events.remove(0);
        let more = !self.threads[&thread].events.is_empty();
        let index = self.threads[&told].index as u32;
        let what = self.thread(told).event.take()?;
        Some(Event { thread: index, what, more })
    }

    /// Takes what `thread` waits for.
    fn take_awaited(&mut self, thread: Id) -> Option<[u64; 2]> {
        self.take(thread, self.threads[&thread].takes_all)
    }

    /// Tells `scheduler` what happened to `thread`.
    pub(crate) fn post(&mut self, scheduler: Id, thread: Id, what: What) {
        if self.thread(thread).event.replace(what).is_none() {
            self.thread(scheduler).events.push(thread);
        }
    }

    /// Sends to `receiver`.
    pub(crate) fn send(&mut self, receiver: Id, flags: u64) -> Answer {
        if flags > 1 {
            return Err(Error::BadArgument);
        }
        self.notify(receiver);
        let Scheduler::EndPoint(scheduler) = self.threads[&receiver].scheduler else { return Ok(DONE) };
        let is_own = self.threads[&self.current].scheduler == Scheduler::EndPoint(scheduler);
        if flags == 1 && is_own {
            return Ok(self.hand_over(scheduler, State::Suspended, What::Preempted));
        }
        match self.taking_precedence(receiver) {
            Some(scheduler) => Ok(self.give_way(scheduler, State::Suspended)),
            None => Ok(DONE),
        }
    }

    /// Counts one more send to `receiver`; if it waits, its scheduler is told, and so on above, as far as they wait.
    pub(crate) fn notify(&mut self, receiver: Id) {
        self.thread(receiver).pending += 1;
        let told = self.told(receiver);
        for pair in told.windows(2) {
            if let [thread, scheduler] = *pair {
                self.post(scheduler, thread, What::Woken);
            }
        }
    }

    /// `receiver`, and the schedulers above it that are told when it is sent to.
    fn told(&self, receiver: Id) -> Vec<Id> {
        let mut told = vec![receiver];
        let mut at = receiver;
        while let Scheduler::EndPoint(scheduler) = self.threads[&at].scheduler
            && self.threads[&at].state == State::Receiving
            && told.len() <= LEVELS
        {
            told.push(scheduler);
            at = scheduler;
        }
        told
    }

    /// How many levels above the current thread's scheduler somebody is to decide, now that `receiver` has been sent to.
    pub(crate) fn calls_for_decision(&self, receiver: Id) -> Option<usize> {
        let last = self.told(receiver).last().copied();
        self.above(self.current).iter().position(|scheduler| Some(*scheduler) == last)
    }

    /// The schedulers above `thread`.
    fn above(&self, thread: Id) -> Vec<Id> {
        let mut all = Vec::new();
        let mut at = thread;
        while let Scheduler::EndPoint(scheduler) = self.threads[&at].scheduler
            && all.len() < LEVELS
        {
            all.push(scheduler);
            at = scheduler;
        }
        all
    }

    /// What a core that sleeps does at an interrupt.
    pub(crate) fn wake(&mut self) -> Outcome {
        let current = self.current;
        let outcome = match self.take_awaited(current) {
            Some(taken) => words(taken),
            None if self.timeout != 0 && self.now >= self.timeout => refusal(Error::TimedOut),
            None => return Outcome::Idle,
        };
        (self.timeout, self.idle) = (0, false);
        self.thread(current).state = State::Running;
        outcome
    }

    /// What a core that runs somebody does at an interrupt; with `decide`, the scheduler of who runs goes on, or so many above.
    pub(crate) fn interrupted(&mut self, decide: Option<usize>) -> Outcome {
        let has_ended = self.has_ended();
        if !has_ended && decide.is_none() {
            return Outcome::Restore;
        }
        match self.threads[&self.current].scheduler {
            Scheduler::EndPoint(scheduler) if has_ended => {
                return self.hand_over(scheduler, State::Preempted, What::Expired);
            }
            Scheduler::EndPoint(_) => return self.preempt(decide.unwrap_or(0)),
            // It keeps the core, and from now on its time is not counted.
            _ if has_ended => self.budget = Budget::None,
            _ => self.timeout = 0,
        }
        Outcome::Restore
    }

    /// Takes the core from who runs: all those are told whose limits are past, or that are below who is to decide.
    fn preempt(&mut self, level: usize) -> Outcome {
        let current = self.current;
        self.thread(current).state = State::Preempted;
        let (mut below, mut deciding) = (current, current);
        let (timeout, now) = (self.timeout, self.now);
        for (at, scheduler) in self.above(current).into_iter().enumerate() {
            let limit = if at == 0 { 0 } else { self.limit_of(below) };
            let is_past = timeout != 0 && limit != 0 && limit <= now;
            if at > level && !is_past {
                break;
            }
            self.post(scheduler, below, What::Preempted);
            (below, deciding) = (scheduler, scheduler);
        }
        self.resume_scheduler(deciding)
    }

    /// Whether what the core runs on has ended.
    pub(crate) fn has_ended(&self) -> bool {
        !self.has_time(self.budget)
    }
}

/// A scheduler's decision.
#[derive(Clone, Copy)]
pub(crate) struct Decision {
    /// Whose.
    pub scheduler: Id,
    /// Its number.
    pub token: u64,
    /// When the core comes back, or 0.
    pub timeout: u64,
    /// What the thread runs on, unless that stays.
    pub time: Option<Id>,
}
