//! What can go wrong in a benchmark.

use std::fmt;

use qemu::Ending;

use super::sample::Sample;
use super::step::StepError;

/// Why there are no results, or none to be trusted.
#[derive(Debug)]
pub enum BenchError {
    /// Something does not build. The text says what.
    Build(String),
    /// The machine did not end as it should.
    Boot {
        /// What was booted.
        image: &'static str,
        /// How it ended.
        ending: Ending,
        /// What it printed.
        console: String,
    },
    /// A row was not measured.
    Missing(&'static str),
    /// Something was measured that is no row, or another image's.
    Unknown(String),
    /// The samples of a row differ, under a clock that repeats itself to the tick.
    Unsteady(&'static str, u64, u64),
    /// An iteration does not take a whole number of ticks.
    NotWhole(&'static str, Sample),
    /// An instruction takes something else than a tick.
    Uncalibrated(u64),
    /// The row's code is not where the debugger looks for it.
    NoStart(&'static str),
    /// The row cannot be stepped through.
    Step(&'static str, StepError),
    /// The two measures of a row differ.
    Disagreement {
        /// The row.
        row: &'static str,
        /// Its ticks, by the clock.
        ticks: u64,
        /// Its instructions, one by one.
        steps: u64,
    },
    /// A counted operation has no weight for the estimate.
    Unweighted {
        /// The row.
        row: &'static str,
        /// The operation.
        operation: &'static str,
    },
    /// Another revision cannot be measured.
    Revision {
        /// Which was asked for.
        revision: String,
        /// What went wrong.
        why: String,
    },
    /// The recorded figures cannot be read or written. The text says why.
    Record(String),
    /// The results cannot be kept.
    Results(std::io::Error),
}

impl fmt::Display for BenchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Build(text) => f.write_str(text),
            Self::Boot { image, ending, console } => write!(f, "{image} did not end well: {ending:?}\n{console}"),
            Self::Missing(row) => write!(f, "{row}: not measured"),
            Self::Unknown(row) => write!(f, "{row}: measured, but not a row of that image"),
            Self::Unsteady(row, one, other) => write!(f, "{row}: {one} ticks, then {other}"),
            Self::NotWhole(row, Sample { iterations, short, long }) => {
                write!(
                    f,
                    "{row}: {iterations} iterations take {short} ticks, twice as many {long}: no whole number for one"
                )
            }
            Self::Uncalibrated(ticks) => write!(f, "calibration: an instruction takes {ticks} ticks, not 1"),
            Self::NoStart(row) => write!(f, "{row}: no symbol of that name in the image"),
            Self::Step(row, error) => write!(f, "{row}: {error}"),
            Self::Disagreement { row, ticks, steps } => {
                write!(f, "{row}: {ticks} ticks by the clock, but {steps} instructions one by one")
            }
            Self::Unweighted { row, operation } => write!(f, "{row}: `{operation}` has no weight for the estimate"),
            Self::Revision { revision, why } => write!(f, "cannot measure `{revision}`: {why}"),
            Self::Record(why) => write!(f, "tests/bench/recorded.json: {why}"),
            Self::Results(error) => write!(f, "cannot write the results: {error}"),
        }
    }
}

impl std::error::Error for BenchError {}
