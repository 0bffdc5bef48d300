//! Threads of a scheduler's other cores, and which of them can come to this one.
//!
//! A thread without time of its own core goes to another when it asks to (`migrate`), as the thread does that serves a page on another core, and when it
//! waits at a blockpoint that was made there: for as long as it likes, and as often. Which threads can ask for that, the graph says: those that may call
//! such a method, or come to a server that may.

use std::collections::BTreeSet;

use super::{Analysis, Doubt, Timed, threads};
use crate::graph::{Graph, Spanned};
use crate::schedule::SCHED;

/// Methods of a scheduler by which a thread comes to another core.
pub const MOVES: [&str; 3] = ["migrate", "wait_on", "trigger_and_wait"];

/// The threads of the same scheduler on its other cores.
pub(super) fn elsewhere(graph: &Graph, analysis: &Analysis) -> Vec<Timed> {
    let cores = graph.cores(analysis.scheduler).into_iter().filter(|core| *core != analysis.core);
    cores.flat_map(|core| threads(graph, analysis.scheduler, core, &|_| false)).collect()
}

/// Those that can come here. Who schedules others stays where it is.
pub(super) fn visitors(graph: &Graph, analysis: &Analysis, schedulers: &BTreeSet<usize>) -> Vec<Timed> {
    let mut visitors = elsewhere(graph, analysis);
    visitors.retain(|it| !it.has_budget() && !schedulers.contains(&it.component));
    visitors.retain(|it| {
        graph.reached_from(it.component).iter().any(|at| may_call(graph, *at, analysis.scheduler, &MOVES))
    });
    visitors.iter_mut().for_each(|it| it.doubt = Some(Doubt::Visits));
    visitors
}

/// Whether a component may call one of these methods of this scheduler.
pub(super) fn may_call(graph: &Graph, at: usize, scheduler: usize, methods: &[&str]) -> bool {
    let deps = graph.components.get(at).map(|component| component.deps.iter()).into_iter().flatten();
    let mut of_scheduler = deps.filter(|dep| dep.interface.value == SCHED && dep.server == scheduler);
    of_scheduler.any(|dep| {
        let is_one = |permitted: &[Spanned<String>]| permitted.iter().any(|it| methods.contains(&it.value.as_str()));
        dep.methods.as_deref().is_none_or(is_one)
    })
}
