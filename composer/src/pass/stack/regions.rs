//! Authority that is wider than used: an edge that lets a component give memory away, and code that never does.

use crate::code::UNUSED_REGIONS;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::{Component, Dependency, Graph};
use crate::manage::MEMORY;
use crate::pass::schema::{Bindings, Schema};
use crate::stack::Bounds;

/// The methods of [`MEMORY`] by which memory is given to others.
const GIVING: [&str; 2] = ["offer", "give"];

/// Warns of edges of which an end does not give what it may.
pub fn check(graph: &Graph, schema: &Schema, bounds: &[Bounds], found: &mut Diagnostics) {
    for (at, client) in graph.components.iter().enumerate() {
        for dep in &client.deps {
            let ends = [(dep.regions.client, at, dep.server), (dep.regions.server, dep.server, at)];
            for (_, from, to) in ends.into_iter().filter(|(may, ..)| *may) {
                let part = || Some((graph.components.get(from)?, schema.components.get(from)?, bounds.get(from)?));
                let is_unused = part().is_some_and(|(giver, bindings, bounds)| !gives(giver, bindings, bounds));
                let names = graph.components.get(from).zip(graph.components.get(to)).filter(|_| is_unused);
                found.extend(names.map(|(giver, taker)| warning(dep, giver, taker)));
            }
        }
    }
}

/// Whether the component's code may invoke a method that gives memory away; of code that cannot be followed, nothing is known.
fn gives(giver: &Component, bindings: &Bindings, bounds: &Bounds) -> bool {
    let edge = giver.deps.iter().zip(&bindings.edges).find(|(dep, _)| dep.interface.value == MEMORY);
    let Some((_, edge)) = edge.filter(|_| giver.stack_check) else { return true };
    GIVING.iter().filter_map(|method| edge.number(method)).any(|number| bounds.may_invoke(edge.slot, number))
}

fn warning(dep: &Dependency, giver: &Component, taker: &Component) -> Diagnostic {
    let message = format!("`{}` may give memory to `{}`, and never does", giver.name.value, taker.name.value);
    let complaint = Diagnostic::warning(UNUSED_REGIONS, message).label(&dep.span, "authority that nobody uses");
    complaint.help("say in `regions` who does, or leave it out")
}
