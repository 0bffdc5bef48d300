//! The figures that were last recorded, and what has changed since.
//!
//! `tests/bench/recorded.json` holds, for each row, the instructions of one period, the estimate of its cycles, and what
//! both depend on. The tests fail where one is worse by more than two in a hundred, so that no instruction becomes dear
//! unnoticed. `cargo bench -- --record` writes the file anew.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::environment::Key;
use super::error::BenchError;
use super::result::{self, Measured};

/// By how much in a hundred a figure may grow before it is worse.
const TOLERANCE: u64 = 2;

/// Recorded figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// What they depend on.
    #[serde(flatten)]
    pub key: Key,
    /// The figures.
    #[serde(flatten)]
    pub figures: Figures,
}

/// Figures by the rows' names: what the gate holds rows against.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Instructions of one period of each row.
    pub instructions: BTreeMap<String, u64>,
    /// Cycles of one period, as estimated, of those rows whose operations were counted.
    pub cycles: BTreeMap<String, u64>,
}

impl Figures {
    /// Of these rows.
    pub fn of(rows: &[Measured]) -> Self {
        let name = |row: &Measured| row.row.name.to_owned();
        let instructions = rows.iter().map(|row| (name(row), row.ticks)).collect();
        let cycles = rows.iter().filter_map(|row| Some((name(row), row.cycles?))).collect();
        Self { instructions, cycles }
    }
}

/// A figure as it was recorded, and as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    row: String,
    unit: &'static str,
    recorded: u64,
    now: u64,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { unit, recorded, now, .. } = self;
        write!(f, "{now} {unit}, recorded are {recorded} ({})", percent(*recorded, *now))
    }
}

/// What is not as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// More than recorded, by more than is tolerated.
    Worse(Difference),
    /// Less than recorded, by more than would be tolerated the other way.
    Better(Difference),
    /// A row without a recorded figure.
    New(String),
    /// A recorded figure without a row.
    Gone(String),
}

impl Change {
    /// Whether the tests fail by it.
    pub fn is_failure(&self) -> bool {
        !matches!(self, Self::Better(..))
    }
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Worse(difference) => write!(f, "{}: worse, {difference}", difference.row),
            Self::Better(difference) => write!(f, "{}: better, {difference}", difference.row),
            Self::New(row) => write!(f, "{row}: no figure is recorded"),
            Self::Gone(row) => write!(f, "{row}: a figure is recorded, but there is no such row"),
        }
    }
}

/// By how much `new` is more than `old`, or less.
pub fn percent(old: u64, new: u64) -> String {
    format!("{:+.1} %", 100.0 * (new as f64 / old as f64 - 1.0))
}

impl Recorded {
    /// What the file holds.
    ///
    /// # Errors
    ///
    /// [`BenchError::Record`] if it cannot be read.
    pub fn read() -> Result<Self, BenchError> {
        let text = std::fs::read_to_string(path()).map_err(|error| BenchError::Record(error.to_string()))?;
        serde_json::from_str(&text).map_err(|error| BenchError::Record(error.to_string()))
    }

    /// Writes the file anew.
    ///
    /// # Errors
    ///
    /// [`BenchError::Record`] if it cannot be written.
    pub fn write(&self) -> Result<(), BenchError> {
        let text = serde_json::to_string_pretty(self).map_err(|error| BenchError::Record(error.to_string()))? + "\n";
        let (path, failed) = (path(), |error: std::io::Error| BenchError::Record(error.to_string()));
        let directory = path.parent().unwrap_or(Path::new("."));
        result::write(directory, NAME, &text).map_err(failed)
    }

    /// What of these figures is not as recorded. All instructions there are must be among them; cycles may be missing.
    pub fn changes(&self, now: &Figures) -> Vec<Change> {
        let recorded = &self.figures;
        let mut changes = compare("instructions", &recorded.instructions, &now.instructions);
        changes.extend(compare("cycles", &recorded.cycles, &now.cycles));
        let gone = recorded.instructions.keys().filter(|row| !now.instructions.contains_key(*row));
        changes.extend(gone.map(|row| Change::Gone(row.clone())));
        changes
    }
}

fn compare(unit: &'static str, recorded: &BTreeMap<String, u64>, now: &BTreeMap<String, u64>) -> Vec<Change> {
    let changes = now.iter().filter_map(|(row, &now)| match recorded.get(row) {
        Some(&recorded) => change(Difference { row: row.clone(), unit, recorded, now }),
        None => Some(Change::New(row.clone())),
    });
    changes.collect()
}

fn change(difference: Difference) -> Option<Change> {
    let exceeds = |more: u64, less: u64| more * 100 > less * (100 + TOLERANCE);
    if exceeds(difference.now, difference.recorded) {
        return Some(Change::Worse(difference));
    }
    exceeds(difference.recorded, difference.now).then_some(Change::Better(difference))
}

const NAME: &str = "recorded.json";

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("bench").join(NAME)
}

#[cfg(test)]
mod tests {
    use super::super::result::tests::{key, measured};
    use super::*;

    fn figures(rows: &[(&str, u64)]) -> Figures {
        let instructions = rows.iter().map(|(row, figure)| ((*row).to_owned(), *figure)).collect();
        Figures { instructions, ..Figures::default() }
    }

    fn told(recorded: Figures, now: &Figures) -> Vec<String> {
        let changes = Recorded { key: key(), figures: recorded }.changes(now);
        changes.iter().map(Change::to_string).collect()
    }

    #[test]
    fn two_in_a_hundred_are_tolerated_and_no_more() {
        let told = |recorded, now| told(figures(recorded), &figures(now));
        assert_eq!(told(&[("a", 100), ("b", 1000)], &[("a", 102), ("b", 981)]), [""; 0]);
        assert_eq!(told(&[("a", 100)], &[("a", 103)]), ["a: worse, 103 instructions, recorded are 100 (+3.0 %)"]);
        assert_eq!(told(&[("a", 73)], &[("a", 75)]), ["a: worse, 75 instructions, recorded are 73 (+2.7 %)"]);
    }

    #[test]
    fn an_improvement_is_told_and_fails_nothing() {
        let difference = |recorded, now| Difference { row: "a".into(), unit: "instructions", recorded, now };
        let better = change(difference(200, 100)).unwrap();
        assert_eq!(better.to_string(), "a: better, 100 instructions, recorded are 200 (-50.0 %)");
        assert!(!better.is_failure());
        assert!(change(difference(100, 200)).unwrap().is_failure());
    }

    #[test]
    fn an_instruction_that_becomes_dear_is_worse() {
        let cheap = [measured("sinv_raw", 100, &[])];
        let dear = [Measured { cycles: Some(400), ..measured("sinv_raw", 100, &[]) }];
        let expected = ["sinv_raw: worse, 400 cycles, recorded are 200 (+100.0 %)"];
        assert_eq!(told(Figures::of(&cheap), &Figures::of(&dear)), expected);
    }

    #[test]
    fn rows_come_and_go_only_together_with_their_record() {
        let expected = ["b: no figure is recorded", "a: a figure is recorded, but there is no such row"];
        assert_eq!(told(figures(&[("a", 1)]), &figures(&[("b", 1)])), expected);
        assert!(Change::New("a".into()).is_failure() && Change::Gone("a".into()).is_failure());
    }
}
