//! From how many calls on a page is cheaper than direct calls: what rows of batches come to, between the sizes that were
//! measured too.

use super::result::Measured;

/// The row of one direct call.
const DIRECT: &str = "sinv_stub";

/// Sizes of the batches that are measured.
const SIZES: [u64; 4] = [1, 8, 32, 64];

/// What a call of a row costs, if that was measured.
type Measure<'m> = &'m dyn Fn(&Measured) -> Option<f64>;

/// Two lines, by instructions and by cycles, as far as the rows are there.
pub fn lines(rows: &[Measured]) -> Vec<String> {
    let by_instructions = |row: &Measured| Some(row.instructions());
    let by_cycles = |row: &Measured| Some(row.cycles? as f64 / row.operations() as f64);
    let measures: [(&str, Measure); 2] =
        [("page_break_even_instr", &by_instructions), ("page_break_even_weighted", &by_cycles)];
    measures.into_iter().filter_map(|(name, measure)| line(name, rows, measure)).collect()
}

fn line(name: &str, rows: &[Measured], measure: Measure) -> Option<String> {
    let wait = break_even(rows, "page_serve", measure)?;
    let flush = break_even(rows, "page_flush", measure)?;
    Some(format!("{name}: {wait} calls by wait, {flush} by flush"))
}

/// The smallest batch that costs no more than as many direct calls.
fn break_even(rows: &[Measured], kind: &str, measure: Measure) -> Option<u64> {
    let of = |name: &str| rows.iter().find(|row| row.row.name == name).and_then(measure);
    let direct = of(DIRECT)?;
    let batches: Vec<_> =
        SIZES.iter().filter_map(|size| Some((*size, of(&format!("{kind}_b{size}"))? * *size as f64))).collect();
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
    use super::super::result::tests::measured;
    use super::*;

    #[test]
    fn it_lies_where_the_line_through_the_batches_meets_that_of_direct_calls() {
        // A batch costs 200 and 60 for each call; a direct call, 100.
        let serve = |name, size: u64| measured(name, 64 / size * (200 + 60 * size), &[]);
        let mut rows = vec![measured(DIRECT, 100, &[])];
        for (size, names) in SIZES.iter().zip([
            ["page_serve_b1", "page_flush_b1"],
            ["page_serve_b8", "page_flush_b8"],
            ["page_serve_b32", "page_flush_b32"],
            ["page_serve_b64", "page_flush_b64"],
        ]) {
            rows.extend(names.map(|name| serve(name, *size)));
        }
        assert_eq!(lines(&rows)[0], "page_break_even_instr: 5 calls by wait, 5 by flush");
        assert!(lines(&rows[1..]).is_empty(), "without a direct call there is nothing to say");
    }
}
