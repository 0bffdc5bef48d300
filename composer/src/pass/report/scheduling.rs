//! How the threads of a component are scheduled.

use serde::Serialize;

use super::name;
use crate::graph::{self, Graph};

/// How the threads of a component are scheduled.
#[derive(Clone, Debug, Serialize)]
pub struct Scheduling {
    /// The component that schedules them.
    pub scheduler: String,
    /// Priority of its own thread; lower goes first.
    pub priority: u64,
    /// How long its own thread may run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share: Option<Share>,
    /// The threads that it may create.
    pub threads: Vec<Thread>,
}

/// A thread that a component may create.
#[derive(Clone, Debug, Serialize)]
pub struct Thread {
    /// Its index.
    pub thread: u64,
    /// The core on which it is created.
    pub core: u64,
    /// Its priority.
    pub priority: u64,
    /// How long it may run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share: Option<Share>,
}

/// How long a thread may run, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Share {
    /// In each period.
    pub budget: u64,
    /// A period.
    pub period: u64,
}

/// How the threads of `component` are scheduled, if they are.
pub(super) fn scheduling(graph: &Graph, index: usize, component: &graph::Component) -> Option<Scheduling> {
    let threads = graph.created_threads(index).zip(&component.threads);
    Some(Scheduling {
        scheduler: name(graph, graph.scheduler(index)? as u64),
        priority: component.own.parameters.priority,
        share: share(&component.own),
        threads: threads
            .enumerate()
            .map(|(at, (thread, of))| Thread {
                thread: thread as u64,
                core: graph.created_core(index, at),
                priority: of.parameters.priority,
                share: share(of),
            })
            .collect(),
    })
}

/// How long a thread may run, if that is limited.
pub(super) fn share(thread: &graph::Thread) -> Option<Share> {
    let of = thread.parameters;
    of.is_limited().then_some(Share { budget: of.budget, period: of.period })
}
