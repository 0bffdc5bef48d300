//! Threads that come by invocation to a component that another scheduler serves: what they ask of that is refused.

use crate::code::THREADS_OF_ANOTHER_SCHEDULER;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::{Component, Dependency, Graph};
use crate::schedule::{PAGES, SCHED};

/// Warns of the edges of the component at `index` over which such threads come.
pub fn check(index: usize, graph: &Graph, found: &mut Diagnostics) {
    let Some(client) = graph.components.get(index) else { return };
    let is_asked = |dep: &&Dependency| ![SCHED, PAGES].contains(&dep.interface.value.as_str());
    let comes = origins(index, graph);
    for dep in client.deps.iter().filter(is_asked) {
        let Some(scheduler) = graph.scheduler(dep.server) else { continue };
        let stranger = comes.iter().find(|origin| graph.scheduler(**origin) != Some(scheduler));
        found.extend(stranger.and_then(|origin| warning(client, dep, scheduler, *origin, graph)));
    }
}

/// Whose threads call what the component at `index` depends on, as far as can be said of it: its own if it has a scheduler or nobody calls
/// it, else those of its clients, and of theirs.
fn origins(index: usize, graph: &Graph) -> Vec<usize> {
    let (mut all, mut next) = (vec![index], 0);
    while let Some(&at) = all.get(next) {
        next += 1;
        if graph.scheduler(at).is_none() {
            let clients = clients(at, graph).filter(|client| !all.contains(client));
            let clients: Vec<_> = clients.collect();
            all.extend(clients);
        }
    }
    all.retain(|at| graph.scheduler(*at).is_some() || clients(*at, graph).next().is_none());
    all
}

fn clients(server: usize, graph: &Graph) -> impl Iterator<Item = usize> + '_ {
    let calls = move |component: &Component| component.edges().any(|dep| dep.server == server);
    graph.components.iter().enumerate().filter(move |(_, component)| calls(component)).map(|(at, _)| at)
}

fn warning(client: &Component, dep: &Dependency, scheduler: usize, origin: usize, graph: &Graph) -> Option<Diagnostic> {
    let name = |at: usize| Some(&graph.components.get(at)?.name);
    let (server, scheduler, origin_name) = (name(dep.server)?, name(scheduler)?, name(origin)?);
    let message =
        format!("threads of `{}` come to `{}`, and are unknown to its scheduler", origin_name.value, server.value);
    let whose = match graph.scheduler(origin).and_then(name) {
        Some(other) => format!("scheduled by `{}`", other.value),
        None => "scheduled by nobody".to_owned(),
    };
    let label = format!("`{}` calls `{}`", client.name.value, server.value);
    let complaint = Diagnostic::warning(THREADS_OF_ANOTHER_SCHEDULER, message)
        .label(&dep.span, label)
        .label(&origin_name.span, whose);
    Some(complaint.help(format!(
        "where `{}` has them sleep or wait for a lock, they get an error:\n\
         have `{}` schedule both, or see that these calls never wait",
        server.value, scheduler.value
    )))
}
