//! What is measured of one image, from the samples to finished rows.

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::thread;

use super::error::BenchError;
use super::image::BenchImage;
use super::measure::{self, Loop, Stepping};
use super::privileged::Counts;
use super::result::Measured;
use super::row::{self, Image, ROWS, Row};
use super::sample::{Sample, Samples};
use super::scaling::{Scaling, scaling};
use super::weight;

/// Either of two results for each of several rows.
type Results<T> = Vec<Result<T, BenchError>>;

/// The exact figures of an image's rows: ticks of one period, by the clock alone. That takes one short boot.
pub fn figures(image: &BenchImage) -> Results<(&'static Row, u64)> {
    let samples = match measure::count(image) {
        Ok(samples) => samples,
        Err(error) => return vec![Err(error)],
    };
    let exact = rows(image.image).map(|row| Ok((row, exact(row, samples.of(row.name))?)));
    exact.chain(unknown(&samples, image.image).map(Err)).collect()
}

/// Everything that can be told of an image's rows but time: figures, and beside them what stepping shows.
pub fn measure(image: &BenchImage) -> Results<Measured> {
    let loops = loops(image);
    let (figures, mut stepping) = thread::scope(|scope| {
        let stepping = scope.spawn(|| measure::step(image, &loops));
        (figures(image), stepping.join().unwrap_or_else(|panic| resume_unwind(panic)))
    });
    figures.into_iter().map(|figure| figure.and_then(|(row, ticks)| complete(row, ticks, &mut stepping))).collect()
}

/// The same as [`measure()`] for the loops that are stepped through in no time, from figures that are there already.
pub fn measure_quick(image: &BenchImage, figures: &BTreeMap<String, u64>) -> Results<Measured> {
    let is_quick = |one: &Loop| figures.get(one.row).is_some_and(|ticks| *ticks <= QUICK);
    let loops: Vec<_> = loops(image).into_iter().filter(is_quick).collect();
    let mut stepping = measure::step(image, &loops);
    let figures = loops.iter().filter_map(|one| Some((row::named(one.row)?, *figures.get(one.row)?)));
    figures.map(|(row, ticks)| complete(row, ticks, &mut stepping)).collect()
}

/// Ticks of the longest period that is quickly stepped through.
const QUICK: u64 = 4000;

/// How long the emulator takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Times {
    /// Nanoseconds of one period of each row, by the rows' names, in the quickest sample.
    pub rows: BTreeMap<String, f64>,
    /// What several cores do at once.
    pub scaling: Vec<Scaling>,
}

/// Takes the time of the rows of these images, and of several cores.
///
/// # Errors
///
/// [`BenchError::Boot`]; [`BenchError::Missing`] if no machine says how fast its clock ticks.
pub fn times(images: &[BenchImage]) -> Result<Times, BenchError> {
    let samples: Vec<_> = images.iter().map(measure::time).collect::<Result<_, _>>()?;
    let frequency = samples.iter().find_map(Samples::frequency).ok_or(BenchError::Missing("clock"))?;
    let operations = images.iter().find(|image| image.image == Image::Switches).ok_or(BenchError::Missing("cores"))?;
    let scaling = scaling(operations, frequency)?;
    let nanoseconds = |sample: &Sample| sample.nearly() * 1e9 / frequency as f64;
    let of_row = |row: &Row| {
        let measured = samples.iter().zip(images).find(|(_, image)| image.image == row.image);
        let times = measured?.0.of(row.name).iter().map(nanoseconds);
        Some((row.name.to_owned(), times.min_by(f64::total_cmp)?))
    };
    Ok(Times { rows: ROWS.iter().filter_map(of_row).collect(), scaling })
}

fn rows(image: Image) -> impl Iterator<Item = &'static Row> {
    ROWS.iter().filter(move |row| row.image == image)
}

/// The loops of an image's rows, as far as their code is found.
fn loops(image: &BenchImage) -> Vec<Loop> {
    let found = rows(image.image)
        .filter_map(|row| Some(Loop { row: row.name, start: *image.starts.get(row.name)?, period: row.period? }));
    found.collect()
}

/// What was measured that is no row, or none that `image` measures.
fn unknown(samples: &Samples, image: Image) -> impl Iterator<Item = BenchError> {
    let is_known = move |name: &str| row::named(name).is_some_and(|row| row.may_come_from(image));
    samples.names().filter(move |name| !is_known(name)).map(|name| BenchError::Unknown(name.to_owned()))
}

