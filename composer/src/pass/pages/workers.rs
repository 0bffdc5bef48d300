//! Workers: how many of a server's threads may be busy with one client's calls that may block.

use super::Page;
use crate::graph::Graph;

/// Of a server's threads, those that run methods that may block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Workers {
    /// All of them.
    pub all: u64,
    /// Those that may be busy with calls of this edge at once.
    pub share: u64,
    /// Those that may be busy at once with calls of all edges, of the page's table, of which the graph says nothing; none if it says
    /// something of this one: then they are its own.
    pub common: Option<u64>,
}

/// Threads that the component at `index` may have as workers: those that it may create, but for those that have its own pages served.
pub fn threads(graph: &Graph, index: usize) -> u64 {
    let Some(component) = graph.components.get(index) else { return 0 };
    let runners = component.deps.iter().filter(|dep| dep.core.is_some()).count();
    component.threads.len().saturating_sub(runners) as u64
}

/// Shares the workers of each server among the edges that have pages: what the graph says, and of the rest all alike, none without
/// one.
pub fn share(graph: &Graph, pages: &mut [Page]) {
    let workers: Vec<Workers> = pages.iter().map(|page| part(graph, page, pages)).collect();
    for (page, workers) in pages.iter_mut().zip(workers) {
        page.workers = workers;
    }
}

fn part(graph: &Graph, page: &Page, pages: &[Page]) -> Workers {
    let all = threads(graph, page.server);
    let edges = pages.iter().filter(|other| other.server == page.server && other.ends.work.is_some());
    let (named, others): (Vec<&Page>, Vec<&Page>) = edges.partition(|edge| edge.ends.workers.is_some());
    let left = all.saturating_sub(named.into_iter().filter_map(|edge| edge.ends.workers).sum());
    let beside = others.iter().filter(|other| other.ends.table == page.ends.table).count() as u64;
    let part_of_left = |edges: u64| (left * edges).checked_div(others.len() as u64).unwrap_or(0).max(left.min(1));
    match page.ends.workers {
        Some(share) => Workers { all, share, common: None },
        None => Workers { all, share: part_of_left(1), common: Some(part_of_left(beside)) },
    }
}
