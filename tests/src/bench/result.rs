//! The results: what a row came to, and the file in which it is kept.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use composer::temporary::TemporaryDirectory;
use serde::{Deserialize, Serialize};

use super::derived::derived;
use super::environment::Key;
use super::privileged::Counts;
use super::recorded::Figures;
use super::row::Row;
use super::store::Way;

/// A row that was measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Which.
    pub row: Row,
    /// Ticks of one period, by the machine's clock.
    pub ticks: u64,
    /// Privileged operations of one period.
    pub privileged: Counts,
    /// Cycles of one period, as estimated by the weights; `None` if its operations were not counted.
    pub cycles: Option<u64>,
    /// Nanoseconds of one period under the emulator, if they were measured.
    pub nanoseconds: Option<f64>,
}

impl Measured {
    /// Operations of one period.
    pub fn operations(&self) -> u64 {
        self.row.operations()
    }

    /// Instructions of one operation.
    pub fn instructions(&self) -> f64 {
        self.ticks as f64 / self.operations() as f64
    }
}

/// The file of all results, as others read it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Document {
    /// What the figures depend on.
    #[serde(flatten)]
    pub key: Key,
    /// What was measured.
    pub commit: String,
    /// The rows.
    pub rows: BTreeMap<String, DocumentRow>,
    /// What rows come to together.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub derived: BTreeMap<String, f64>,
    /// What the store made of each way of calling.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub store: Vec<Way>,
}

/// A row in that file.
#[derive(Debug, Serialize, Deserialize)]
pub struct DocumentRow {
    /// How many operations the other figures are of.
    #[serde(default = "one")]
    pub operations: u64,
    /// What all samples showed.
    pub median: u64,
    /// The same; a clock that counts instructions shows nothing else.
    pub min: u64,
    /// The same.
    pub max: u64,
    /// What these figures count.
    pub unit: String,
    /// The estimate.
    #[serde(default)]
    pub cycles: Option<u64>,
    /// The emulator's time.
    #[serde(default)]
    pub nanoseconds: Option<f64>,
    /// The privileged operations.
    pub privileged: BTreeMap<String, u64>,
}

fn one() -> u64 {
    1
}

impl Document {
    /// Of these rows.
    pub fn new(key: Key, commit: String, rows: &[Measured]) -> Self {
        let derived = derived(&Figures::of(rows)).iter().map(|one| (one.figure.name.to_owned(), one.value)).collect();
        let rows = rows.iter().map(|row| (row.row.name.to_owned(), row.into())).collect();
        Self { key, commit, rows, derived, store: Vec::new() }
    }
}

impl From<&Measured> for DocumentRow {
    fn from(row: &Measured) -> Self {
        Self {
            operations: row.operations(),
            median: row.ticks,
            min: row.ticks,
            max: row.ticks,
            unit: "instructions".to_owned(),
            cycles: row.cycles,
            nanoseconds: row.nanoseconds,
            privileged: row.privileged.iter().map(|(name, number)| (name.to_owned(), number)).collect(),
        }
    }
}

/// Puts `text` into the file `name` of `directory`, all of it or nothing.
///
/// # Errors
///
/// Of the file system.
pub fn write(directory: &Path, name: &str, text: &str) -> io::Result<()> {
    std::fs::create_dir_all(directory)?;
    let place = TemporaryDirectory::create(directory, ".writing-")?;
    let whole = place.path().join(name);
    std::fs::write(&whole, text)?;
    std::fs::rename(whole, directory.join(name))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::privileged::tests::counts;
    use super::super::row::named;
    use super::*;

    /// A row that took so many ticks and holds these instructions.
    pub fn measured(name: &str, ticks: u64, instructions: &[&[u8]]) -> Measured {
        let row = *named(name).unwrap();
        Measured { row, ticks, privileged: counts(instructions), cycles: Some(2 * ticks), nanoseconds: None }
    }

    /// Some key.
    pub fn key() -> Key {
        Key { rustc: "rustc 1".into(), profile: "release".into(), qemu: "QEMU 2".into(), cpu: "model".into() }
    }

    #[test]
    fn the_document_has_the_promised_shape() {
        let rows = [measured("sinv_raw", 35, &[&[0x0f, 0x05], &[0x0f, 0x22, 0xd8]])];
        let document = serde_json::to_value(Document::new(key(), "abc".into(), &rows)).unwrap();
        let expected = serde_json::json!({
            "rustc": "rustc 1", "profile": "release", "qemu": "QEMU 2", "cpu": "model", "commit": "abc",
            "rows": { "sinv_raw": {
                "operations": 1, "median": 35, "min": 35, "max": 35, "unit": "instructions",
                "cycles": 70, "nanoseconds": null,
                "privileged": { "syscall": 1, "sysret": 0, "swapgs": 0, "cr3": 1 },
            } },
        });
        assert_eq!(document, expected);
    }

    #[test]
    fn results_replace_older_ones() {
        let directory = temp_dir::TempDir::new().unwrap();
        let place = directory.path().join("bench");
        write(&place, "results.json", "old, and longer").unwrap();
        write(&place, "results.json", "new").unwrap();
        let files: Vec<_> = std::fs::read_dir(&place).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(files, ["results.json"]);
        assert_eq!(std::fs::read_to_string(place.join("results.json")).unwrap(), "new");
    }
}
