//! The results: what a row came to, and the file in which it is kept.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use composer::temporary::TemporaryDirectory;
use serde::Serialize;

use super::privileged::Counts;
use super::row::{Row, Statistic};

/// A row that was measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Which.
    pub row: Row,
    /// Ticks of one period, by the machine's clock.
    pub ticks: Statistic,
    /// Privileged operations of one period.
    pub privileged: Counts,
}

impl Measured {
    /// Operations of one period.
    pub fn operations(&self) -> u64 {
        self.row.period.map_or(1, |period| period.operations)
    }
}

/// What the figures depend on.
#[derive(Clone, Debug, Serialize)]
pub struct Environment {
    /// The compiler.
    pub rustc: String,
    /// The emulator.
    pub qemu: String,
    /// The processor under emulation.
    pub cpu: String,
    /// What was measured, with `-dirty` behind it if that is not all that was.
    pub commit: String,
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    environment: &'a Environment,
    rows: BTreeMap<&'a str, DocumentRow>,
}

#[derive(Serialize)]
struct DocumentRow {
    /// How many operations the other figures are of.
    operations: u64,
    median: u64,
    min: u64,
    max: u64,
    unit: &'static str,
    privileged: BTreeMap<&'static str, u64>,
}

/// The results as a JSON document.
///
/// # Errors
///
/// None that are known: everything in it is a number or text.
pub fn document(environment: &Environment, rows: &[Measured]) -> serde_json::Result<String> {
    let rows = rows.iter().map(|row| (row.row.name, DocumentRow::from(row))).collect();
    Ok(serde_json::to_string_pretty(&Document { environment, rows })? + "\n")
}

/// Puts the document into `directory`, all of it or nothing.
///
/// # Errors
///
/// Of the file system.
pub fn write(directory: &Path, document: &str) -> io::Result<()> {
    std::fs::create_dir_all(directory)?;
    let place = TemporaryDirectory::create(directory, ".writing-")?;
    let whole = place.path().join("results.json");
    std::fs::write(&whole, document)?;
    std::fs::rename(whole, directory.join("results.json"))
}

impl From<&Measured> for DocumentRow {
    fn from(row: &Measured) -> Self {
        let Statistic { median, min, max } = row.ticks;
        let operations = row.operations();
        Self { operations, median, min, max, unit: "instructions", privileged: row.privileged.iter().collect() }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::privileged::decode;
    use super::super::row::ROWS;
    use super::*;

    /// A row that took so many ticks and holds these instructions.
    pub fn measured(name: &str, ticks: u64, instructions: &[&[u8]]) -> Measured {
        let row = *ROWS.iter().find(|row| row.name == name).unwrap();
        let mut privileged = Counts::new();
        for bytes in instructions {
            privileged.add(&decode(bytes, 0).unwrap());
        }
        Measured { row, ticks: Statistic { median: ticks, min: ticks, max: ticks }, privileged }
    }

    #[test]
    fn the_document_has_the_promised_shape() {
        let environment =
            Environment { rustc: "rustc 1".into(), qemu: "QEMU 2".into(), cpu: "model".into(), commit: "abc".into() };
        let rows = [measured("sinv_raw", 35, &[&[0x0f, 0x05], &[0x0f, 0x22, 0xd8]])];
        let document: serde_json::Value = serde_json::from_str(&document(&environment, &rows).unwrap()).unwrap();
        let expected = serde_json::json!({
            "rustc": "rustc 1", "qemu": "QEMU 2", "cpu": "model", "commit": "abc",
            "rows": { "sinv_raw": {
                "operations": 1, "median": 35, "min": 35, "max": 35, "unit": "instructions",
                "privileged": { "syscall": 1, "sysret": 0, "swapgs": 0, "cr3": 1 },
            } },
        });
        assert_eq!(document, expected);
    }

    #[test]
    fn results_replace_older_ones() {
        let directory = temp_dir::TempDir::new().unwrap();
        let place = directory.path().join("bench");
        write(&place, "old, and longer").unwrap();
        write(&place, "new").unwrap();
        let files: Vec<_> = std::fs::read_dir(&place).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(files, ["results.json"]);
        assert_eq!(std::fs::read_to_string(place.join("results.json")).unwrap(), "new");
    }
}
