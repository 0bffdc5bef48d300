//! What a call does, by the kind of what is called.

use crate::kernel::{Entry, Kernel, Outcome, Registers, Seen};
use crate::running::Decision;
use crate::state::{Budget, Capability, Held, Id, Model, Scheduler, State};
use abi::crossing::{CAPABILITIES, CapabilityWord, FAULT_HANDLER, LEAF_SLOTS, METHODS, PERSONALITY};
use abi::error::Error;
use abi::fault::SYSTEM_CALL;
use abi::kind::Kind;
use abi::operation::receive_flag::{ALL, DO_NOT_WAIT};
use abi::operation::{
    ComponentOperation, DebugConsoleOperation, PortsOperation, PowerOperation, ReceiveOperation, SendOperation,
    ThreadOperation,
};
use abi::rights;

/// What a call leads to.
pub(crate) type Answer = Result<Outcome, Error>;

/// Success with two words.
pub(crate) const fn words(words: [u64; 2]) -> Outcome {
    Outcome::Resume(Registers::answer(0, words))
}

/// Success.
pub(crate) const DONE: Outcome = words([0, 0]);

impl Kernel for Model {
    fn call(&mut self, Entry { at, now }: Entry, word: u64, words: [u64; 4]) -> Seen {
        self.elapse(now);
        self.keep(at);
        let outcome = if self.components.get(&self.executing()).is_some_and(|component| component.is_foreign) {
            self.handle(PERSONALITY, [SYSTEM_CALL.into(), word, at, 0])
        } else if word == CapabilityWord::IDENTITY.0 {
            self::words([self.threads[&self.current].index, 0])
        } else if word >> 16 == 0 {
            self.return_with(word & 0xffff, [words[0], words[1]])
        } else {
            self.perform(word, words).unwrap_or_else(refusal)
        };
        self.see(outcome)
    }

    fn fault(&mut self, Entry { at, now }: Entry) -> Seen {
        /// A page fault, of a read by user level.
        const CAUSE: u64 = 14 | 4 << 8;
        self.elapse(now);
        self.keep(at);
        let outcome = self.handle(FAULT_HANDLER, [CAUSE, at, at, 0]);
        self.see(outcome)
    }

    fn interrupt(&mut self, Entry { at, now }: Entry, line: Option<u32>) -> Seen {
        self.elapse(now);
        if !self.idle {
            self.keep(at);
        }
        let receiver = line.and_then(|line| self.arrive(line.into()));
        let outcome = match line {
            _ if self.idle => self.wake(),
            Some(_) => self.interrupted_for(receiver),
            None => self.interrupted((self.timeout != 0 && now >= self.timeout).then_some(0)),
        };
        let outcome = self.settle(outcome);
        self.see(outcome)
    }
}

/// An error as its caller sees it.
pub(crate) fn refusal(error: Error) -> Outcome {
    Outcome::Resume(Registers::answer(error.status().into(), [0, 0]))
}

impl Model {
    /// The table of who executes.
    pub(crate) fn caller(&self) -> Id {
        self.components[&self.executing()].table
    }

    /// The page table of who executes.
    pub(crate) fn caller_pages(&self) -> Id {
        self.components[&self.executing()].page_table
    }

    /// Who executes.
    pub(crate) fn executing(&self) -> Id {
        self.threads[&self.current].levels.last().map_or(0, |level| level.component)
    }

    /// What is in slot `number` of `table`.
    pub(crate) fn slot(&self, table: Id, number: u64) -> Result<Held, Error> {
        if number >= CAPABILITIES.into() {
            return Err(Error::OutOfRange);
        }
        let leaf = self.tables[&table].leaves.get(&(number / u64::from(LEAF_SLOTS)));
        leaf.and_then(|leaf| leaf.slots.get(&(number % u64::from(LEAF_SLOTS)))).copied().ok_or(Error::Empty)
    }

    /// What is in slot `number` of `table`, if what it is about is still there.
    pub(crate) fn fresh(&self, table: Id, number: u64) -> Result<Held, Error> {
        let held = self.slot(table, number)?;
        if self.is_fresh(held.capability) { Ok(held) } else { Err(Error::Revoked) }
    }

