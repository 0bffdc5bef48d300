//! Customers of a key-value store: what each of them does, whichever way its calls go, and what that comes to.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

use core::cell::Cell;
use core::fmt;
use journal::Journal;
use runtime::waiting::{Readiness, Source};
use store::Store;

/// Operations of a visit: a change, its record, and a look whether it was made.
pub const OPERATIONS: u64 = 3;

/// Customer `number` comes `visits` times. Answers how many of these went as they should.
pub fn visit(store: &impl Store, journal: &impl Journal, number: u64, visits: u64) -> u64 {
    let key = number + 1;
    let is_right = |visit: &u64| {
        let changed = store.put(key, *visit + 1);
        let recorded = changed.is_ok() && journal.append(key, *visit).is_ok();
        let found = store.get(key);
        recorded && (changed == Ok(*visit) || *visit == 0) && found == Ok(visit + 1)
    };
    (0..visits).filter(is_right).count() as u64
}

/// A page of which it is counted how often it was served.
pub struct Counted<'s> {
    source: &'s dyn Source,
    /// How often anything was.
    pub batches: Cell<u64>,
}

impl<'s> Counted<'s> {
    /// Not served yet.
    pub const fn new(source: &'s dyn Source) -> Self {
        Self { source, batches: Cell::new(0) }
    }
}

impl Source for Counted<'_> {
    fn serve(&self) -> bool {
        let any = self.source.serve();
        self.batches.set(self.batches.get() + u64::from(any));
        any
    }

    fn prepare(&self) -> Readiness {
        self.source.prepare()
    }
}

/// What a run came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// Operations that were made.
    pub operations: u64,
    /// Instructions that that took.
    pub instructions: u64,
    /// Invocations of other components: each enters the kernel twice.
    pub invocations: u64,
    /// Cycles that an invocation takes beyond its instructions.
    pub weight: u64,
}

impl Report {
    fn cycles(&self) -> u64 {
        self.instructions + self.invocations * self.weight
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operations, instructions, invocations, .. } = *self;
        let per_million = |of: u64| operations * 1_000_000 / of.max(1);
        write!(
            f,
            "{} operations per million instructions, {} per million cycles",
            per_million(instructions),
            per_million(self.cycles())
        )?;
        let tenths = operations * 10 / invocations.max(1);
        write!(f, ", {}.{} operations to an invocation", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn a_visit_is_right_if_the_store_keeps_what_it_was_told() {
        let (table, ring) = (store::Table::<8>::new(), journal::Ring::<8>::new());
        assert_eq!(visit(&table, &ring, 3, 5), 5);
        assert_eq!(visit(&table, &ring, 3, 5), 5, "a second time");
        assert_eq!((table.get(4), ring.record(9)), (Ok(5), Ok((4, 4))));
        assert_eq!(visit(&store::Table::<0>::new(), &ring, 3, 5), 0, "a store without room");
    }

    #[test]
    fn a_report_weighs_invocations() {
        let report = Report { operations: 300, instructions: 30_000, invocations: 40, weight: 750 };
        let told =
            "10000 operations per million instructions, 5000 per million cycles, 7.5 operations to an invocation";
        assert_eq!(report.to_string(), told);
    }
}
