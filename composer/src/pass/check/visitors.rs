//! Threads that come by invocation to a component that another scheduler serves: what they ask of that is refused.

use std::collections::{HashSet, VecDeque};

use crate::code::THREADS_OF_ANOTHER_SCHEDULER;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::{Component, Dependency, Graph};
use crate::schedule::{PAGES, SCHED};

/// Whose threads call what each component depends on, as far as can be said: its own if it has a scheduler or nobody calls it, else those of
/// its clients, and of theirs. Of all that come to a component the nearest two with different schedulers are known: one of them is a
/// stranger wherever any is.
pub struct Visitors {
    nearest: Vec<Vec<usize>>,
}

impl Visitors {
    /// Those of all components, in time that grows with the number of edges.
    pub fn of(graph: &Graph) -> Self {
        let mut visitors = Self { nearest: vec![Vec::new(); graph.components.len()] };
        let mut coming: VecDeque<(usize, usize)> = origins(graph).into_iter().map(|origin| (origin, origin)).collect();
        while let Some((at, origin)) = coming.pop_front() {
            if visitors.note(at, origin, graph) {
                let servers = graph.components.get(at).into_iter().flat_map(Component::edges).map(|dep| dep.server);
                let goes_on = servers.filter(|server| graph.scheduler(*server).is_none());
                coming.extend(goes_on.map(|server| (server, origin)));
            }
        }
        visitors
    }

    /// Whether that is news: no other with the same scheduler has come there.
    fn note(&mut self, at: usize, origin: usize, graph: &Graph) -> bool {
        let Some(known) = self.nearest.get_mut(at) else { return false };
        let scheduler = graph.scheduler(origin);
        let is_news = known.len() < 2 && known.iter().all(|other| graph.scheduler(*other) != scheduler);
        known.extend(is_news.then_some(origin));
        is_news
    }

    /// Warns of the edges of the component at `index` over which such threads come.
    pub fn check(&self, index: usize, graph: &Graph, found: &mut Diagnostics) {
        let (Some(client), Some(comes)) = (graph.components.get(index), self.nearest.get(index)) else { return };
        let is_asked = |dep: &&Dependency| ![SCHED, PAGES].contains(&dep.interface.value.as_str());
        for dep in client.deps.iter().filter(is_asked) {
            let Some(scheduler) = graph.scheduler(dep.server) else { continue };
            let stranger = comes.iter().find(|origin| graph.scheduler(**origin) != Some(scheduler));
            found.extend(stranger.and_then(|origin| warning(client, dep, scheduler, *origin, graph)));
        }
    }
}

/// The components whose threads are those that come: each that has a scheduler, and each that nobody calls.
fn origins(graph: &Graph) -> Vec<usize> {
    let called: HashSet<usize> = graph.components.iter().flat_map(Component::edges).map(|dep| dep.server).collect();
    (0..graph.components.len()).filter(|at| graph.scheduler(*at).is_some() || !called.contains(at)).collect()
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
