//! All threads that there can be: whose they are, who decides about them, and where they can come to.

use serde::Serialize;

use super::scheduling::share;
use super::{Share, Subject, name};
use crate::graph;

/// A thread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its index.
    pub thread: usize,
    /// The component whose thread it is.
    pub component: String,
    /// Whether it is there from the start, or may be created.
    pub created: bool,
    /// The core on which it runs.
    pub core: u64,
    /// Who schedules it; nobody does where the booter runs it to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduler: Option<String>,
    /// Its priority; lower goes first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<u64>,
    /// How long it may run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share: Option<Share>,
    /// The components that it can come to: it has a stack in each.
    pub reaches: Vec<String>,
}

/// All threads, by their index.
pub fn threads(subject: Subject<'_>) -> Vec<Entry> {
    let graph = subject.graph;
    let mut threads = Vec::new();
    for (index, component) in graph.components.iter().enumerate() {
        let own = graph.own_threads(index).into_iter().map(|own| (own.thread, own.core, &component.own, false));
        let created = graph.created_threads(index).zip(&component.threads).enumerate();
        let created = created.map(|(at, (thread, of))| (thread, graph.created_core(index, at), of, true));
        threads.extend(own.chain(created).map(|thread| entry(subject, index, thread)));
    }
    threads.sort_by_key(|entry| entry.thread);
    threads
}

fn entry(subject: Subject<'_>, index: usize, (thread, core, of, created): (usize, u64, &graph::Thread, bool)) -> Entry {
    let graph = subject.graph;
    let scheduler = graph.scheduler(index);
    let spaces = subject.layout.components.iter().enumerate();
    let reached = spaces.filter(|(_, space)| space.stacks.iter().any(|stack| stack.thread == thread as u64));
    Entry {
        thread,
        component: name(graph, index as u64),
        created,
        core,
        scheduler: scheduler.map(|scheduler| name(graph, scheduler as u64)),
        priority: scheduler.map(|_| of.parameters.priority),
        share: share(of),
        reaches: reached.map(|(at, _)| name(graph, at as u64)).collect(),
    }
}
