//! What several rows come to together, and what that is meant not to exceed: from how many calls on a page is cheaper than
//! direct calls, and how many times as much as another way a call by a page costs.

use std::collections::BTreeMap;
use std::fmt;

use super::recorded::Figures;
use super::row;

/// The row of one direct call.
const DIRECT: &str = "sinv_stub";

/// Sizes of the batches that are measured.
const SIZES: [u64; 4] = [1, 8, 32, 64];

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bare instructions.
    Instructions,
    /// Cycles, as estimated.
    Cycles,
}

/// A figure that is derived from rows.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    /// Its name, in every report and for ever.
    pub name: &'static str,
    /// What of the rows it is derived from.
    pub unit: Unit,
    of: Of,
    /// What it is meant not to exceed.
    pub limit: f64,
}

/// How it is derived.
#[derive(Clone, Copy, Debug)]
enum Of {
    /// The smallest batch that costs no more than as many direct calls, of rows whose names begin so.
    BreakEven(&'static str),
    /// A row, in terms of the cheapest of others.
    Ratio(&'static str, &'static [&'static str]),
}

/// All of them.
pub const FIGURES: [Figure; 9] = [
    break_even("page_break_even_instr", "page_serve", Unit::Instructions, 8.0),
    break_even("page_break_even_instr_flush", "page_flush", Unit::Instructions, 8.0),
    break_even("page_break_even_weighted", "page_serve", Unit::Cycles, 3.0),
    break_even("page_break_even_weighted_flush", "page_flush", Unit::Cycles, 2.0),
    ratio("page_serve_b1_of_direct", Unit::Cycles, 3.0, "page_serve_b1", &[DIRECT]),
    ratio("page_serve_b32_of_direct", Unit::Cycles, 0.25, "page_serve_b32", &[DIRECT]),
    ratio("page_adaptive_b1_of_best", Unit::Instructions, 1.1, "page_adaptive_b1", &[DIRECT, "page_flush_b1"]),
    ratio("page_adaptive_b8_of_best", Unit::Instructions, 1.1, "page_adaptive_b8", &[DIRECT, "page_flush_b8"]),
    ratio("page_adaptive_b32_of_best", Unit::Instructions, 1.1, "page_adaptive_b32", &[DIRECT, "page_flush_b32"]),
];

const fn break_even(name: &'static str, kind: &'static str, unit: Unit, limit: f64) -> Figure {
    Figure { name, unit, of: Of::BreakEven(kind), limit }
}

const fn ratio(
    name: &'static str,
    unit: Unit,
    limit: f64,
    row: &'static str,
    others: &'static [&'static str],
) -> Figure {
    Figure { name, unit, of: Of::Ratio(row, others), limit }
}

/// A derived figure, and what it came to.
#[derive(Clone, Copy, Debug)]
pub struct Derived {
    /// Which.
    pub figure: Figure,
    /// What it came to.
    pub value: f64,
}

impl Derived {
    /// Whether it is within its limit.
    pub fn is_kept(&self) -> bool {
        self.value <= self.figure.limit
    }
}

impl fmt::Display for Derived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let missed = if self.is_kept() { "" } else { ": missed" };
        write!(f, "{:31} {:6.3}, at most {}{missed}", self.figure.name, self.value, self.figure.limit)
    }
}

/// What these rows come to, as far as they are there.
pub fn derived(figures: &Figures) -> Vec<Derived> {
    let value = |figure: Figure| {
        let rows = match figure.unit {
            Unit::Instructions => &figures.instructions,
            Unit::Cycles => &figures.cycles,
        };
        Some(Derived { figure, value: figure.of.value(rows)? })
    };
    FIGURES.into_iter().filter_map(value).collect()
}

impl Of {
    fn value(self, rows: &BTreeMap<String, u64>) -> Option<f64> {
        match self {
            Self::BreakEven(kind) => Some(break_even_of(rows, kind)? as f64),
            Self::Ratio(row, others) => {
                let others = others.iter().map(|other| cost(rows, other)).collect::<Option<Vec<_>>>()?;
                Some(cost(rows, row)? / others.into_iter().min_by(f64::total_cmp)?)
            }
        }
    }
}

/// What one operation of a row costs.
fn cost(rows: &BTreeMap<String, u64>, name: &str) -> Option<f64> {
    Some(*rows.get(name)? as f64 / row::named(name)?.operations() as f64)
}

fn break_even_of(rows: &BTreeMap<String, u64>, kind: &str) -> Option<u64> {
    let direct = cost(rows, DIRECT)?;
    let of_size = |size: u64| Some((size, cost(rows, &format!("{kind}_b{size}"))? * size as f64));
    let batches: Vec<_> = SIZES.into_iter().filter_map(of_size).collect();
    (1..=64).find(|calls| batch(&batches, *calls).is_some_and(|cost| cost <= direct * *calls as f64))
}

/// What a batch of so many calls costs: on the line between the two that were measured and are next to it.
fn batch(batches: &[(u64, f64)], calls: u64) -> Option<f64> {
    batches.windows(2).find_map(|pair| {
        let &[(few, less), (many, more)] = pair else { return None };
        let share = (calls.checked_sub(few)?) as f64 / (many - few) as f64;
        (calls <= many).then_some(less + share * (more - less))
    })
}

#[cfg(test)]
mod tests {
    use super::super::recorded::Recorded;
    use super::*;

    /// A batch costs 200 and 60 for each call; a direct call, 100; an adaptive one, 120.
    fn figures() -> Figures {
        let batches = |kind| SIZES.map(|size| (format!("{kind}_b{size}"), 64 / size * (200 + 60 * size)));
        let mut rows: BTreeMap<_, _> = batches("page_serve").into_iter().chain(batches("page_flush")).collect();
        rows.extend([(DIRECT.to_owned(), 100), ("page_adaptive_b1".to_owned(), 120)]);
        Figures { instructions: rows, cycles: BTreeMap::new() }
    }

    #[test]
    fn it_is_even_where_the_line_through_the_batches_meets_that_of_direct_calls() {
        let told: Vec<_> = derived(&figures()).iter().map(|one| (one.figure.name, one.value, one.is_kept())).collect();
        let expected = [
            ("page_break_even_instr", 5.0, true),
            ("page_break_even_instr_flush", 5.0, true),
            ("page_adaptive_b1_of_best", 1.2, false),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn without_a_row_there_is_nothing_to_say() {
        let mut figures = figures();
        figures.instructions.remove(DIRECT);
        assert!(derived(&figures).is_empty());
    }

    /// Those in instructions are held where these are measured: by `figures::what_rows_come_to_is_within_its_limits`.
    #[test]
    fn what_recorded_cycles_come_to_is_within_its_limits() {
        let all = derived(&Recorded::read().unwrap().figures);
        assert_eq!(all.len(), FIGURES.len());
        let missed = all.iter().filter(|one| one.figure.unit == Unit::Cycles && !one.is_kept());
        let missed: Vec<_> = missed.map(Derived::to_string).collect();
        assert!(missed.is_empty(), "{missed:#?}");
    }

    #[test]
    fn the_store_weighs_an_invocation_as_the_row_of_calls_does() {
        let Figures { instructions, cycles } = Recorded::read().unwrap().figures;
        let graph = include_str!("../../../systems/store.toml");
        let weight = cycles[DIRECT] - instructions[DIRECT];
        assert!(graph.contains(&format!("value = {weight} ")), "the row says {weight}");
    }
}
