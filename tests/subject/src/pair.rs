//! Logic and model side by side: every entry enters both, and both must agree.

use crate::LogicKernel;
use crate::memory::{DESCRIPTORS, FIRST, UNTYPED_FRAMES};
use abi::error::Error;
use model::kernel::{Kernel, Outcome, Registers, Seen};
use model::state::{Machine, Model};

/// Logic and model.
pub struct Pair {
    /// The one.
    pub logic: LogicKernel,
    /// The other.
    pub model: Model,
    /// Entries so far, and how many of them the model does not know.
    pub entries: [u64; 2],
    /// The first disagreement.
    pub difference: Option<String>,
    last: Seen,
}

impl Pair {
    /// Both, as they start.
    ///
    /// # Errors
    ///
    /// The logic's.
    pub fn boot() -> Result<Self, Error> {
        let machine = Machine {
            untyped: FIRST..FIRST + UNTYPED_FRAMES,
            descriptors: DESCRIPTORS as u64,
            frames: [LogicKernel::PAGE_TABLE, 3, 5, 6],
        };
        let model = Model::boot(&machine);
        let last = model.see(Outcome::Restore);
        Ok(Self { logic: LogicKernel::boot()?, model, entries: [0; 2], difference: None, last })
    }

    fn compare(&mut self, entry: &dyn std::fmt::Debug, logic: Seen, model: Seen) -> Seen {
        self.entries[0] += 1;
        let differs = (logic != model).then(|| format!("{entry:x?}\n  logic: {logic:x?}\n  model: {model:x?}"));
        let is_over = matches!(model.outcome, Outcome::End(_));
        let broken = || self.model.check().err().filter(|_| !is_over).map(|why| format!("{entry:x?}: {why}"));
        if self.difference.is_none() {
            self.difference = differs.or_else(broken);
        }
        self.last = logic;
        if self.difference.is_some() {
            // Nothing that follows means anything.
            self.last.outcome = Outcome::End(None);
        }
        self.last
    }
}

impl Kernel for Pair {
    fn call(&mut self, at: u64, word: u64, words: [u64; 4]) -> Seen {
        if !self.model.knows(word, words) {
            self.entries[1] += 1;
            let refused = Registers::answer(Error::UnknownOperation.status().into(), [0, 0]);
            return Seen { outcome: Outcome::Resume(refused), at, ..self.last };
        }
        let held = self.model.held(word >> 16);
        let (logic, model) = (self.logic.call(at, word, words), self.model.call(at, word, words));
        self.compare(&("call", word >> 16, held, word & 0xffff, words), logic, model)
    }

    fn fault(&mut self, at: u64) -> Seen {
        let (logic, model) = (self.logic.fault(at), self.model.fault(at));
        self.compare(&("fault", at), logic, model)
    }

    fn interrupt(&mut self, at: u64, now: u64) -> Seen {
        let (logic, model) = (self.logic.interrupt(at, now), self.model.interrupt(at, now));
        self.compare(&("interrupt", at, now), logic, model)
    }
}
