//! Places: where in its row everything stands, so that arrows are straight and nothing touches.

#![expect(
    clippy::indexing_slicing,
    reason = "the indices are those of what is drawn, made here and never read from anywhere: see `rows`"
)]

use super::plan::{ARROW_GAP, Plan};
use super::rows::Rows;

/// The places of all items.
pub struct Places {
    /// The centre of each item, from the left.
    pub x: Vec<f64>,
    /// The top and the height of each row.
    pub rows: Vec<(f64, f64)>,
    /// Where each arrow leaves its client and arrives at its server.
    pub ends: Vec<(f64, f64)>,
    /// Width and height of the whole.
    pub size: (f64, f64),
}

const ROUNDS: usize = 32;
const BOX_GAP: f64 = 40.0;
const GAP: f64 = 10.0;
const ROW_GAP: f64 = 26.0;

impl Places {
    /// The places for `rows`.
    pub fn of(plan: &Plan, rows: &Rows) -> Self {
        let mut x = vec![0.0; rows.items.len()];
        for row in &rows.rows {
            settle(rows, row, &mut x, |_| None);
        }
        for round in 0..ROUNDS {
            sweep(rows, &mut x, round);
        }
        let left = edge(rows, &x, -1.0).fold(f64::INFINITY, f64::min);
        x.iter_mut().for_each(|x| *x -= if left.is_finite() { left } else { 0.0 });
        let width = edge(rows, &x, 1.0).fold(0.0, f64::max);
        let (row_places, height) = stack(rows);
        let ends = ends(plan, rows, &x, width);
        Self { x, rows: row_places, ends, size: (width, height) }
    }
}

fn edge<'a>(rows: &'a Rows, x: &'a [f64], side: f64) -> impl Iterator<Item = f64> + 'a {
    rows.items.iter().zip(x).map(move |(item, x)| x + side * item.size.0 / 2.0)
}

/// Moves every item towards those that it is linked to: above, below, and in the end both.
fn sweep(rows: &Rows, x: &mut [f64], round: usize) {
    let both = round + 12 >= ROUNDS;
    let downward = round.is_multiple_of(2);
    let mut numbers: Vec<_> = (0..rows.rows.len()).collect();
    if !downward {
        numbers.reverse();
    }
    for row in numbers {
        settle(rows, &rows.rows[row], x, |at| {
            let item = &rows.items[at];
            let above = item.above.iter().filter(|_| both || downward);
            let below = item.below.iter().filter(|_| both || !downward);
            Some(above.chain(below).copied().collect())
        });
    }
}

/// Puts the items of a row as near as possible to the mean of their neighbours.
fn settle(rows: &Rows, row: &[usize], x: &mut [f64], neighbours: impl Fn(usize) -> Option<Vec<usize>>) {
    let wish = |at: &usize| {
        let neighbours = neighbours(*at).unwrap_or_default();
        let sum: f64 = neighbours.iter().map(|neighbour| x[*neighbour]).sum();
        if neighbours.is_empty() { x[*at] } else { sum / neighbours.len() as f64 }
    };
    let wishes: Vec<_> = row.iter().map(wish).collect();
    let distance = |(a, b): (&usize, &usize)| {
        let (a, b) = (&rows.items[*a], &rows.items[*b]);
        (a.size.0 + b.size.0) / 2.0 + if a.is_box && b.is_box { BOX_GAP } else { GAP }
    };
    let distances: Vec<_> = row.iter().zip(row.iter().skip(1)).map(distance).collect();
    for (at, place) in row.iter().zip(spread(&wishes, &distances)) {
        x[*at] = place;
    }
}

