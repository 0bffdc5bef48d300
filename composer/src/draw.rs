//! The picture of a graph: clients above their servers, the base constructor as the ground on which all stand.
//!
//! The drawing is layered, as by Sugiyama, Tagawa and Toda (1981): `plan` says what there is to draw, `rows` puts it
//! into rows and orders them so that few arrows cross, `places` finds places in the rows that make arrows straight,
//! `svg` writes it down. The same graph always gives the same picture, byte for byte.

mod places;
mod plan;
mod rows;
mod svg;

use crate::graph::Graph;

/// The picture of `graph`, as SVG.
pub fn draw(graph: &Graph) -> String {
    let plan = plan::Plan::of(graph);
    let rows = rows::Rows::of(&plan);
    let places = places::Places::of(&plan, &rows);
    svg::write(&plan, &rows, &places)
}
