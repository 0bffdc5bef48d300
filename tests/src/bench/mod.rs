//! The benchmark: what everything costs, in instructions and privileged operations.
//!
//! Images are booted under the emulator's deterministic clock, which advances by one for each instruction: the
//! *floor* image (`tests/floor`), hand-written crossings without any check, and the systems composed from the graphs
//! in `tests/bench`. All print `row NAME TICKS …`, for one period of each row's loop.
//!
//! Then each row's loop is stepped through once under a debugger, which counts the instructions of one period in a
//! way that has nothing to do with the clock, and the privileged operations among them. A row counts only if both agree.

pub mod error;
pub mod image;
pub mod measure;
pub mod privileged;
pub mod result;
pub mod row;
pub mod step;
pub mod table;

use std::iter;
use std::panic::resume_unwind;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::{Mutex, PoisonError};
use std::thread;

use error::BenchError;
use image::BenchImage;
use privileged::Counts;
use result::{Environment, Measured};
use row::{Image, Period, ROWS, Row, Samples, Statistic};

/// How often each image is booted. Each boot measures each row several times.
const BOOTS: usize = 3;

/// Measures everything, prints the table and keeps the results.
pub fn main() -> ExitCode {
    let mut complaints = Vec::new();
    let rows = measure_all(&mut complaints);
    print!("{}", table::table(&rows));
    if complaints.is_empty() {
        complaints.extend(keep(&rows).err());
    }
    for complaint in &complaints {
        eprintln!("bench: error: {complaint}");
    }
    if complaints.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn measure_all(complaints: &mut Vec<BenchError>) -> Vec<Measured> {
    let mut rows: Vec<_> = Image::ALL.into_iter().flat_map(|image| measure_image(image, complaints)).collect();
    rows.sort_by_key(|measured| ROWS.iter().position(|row| *row == measured.row));
    rows
}

/// Measures all rows of an image, unless it does not build or boot.
fn measure_image(kind: Image, complaints: &mut Vec<BenchError>) -> Vec<Measured> {
    say(&format!("building {}", kind.title()));
    let measured = image::build(kind).and_then(|image| Ok((sample(&image)?, image)));
    let (samples, image) = match measured {
        Ok(measured) => measured,
        Err(error) => {
            complaints.push(error);
            return Vec::new();
        }
    };
    complaints.extend(unknown(&samples, kind));
    let mut rows = Vec::new();
    for result in measure_rows(kind, &samples, &image) {
        match result {
            Ok(measured) => rows.push(measured),
            Err(error) => complaints.push(error),
        }
    }
    rows
}

/// All rows of an image, two at once: each is stepped through in a machine of its own.
fn measure_rows(kind: Image, samples: &Samples, image: &BenchImage) -> Vec<Result<Measured, BenchError>> {
    let rows = Mutex::new(ROWS.iter().filter(|row| row.image == kind));
    let measure_some = || {
        let next = || rows.lock().unwrap_or_else(PoisonError::into_inner).next();
        iter::from_fn(next).map(|row| measure_row(row, samples, image)).collect::<Vec<_>>()
    };
    thread::scope(|scope| {
        let other = scope.spawn(measure_some);
        let mut results = measure_some();
        results.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        results
    })
}

fn sample(image: &BenchImage) -> Result<Samples, BenchError> {
    let mut samples = Samples::default();
    for boot in 1..=BOOTS {
        say(&format!("booting {}, {boot} of {BOOTS}", image.image.title()));
        measure::boot(image, &mut samples)?;
    }
    Ok(samples)
}

/// What was measured that is no row, or none that `image` measures.
fn unknown(samples: &Samples, image: Image) -> impl Iterator<Item = BenchError> {
    let is_known = move |name: &str| ROWS.iter().any(|row| row.name == name && row.may_come_from(image));
    samples.names().filter(move |name| !is_known(name)).map(|name| BenchError::Unknown(name.to_owned()))
}

fn measure_row(row: &Row, samples: &Samples, image: &BenchImage) -> Result<Measured, BenchError> {
    let ticks = Statistic::of(samples.of(row.name)).ok_or(BenchError::Missing(row.name))?;
    judge(row, ticks)?;
    let privileged = match row.period {
        Some(period) => step(row, period, ticks.median, image)?,
        None => Counts::default(),
    };
    Ok(Measured { row: *row, ticks, privileged })
}

/// Refuses figures that a deterministic clock cannot show.
fn judge(row: &Row, ticks: Statistic) -> Result<(), BenchError> {
    if ticks.min != ticks.max {
        return Err(BenchError::Unsteady(row.name, ticks));
    }
    if row.name == row::CALIBRATION && ticks.median != 1 {
        return Err(BenchError::Uncalibrated(ticks.median));
    }
    Ok(())
}

fn step(row: &Row, period: Period, ticks: u64, image: &BenchImage) -> Result<Counts, BenchError> {
    say(&format!("stepping through {}", row.name));
    let start = image.starts.get(row.name).ok_or(BenchError::NoStart(row.name))?;
    let iteration = measure::step(image, *start, period).map_err(|error| BenchError::Step(row.name, error))?;
    if iteration.instructions != ticks {
        return Err(BenchError::Disagreement { row: row.name, ticks, steps: iteration.instructions });
    }
    Ok(iteration.privileged)
}

fn keep(rows: &[Measured]) -> Result<(), BenchError> {
    let document = result::document(&environment()?, rows).map_err(|error| BenchError::Results(error.into()))?;
    let directory = image::target_directory()?.join("bench");
    result::write(&directory, &document).map_err(BenchError::Results)
}

fn environment() -> Result<Environment, BenchError> {
    let emulator = qemu::Emulator::find().map_err(|missing| BenchError::Build(missing.to_string()))?;
    let compiler = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let unknown = || "unknown".to_owned();
    Ok(Environment {
        rustc: first_line(&compiler, &["--version"]).unwrap_or_else(unknown),
        qemu: emulator.version().unwrap_or_else(unknown),
        cpu: qemu::PROCESSOR.to_owned(),
        commit: first_line("git", &["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"])
            .unwrap_or_else(unknown),
    })
}

fn first_line(program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    let output = command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR"))).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines().next().map(str::to_owned)
}

fn say(what: &str) {
    eprintln!("bench: {what}");
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALIBRATION: Row = ROWS[0];

    fn ticks(min: u64, max: u64) -> Statistic {
        Statistic { median: max, min, max }
    }

    #[test]
    fn a_clock_that_does_not_count_instructions_is_refused() {
        assert!(judge(&CALIBRATION, ticks(1, 1)).is_ok());
        let error = judge(&CALIBRATION, ticks(2, 2)).unwrap_err();
        assert!(matches!(error, BenchError::Uncalibrated(2)), "{error}");
    }

    #[test]
    fn what_an_image_should_not_measure_is_refused() {
        let mut samples = Samples::default();
        samples.add("row sinv_raw 73\nrow asnd 90\nrow misspelt 1\ntessera: booted in 120 ticks\n");
        let unknown: Vec<_> = unknown(&samples, Image::Calls).map(|error| error.to_string()).collect();
        let expected = ["asnd", "misspelt"].map(|row| format!("{row}: measured, but not a row of that image"));
        assert_eq!(unknown, expected);
    }

    #[test]
    fn what_an_image_does_not_measure_is_missed() {
        let image =
            BenchImage { image: Image::Floor, machine: qemu::Machine::bare("none"), starts: Default::default() };
        let error = measure_row(&CALIBRATION, &Samples::default(), &image).unwrap_err();
        assert_eq!(error.to_string(), "calibration: not measured");
    }

    #[test]
    fn samples_that_differ_are_refused() {
        let error = judge(&ROWS[1], ticks(34, 35)).unwrap_err();
        assert_eq!(error.to_string(), "floor_loop: between 34 and 35 ticks");
    }
}