/// The places nearest to `wishes`, by least squares, that keep the order and at least these distances.
///
/// Neighbours that would come too close form a block, which stands at the mean of its members' wishes (the
/// pool-adjacent-violators algorithm for isotonic regression).
fn spread(wishes: &[f64], distances: &[f64]) -> Vec<f64> {
    let offsets: Vec<f64> = std::iter::once(0.0).chain(distances.iter().scan(0.0, running_sum)).collect();
    let mut blocks: Vec<(f64, usize)> = Vec::new();
    for (wish, offset) in wishes.iter().zip(&offsets) {
        let mut block = (wish - offset, 1);
        while let Some(last) = blocks.pop_if(|last| last.0 / last.1 as f64 > block.0 / block.1 as f64) {
            block = (block.0 + last.0, block.1 + last.1);
        }
        blocks.push(block);
    }
    let places = blocks.into_iter().flat_map(|(sum, count)| std::iter::repeat_n(sum / count as f64, count));
    places.zip(&offsets).map(|(place, offset)| place + offset).collect()
}

fn running_sum(sum: &mut f64, next: &f64) -> Option<f64> {
    *sum += next;
    Some(*sum)
}

/// Tops and heights of the rows, and the height of all.
fn stack(rows: &Rows) -> (Vec<(f64, f64)>, f64) {
    let mut top = 0.0;
    let mut places = Vec::new();
    for row in &rows.rows {
        let height = row.iter().map(|at| rows.items[*at].size.1).fold(0.0, f64::max);
        places.push((top, height));
        top += height + ROW_GAP;
    }
    (places, (top - ROW_GAP).max(0.0))
}

/// Where arrows touch boxes: straight above or below where they come from, if there is room.
fn ends(plan: &Plan, rows: &Rows, x: &[f64], width: f64) -> Vec<(f64, f64)> {
    // For each box its arrows, and where the next item of each stands.
    let (mut outgoing, mut incoming) = (vec![Vec::new(); plan.boxes.len()], vec![Vec::new(); plan.boxes.len()]);
    for (at, (arrow, chain)) in plan.arrows.iter().zip(&rows.chains).enumerate() {
        outgoing[arrow.client].push((at, x[chain[1]]));
        incoming[arrow.server].push((at, x[chain[chain.len() - 2]]));
    }
    let mut ends = vec![(0.0, 0.0); plan.arrows.len()];
    for (at, node) in plan.boxes.iter().enumerate() {
        let (centre, room) = if node.is_ground { (width / 2.0, width) } else { (x[at], node.size.0) };
        touch(&mut outgoing[at], centre, room).for_each(|(arrow, place)| ends[arrow].0 = place);
        touch(&mut incoming[at], centre, room).for_each(|(arrow, place)| ends[arrow].1 = place);
    }
    ends
}

fn touch(arrows: &mut [(usize, f64)], centre: f64, room: f64) -> impl Iterator<Item = (usize, f64)> {
    arrows.sort_by(|a, b| a.1.total_cmp(&b.1));
    // Wishes beyond the box would push the others out of it.
    let half = (room / 2.0 - ARROW_GAP).max(0.0);
    let wishes: Vec<_> = arrows.iter().map(|(_, x)| x.clamp(centre - half, centre + half)).collect();
    let places = spread(&wishes, &vec![ARROW_GAP; wishes.len().saturating_sub(1)]);
    // Spreading may have moved the outermost ones out of the box again: shift all back.
    let over = places.last().map_or(0.0, |last| (last - centre - half).max(0.0));
    let under = places.first().map_or(0.0, |first| (centre - half - first).max(0.0));
    arrows.iter().zip(places).map(move |((arrow, _), place)| (*arrow, place - over + under))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_that_fit_are_granted() {
        assert_eq!(spread(&[0.0, 10.0, 30.0], &[5.0, 5.0]), [0.0, 10.0, 30.0]);
    }

    #[test]
    fn what_would_touch_is_spread_around_the_mean() {
        assert_eq!(spread(&[10.0, 10.0], &[4.0]), [8.0, 12.0]);
        assert_eq!(spread(&[5.0, 0.0, 100.0], &[10.0, 10.0]), [-2.5, 7.5, 100.0]);
    }
}
