//! The rows: which there are, and what a machine's console says of them.

use std::collections::BTreeMap;

/// Which machine measures a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Image {
    /// The floor image: crossings without a kernel.
    Floor,
    /// The measuring system.
    System,
}

/// What is known of a row before it is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its name, in every report and for ever.
    pub name: &'static str,
    /// Who measures it.
    pub image: Image,
    /// The row below which it cannot come, if there is one.
    pub floor: Option<&'static str>,
    /// Whether it is a loop, so that one iteration can be stepped through.
    pub is_loop: bool,
}

/// Every row, in the order of the table.
pub const ROWS: [Row; 14] = [
    Row { is_loop: false, ..floor(CALIBRATION) },
    floor("floor_loop"),
    floor("floor_null_entry"),
    floor("floor_sinv_min"),
    floor("floor_sinv_raw"),
    floor("floor_sinv_stub"),
    floor("floor_sinv_stub_cleared"),
    floor("floor_thread_switch"),
    system("null_entry", "floor_null_entry"),
    system("sinv_raw", "floor_sinv_raw"),
    system("sinv_stub", "floor_sinv_stub"),
    system("sinv_stub_cleared", "floor_sinv_stub_cleared"),
    system("sinv_stub_4args", "floor_sinv_stub"),
    Row { name: BOOT, image: Image::System, floor: None, is_loop: false },
];

const fn floor(name: &'static str) -> Row {
    Row { name, image: Image::Floor, floor: None, is_loop: true }
}

const fn system(name: &'static str, floor: &'static str) -> Row {
    Row { name, image: Image::System, floor: Some(floor), is_loop: true }
}

/// The row that shows what the clock counts.
pub const CALIBRATION: &str = "calibration";

/// The row that the kernel measures itself.
const BOOT: &str = "boot_to_first_component";

/// What a machine measured: the samples of each row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Samples(BTreeMap<String, Vec<u64>>);

impl Samples {
    /// Adds what a machine printed: lines `row NAME TICKS …`, and the kernel's own line of its boot.
    pub fn add(&mut self, console: &str) {
        for line in console.lines() {
            if let Some((name, figures)) = parse_row(line).or_else(|| parse_boot(line)) {
                self.0.entry(name.to_owned()).or_default().extend(figures);
            }
        }
    }

    /// The samples of the row `name`, in the order in which they came; none if there is no such row.
    pub fn of(&self, name: &str) -> &[u64] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// Every name for which there are samples.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

fn parse_row(line: &str) -> Option<(&str, Vec<u64>)> {
    let (name, figures) = line.trim_end().strip_prefix("row ")?.split_once(' ')?;
    let figures = figures.split_whitespace().map(|figure| figure.parse().ok());
    Some((name, figures.collect::<Option<_>>()?))
}

fn parse_boot(line: &str) -> Option<(&str, Vec<u64>)> {
    let figure = line.trim_end().strip_prefix("tessera: booted in ")?.strip_suffix(" ticks")?;
    Some((BOOT, vec![figure.parse().ok()?]))
}

/// What samples come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statistic {
    /// The one in the middle.
    pub median: u64,
    /// The smallest.
    pub min: u64,
    /// The largest.
    pub max: u64,
}

impl Statistic {
    /// Of these samples; `None` if there are none.
    pub fn of(samples: &[u64]) -> Option<Self> {
        let mut sorted = samples.to_vec();
        sorted.sort_unstable();
        let median = *sorted.get(sorted.len() / 2)?;
        Some(Self { median, min: *sorted.first()?, max: *sorted.last()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_of_several_boots_come_together() {
        let mut samples = Samples::default();
        samples.add("noise\nrow a 3 4\r\nrow b 7\ntessera: booted in 120 ticks\n");
        samples.add("row a 5\nrow c x\nrow d\ntessera: booted in\n");
        assert_eq!(samples.of("a"), [3, 4, 5]);
        assert_eq!(samples.of("b"), [7]);
        assert_eq!(samples.of("boot_to_first_component"), [120]);
        assert!(samples.names().eq(["a", "b", "boot_to_first_component"]));
        assert_eq!(samples.of("c"), [0; 0]);
    }

    #[test]
    fn a_statistic_does_not_depend_on_the_order() {
        let statistic = Statistic { median: 5, min: 1, max: 9 };
        assert_eq!(Statistic::of(&[9, 1, 5]), Some(statistic));
        assert_eq!(Statistic::of(&[5, 9, 1]), Some(statistic));
        assert_eq!(Statistic::of(&[]), None);
    }

    #[test]
    fn every_floor_is_a_row_of_the_floor_image() {
        for floor in ROWS.iter().filter_map(|row| row.floor) {
            let row = ROWS.iter().find(|row| row.name == floor).unwrap();
            assert_eq!(row.image, Image::Floor);
        }
    }
}
