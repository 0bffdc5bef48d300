//! Entries by chance: into logic and model, whoever executes, whatever code it should be.

use crate::{LogicKernel, Pair};
use abi::error::Error;
use model::kernel::{Entry, Kernel, Outcome, Registers, Seen};
use model::simulation::{CODE, Simulation};
use play::world::{LINE, World};
use play::{Call, Calls, Choices, Director, Holdings, Player};

/// Ticks between two entries, at most.
const TICKS: u64 = 8;

/// What came of some entries.
#[derive(Clone, Debug, Default)]
pub struct Entered {
    /// Calls that succeeded.
    pub succeeded: u64,
    /// Calls that were refused.
    pub errors: u64,
    /// Where logic and model differ, or what does not hold.
    pub difference: Option<String>,
}

/// How many threads there are from the start, and who decides that they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cast {
    /// A player, alone.
    Alone,
    /// Threads that all schedule each other, and handle each other's faults.
    Company,
}

/// A kernel that is entered.
pub struct Stage {
    kernel: Pair,
    calls: Calls,
    seen: Seen,
    now: u64,
    dispatch: Call,
    company: bool,
    /// What came of it.
    pub entered: Entered,
}

impl Stage {
    /// A director that waits for what it has constructed.
    ///
    /// # Errors
    ///
    /// The director's.
    pub fn new(cast: Cast) -> Result<Self, Error> {
        let world = World { player: 0, frames: 0, code: CODE, timed: true };
        let mut pair = Pair::boot()?;
        pair.is_audited = false;
        let mut stage = Simulation::new(pair, Player::new(1, world), CODE, LogicKernel::PAGE_TABLE);
        let mut director = Director::new(CODE, true, &mut stage)?;
        director.play(1, &mut stage)?;
        let company = cast == Cast::Company;
        let dispatch = if company { crate::company::assemble(&mut stage)? } else { director.dispatch() };
        let (now, mut kernel) = (stage.now(), stage.kernel);
        kernel.is_audited = true;
        let seen = kernel.call(Entry { at: 0, now }, dispatch.word, dispatch.words);
        let calls = Calls { world: director.world(), holdings: Holdings::new(true) };
        Ok(Self { kernel, calls, seen, now, dispatch, company, entered: Entered::default() })
    }

    /// Whether nobody goes on any more.
    pub const fn is_over(&self) -> bool {
        matches!(self.seen.outcome, Outcome::End(_))
    }

    /// One more entry.
    pub fn enter(&mut self, choices: &mut impl Choices) {
        let passed = choices.below(TICKS);
        self.seen = match self.seen.deadline {
            deadline if deadline != 0 && deadline <= self.now + passed => {
                self.now = self.now.max(deadline);
                self.kernel.interrupt(self.entry(), None)
            }
            deadline if self.seen.outcome == Outcome::Idle => {
                if deadline != 0 {
                    self.now = deadline;
                }
                let line = (deadline == 0 || choices.one_in(4)).then_some(LINE as u32);
                let woken = self.kernel.interrupt(self.entry(), line);
                // If nobody ever comes, that is the end.
                let is_asleep = woken.outcome == Outcome::Idle && woken.deadline == 0;
                if is_asleep { Seen { outcome: Outcome::End(None), ..woken } } else { woken }
            }
            _ => {
                self.now += passed;
                self.enter_awake(choices)
            }
        };
        self.note();
    }

    /// The index of the thread that executes.
    pub const fn thread(&self) -> u32 {
        self.seen.thread
    }

    /// What the last call was answered, if it was: its status and first word.
    pub const fn answer(&self) -> Option<(u64, u64)> {
        match self.seen.outcome {
            Outcome::Resume(Registers { rax, words: [first, ..], .. }) => Some((rax, first)),
            _ => None,
        }
    }

    /// A call by who executes.
    pub fn call(&mut self, call: Call) {
        let after = self.kernel.call(self.entry(), call.word, call.words);
        match after.outcome {
            Outcome::Resume(Registers { rax: 1..0x100, .. }) => self.entered.errors += 1,
            _ => self.entered.succeeded += 1,
        }
        self.seen = after;
        self.note();
    }

    fn note(&mut self) {
        if self.entered.difference.is_none() {
            self.entered.difference.clone_from(&self.kernel.difference);
        }
    }

    const fn entry(&self) -> Entry {
        Entry { at: self.seen.at, now: self.now }
    }

    /// The director lets the first one start again, as long as that one can.
    fn restart(&mut self) -> Seen {
        let seen = self.called(self.dispatch);
        if seen.thread == 0 { Seen { outcome: Outcome::End(None), ..seen } } else { seen }
    }

    fn enter_awake(&mut self, choices: &mut impl Choices) -> Seen {
        match choices.below(24) {
            _ if self.seen.thread == 0 => self.restart(),
            0 => self.kernel.fault(self.entry()),
            1 => {
                let line = choices.one_in(2).then_some(choices.one_of([LINE as u32, LINE as u32, 4]));
                self.kernel.interrupt(self.entry(), line)
            }
            2 | 3 => {
                let status = if choices.one_in(2) { 0 } else { choices.below(1 << 16) };
                self.kernel.call(self.entry(), status, [choices.below(5), CODE.returns, 0, 0])
            }
            4..20 if self.company => self.called(crate::company::call(choices, self.now)),
            _ => self.called(self.calls.choose(choices)),
        }
    }

    fn called(&mut self, call: Call) -> Seen {
        self.call(call);
        if matches!(self.seen.outcome, Outcome::Resume(Registers { rax: 0, .. })) {
            self.calls.holdings.succeeded(&call);
        }
        self.seen
    }
}
