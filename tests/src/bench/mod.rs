//! The benchmark: what everything costs, in instructions and privileged operations.
//!
//! Images are booted under the emulator's deterministic clock, which advances by one for each instruction: the
//! *floor* image (`tests/floor`), hand-written crossings without any check, and the systems composed from the graphs
//! in `tests/bench`. All print `row NAME ITERATIONS SHORT LONG …`, the ticks of so many iterations of a row's loop and of
//! twice as many; what the second takes longer is what is measured, to the instruction.
//!
//! Each image is booted a second time under a debugger, which steps through one period of each loop. It counts the
//! instructions in a way that has nothing to do with the clock, and the privileged operations among them. A row counts
//! only if both agree. A third boot, under the clock of this host, shows how long the emulator takes.

pub mod compare;
pub mod derived;
pub mod environment;
pub mod error;
pub mod image;
pub mod measure;
pub mod options;
pub mod page;
pub mod peer;
pub mod privileged;
pub mod recorded;
pub mod result;
pub mod row;
pub mod sample;
pub mod scaling;
pub mod step;
pub mod store;
pub mod suite;
pub mod table;
pub mod weight;

use std::path::PathBuf;
use std::process::ExitCode;

use compare::Revision;
use environment::Key;
use error::BenchError;
use image::BenchImage;
use options::Options;
use recorded::{Figures, Recorded};
use result::{Document, Measured};
use row::{Image, ROWS};
use scaling::Scaling;
use store::Way;

/// Measures everything, prints the table and keeps the results.
pub fn main(options: &Options) -> ExitCode {
    let mut complaints = Vec::new();
    // Before anything takes time.
    let revision = match options.compare.as_deref().map(compare::find).transpose() {
        Ok(revision) => revision,
        Err(error) => return complain(&[error]),
    };
    let (rows, scaling) = measure_all(&mut complaints);
    let store = measure_store(&mut complaints);
    print!("{}{}", table::table(&rows), scaling::table(&scaling));
    derived::derived(&Figures::of(&rows)).iter().for_each(|figure| println!("{figure}"));
    print!("{}", store::table(&store));
    if complaints.is_empty() {
        complaints.extend(conclude(options, revision.as_ref(), (&rows, store), &scaling).err());
    }
    complain(&complaints)
}

fn complain(complaints: &[BenchError]) -> ExitCode {
    for complaint in complaints {
        eprintln!("bench: error: {complaint}");
    }
    if complaints.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What is done with rows that are all there.
fn conclude(
    options: &Options,
    revision: Option<&Revision>,
    (rows, store): (&[Measured], Vec<Way>),
    scaling: &[Scaling],
) -> Result<(), BenchError> {
    let key = Key::here()?;
    let document = Document { store, ..Document::new(key.clone(), environment::commit(), rows) };
    keep(&document, rows, scaling)?;
    if let Some(revision) = revision {
        say("measuring the other revision");
        print!("\n{}", compare::differences(&compare::measure(revision)?, &document));
        return Ok(());
    }
    let figures = Figures::of(rows);
    if options.record {
        return record(key, figures);
    }
    match Recorded::read() {
        Ok(recorded) => tell_changes(&recorded, &key, &figures),
        Err(error) => eprintln!("bench: {error}"),
    }
    Ok(())
}

fn measure_all(complaints: &mut Vec<BenchError>) -> (Vec<Measured>, Vec<Scaling>) {
    let mut rows = Vec::new();
    let images: Vec<_> = Image::ALL.into_iter().filter_map(|image| build(image, complaints)).collect();
    for image in &images {
        say(&format!("measuring {}", image.image.title()));
        for result in suite::measure(image) {
            match result {
                Ok(row) => rows.push(row),
                Err(error) => complaints.push(error),
            }
        }
    }
    say("taking the emulator's time");
    let times = suite::times(&images).map_err(|error| complaints.push(error)).ok();
    let scaling = times.map_or_else(Vec::new, |times| {
        rows.iter_mut().for_each(|row: &mut Measured| row.nanoseconds = times.rows.get(row.row.name).copied());
        times.scaling
    });
    rows.sort_by_key(|measured: &Measured| ROWS.iter().position(|row| *row == measured.row));
    (rows, scaling)
}

fn measure_store(complaints: &mut Vec<BenchError>) -> Vec<Way> {
    say(&format!("measuring {}", Image::Store.title()));
    store::measure().map_err(|error| complaints.push(error)).unwrap_or_default()
}

fn build(image: Image, complaints: &mut Vec<BenchError>) -> Option<BenchImage> {
    say(&format!("building {}", image.title()));
    image::build(image).map_err(|error| complaints.push(error)).ok()
}

/// Writes the results.
fn keep(document: &Document, rows: &[Measured], scaling: &[Scaling]) -> Result<(), BenchError> {
    let directory = directory()?;
    let text = serde_json::to_string_pretty(document).map_err(|error| BenchError::Results(error.into()))? + "\n";
    result::write(&directory, "results.json", &text).map_err(BenchError::Results)?;
    result::write(&directory, "index.html", &page::page(document, rows, scaling)).map_err(BenchError::Results)?;
    say(&format!("a page for browsers is in {}", directory.join("index.html").display()));
    Ok(())
}

/// Where results are kept.
fn directory() -> Result<PathBuf, BenchError> {
    Ok(image::target_directory()?.join("bench"))
}

fn record(key: Key, figures: Figures) -> Result<(), BenchError> {
    if let Ok(before) = Recorded::read() {
        tell_changes(&before, &key, &figures);
    }
    Recorded { key, figures }.write()?;
    say("recorded in tests/bench/recorded.json");
    Ok(())
}

fn tell_changes(recorded: &Recorded, key: &Key, figures: &Figures) {
    if recorded.key != *key {
        say(&format!("warning: figures were recorded with {}; this is {key}", recorded.key));
    }
    for change in recorded.changes(figures) {
        say(&change.to_string());
    }
}

fn say(what: &str) {
    eprintln!("bench: {what}");
}
