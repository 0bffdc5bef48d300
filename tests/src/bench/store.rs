//! What an application makes of pages: the key-value store of `systems/store.toml`, whose customers call directly, by pages, and by
//! pages that are served on another core. The figures are those that its customers report.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use super::error::BenchError;
use super::image;
use super::measure;
use super::row::Image;

/// What one way of calling came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Way {
    /// Which.
    pub name: String,
    /// Operations in a million instructions of all cores.
    pub per_million_instructions: f64,
    /// Operations in a million cycles, as estimated; sleeping and waking up is not weighed.
    pub per_million_cycles: f64,
    /// Operations to an invocation of a server.
    pub batch: f64,
}

/// Has the system say what it makes of each way.
///
/// # Errors
///
/// [`BenchError::Build`], [`BenchError::Boot`]; [`BenchError::Missing`] if it does not say.
pub fn measure() -> Result<Vec<Way>, BenchError> {
    let image = image::build(Image::Store)?;
    let console = measure::console(&image, image.machine.clone())?;
    let ways: Vec<_> = console.lines().filter_map(parse).collect();
    if ways.is_empty() { Err(BenchError::Missing("store")) } else { Ok(ways) }
}

fn parse(line: &str) -> Option<Way> {
    let (name, figures) = line.trim_end().split_once("customers: ")?.1.split_once(": ")?;
    let figures: Option<Vec<f64>> = figures.split(", ").map(|figure| figure.split(' ').next()?.parse().ok()).collect();
    let [per_million_instructions, per_million_cycles, batch] = figures?[..] else { return None };
    Some(Way { name: name.to_owned(), per_million_instructions, per_million_cycles, batch })
}

/// The table, with what each way makes of cycles in terms of the first.
pub fn table(ways: &[Way]) -> String {
    let mut table = String::new();
    let Some(first) = ways.first() else { return table };
    let _ =
        writeln!(table, "{:16} {:>15} {:>14} {:>9} {:>9}", "store", "op/M instr.", "op/M cycles", "batch", "cycles ×");
    for Way { name, per_million_instructions, per_million_cycles, batch } in ways {
        let times = per_million_cycles / first.per_million_cycles;
        let _ =
            writeln!(table, "{name:16} {per_million_instructions:15} {per_million_cycles:14} {batch:9.1} {times:9.2}");
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "customers: by page: 4000 operations per million instructions, 2000 per million cycles, 44.5 operations to an invocation\r";

    #[test]
    fn what_customers_report_is_read() {
        let way = parse(LINE).unwrap();
        assert_eq!((way.name.as_str(), way.per_million_instructions), ("by page", 4000.0));
        assert_eq!((way.per_million_cycles, way.batch), (2000.0, 44.5));
        assert_eq!(parse("customers: by page: 960 of 960 visits right"), None);
    }

    #[test]
    fn ways_stand_beside_the_first() {
        let way = parse(LINE).unwrap();
        let told = table(&[Way { per_million_cycles: 500.0, ..way.clone() }, way]);
        assert!(told.lines().last().unwrap().ends_with("44.5      4.00"), "{told}");
        assert_eq!(table(&[]), "");
    }
}
