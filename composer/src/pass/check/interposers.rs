//! Checks of interposers: each serves the interface, and calls the next component on the way by it.

use super::super::draft::Draft;
use crate::code::{NOT_AN_INTERPOSER, NOT_SUPPORTED_YET};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::{Component, Dependency, Graph, Via};
use crate::schedule::{PAGES, SCHED};

/// All edges of a client. That the first interposer serves the interface is checked as of any server.
pub fn check(client: &Component, graph: &Graph, draft: &Draft, found: &mut Diagnostics) {
    for dep in client.deps.iter().filter(|dep| !dep.chain.is_empty()) {
        check_supported(dep, found);
        for pair in dep.chain.windows(2) {
            let [interposer, next] = pair else { continue };
            let is_complete = draft.components.get(*interposer).is_some_and(|draft| draft.deps_complete);
            if is_complete && !leads_to(graph, *interposer, *next, dep) {
                found.extend(refusal(dep, graph, *interposer, *next));
            }
        }
    }
}

/// Calls that are posted, and those by which a component is scheduled, are more than calls.
fn check_supported(dep: &Dependency, found: &mut Diagnostics) {
    let interface = dep.interface.value.as_str();
    let what = match dep.via {
        Via::Page => "a page",
        Via::Call if [SCHED, PAGES].contains(&interface) => interface,
        Via::Call => return,
    };
    let message = format!("an interposer on the way to {what} is not supported yet");
    found.push(Diagnostic::error(NOT_SUPPORTED_YET, message).label(&dep.span, "this edge"));
}

/// Whether the component at `interposer` has an edge of this interface whose server is the one at `next`.
fn leads_to(graph: &Graph, interposer: usize, next: usize, dep: &Dependency) -> bool {
    let own = graph.components.get(interposer).map(|component| component.deps.as_slice()).unwrap_or_default();
    let serves = |own: &Dependency| own.chain.last().copied().unwrap_or(own.server);
    own.iter().any(|own| own.interface.value == dep.interface.value && serves(own) == next)
}

fn refusal(dep: &Dependency, graph: &Graph, interposer: usize, next: usize) -> Option<Diagnostic> {
    let interface = &dep.interface.value;
    let (interposer, next) = (graph.components.get(interposer)?, &graph.components.get(next)?.name.value);
    let name = &interposer.name.value;
    let message = format!("`{name}` cannot be an interposer here: it does not call `{interface}` of `{next}`");
    let complaint = Diagnostic::error(NOT_AN_INTERPOSER, message).label(&dep.span, "calls would end there");
    let complaint = complaint.label(&interposer.name.span, "the interposer");
    Some(complaint.help(format!("add to its deps: {{ srv = \"{next}\", interface = \"{interface}\" }}")))
}
