//! The table that people read.

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
    [
        row.row.name.to_owned(),
        row.ticks.median.to_string(),
        floor.map_or(String::new(), |floor| floor.ticks.median.to_string()),
        row.privileged.to_string(),
    ]
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
}
