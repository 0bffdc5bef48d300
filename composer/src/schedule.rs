//! Who schedules whom, and which threads there are: what follows from the edges of the interface [`SCHED`].
//!
//! A component's own thread has the component's index. Threads that components may create follow after all of these,
//! component by component.

use std::ops::Range;

use crate::graph::{Component, Graph};
use abi::plan::Share;

/// The interface whose server schedules the threads of its clients.
pub const SCHED: &str = "sched";

/// The interface by which a component has its pages served: its scheduler's, which alone maps them.
pub const PAGES: &str = "pages";

impl Component {
    /// The components that schedule its thread: one, or none; more in a graph that is refused.
    pub fn schedulers(&self) -> impl Iterator<Item = usize> {
        self.deps.iter().filter(|dep| dep.interface.value == SCHED).map(|dep| dep.server)
    }
}

impl Graph {
    /// The component that schedules the thread of the one at `index`.
    pub fn scheduler(&self, index: usize) -> Option<usize> {
        self.components.get(index)?.schedulers().next()
    }

    /// The components that the one at `index` schedules, in their order.
    pub fn scheduled_by(&self, index: usize) -> impl Iterator<Item = usize> {
        (0..self.components.len()).filter(move |client| self.scheduler(*client) == Some(index))
    }

    /// The core on which the thread of the component at `index` runs: as the graph says, or its scheduler's, or the first.
    pub fn core(&self, index: usize) -> u64 {
        let said = |at: usize| Some(self.components.get(at)?.core.as_ref()?.value);
        said(index).or_else(|| said(self.scheduler(index)?)).unwrap_or(0)
    }

    /// Indices of the threads that the component at `index` may create.
    pub fn created_threads(&self, index: usize) -> Range<usize> {
        let before: usize = self.components.iter().take(index).map(|component| component.threads.len()).sum();
        let first = self.components.len() + before;
        first..first + self.components.get(index).map_or(0, |component| component.threads.len())
    }

    /// All threads of the component at `index`: its own, and those that it may create.
    pub fn threads(&self, index: usize) -> impl Iterator<Item = usize> {
        std::iter::once(index).chain(self.created_threads(index))
    }

    /// The component whose thread has this index.
    pub fn owner(&self, thread: usize) -> Option<usize> {
        let mut components = 0..self.components.len();
        components.find(|index| *index == thread || self.created_threads(*index).contains(&thread))
    }

    /// The threads that the component at `index` schedules and that have a budget.
    pub fn budgets(&self, index: usize) -> usize {
        let clients = self.scheduled_by(index).filter_map(|client| self.components.get(client));
        let shares = clients.flat_map(|client| client.threads.iter().map(|thread| thread.share).chain([client.share]));
        shares.filter(Share::is_limited).count()
    }

    /// How many threads there can be.
    pub fn thread_count(&self) -> usize {
        self.created_threads(self.components.len()).end
    }
}
