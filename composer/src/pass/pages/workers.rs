//! Workers: how many of a server's threads may be busy with one client's calls that may block.

use super::Page;
use crate::graph::Graph;

/// Of a server's threads, those that run methods that may block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Workers {
    /// All of them.
    pub all: u64,
    /// Those that may be busy with calls of one edge at once.
    pub share: u64,
}

/// Threads that the component at `index` may have as workers: those that it may create, but for those that have its own pages served.
fn threads(graph: &Graph, index: usize) -> u64 {
    let Some(component) = graph.components.get(index) else { return 0 };
    let runners = component.deps.iter().filter(|dep| dep.core.is_some()).count();
    component.threads.len().saturating_sub(runners) as u64
}

/// Shares the workers of each server among the edges that have pages: all alike, and none without one.
pub fn share(graph: &Graph, pages: &mut [Page]) {
    let workers: Vec<Workers> = pages.iter().map(|page| part(graph, page.server, pages)).collect();
    for (page, workers) in pages.iter_mut().zip(workers) {
        page.workers = workers;
    }
}

fn part(graph: &Graph, server: usize, pages: &[Page]) -> Workers {
    let edges = pages.iter().filter(|page| page.server == server && page.ends.work.is_some()).count() as u64;
    let all = threads(graph, server);
    Workers { all, share: all.checked_div(edges).unwrap_or(0).max(1) }
}