    /// Whether what a capability is about is still there. A revoked component still has an object.
    pub fn is_fresh(&self, capability: Capability) -> bool {
        match capability {
            Capability::Invocation { server, .. } => self.lives(server),
            Capability::Table(id) => self.tables.contains_key(&id),
            Capability::PageTable(id) => self.page_tables.contains_key(&id),
            Capability::Component(id) => self.components.contains_key(&id),
            Capability::Thread(id) | Capability::Receive(id) | Capability::Send(id) => self.threads.contains_key(&id),
            Capability::Time(id) => self.times.contains_key(&id),
            Capability::Ports(..) | Capability::Lines(..) | Capability::Range(..) => true,
            Capability::HandledLevel | Capability::Console | Capability::Power => true,
        }
    }

    /// The object behind a capability of `kind` with these rights.
    pub(crate) fn object(&self, held: Held, kind: Kind, rights: u64) -> Result<Id, Error> {
        let id = match (kind, held.capability) {
            (Kind::CapabilityTable, Capability::Table(id)) => id,
            (Kind::PageTable, Capability::PageTable(id)) => id,
            (Kind::Component, Capability::Component(id)) => id,
            (Kind::Thread, Capability::Thread(id)) => id,
            (Kind::Receive, Capability::Receive(id)) => id,
            (Kind::Send, Capability::Send(id)) => id,
            (Kind::TemporalCapability, Capability::Time(id)) => id,
            _ => return Err(Error::WrongKind),
        };
        let is_there = self.is_fresh(held.capability) && (kind != Kind::Component || self.lives(id));
        match held.rights & rights == rights {
            false => Err(Error::RightsExceeded),
            true if is_there => Ok(id),
            true => Err(Error::Revoked),
        }
    }

    fn perform(&mut self, word: u64, words: [u64; 4]) -> Answer {
        let held = self.slot(self.caller(), word >> 16)?;
        if matches!(held.capability, Capability::Invocation { .. }) && !self.is_fresh(held.capability) {
            return Err(Error::Revoked);
        }
        let (number, [first, second, ..]) = (word as u16, words);
        match held.capability {
            Capability::Invocation { server, entry, token, methods } => {
                if number >= METHODS || methods >> number & 1 == 0 {
                    return Err(Error::MethodNotPermitted);
                }
                self.invoke(server, entry, token, number.into(), words)
            }
            Capability::Table(_) => self.table_operation(held, number, words).map(self::words),
            Capability::PageTable(_) => self.page_table_operation(held, number, words).map(self::words),
            Capability::Component(_) => self.component_operation(held, number),
            Capability::Thread(_) => self.thread_operation(held, number, words),
            Capability::Receive(_) => self.receive_operation(held, number, words),
            Capability::Send(_) => {
                let receiver = self.object(held, Kind::Send, 0)?;
                SendOperation::from_number(number).ok_or(Error::UnknownOperation)?;
                let outcome = self.send(receiver, first)?;
                Ok(self.settle(outcome))
            }
            Capability::Ports(_, count) => ports(held.rights, count, number, [first, second]),
            Capability::Console => match DebugConsoleOperation::from_number(number) {
                Some(_) => Ok(DONE),
                None => Err(Error::UnknownOperation),
            },
            Capability::Power => match PowerOperation::from_number(number) {
                Some(_) => Ok(Outcome::End(Some(first))),
                None => Err(Error::UnknownOperation),
            },
            Capability::Lines(..) => self.interrupt_operation(held, number, first),
            Capability::Range(..) => Err(Error::UnknownOperation),
            Capability::HandledLevel => self.level_operation(number, words),
            Capability::Time(_) => self.time_operation(held, number, words),
        }
    }

    fn component_operation(&mut self, held: Held, number: u16) -> Answer {
        match ComponentOperation::from_number(number).ok_or(Error::UnknownOperation)? {
            ComponentOperation::Name => self.object(held, Kind::Component, rights::component::NAME).map(|_| DONE),
            ComponentOperation::Revoke => {
                let component = self.object(held, Kind::Component, rights::component::REVOKE)?;
                let epoch = self.epoch;
                if let Some(component) = self.components.get_mut(&component) {
                    component.revoked = Some(epoch);
                }
                // It may have ended itself.
                Ok(self.settle(words([epoch, 0])))
            }
            #[allow(unreachable_patterns, reason = "there may be more than the model knows")]
            _ => Err(Error::UnknownOperation),
        }
    }

