//! How deep invocations nest: a thread has room for so many levels, whoever is above whom.

use abi::crossing::INVOCATION_DEPTH;

use crate::code::INVOCATIONS_TOO_DEEP;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::Graph;

/// A longest chain of invocations from a component on: how many, and the first one's server.
#[derive(Clone, Copy, Default)]
struct Chain {
    length: u64,
    next: Option<usize>,
}

/// Complains of the longest chain, if it is too long. `graph` is ordered: servers come before their clients.
pub fn check(graph: &Graph, found: &mut Diagnostics) {
    let mut chains: Vec<Chain> = Vec::new();
    for component in &graph.components {
        let servers = component.edges().filter_map(|edge| Some((chains.get(edge.server)?.length + 1, edge.server)));
        let longest = servers.max_by_key(|(length, _)| *length);
        chains.push(longest.map_or_else(Chain::default, |(length, next)| Chain { length, next: Some(next) }));
    }
    let Some((start, chain)) = chains.iter().enumerate().max_by_key(|(_, chain)| chain.length) else { return };
    if chain.length > INVOCATION_DEPTH {
        found.push(too_deep(graph, &path(&chains, start)));
    }
}

fn path(chains: &[Chain], start: usize) -> Vec<usize> {
    std::iter::successors(Some(start), |at| chains.get(*at)?.next).collect()
}

fn too_deep(graph: &Graph, path: &[usize]) -> Diagnostic {
    let name = |at: &usize| graph.components.get(*at).map_or("", |component| component.name.value.as_str());
    let invocations = path.len().saturating_sub(1);
    let message = format!(
        "a chain of {invocations} invocations is deeper than the {INVOCATION_DEPTH} that a thread has room for"
    );
    let complaint = Diagnostic::error(INVOCATIONS_TOO_DEEP, message);
    let first = path.first().and_then(|at| graph.components.get(*at));
    let complaint =
        first.into_iter().fold(complaint, |complaint, first| complaint.label(&first.name.span, "it starts here"));
    let names: Vec<_> = path.iter().map(name).collect();
    complaint.help(format!("the chain is {}", shortened(&names)))
}

/// The first and the last few of many names.
fn shortened(names: &[&str]) -> String {
    const ENDS: usize = 3;
    let arrows = |names: &[&str]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" → ");
    match (names.get(..ENDS), names.len().checked_sub(ENDS).and_then(|last| names.get(last..))) {
        (Some(first), Some(last)) if names.len() > 2 * ENDS => format!("{} → … → {}", arrows(first), arrows(last)),
        _ => arrows(names),
    }
}
