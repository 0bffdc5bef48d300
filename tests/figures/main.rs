//! The gate: no row of the benchmark is worse than it was recorded, and figures are exact, whatever else the host does.
//!
//! This measures every row twice, in two machines side by side, by the clock that counts instructions, and steps through
//! the shorter loops. The longer ones, and the emulator's time, are left to `cargo bench`.

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::process::ExitCode;
use std::sync::OnceLock;
use std::thread;

use libtest_mimic::{Arguments, Failed, Trial, run};
use tests::bench::derived::{Derived, FIGURES, Unit, derived};
use tests::bench::environment::Key;
use tests::bench::error::BenchError;
use tests::bench::image::{self, BenchImage};
use tests::bench::recorded::{Change, Figures, Recorded};
use tests::bench::result::Measured;
use tests::bench::row::Image;
use tests::bench::{scaling, suite};

fn main() -> ExitCode {
    let trials = vec![
        Trial::test("figures::every_row_has_its_figure", every_row_has_its_figure),
        Trial::test("figures::two_runs_side_by_side_are_equal", two_runs_side_by_side_are_equal),
        Trial::test("figures::no_row_is_worse_than_recorded", no_row_is_worse_than_recorded),
        Trial::test("figures::what_rows_come_to_is_within_its_limits", what_rows_come_to_is_within_its_limits),
        Trial::test(
            "figures::calls_cost_the_same_on_every_number_of_cores",
            calls_cost_the_same_on_every_number_of_cores,
        ),
    ];
    run(&Arguments::from_args(), trials).exit_code()
}

/// What was measured, once for all trials.
struct Measurement {
    /// Instructions by row, of two runs.
    instructions: [BTreeMap<String, u64>; 2],
    /// The rows that were stepped through.
    stepped: Vec<Measured>,
    /// What went wrong.
    complaints: Vec<String>,
}

fn measurement() -> &'static Measurement {
    static MEASUREMENT: OnceLock<Measurement> = OnceLock::new();
    MEASUREMENT.get_or_init(measure)
}

fn measure() -> Measurement {
    let (mut complaints, mut images) = (Vec::new(), Vec::new());
    let built = Image::ALL.into_iter().map(image::build).collect();
    sort(built, &mut images, &mut complaints);
    let run = || images.iter().flat_map(suite::figures).collect::<Vec<_>>();
    let instructions = side_by_side(run, run).map(|results| {
        let mut rows = Vec::new();
        sort(results, &mut rows, &mut complaints);
        rows.into_iter().map(|(row, ticks)| (row.name.to_owned(), ticks)).collect()
    });
    let step = |images: &[BenchImage]| -> Vec<_> {
        images.iter().flat_map(|image| suite::measure_quick(image, &instructions[0])).collect()
    };
    let (some, others) = images.split_at(images.len() / 2);
    let mut stepped = Vec::new();
    side_by_side(|| step(some), || step(others))
        .into_iter()
        .for_each(|results| sort(results, &mut stepped, &mut complaints));
    Measurement { instructions, stepped, complaints }
}

fn side_by_side<T: Send>(one: impl FnOnce() -> T, other: impl FnOnce() -> T + Send) -> [T; 2] {
    thread::scope(|scope| {
        let other = scope.spawn(other);
        [one(), other.join().unwrap_or_else(|panic| resume_unwind(panic))]
    })
}

fn sort<T>(results: Vec<Result<T, BenchError>>, good: &mut Vec<T>, complaints: &mut Vec<String>) {
    for result in results {
        match result {
            Ok(value) => good.push(value),
            Err(error) => complaints.push(error.to_string()),
        }
    }
}

fn every_row_has_its_figure() -> Result<(), Failed> {
    let complaints = &measurement().complaints;
    if complaints.is_empty() { Ok(()) } else { Err(complaints.join("\n").into()) }
}

fn two_runs_side_by_side_are_equal() -> Result<(), Failed> {
    let [one, other] = &measurement().instructions;
    let rows = one.keys().chain(other.keys()).filter(|row| one.get(*row) != other.get(*row));
    let differing: Vec<_> = rows.map(|row| format!("{row}: {:?} and {:?}", one.get(row), other.get(row))).collect();
    if differing.is_empty() { Ok(()) } else { Err(differing.join("\n").into()) }
}

fn no_row_is_worse_than_recorded() -> Result<(), Failed> {
    let (recorded, key) = (Recorded::read().map_err(text)?, Key::here().map_err(text)?);
    let Measurement { instructions: [instructions, _], stepped, .. } = measurement();
    let now = Figures { instructions: instructions.clone(), ..Figures::of(stepped) };
    let changes = recorded.changes(&now);
    let told = changes.iter().map(Change::to_string).collect::<Vec<_>>().join("\n");
    if recorded.key != key {
        eprintln!("warning: figures were recorded with {}; this is {key}\n{told}", recorded.key);
        return Ok(());
    }
    if changes.iter().any(Change::is_failure) {
        return Err(format!("{told}\nif it is meant so: cargo bench -- --record").into());
    }
    Ok(())
}

/// Of those in instructions, which are all measured here.
fn what_rows_come_to_is_within_its_limits() -> Result<(), Failed> {
    let figures = Figures { instructions: measurement().instructions[0].clone(), ..Figures::default() };
    let all = derived(&figures);
    let expected = FIGURES.iter().filter(|figure| figure.unit == Unit::Instructions).count();
    let missed: Vec<_> = all.iter().filter(|one| !one.is_kept()).map(Derived::to_string).collect();
    if all.len() == expected && missed.is_empty() {
        return Ok(());
    }
    Err(format!("{} of {expected} are there\n{}", all.len(), missed.join("\n")).into())
}

/// Of all cores together: what one adds for the others to do would show.
fn calls_cost_the_same_on_every_number_of_cores() -> Result<(), Failed> {
    let costs = scaling::instructions(&image::build(Image::Switches).map_err(text)?).map_err(text)?;
    let (_, alone) = costs[0];
    let differing: Vec<_> = costs.iter().filter(|(_, cost)| (cost - alone).abs() >= 0.5).collect();
    if differing.is_empty() { Ok(()) } else { Err(format!("{alone} alone, but {differing:?}").into()) }
}

fn text(error: BenchError) -> Failed {
    error.to_string().into()
}
