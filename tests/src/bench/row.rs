//! The rows: which there are, and what a machine's console says of them.

use std::collections::BTreeMap;

/// Which machine measures a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Image {
    /// The floor image: crossings without a kernel.
    Floor,
    /// Calls between components, directly and by pages.
    Calls,
    /// What the kernel does between threads.
    Switches,
    /// What a scheduler component does between threads.
    Yields,
    /// Calls by pages that a scheduler component has served.
    Waits,
    /// What a newcomer runs first: it has rows of its start alone.
    Quickstart,
}

impl Image {
    /// All of them, in the order in which they are measured.
    pub const ALL: [Self; 6] = [Self::Floor, Self::Calls, Self::Switches, Self::Yields, Self::Waits, Self::Quickstart];

    /// What it is called while something is done with it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Floor => "the floor",
            Self::Calls => "the system of calls",
            Self::Switches => "the system of switches",
            Self::Yields => "the system of yields",
            Self::Waits => "the system of waits",
            Self::Quickstart => "the quickstart",
        }
    }
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
    /// How it repeats itself, if it is a loop: then one period can be stepped through.
    pub period: Option<Period>,
}

impl Row {
    /// Whether `image` may report it: every system reports its own start.
    pub fn may_come_from(&self, image: Image) -> bool {
        self.image == image || (self.period.is_none() && image != Image::Floor)
    }
}

/// What is measured of a loop: the shortest part of it that is always the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The place by which one period is told from the next.
    pub anchor: Anchor,
    /// How often the loop comes to that place in one period.
    pub visits: u64,
    /// How many of what the row is named after there are in it.
    pub operations: u64,
}

/// A place in a loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The first from which it enters the kernel.
    Entry,
    /// The first that it comes back to: it does not enter the kernel.
    Return,
}

impl Period {
    /// One operation, which enters the kernel once.
    const ONE: Self = Self { anchor: Anchor::Entry, visits: 1, operations: 1 };
    /// One operation, without the kernel.
    const WITHOUT_KERNEL: Self = Self { anchor: Anchor::Return, ..Self::ONE };
    /// To another thread and back.
    const PAIR: Self = Self { operations: 2, ..Self::ONE };
}

/// Calls in one round of a page's slots.
const ROUND: u64 = 64;

/// Every row, in the order of the table.
pub const ROWS: [Row; 27] = [
    Row { period: None, ..floor(CALIBRATION) },
    Row { period: Some(Period::WITHOUT_KERNEL), ..floor("floor_loop") },
    floor("floor_null_entry"),
    floor("floor_sinv_min"),
    floor("floor_sinv_raw"),
    floor("floor_sinv_stub"),
    floor("floor_sinv_stub_cleared"),
    Row { period: Some(Period::PAIR), ..floor("floor_thread_switch") },
    over("floor_null_entry", row("null_entry", Image::Calls)),
    over("floor_sinv_raw", row("sinv_raw", Image::Calls)),
    over("floor_sinv_stub", row("sinv_stub", Image::Calls)),
    over("floor_sinv_stub_cleared", row("sinv_stub_cleared", Image::Calls)),
    over("floor_sinv_stub", row("sinv_stub_4args", Image::Calls)),
    Row { period: Some(Period::WITHOUT_KERNEL), ..row("page_post", Image::Calls) },
    batches("page_serve_b1", 1, Image::Waits),
    batches("page_serve_b8", 8, Image::Waits),
    batches("page_serve_b32", 32, Image::Waits),
    batches("page_flush_b1", 1, Image::Calls),
    batches("page_flush_b8", 8, Image::Calls),
    batches("page_flush_b32", 32, Image::Calls),
    over("floor_thread_switch", row("thread_switch", Image::Switches)),
    row("asnd", Image::Switches),
    row("asnd_arcv", Image::Switches),
    row("fault_handler", Image::Switches),
    Row { period: Some(Period::PAIR), ..row("yield_sched", Image::Yields) },
    Row { period: None, ..row(BOOT, Image::Calls) },
    Row { period: None, ..row(UP, Image::Quickstart) },
];

const fn floor(name: &'static str) -> Row {
    row(name, Image::Floor)
}

const fn row(name: &'static str, image: Image) -> Row {
    Row { name, image, floor: None, period: Some(Period::ONE) }
}

const fn over(floor: &'static str, row: Row) -> Row {
    Row { floor: Some(floor), ..row }
}

/// Calls by a page: one round of its slots, in batches of so many, each of which enters the kernel once.
const fn batches(name: &'static str, calls: u64, image: Image) -> Row {
    Row { period: Some(Period { visits: ROUND / calls, operations: ROUND, ..Period::ONE }), ..row(name, image) }
}

/// The row that shows what the clock counts.
pub const CALIBRATION: &str = "calibration";

/// The row that the kernel measures itself.
const BOOT: &str = "boot_to_first_component";

/// The row that the booter measures itself: all components constructed and initialised.
const UP: &str = "boot_to_components_up";

/// What a machine measured: the samples of each row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Samples(BTreeMap<String, Vec<u64>>);

impl Samples {
    /// Adds what a machine printed: lines `row NAME TICKS …`, and the kernel's and the booter's own lines.
    pub fn add(&mut self, console: &str) {
        for line in console.lines() {
            if let Some((name, figures)) = parse_row(line).or_else(|| parse_boot(line)).or_else(|| parse_up(line)) {
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

fn parse_up(line: &str) -> Option<(&str, Vec<u64>)> {
    let line = line.trim_end().strip_prefix("booter: up:")?.strip_suffix(" ticks after the start")?;
    let (_, figure) = line.rsplit_once(", ")?;
    Some((UP, vec![figure.parse().ok()?]))
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
        samples.add("row a 5\nrow c x\nrow d\ntessera: booted in\nbooter: up: a, b ticks after the start\n");
        samples.add("booter: up: console pong, 4711 ticks after the start\r\n");
        assert_eq!(samples.of("a"), [3, 4, 5]);
        assert_eq!(samples.of("b"), [7]);
        assert_eq!(samples.of("boot_to_first_component"), [120]);
        assert_eq!(samples.of("boot_to_components_up"), [4711]);
        assert!(samples.names().eq(["a", "b", "boot_to_components_up", "boot_to_first_component"]));
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
    fn every_row_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> = ROWS.iter().map(|row| row.name).collect();
        assert_eq!(names.len(), ROWS.len());
    }

    #[test]
    fn every_floor_is_a_row_of_the_floor_image() {
        for floor in ROWS.iter().filter_map(|row| row.floor) {
            let row = ROWS.iter().find(|row| row.name == floor).unwrap();
            assert_eq!(row.image, Image::Floor);
        }
    }
}
