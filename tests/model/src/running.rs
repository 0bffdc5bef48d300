//! Who goes on: invocations and returns, faults, dispatch, events.

use crate::call::{Answer, DONE, refusal, words};
use crate::kernel::{Outcome, Registers};
use crate::state::{Capability, Id, Level, Model, Scheduler, State, Thread};
use abi::crossing::{FAULT_HANDLER, INVOCATION_DEPTH};
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
            levels.push(Level { component: 0, at: 0, faulted: false });
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
        thread.levels.push(Level { component: server, at: entry, faulted: false });
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

    /// What a fault at `at` leads to.
    pub(crate) fn handle_fault(&mut self, at: u64) -> Outcome {
        /// A page fault, of a read by user level.
        const CAUSE: u64 = 14 | 4 << 8;
        match self.enter_handler([CAUSE, at, at, 0]) {
            Some(outcome) => outcome,
            None => self.contain(),
        }
    }

    fn enter_handler(&mut self, words: [u64; 4]) -> Option<Outcome> {
        let table = self.components.get(&self.executing())?.table;
        let Capability::Invocation { server, entry, token, methods } =
            self.fresh(table, FAULT_HANDLER.into()).ok()?.capability
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
            ThreadEnd::Faulted => (State::Faulted, What::Faulted(status)),
            ThreadEnd::Exited => (State::Faulted, What::Ended(status)),
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
                self.thread(current).state = state;
                words([how as u64, status.into()])
            }
            Scheduler::EndPoint(scheduler) => self.hand_over(scheduler, state, what),
        }
    }

    fn switch(&mut self, thread: Id) {
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
    pub(crate) fn switch_to(&mut self, thread: Id, word: u64, scheduler: Id, token: u64, timeout: u64) -> Answer {
        let caller = self.current;
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
            self.timeout = timeout;
            return Ok(DONE);
        }
        let outcome = self.resume(thread, word)?;
        self.thread(caller).state = State::Suspended;
        let is_awaited = matches!(self.threads[&thread].scheduler, Scheduler::Waiting(_));
        if thread != scheduler && !is_awaited {
            self.set_scheduler(thread, Scheduler::EndPoint(scheduler));
        }
        self.timeout = timeout;
        Ok(outcome)
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
        let start = self.threads[&thread].start;
        self.thread(thread).levels = vec![Level { component, at: start, faulted: false }];
        self.switch(thread);
        let r9 = self.threads[&thread].index;
        Ok(Outcome::Resume(Registers { rax: 0, words: [word, 0, 0, 0], r8: 0, r9 }))
    }

    /// Leaves who runs in `state`; `scheduler` is told and goes on, or who is above it.
    pub(crate) fn hand_over(&mut self, scheduler: Id, state: State, what: What) -> Outcome {
        let current = self.current;
        self.thread(current).state = state;
        self.post(scheduler, current, what);
        self.timeout = 0;
        let mut candidate = scheduler;
        for _ in 0..LEVELS {
            if self.can_go_on(candidate)
                && let Ok(outcome) = self.resume(candidate, 0)
            {
                return outcome;
            }
            let Scheduler::EndPoint(above) = self.threads[&candidate].scheduler else { break };
            candidate = above;
        }
        self.resume_root()
    }

    /// Nobody can go on but a thread for whose end another waits.
    fn resume_root(&mut self) -> Outcome {
        let Some(root) = self.roots.last().copied() else { return Outcome::End(None) };
        if self.can_go_on(root)
            && let Ok(outcome) = self.resume(root, 0)
        {
            return outcome;
        }
        let is_receiving = self.threads[&root].state == State::Receiving;
        self.switch(root);
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
        self.thread(receiver).pending += 1;
        let Scheduler::EndPoint(scheduler) = self.threads[&receiver].scheduler else { return Ok(DONE) };
        if self.threads[&receiver].state == State::Receiving {
            self.post(scheduler, receiver, What::Woken);
        }
        let is_own = self.threads[&self.current].scheduler == Scheduler::EndPoint(scheduler);
        if flags == 1 && is_own {
            return Ok(self.hand_over(scheduler, State::Suspended, What::Preempted));
        }
        Ok(DONE)
    }

    /// What a core that sleeps does at an interrupt.
    pub(crate) fn wake(&mut self, now: u64) -> Outcome {
        let current = self.current;
        let outcome = match self.take_awaited(current) {
            Some(taken) => words(taken),
            None if self.timeout != 0 && now >= self.timeout => refusal(Error::TimedOut),
            None => return Outcome::Idle,
        };
        (self.timeout, self.idle) = (0, false);
        self.thread(current).state = State::Running;
        self.settle(outcome)
    }

    /// What a core that runs somebody does at an interrupt.
    pub(crate) fn interrupted(&mut self, at: u64, now: u64) -> Outcome {
        self.keep(at);
        let is_due = self.timeout != 0 && now >= self.timeout;
        let outcome = match self.threads[&self.current].scheduler {
            Scheduler::EndPoint(scheduler) if is_due => self.hand_over(scheduler, State::Preempted, What::Preempted),
            _ => {
                self.timeout = if is_due { 0 } else { self.timeout };
                Outcome::Restore
            }
        };
        self.settle(outcome)
    }
}
