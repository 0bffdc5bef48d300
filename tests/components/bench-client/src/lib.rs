//! Measures what calls cost, exactly, by a clock that advances by one for each instruction.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

use core::fmt::Write;
use core::hint::black_box;

use runtime::Result;

/// Something that can be repeated and counted.
pub struct Row<'a> {
    name: &'static str,
    repeat: &'a dyn Fn(u64) -> Result<()>,
    iterations: u64,
    prepare: &'a dyn Fn(u64) -> Result<()>,
    settle: &'a dyn Fn(u64) -> Result<()>,
}

impl<'a> Row<'a> {
    /// A row that is reported by this name; `repeat` does so many iterations of it.
    pub fn new(name: &'static str, repeat: &'a dyn Fn(u64) -> Result<()>) -> Self {
        Self { name, repeat, iterations: ITERATIONS, prepare: &|_| Ok(()), settle: &|_| Ok(()) }
    }

    /// The same with so many iterations, and twice as many, instead of a thousand.
    pub fn iterations(self, iterations: u64) -> Self {
        Self { iterations, ..self }
    }

    /// The same with something to do before so many iterations, which is not measured.
    pub fn prepared_by(self, prepare: &'a dyn Fn(u64) -> Result<()>) -> Self {
        Self { prepare, ..self }
    }

    /// The same with something to do behind so many iterations, which is not measured.
    pub fn settled_by(self, settle: &'a dyn Fn(u64) -> Result<()>) -> Self {
        Self { settle, ..self }
    }
}

/// How often each row is measured.
const SAMPLES: usize = 3;

/// Iterations of the shorter of two runs, and before the first of them.
const ITERATIONS: u64 = 1000;

/// Two runs: so many iterations, and twice as many.
type Sample = [u64; 2];

/// Measures each row and writes a line for it: `row NAME ITERATIONS SHORT LONG SHORT LONG …`, with the ticks of so many
/// iterations and of twice as many, once for each sample: what the second takes longer is what the iterations take, and
/// all that surrounds them cancels out. The first row that fails is written, and is the last.
///
/// # Errors
///
/// Those of the calls.
pub fn run(rows: &[Row<'_>], out: &mut impl Write, clock: &dyn Fn() -> u64) -> Result<()> {
    rows.iter().try_for_each(|row| match measure(row, clock) {
        Ok(samples) => {
            report(row, &samples, out);
            Ok(())
        }
        Err(error) => {
            let _ = writeln!(out, "error: row {}: {error}", row.name);
            Err(error)
        }
    })
}

/// Whether anyone can read it does not change what is measured.
fn report(row: &Row<'_>, samples: &[Sample], out: &mut impl Write) {
    let _ = write!(out, "row {} {}", row.name, row.iterations);
    for [short, long] in samples {
        let _ = write!(out, " {short} {long}");
    }
    let _ = writeln!(out);
}

fn measure(row: &Row<'_>, clock: &dyn Fn() -> u64) -> Result<[Sample; SAMPLES]> {
    time(row, clock, black_box(row.iterations))?;
    let mut samples = [[0; 2]; SAMPLES];
    for sample in &mut samples {
        *sample = [time(row, clock, black_box(row.iterations))?, time(row, clock, black_box(2 * row.iterations))?];
    }
    Ok(samples)
}

/// The ticks of so many iterations and of what surrounds them. That must be the same code for every number: one copy
/// of it, which knows of none.
#[inline(never)]
fn time(row: &Row<'_>, clock: &dyn Fn() -> u64, iterations: u64) -> Result<u64> {
    (row.prepare)(iterations)?;
    let start = clock();
    (row.repeat)(iterations)?;
    let ticks = clock().wrapping_sub(start);
    (row.settle)(iterations)?;
    Ok(ticks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use runtime::Error;
    use std::cell::Cell;
    use std::string::String;

    /// Runs one row of two iterations and four, of which each takes as many ticks as `cost` says.
    fn run_row(cost: impl Fn(u64) -> Result<u64>) -> (Result<()>, String) {
        let time = Cell::new(u64::MAX - 10);
        let repeat = |iterations| {
            time.set(time.get().wrapping_add(cost(iterations)?));
            Ok(())
        };
        let mut out = String::new();
        let row = Row::new("a", &repeat).iterations(2);
        (run(&[row], &mut out, &|| time.get()), out)
    }

    #[test]
    fn a_line_has_what_n_and_2n_iterations_take() {
        assert_eq!(run_row(|iterations| Ok(12 + 7 * iterations)), (Ok(()), "row a 2 26 40 26 40 26 40\n".into()));
    }

    #[test]
    fn what_prepares_and_settles_a_run_is_not_measured() {
        let (time, used) = (Cell::new(0), Cell::new(0));
        let repeat = |iterations| {
            time.set(time.get() + 5 * iterations);
            used.set(used.get() + iterations);
            if used.get() > 8 { Err(Error::numbered(2)) } else { Ok(()) }
        };
        let prepare = |iterations| {
            time.set(time.get() + 10 * iterations);
            Ok(())
        };
        let settle = |iterations| {
            assert_eq!(used.take(), iterations);
            time.set(time.get() + 100 * iterations);
            Ok(())
        };
        let mut out = String::new();
        let rows = [Row::new("a", &repeat).iterations(4).prepared_by(&prepare).settled_by(&settle)];
        assert_eq!(run(&rows, &mut out, &|| time.get()), Ok(()));
        assert_eq!(out, "row a 4 20 40 20 40 20 40\n");
    }

    #[test]
    fn a_call_that_fails_ends_the_run() {
        let refused = Error::Kernel(abi::error::Error::Empty);
        let (ended, out) = run_row(|_| Err(refused));
        assert_eq!(ended, Err(refused));
        assert_eq!(out, "error: row a: empty capability slot\n");
    }
}
