//! Logic and model side by side: every entry enters both, and both must agree.

use crate::LogicKernel;
use crate::audit::Audit;
use crate::memory::{DESCRIPTORS, FIRST, UNTYPED_FRAMES};
use abi::error::Error;
use abi::layout::PAGE;
use model::kernel::{Entry, Kernel, Outcome, Seen};
use model::state::{Machine, Model};
use play::world::DEVICE;

/// Logic and model.
pub struct Pair {
    /// The one.
    pub logic: LogicKernel,
    /// The other.
    pub model: Model,
    /// Entries so far.
    pub entries: u64,
    /// The first disagreement.
    pub difference: Option<String>,
    /// Whether all of the logic's memory is looked at after every entry.
    pub is_audited: bool,
    audit: Audit,
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
            frames: [LogicKernel::PAGE_TABLE, 3, 7, 5, 6, 10],
            tables_of_names: [8, 9],
            device: DEVICE / PAGE,
        };
        let model = Model::boot(&machine);
        Ok(Self {
            logic: LogicKernel::boot()?,
            model,
            entries: 0,
            difference: None,
            is_audited: true,
            audit: Audit::default(),
        })
    }

    /// What does not hold any more.
    fn broken(&mut self) -> Option<String> {
        if !self.is_audited {
            return None;
        }
        self.model.check().and_then(|()| self.audit.check(&self.logic, &self.model)).err()
    }

    fn compare(&mut self, entry: &dyn std::fmt::Debug, logic: Seen, model: Seen) -> Seen {
        self.entries += 1;
        let differs = (logic != model).then(|| format!("{entry:x?}\n  logic: {logic:x?}\n  model: {model:x?}"));
        let is_over = matches!(model.outcome, Outcome::End(_));
        if self.difference.is_none() {
            let broken = || if is_over { None } else { self.broken().map(|why| format!("{entry:x?}: {why}")) };
            self.difference = differs.or_else(broken);
        }
        // After a difference, nothing that follows means anything.
        let outcome = if self.difference.is_some() { Outcome::End(None) } else { logic.outcome };
        Seen { outcome, ..logic }
    }
}

impl Kernel for Pair {
    fn call(&mut self, entry: Entry, word: u64, words: [u64; 4]) -> Seen {
        let held = self.model.held(word >> 16);
        let (logic, model) = (self.logic.call(entry, word, words), self.model.call(entry, word, words));
        self.compare(&("call", word >> 16, held, word & 0xffff, words), logic, model)
    }

    fn fault(&mut self, entry: Entry) -> Seen {
        let (logic, model) = (self.logic.fault(entry), self.model.fault(entry));
        self.compare(&("fault", entry), logic, model)
    }

    fn interrupt(&mut self, entry: Entry, line: Option<u32>) -> Seen {
        let (logic, model) = (self.logic.interrupt(entry, line), self.model.interrupt(entry, line));
        self.compare(&("interrupt", entry, line), logic, model)
    }
}
