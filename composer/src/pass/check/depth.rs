//! How deep invocations nest: a thread has room for so many levels, whoever is above whom.
//!
//! A page that is served is a level more than an edge: its client invokes the scheduler, which invokes the server. And who makes
//! components at run time has each initialise on the thread of whoever asks for it, which can ask for others to be made.

use std::collections::HashMap;

use abi::crossing::INVOCATION_DEPTH;

use crate::code::INVOCATIONS_TOO_DEEP;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::{Graph, Via};

/// A longest chain of invocations from a component on.
#[derive(Clone, Copy, Default)]
struct Chain {
    /// How many.
    length: u64,
    /// The first one or two of them.
    first: Option<Step>,
}

/// Where a thread goes from a component.
#[derive(Clone, Copy)]
struct Step {
    /// By way of the scheduler, if a page is served.
    through: Option<usize>,
    to: usize,
    /// How often components can be made behind that, one by the making of another.
    makings: usize,
}

impl Step {
    fn levels(self) -> u64 {
        1 + u64::from(self.through.is_some())
    }
}

/// What each component makes at run time.
type Made = HashMap<usize, Vec<usize>>;

/// The longest chains from each component on, by how often components can be made in them.
type Chains = Vec<Vec<Chain>>;

/// Complains of the longest chain, if it is too long. `graph` is ordered: servers come before their clients.
pub fn check(graph: &Graph, found: &mut Diagnostics) {
    let (mut chains, made) = (Chains::new(), made(graph));
    for makings in 0..=makings(graph, &made) {
        chains.push(Vec::new());
        for at in 0..graph.components.len() {
            let chain = longest(graph, (at, makings), &made, &chains);
            chains.last_mut().into_iter().for_each(|layer| layer.push(chain));
        }
    }
    let last = chains.last().into_iter().flatten().enumerate();
    let Some((start, chain)) = last.max_by_key(|(_, chain)| chain.length) else { return };
    if chain.length > INVOCATION_DEPTH {
        found.push(too_deep(graph, &path(&chains, start)));
    }
}

fn made(graph: &Graph) -> Made {
    let mut made = Made::new();
    for (at, component) in graph.components.iter().enumerate() {
        component.constructor.into_iter().for_each(|maker| made.entry(maker).or_default().push(at));
    }
    made
}

/// How often components can be made, one by the making of another: once, unless one that is made can come to who makes them.
fn makings(graph: &Graph, made: &Made) -> usize {
    let mut reaches: Vec<bool> = Vec::new();
    for (at, component) in graph.components.iter().enumerate() {
        let goes_on = component.edges().any(|edge| reaches.get(edge.server) == Some(&true));
        reaches.push(goes_on || made.contains_key(&at));
    }
    let nest = made.values().flatten().any(|at| reaches.get(*at) == Some(&true));
    let most = usize::try_from(INVOCATION_DEPTH).unwrap_or(usize::MAX);
    made.values().flatten().count().min(if nest { most } else { 1 })
}

fn longest(graph: &Graph, (at, makings): (usize, usize), made: &Made, chains: &Chains) -> Chain {
    let Some(component) = graph.components.get(at) else { return Chain::default() };
    let called = component.edges().map(|edge| Step { through: None, to: edge.server, makings });
    let scheduler = graph.scheduler(at);
    let paged = component.deps.iter().filter(|dep| dep.via == Via::Page && scheduler.is_some());
    let served = paged.map(|page| Step { through: scheduler, to: page.server, makings });
    let fewer = makings.checked_sub(1).into_iter();
    let made = made.get(&at).into_iter().flatten();
    let made = fewer.flat_map(|makings| made.clone().map(move |to| Step { through: None, to: *to, makings }));
    let length = |step: &Step| Some(step.levels() + chains.get(step.makings)?.get(step.to)?.length);
    let all = called.chain(served).chain(made).filter_map(|step| Some((length(&step)?, step)));
    all.max_by_key(|(length, _)| *length)
        .map_or_else(Chain::default, |(length, step)| Chain { length, first: Some(step) })
}

/// The components of the longest chain from `start` on.
fn path(chains: &Chains, start: usize) -> Vec<usize> {
    let step = |makings: usize, at: usize| chains.get(makings)?.get(at)?.first;
    let first = chains.len().checked_sub(1).and_then(|makings| step(makings, start));
    let steps = std::iter::successors(first, |last| step(last.makings, last.to));
    std::iter::once(start).chain(steps.flat_map(|step| step.through.into_iter().chain([step.to]))).collect()
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
