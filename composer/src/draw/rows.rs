//! Rows: which box stands above which, and in what order from left to right.
//!
//! Boxes stand in the even rows, labels of arrows in the odd rows. An arrow is a chain: from the client's box to its label
//! in the row below, through a bend in each further row, to the server's box. Indices are made here and stay in bounds.

#![expect(
    clippy::indexing_slicing,
    reason = "the indices are those of what is drawn, made here and never read from anywhere: see `rows`"
)]

use super::plan::{self, Arrow, Plan};

/// What stands in the rows.
pub struct Rows {
    /// Everything that has a place.
    pub items: Vec<Item>,
    /// The items of each row, from left to right; the first row is the top.
    pub rows: Vec<Vec<usize>>,
    /// The items of each arrow, from the client's box to the server's.
    pub chains: Vec<Vec<usize>>,
}

/// Something that has a place in a row. The item of a box has the box's index.
pub struct Item {
    /// Its row.
    pub row: usize,
    /// Its width and height.
    pub size: (f64, f64),
    /// Whether it is a box.
    pub is_box: bool,
    /// What it is linked to in the row above.
    pub above: Vec<usize>,
    /// What it is linked to in the row below.
    pub below: Vec<usize>,
}

const BEND: (f64, f64) = (10.0, 0.0);

/// Bends beyond which long arrows are drawn straight: nobody looks at such a picture for its beauty.
const MOST_BENDS: usize = 20_000;

/// Times that all rows are reordered.
const SWEEPS: usize = 12;

impl Rows {
    /// The rows for `plan`.
    pub fn of(plan: &Plan) -> Self {
        let mut rows = Self { items: Vec::new(), rows: Vec::new(), chains: Vec::new() };
        let heights = heights(plan);
        let top = heights.iter().copied().max().unwrap_or(0);
        rows.rows.resize_with(2 * top + 1, Vec::new);
        for (node, height) in plan.boxes.iter().zip(heights) {
            rows.add(2 * (top - height), node.size, true);
        }
        for arrow in &plan.arrows {
            rows.add_arrow(arrow);
        }
        rows.order();
        rows
    }

    fn add(&mut self, row: usize, size: (f64, f64), is_box: bool) -> usize {
        let at = self.items.len();
        self.items.push(Item { row, size, is_box, above: Vec::new(), below: Vec::new() });
        self.rows[row].push(at);
        at
    }

    fn add_arrow(&mut self, arrow: &Arrow) {
        let (first, last) = (self.items[arrow.client].row + 1, self.items[arrow.server].row);
        let mut chain = vec![arrow.client, self.add(first, plan::size(&arrow.lines), false)];
        if self.items.len() < MOST_BENDS {
            chain.extend((first + 1..last).map(|row| self.add(row, BEND, false)));
        }
        chain.push(arrow.server);
        for (upper, lower) in chain.iter().zip(chain.iter().skip(1)) {
            self.items[*upper].below.push(*lower);
            self.items[*lower].above.push(*upper);
        }
        self.chains.push(chain);
    }

    /// Reorders the rows by sweeps, each item to the average of its neighbours, and keeps the order with fewest crossings.
    fn order(&mut self) {
        let mut best = (self.crossings(), self.rows.clone());
        for sweep in 0..SWEEPS {
            let downward = sweep.is_multiple_of(2);
            let mut numbers: Vec<_> = (0..self.rows.len()).collect();
            if !downward {
                numbers.reverse();
            }
            numbers.into_iter().for_each(|row| self.reorder(row, downward));
            let crossings = self.crossings();
            if crossings < best.0 {
                best = (crossings, self.rows.clone());
            }
        }
        self.rows = best.1;
    }

    fn reorder(&mut self, row: usize, downward: bool) {
        let positions = self.positions();
        let weight = |at: &usize| {
            let item = &self.items[*at];
            let neighbours = if downward { &item.above } else { &item.below };
            let sum: f64 = neighbours.iter().map(|neighbour| positions[*neighbour]).sum();
            if neighbours.is_empty() { positions[*at] } else { sum / neighbours.len() as f64 }
        };
        let mut ordered: Vec<_> = self.rows[row].iter().map(|at| (weight(at), *at)).collect();
        ordered.sort_by(|a, b| a.0.total_cmp(&b.0));
        self.rows[row] = ordered.into_iter().map(|(_, at)| at).collect();
    }

    /// The position of each item in its row, from 0 to 1: rows of different lengths compare.
    fn positions(&self) -> Vec<f64> {
        let mut positions = vec![0.0; self.items.len()];
        for row in &self.rows {
            for (position, at) in row.iter().enumerate() {
                positions[*at] = (position as f64 + 0.5) / row.len() as f64;
            }
        }
        positions
    }

    fn crossings(&self) -> usize {
        let positions = self.positions();
        let row_crossings = |row: &Vec<usize>| {
            let ends = row.iter().flat_map(|upper| {
                let mut below: Vec<_> = self.items[*upper].below.iter().map(|lower| positions[*lower]).collect();
                below.sort_by(f64::total_cmp);
                below
            });
            inversions(ends.collect())
        };
        self.rows.iter().map(row_crossings).sum()
    }
}

/// How far above the ground each box stands: one more than the highest of its servers.
fn heights(plan: &Plan) -> Vec<usize> {
    let has_ground = plan.boxes.iter().any(|node| node.is_ground);
    let lowest = |is_ground: bool| usize::from(has_ground && !is_ground);
    let mut heights: Vec<_> = plan.boxes.iter().map(|node| lowest(node.is_ground)).collect();
    // A server comes before its clients, and the arrows of a client lie together: one pass is enough.
    for arrow in &plan.arrows {
        heights[arrow.client] = heights[arrow.client].max(heights[arrow.server] + 1);
    }
    heights
}

/// Pairs that are in the wrong order, counted while merging.
fn inversions(values: Vec<f64>) -> usize {
    sort_counting(values).1
}

fn sort_counting(mut left: Vec<f64>) -> (Vec<f64>, usize) {
    if left.len() < 2 {
        return (left, 0);
    }
    let right = left.split_off(left.len() / 2);
    let ((left, in_left), (right, in_right)) = (sort_counting(left), sort_counting(right));
    let (mut merged, mut count) = (Vec::with_capacity(left.len() + right.len()), in_left + in_right);
    let mut left = left.into_iter().peekable();
    for value in right {
        while let Some(smaller) = left.next_if(|smaller| *smaller <= value) {
            merged.push(smaller);
        }
        count += left.len();
        merged.push(value);
    }
    merged.extend(left);
    (merged, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_inversions() {
        assert_eq!(inversions(vec![]), 0);
        assert_eq!(inversions(vec![1.0, 2.0, 2.0, 3.0]), 0);
        assert_eq!(inversions(vec![3.0, 2.0, 1.0]), 3);
        assert_eq!(inversions(vec![2.0, 1.0, 4.0, 3.0, 0.0]), 6);
    }
}
