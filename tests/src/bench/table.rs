//! The table that people read: each figure is of one operation.

use super::result::Measured;

/// The rows as text, in columns as wide as they need to be.
pub fn table(rows: &[Measured]) -> String {
    let mut lines = vec![["row", "instructions", "floor", "privileged operations"].map(str::to_owned)];
    lines.extend(rows.iter().map(|row| cells(row, rows)));
    let [first, second, third, _] = widths(&lines);
    let texts = lines.iter().map(|[name, instructions, floor, privileged]| {
        let line = format!("{name:first$}  {instructions:>second$}  {floor:>third$}  {privileged}");
        line.trim_end().to_owned() + "\n"
    });
    texts.collect()
}

fn cells(row: &Measured, rows: &[Measured]) -> [String; 4] {
    let floor = rows.iter().find(|other| Some(other.row.name) == row.row.floor);
    [row.row.name.to_owned(), per_operation(row), floor.map_or(String::new(), per_operation), in_so_many(row)]
}

/// The instructions of one operation, with a decimal if they are no whole number.
fn per_operation(row: &Measured) -> String {
    let (ticks, operations) = (row.ticks.median, row.operations());
    if ticks.is_multiple_of(operations) {
        return (ticks / operations).to_string();
    }
    let tenths = (10 * ticks + operations / 2) / operations;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// The privileged operations, and in how many operations they are, if that is not one.
fn in_so_many(row: &Measured) -> String {
    match row.operations() {
        1 => row.privileged.to_string(),
        operations => format!("{} in {operations} operations", row.privileged),
    }
}

fn widths(lines: &[[String; 4]]) -> [usize; 4] {
    std::array::from_fn(|column| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::super::result::tests::measured;
    use super::*;

    #[test]
    fn columns_are_aligned_and_the_floor_stands_beside() {
        let rows = [measured("floor_sinv_raw", 35, &[]), measured("sinv_raw", 1234, &[&[0x0f, 0x05]])];
        let expected = "\
row             instructions  floor  privileged operations
floor_sinv_raw            35
sinv_raw                1234     35  syscall ×1
";
        assert_eq!(table(&rows), expected);
    }

    #[test]
    fn a_period_of_several_operations_is_divided_by_them() {
        let rows = [
            measured("floor_thread_switch", 49, &[&[0x0f, 0x05]]),
            measured("thread_switch", 655, &[]),
            measured("page_serve_b8", 64 * 269 + 21, &[&[0x0f, 0x05]]),
        ];
        let expected = "\
row                  instructions  floor  privileged operations
floor_thread_switch          24.5         syscall ×1 in 2 operations
thread_switch                 655   24.5
page_serve_b8               269.3         syscall ×1 in 64 operations
";
        assert_eq!(table(&rows), expected);
    }
}
