//! The picture of a graph: clients above their servers, the base constructor as the ground on which all stand.
//!
//! The drawing is layered, as by Sugiyama, Tagawa and Toda (1981): `plan` says what there is to draw, `rows` puts it
//! into rows and orders them so that few arrows cross, `places` finds places in the rows that make arrows straight,
//! `svg` writes it down, and `page` makes it one that is looked at in a browser. The same graph always gives the same
//! picture, byte for byte.

mod breaks;
mod costs;
mod dot;
mod page;
mod places;
mod plan;
mod rows;
mod svg;

pub use costs::Costs;

use crate::diagnostic::Diagnostics;
use crate::graph::Graph;
use breaks::Breaks;

/// What is drawn beside the graph itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Notes<'a> {
    /// What is wrong with it, in red.
    pub complaints: Option<&'a Diagnostics>,
    /// What calls cost.
    pub costs: Option<&'a Costs>,
}

/// The picture of `graph`, as SVG.
pub fn draw(graph: &Graph) -> String {
    draw_with(graph, Notes::default())
}

/// The picture of `graph` with notes, as SVG.
pub fn draw_with(graph: &Graph, notes: Notes<'_>) -> String {
    let plan = plan_of(graph, notes);
    let rows = rows::Rows::of(&plan);
    let places = places::Places::of(&plan, &rows);
    svg::write(&plan, &rows, &places)
}

/// The same as one page, in which what belongs together can be found and followed.
pub fn draw_page(graph: &Graph, notes: Notes<'_>) -> String {
    page::write(&plan_of(graph, notes), &draw_with(graph, notes))
}

/// The graph in the language DOT, for other programs to draw.
pub fn dot(graph: &Graph, notes: Notes<'_>) -> String {
    dot::write(&plan_of(graph, notes))
}

fn plan_of(graph: &Graph, notes: Notes<'_>) -> plan::Plan {
    let breaks = notes.complaints.map(|complaints| Breaks::of(graph, complaints)).unwrap_or_default();
    plan::Plan::of(graph, &breaks, notes.costs)
}
