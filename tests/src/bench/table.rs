//! The table that people read: each figure is of one operation.

use super::peer::PEERS;
use super::result::Measured;
use super::weight;

/// Columns of the table.
const COLUMNS: usize = 7 + PEERS.len();

/// The rows as text, in columns as wide as they need to be, and what their marks say.
pub fn table(rows: &[Measured]) -> String {
    let mut lines = vec![head()];
    lines.extend(rows.iter().map(|row| cells(row, rows)));
    let widths: [usize; COLUMNS] = std::array::from_fn(|at| widest(&lines, at));
    let lines: String = lines.iter().map(|cells| line(cells, &widths)).collect();
    lines + &footnote(rows).map_or(String::new(), |note| note + "\n")
}

fn head() -> [String; COLUMNS] {
    let [composite, sel4] = PEERS.map(|peer| peer.name);
    ["row", "instructions", "floor", "target", composite, sel4, "cycles ≈", "emulated ns", "privileged operations"]
        .map(str::to_owned)
}

fn cells(row: &Measured, rows: &[Measured]) -> [String; COLUMNS] {
    let [composite, sel4] =
        PEERS.map(|peer| peer.beside(row.row.name).map_or(String::new(), |figure| figure.to_string()));
    [
        row.row.name.to_owned(),
        per_operation(row.ticks, row),
        floor(row, rows),
        row.row.target.map_or(String::new(), |target| target.to_string()),
        composite,
        sel4,
        cycles(row),
        row.nanoseconds.map_or(String::new(), |time| whole(time, row)),
        in_so_many(row),
    ]
}

/// The name to the left, the privileged operations behind all, figures to the right.
fn line(cells: &[String; COLUMNS], widths: &[usize; COLUMNS]) -> String {
    let padded = cells.iter().zip(widths).enumerate().map(|(at, (cell, &width))| match at {
        0 => format!("{cell:width$}"),
        _ if at == COLUMNS - 1 => cell.clone(),
        _ => format!("{cell:>width$}"),
    });
    padded.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
}

fn widest(lines: &[[String; COLUMNS]], column: usize) -> usize {
    lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0)
}

/// The figure of the row below which this one cannot come.
pub fn floor(row: &Measured, rows: &[Measured]) -> String {
    let floor = rows.iter().find(|other| Some(other.row.name) == row.row.floor);
    floor.map_or(String::new(), |floor| per_operation(floor.ticks, floor))
}

/// A figure of a period as one of an operation, with a decimal if it is no whole number.
pub fn per_operation(figure: u64, row: &Measured) -> String {
    let operations = row.operations();
    if figure.is_multiple_of(operations) {
        return (figure / operations).to_string();
    }
    format!("{:.1}", figure as f64 / operations as f64)
}

/// The same for a figure that is no more than near.
pub fn whole(figure: f64, row: &Measured) -> String {
    format!("{:.0}", figure / row.operations() as f64)
}

/// The estimate, with a mark if it rests on an assumption.
pub fn cycles(row: &Measured) -> String {
    let mark = if is_marked(row) { weight::MARK } else { "" };
    row.cycles.map_or(String::new(), |cycles| whole(cycles as f64, row) + mark)
}

/// What the marks of these rows say, if there are any.
pub fn footnote(rows: &[Measured]) -> Option<String> {
    rows.iter().any(is_marked).then(weight::footnote)
}

fn is_marked(row: &Measured) -> bool {
    row.cycles.is_some() && weight::rests_on_an_assumption(&row.privileged)
}

/// The privileged operations, and in how many operations they are, if that is not one.
pub fn in_so_many(row: &Measured) -> String {
    let privileged = row.privileged.to_string();
    match row.operations() {
        operations if operations > 1 && !privileged.is_empty() => format!("{privileged} in {operations} operations"),
        _ => privileged,
    }
}

#[cfg(test)]
mod tests {
    use super::super::result::tests::measured;
    use super::*;

    #[test]
    fn columns_are_aligned_and_floor_and_peers_stand_beside() {
        let timed = Measured { nanoseconds: Some(3.7), ..measured("sinv_stub_cleared", 1234, &[&[0x0f, 0x05]]) };
        let rows = [measured("floor_sinv_stub_cleared", 110, &[]), timed];
        let expected = "\
row                      instructions  floor  target  Composite       seL4  cycles ≈  emulated ns  privileged operations
floor_sinv_stub_cleared           110                                            220
sinv_stub_cleared                1234    110     160             406 / 576      2468            4  syscall ×1
";
        assert_eq!(table(&rows), expected);
    }

    #[test]
    fn a_period_of_several_operations_is_divided_by_them() {
        let rows =
            [measured("floor_thread_switch", 49, &[]), measured("page_serve_b8", 64 * 269 + 21, &[&[0x0f, 0x05]])];
        let expected = "\
row                  instructions  floor  target  Composite  seL4  cycles ≈  emulated ns  privileged operations
floor_thread_switch          24.5                                        49
page_serve_b8               269.3                                       539               syscall ×1 in 64 operations
";
        assert_eq!(table(&rows), expected);
    }

    #[test]
    fn an_estimate_that_rests_on_an_assumption_is_marked_and_the_mark_is_told() {
        let known = measured("asnd", 86, &[&[0x0f, 0x05]]);
        let assumed = measured("unmap", 154, &[&[0x0f, 0x01, 0x3f]]);
        assert_eq!([cycles(&known), cycles(&assumed)], ["172", "308*"]);
        assert!(
            table(&[known.clone(), assumed.clone()]).ends_with("\n* rests on a weight without a source: invlpg, cr4\n")
        );
        assert_eq!(footnote(&[known, Measured { cycles: None, ..assumed }]), None);
    }
}