    fn thread_operation(&mut self, held: Held, number: u16, words: [u64; 4]) -> Answer {
        use ThreadOperation::*;
        let with = |model: &Self, rights| model.object(held, Kind::Thread, rights);
        let [register, word, ..] = words;
        match ThreadOperation::from_number(number).ok_or(Error::UnknownOperation)? {
            Dispatch => {
                let thread = with(self, rights::thread::DISPATCH)?;
                self.dispatch(thread, words)
            }
            ReadRegister => {
                let thread = with(self, rights::thread::READ)?;
                self.register(thread, register, None)
            }
            WriteRegister => {
                let thread = with(self, rights::thread::WRITE)?;
                self.register(thread, register, Some(word))
            }
            Launch => {
                with(self, rights::thread::DISPATCH)?;
                let is_told = word != 0;
                if is_told && !matches!(self.fresh(self.caller(), word)?.capability, Capability::Send(_)) {
                    return Err(Error::WrongKind);
                }
                // There is one core, and it runs something.
                Err(Error::InUse)
            }
            Migrate => {
                let thread = with(self, rights::thread::DISPATCH)?;
                self.migrate(thread, register)
            }
            Ended => with(self, 0).and(Err(Error::NothingPending)),
        }
    }

    /// There is one core, so nothing changes but that nobody schedules the thread.
    fn migrate(&mut self, thread: Id, core: u64) -> Answer {
        if core != 0 {
            return Err(Error::BadArgument);
        }
        let state = self.threads[&thread].state;
        if !matches!(state, State::AtStart | State::Suspended | State::Preempted) {
            return Err(Error::NotDispatchable);
        }
        let is_awaited = matches!(self.threads[&thread].scheduler, Scheduler::Waiting(_));
        let schedules = self.threads.values().any(|other| other.scheduler == Scheduler::EndPoint(thread));
        if is_awaited || schedules {
            return Err(Error::InUse);
        }
        self.set_scheduler(thread, Scheduler::None);
        self.thread(thread).budget = Budget::None;
        Ok(DONE)
    }

    fn dispatch(&mut self, thread: Id, [word, timeout, token, peers]: [u64; 4]) -> Answer {
        let outcome = if peers == 0 {
            if timeout != 0 || token != 0 {
                return Err(Error::BadArgument);
            }
            self.wait_for(thread, word)?
        } else {
            let held = self.slot(self.caller(), peers & 0xffff_ffff)?;
            let scheduler = self.object(held, Kind::Receive, rights::receive::SCHEDULE)?;
            let time = self.to_run_on(peers >> 32)?;
            self.switch_to(thread, word, Decision { scheduler, token, timeout, time })?
        };
        Ok(self.settle(outcome))
    }

    fn receive_operation(&mut self, held: Held, number: u16, [flags, timeout, ..]: [u64; 4]) -> Answer {
        let thread = self.object(held, Kind::Receive, rights::receive::RECEIVE)?;
        match ReceiveOperation::from_number(number).ok_or(Error::UnknownOperation)? {
            ReceiveOperation::Frequency => Ok(words([1_000_000_000, 0])),
            ReceiveOperation::Receive => {
                let outcome = self.receive(thread, flags, timeout)?;
                Ok(self.settle(outcome))
            }
        }
    }

    fn receive(&mut self, thread: Id, flags: u64, timeout: u64) -> Answer {
        let scheduler = self.threads[&thread].scheduler;
        let is_scheduled = matches!(scheduler, Scheduler::EndPoint(_));
        if thread != self.current || flags > (DO_NOT_WAIT | ALL) || (is_scheduled && timeout != 0) {
            return Err(Error::BadArgument);
        }
        if let Some(taken) = self.take(thread, flags & ALL != 0) {
            return Ok(words(taken));
        }
        if flags & DO_NOT_WAIT != 0 {
            return Err(Error::NothingPending);
        }
        self.thread(thread).takes_all = flags & ALL != 0;
        if let Scheduler::EndPoint(scheduler) = scheduler {
            return Ok(self.hand_over(scheduler, State::Receiving, abi::event::What::Blocked));
        }
        self.thread(thread).state = State::Receiving;
        (self.timeout, self.idle) = (timeout, true);
        Ok(Outcome::Idle)
    }
}

fn ports(held: u64, count: u64, number: u16, [offset, byte]: [u64; 2]) -> Answer {
    let operation = PortsOperation::from_number(number).ok_or(Error::UnknownOperation)?;
    let (right, is_byte) = match operation {
        PortsOperation::Read => (rights::ports::READ, true),
        PortsOperation::Write => (rights::ports::WRITE, byte < 0x100),
    };
    match operation {
        _ if held & right == 0 => Err(Error::RightsExceeded),
        _ if !is_byte || offset >= count => Err(Error::BadArgument),
        // Nobody is there: all lines are high.
        PortsOperation::Read => Ok(words([0xff, 0])),
        PortsOperation::Write => Ok(DONE),
    }
}
