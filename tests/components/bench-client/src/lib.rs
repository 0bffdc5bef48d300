//! Measures what calls cost, exactly, by a clock that advances by one for each instruction.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

use core::fmt::Write;
use core::hint::black_box;

use runtime::{Error, Result};

/// Something that can be repeated and counted.
pub struct Row<'a> {
    name: &'static str,
    repeat: &'a dyn Fn(u64) -> Result<()>,
    iterations: u64,
    settle: &'a dyn Fn() -> Result<()>,
}

impl<'a> Row<'a> {
    /// A row that is reported by this name; `repeat` does so many iterations of it.
    pub fn new(name: &'static str, repeat: &'a dyn Fn(u64) -> Result<()>) -> Self {
        Self { name, repeat, iterations: ITERATIONS, settle: &|| Ok(()) }
    }

    /// The same with so many iterations, and twice as many, instead of a thousand.
    pub fn iterations(self, iterations: u64) -> Self {
        Self { iterations, ..self }
    }

    /// The same with something to do behind all iterations of a run, which is not measured.
    pub fn settled_by(self, settle: &'a dyn Fn() -> Result<()>) -> Self {
        Self { settle, ..self }
    }
}

/// The status of a row that does not take a whole number of ticks.
pub const NOT_WHOLE: Error = Error::Server(1);

/// How often each row is measured.
const SAMPLES: usize = 3;

/// Iterations of the shorter of two runs, and before the first of them.
const ITERATIONS: u64 = 1000;

/// Measures each row and writes a line for it: `row NAME TICKS TICKS …`, with the ticks of one iteration, once for
/// each sample. The first row that fails is written, and is the last.
///
/// # Errors
///
/// Those of the calls, and [`NOT_WHOLE`].
pub fn run(rows: &[Row<'_>], out: &mut impl Write, clock: &dyn Fn() -> u64) -> Result<()> {
    for row in rows {
        // Whether anyone can read it does not change what is measured.
        let _ = match measure(row, clock) {
            Ok([first, second, third]) => writeln!(out, "row {} {first} {second} {third}", row.name),
            Err(error) => {
                let _ = writeln!(out, "error: row {}: {error}", row.name);
                return Err(error);
            }
        };
    }
    Ok(())
}

/// The ticks of an iteration, measured several times.
fn measure(row: &Row<'_>, clock: &dyn Fn() -> u64) -> Result<[u64; SAMPLES]> {
    time(row, clock, black_box(row.iterations))?;
    let mut samples = [0; SAMPLES];
    for sample in &mut samples {
        *sample = difference(row, clock)?;
    }
    Ok(samples)
}

/// The ticks of an iteration: what `2n` of them take longer than `n`, so that all that surrounds them cancels out.
fn difference(row: &Row<'_>, clock: &dyn Fn() -> u64) -> Result<u64> {
    let short = time(row, clock, black_box(row.iterations))?;
    let long = time(row, clock, black_box(2 * row.iterations))?;
    let ticks = long.wrapping_sub(short);
    if ticks.is_multiple_of(row.iterations) { Ok(ticks / row.iterations) } else { Err(NOT_WHOLE) }
}

/// The ticks of so many iterations and of what surrounds them. That must be the same code for every number: one copy
/// of it, which knows of none.
#[inline(never)]
fn time(row: &Row<'_>, clock: &dyn Fn() -> u64, iterations: u64) -> Result<u64> {
    let start = clock();
    (row.repeat)(iterations)?;
    let ticks = clock().wrapping_sub(start);
    (row.settle)()?;
    Ok(ticks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::string::String;

    /// Runs one row, whose `n` iterations take as many ticks as `cost` says.
    fn run_row(cost: impl Fn(u64) -> Result<u64>) -> (Result<()>, String) {
        let time = Cell::new(u64::MAX - 10_000);
        let repeat = |iterations| {
            time.set(time.get().wrapping_add(cost(iterations)?));
            Ok(())
        };
        let mut out = String::new();
        let row = Row::new("a", &repeat);
        (run(&[row], &mut out, &|| time.get()), out)
    }

    #[test]
    fn what_settles_a_run_is_not_measured() {
        let (time, used) = (Cell::new(0), Cell::new(0));
        let repeat = |iterations| {
            time.set(time.get() + 5 * iterations);
            used.set(used.get() + iterations);
            if used.get() > 8 { Err(Error::Server(2)) } else { Ok(()) }
        };
        let settle = || {
            time.set(time.get() + 100 * used.take());
            Ok(())
        };
        let mut out = String::new();
        let rows = [Row::new("a", &repeat).iterations(4).settled_by(&settle)];
        assert_eq!(run(&rows, &mut out, &|| time.get()), Ok(()));
        assert_eq!(out, "row a 5 5 5\n");
    }

    #[test]
    fn what_surrounds_the_iterations_does_not_count() {
        assert_eq!(run_row(|iterations| Ok(12 + 7 * iterations)), (Ok(()), "row a 7 7 7\n".into()));
    }

    #[test]
    fn half_a_tick_is_an_error() {
        let (ended, out) = run_row(|iterations| Ok(7 * iterations + iterations / 2000));
        assert_eq!(ended, Err(NOT_WHOLE));
        assert_eq!(out, "error: row a: the server's error 1\n");
    }

    #[test]
    fn a_call_that_fails_ends_the_run() {
        let refused = Error::Kernel(abi::error::Error::Empty);
        let (ended, out) = run_row(|_| Err(refused));
        assert_eq!(ended, Err(refused));
        assert_eq!(out, "error: row a: empty capability slot\n");
    }
}