/// What all samples of a row show; refused if they differ, as no samples do under a clock that counts instructions.
fn exact(row: &Row, samples: &[Sample]) -> Result<u64, BenchError> {
    let ticks = |sample: &Sample| sample.ticks().ok_or(BenchError::NotWhole(row.name, *sample));
    let (first, rest) = samples.split_first().ok_or(BenchError::Missing(row.name))?;
    let first = ticks(first)?;
    for sample in rest {
        match ticks(sample)? {
            same if same == first => {}
            other => return Err(BenchError::Unsteady(row.name, first, other)),
        }
    }
    match first {
        ticks if row.name == row::CALIBRATION && ticks != 1 => Err(BenchError::Uncalibrated(ticks)),
        ticks => Ok(ticks),
    }
}

fn complete(row: &'static Row, ticks: u64, stepping: &mut Stepping) -> Result<Measured, BenchError> {
    let privileged = match row.period {
        Some(_) => agreed(row.name, ticks, stepping)?,
        None => Counts::default(),
    };
    let unweighted = |operation| BenchError::Unweighted { row: row.name, operation };
    let cycles = weight::estimate(ticks, &privileged).map_err(unweighted)?;
    Ok(Measured { row: *row, ticks, privileged, cycles: row.period.map(|_| cycles), nanoseconds: None })
}

/// What was counted in a period, if it was as long as the clock says.
fn agreed(row: &'static str, ticks: u64, stepping: &mut Stepping) -> Result<Counts, BenchError> {
    let iteration = stepping.remove(row).ok_or(BenchError::NoStart(row))?;
    let iteration = iteration.map_err(|error| BenchError::Step(row, error))?;
    if iteration.instructions != ticks {
        return Err(BenchError::Disagreement { row, ticks, steps: iteration.instructions });
    }
    Ok(iteration.privileged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::step::{Iteration, StepError};

    const CALIBRATION: &Row = &ROWS[0];
    const LOOP: &Row = &ROWS[1];

    const fn sample(short: u64, long: u64) -> Sample {
        Sample { iterations: 10, short, long }
    }

    fn refused<T>(result: Result<T, BenchError>) -> String {
        result.err().unwrap().to_string()
    }

    #[test]
    fn a_clock_that_does_not_count_instructions_is_refused() {
        assert!(matches!(exact(CALIBRATION, &[sample(12, 22)]), Ok(1)));
        let error = refused(exact(CALIBRATION, &[sample(22, 42)]));
        assert_eq!(error, "calibration: an instruction takes 2 ticks, not 1");
    }

    #[test]
    fn samples_that_differ_are_refused() {
        let error = refused(exact(LOOP, &[sample(35, 55), sample(35, 65)]));
        assert_eq!(error, "floor_loop: 2 ticks, then 3");
        let error = refused(exact(LOOP, &[sample(35, 56)]));
        assert!(error.contains("no whole number"), "{error}");
    }

    #[test]
    fn what_an_image_does_not_measure_is_missed() {
        assert_eq!(refused(exact(LOOP, &[])), "floor_loop: not measured");
    }

    #[test]
    fn what_an_image_should_not_measure_is_refused() {
        let console = "row sinv_raw 1 73 146\nrow asnd 1 90 180\nrow misspelt 1 1 2\ntessera: booted in 120 ticks\n";
        let unknown: Vec<_> =
            unknown(&Samples::of_console(console), Image::Calls).map(|error| error.to_string()).collect();
        let expected = ["asnd", "misspelt"].map(|row| format!("{row}: measured, but not a row of that image"));
        assert_eq!(unknown, expected);
    }

    #[test]
    fn a_row_counts_only_if_both_measures_agree() {
        let stepped = |instructions| {
            let iteration = Iteration { instructions, privileged: Counts::new() };
            Stepping::from([(LOOP.name, Ok(iteration))])
        };
        assert_eq!(complete(LOOP, 2, &mut stepped(2)).unwrap().ticks, 2);
        let error = refused(complete(LOOP, 2, &mut stepped(3)));
        assert_eq!(error, "floor_loop: 2 ticks by the clock, but 3 instructions one by one");
        let never = Stepping::from([(LOOP.name, Err(StepError::NotReached))]);
        assert_eq!(refused(complete(LOOP, 2, &mut { never })), "floor_loop: the machine never came to it");
        assert!(refused(complete(LOOP, 2, &mut Stepping::new())).contains("no symbol"));
    }
}
