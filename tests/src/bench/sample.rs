//! What a machine's console says of the rows.

use std::collections::BTreeMap;

use super::row::{BOOT, UP};

/// Two runs of a row's loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// How often the shorter run repeats it; the longer one does so twice as often.
    pub iterations: u64,
    /// Ticks of the shorter run.
    pub short: u64,
    /// Ticks of the longer run.
    pub long: u64,
}

impl Sample {
    /// Something that happens once, and takes so many ticks.
    const fn once(ticks: u64) -> Self {
        Self { iterations: 1, short: ticks, long: 2 * ticks }
    }

    /// Those in the text `ITERATIONS SHORT LONG SHORT LONG …`.
    pub fn parse(text: &str) -> Option<Vec<Self>> {
        let figures: Option<Vec<u64>> = text.split(' ').map(|figure| figure.parse().ok()).collect();
        let figures = figures?;
        let (&iterations @ 1.., times) = figures.split_first()? else { return None };
        let (pairs, rest) = times.as_chunks::<2>();
        let samples = pairs.iter().map(|&[short, long]| Self { iterations, short, long });
        rest.is_empty().then(|| samples.collect())
    }

    /// Ticks of one iteration: what the longer run takes longer, so that all that surrounds the iterations cancels out.
    /// `None` if that is no whole number, which no clock shows that counts instructions.
    pub fn ticks(&self) -> Option<u64> {
        let ticks = self.long.checked_sub(self.short)?;
        ticks.is_multiple_of(self.iterations).then_some(ticks / self.iterations)
    }

    /// Ticks of one iteration by a clock that measures time: nearly, as those of the longer run.
    pub fn nearly(&self) -> f64 {
        self.long as f64 / (2 * self.iterations) as f64
    }
}

/// What a machine measured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Samples {
    rows: BTreeMap<String, Vec<Sample>>,
    frequency: Option<u64>,
}

impl Samples {
    /// What a machine printed: lines `row NAME ITERATIONS SHORT LONG SHORT LONG …` and `clock TICKS`, those of a second,
    /// and the kernel's and the booter's own lines.
    pub fn of_console(console: &str) -> Self {
        let mut samples = Self::default();
        for line in console.lines().map(str::trim_end) {
            if let Some((name, figures)) = parse_row(line).or_else(|| parse_boot(line)).or_else(|| parse_up(line)) {
                samples.rows.entry(name.to_owned()).or_default().extend(figures);
            }
            samples.frequency = samples.frequency.or_else(|| line.strip_prefix("clock ")?.parse().ok());
        }
        samples
    }

    /// The samples of the row `name`, in the order in which they came; none if there is no such row.
    pub fn of(&self, name: &str) -> &[Sample] {
        self.rows.get(name).map_or(&[], Vec::as_slice)
    }

    /// Every name for which there are samples.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.rows.keys().map(String::as_str)
    }

    /// The clock's ticks in a second, if the machine says so.
    pub fn frequency(&self) -> Option<u64> {
        self.frequency
    }
}

fn parse_row(line: &str) -> Option<(&str, Vec<Sample>)> {
    let (name, figures) = line.strip_prefix("row ")?.split_once(' ')?;
    Some((name, Sample::parse(figures)?))
}

fn parse_boot(line: &str) -> Option<(&str, Vec<Sample>)> {
    let figure = line.strip_prefix("tessera: booted in ")?.strip_suffix(" ticks")?;
    Some((BOOT, vec![Sample::once(figure.parse().ok()?)]))
}

fn parse_up(line: &str) -> Option<(&str, Vec<Sample>)> {
    let line = line.strip_prefix("booter: up:")?.strip_suffix(" ticks after the start")?;
    let (_, figure) = line.rsplit_once(", ")?;
    Some((UP, vec![Sample::once(figure.parse().ok()?)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_measured_is_read() {
        let samples = Samples::of_console(
            "noise\nrow a 10 35 70 36 71\r\nrow b 1 7 9\ntessera: booted in 120 ticks\n\
             row c x\nrow d\nrow e 0 1 2\nrow f 1 2\ntessera: booted in\nbooter: up: a, b ticks after the start\n\
             booter: up: console pong, 4711 ticks after the start\r\nclock 1000\nclock x\n",
        );
        let sample = |short, long| Sample { iterations: 10, short, long };
        assert_eq!(samples.of("a"), [sample(35, 70), sample(36, 71)]);
        assert_eq!(samples.of("b"), [Sample { iterations: 1, short: 7, long: 9 }]);
        assert_eq!(samples.of("boot_to_first_component"), [Sample::once(120)]);
        assert_eq!(samples.of("boot_to_components_up"), [Sample::once(4711)]);
        assert!(samples.names().eq(["a", "b", "boot_to_components_up", "boot_to_first_component"]));
        assert_eq!(samples.frequency(), Some(1000));
    }

    #[test]
    fn what_surrounds_the_iterations_does_not_count() {
        let sample = Sample { iterations: 1000, short: 7012, long: 14_012 };
        assert_eq!(sample.ticks(), Some(7));
        assert!((sample.nearly() - 7.006).abs() < 0.001);
        assert_eq!(Sample::once(5).ticks(), Some(5));
    }

    #[test]
    fn half_a_tick_is_none() {
        assert_eq!(Sample { iterations: 2, short: 7, long: 14 }.ticks(), None);
        assert_eq!(Sample { iterations: 2, short: 7, long: 5 }.ticks(), None);
    }
}
