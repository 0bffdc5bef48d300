//! What a graph says for nothing: nobody would miss it. Only said of a graph without errors, of which it is no consequence.

use std::collections::HashSet;

use crate::code::UNUSED_INTERFACE;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::{Dependency, Graph, Spanned};

/// Warns of interfaces that are served to nobody.
pub fn check(graph: &Graph, found: &mut Diagnostics) {
    if found.has_errors() {
        return;
    }
    let called: HashSet<_> = graph.components.iter().flat_map(|client| client.edges()).flat_map(calls).collect();
    for (at, component) in graph.components.iter().enumerate() {
        for served in &component.implements {
            let variant = served.variant.as_ref().map(|variant| variant.value.as_str());
            let interface = served.interface.value.as_str();
            if !called.contains(&(at, interface, variant)) && !called.contains(&(at, interface, None)) {
                let message = format!("`{}` serves `{interface}` to nobody", component.name.value);
                let complaint =
                    Diagnostic::warning(UNUSED_INTERFACE, message).label(place(served), "nobody calls this");
                found.push(complaint.help("leave it out, or add it to the deps of who is to call it"));
            }
        }
    }
}

fn place(served: &crate::graph::Implements) -> &std::ops::Range<usize> {
    served.variant.as_ref().map_or(&served.interface.span, |variant| &variant.span)
}

/// Whom an edge calls: its server, and the interposers on the way.
fn calls(edge: &Dependency) -> impl Iterator<Item = (usize, &str, Option<&str>)> {
    let variant = edge.variant.as_ref().map(|variant: &Spanned<String>| variant.value.as_str());
    std::iter::once(edge.server)
        .chain(edge.chain.iter().copied())
        .map(move |at| (at, edge.interface.value.as_str(), variant))
}
