//! Who schedules whom, and which threads there are: what follows from the edges of the interface [`SCHED`].
//!
//! A component's own thread has the component's index. Threads that components may create follow after all of these,
//! component by component; and then the further threads of components on several cores, one for each core but the first.
//!
//! A scheduler below another one is that one's client by its own thread, or by all of them, each on its core.

use std::ops::Range;

use sched_sl::policy::any::NAMES;

use crate::graph::{Component, Graph, Spanned};
use crate::schedulability::EARLIEST_DEADLINE;
use abi::bundle::Time;

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
        let said = |at: usize| Some(self.components.get(at)?.cores.first()?.value);
        std::iter::once(index).chain(self.above(index)).find_map(said).unwrap_or(0)
    }

    /// The cores on which the component at `index` has a thread of its own.
    pub fn cores(&self, index: usize) -> Vec<u64> {
        let said: Vec<_> = self.components.get(index).map_or(vec![], |component| numbers(&component.cores));
        if said.is_empty() { vec![self.core(index)] } else { said }
    }

    /// The core of thread number `at` of those that the component at `index` may create.
    pub fn created_core(&self, index: usize, at: usize) -> u64 {
        let said = self.components.get(index).and_then(|component| component.threads.get(at)?.core.as_ref());
        said.map_or_else(|| self.core(index), |core| core.value)
    }

    /// Whether the component at `index` schedules any other.
    pub fn is_scheduler(&self, index: usize) -> bool {
        self.scheduled_by(index).next().is_some()
    }

    /// The schedulers above the component at `index`, the next one first.
    pub fn above(&self, index: usize) -> impl Iterator<Item = usize> {
        // A circle is refused elsewhere.
        std::iter::successors(self.scheduler(index), |at| self.scheduler(*at)).take(self.components.len())
    }

    /// The further threads of components on several cores: those beside each component's own. A scheduler's run as that one does; others
    /// only initialise on their cores.
    pub fn further_threads(&self) -> Vec<OwnThread> {
        let first = self.created_threads(self.components.len()).end;
        let several = |of: &usize| self.components.get(*of).is_some_and(|component| component.cores.len() > 1);
        let cores = (0..self.components.len()).filter(several).map(|of| (of, self.cores(of)));
        let further = cores.flat_map(|(of, cores)| cores.into_iter().skip(1).map(move |core| (of, core)));
        let entries = self.components.len()..;
        let numbered = entries.zip(first..).zip(further);
        numbered.map(|((entry, thread), (of, core))| OwnThread { of, core, thread, entry }).collect()
    }

    /// The threads of its own that the component at `index` has, each on another core.
    pub fn own_threads(&self, index: usize) -> Vec<OwnThread> {
        let first = OwnThread { of: index, core: self.core(index), thread: index, entry: index };
        if self.components.get(index).is_none_or(|component| component.cores.len() < 2) {
            return vec![first];
        }
        let further = self.further_threads().into_iter().filter(|thread| thread.of == index);
        std::iter::once(first).chain(further).collect()
    }

    /// The own threads of the clients of the scheduler at `index`: what it has to run.
    pub fn scheduled_threads(&self, index: usize) -> Vec<OwnThread> {
        let all = self.scheduled_by(index).flat_map(|client| self.own_threads(client));
        all.filter(|thread| thread.entry == thread.of || self.runs_everywhere(thread.of)).collect()
    }

    /// Whether the component at `index` does on each of its cores what it is there for: who serves [`SCHED`] does.
    pub fn runs_everywhere(&self, index: usize) -> bool {
        let serves = |component: &Component| component.implements.iter().any(|offer| offer.interface.value == SCHED);
        self.components.get(index).is_some_and(serves)
    }

    /// The temporal capability that belongs to a thread of a component's own.
    pub fn time(&self, thread: OwnThread) -> Time {
        let is_limited = self.components.get(thread.of).is_some_and(|of| of.own.parameters.is_limited());
        match self.scheduler(thread.of) {
            _ if !self.is_scheduler(thread.of) => Time::None,
            Some(_) if is_limited => Time::Given,
            // The kernel's own is the first core's.
            None if thread.core != 0 && self.gives_time(thread.of) => Time::Endless,
            Some(_) | None => Time::None,
        }
    }

    /// Whether the scheduler at `index` gives time to anybody.
    pub fn gives_time(&self, index: usize) -> bool {
        self.budgets(index) > 0 || self.scheduled_by(index).any(|client| self.is_scheduler(client))
    }

    /// The thread whose temporal capability the scheduler at `index` gives time from on a core: its own, or that of the first one
    /// above that has one. `None` for the kernel's own.
    pub fn time_source(&self, index: usize, core: u64) -> Option<OwnThread> {
        let all = std::iter::once(index).chain(self.above(index));
        let there = all.flat_map(|at| self.own_threads(at)).filter(|thread| thread.core == core);
        there.into_iter().find(|thread| self.time(*thread) != Time::None)
    }

    /// Indices of the threads that the component at `index` may create.
    pub fn created_threads(&self, index: usize) -> Range<usize> {
        let before: usize = self.components.iter().take(index).map(|component| component.threads.len()).sum();
        let first = self.components.len() + before;
        first..first + self.components.get(index).map_or(0, |component| component.threads.len())
    }

    /// All threads of the component at `index`: its own, and those that it may create.
    pub fn threads(&self, index: usize) -> impl Iterator<Item = usize> {
        let own = self.own_threads(index).into_iter().map(|own| own.thread);
        own.chain(self.created_threads(index))
    }

    /// The component whose thread has this index.
    pub fn owner(&self, thread: usize) -> Option<usize> {
        if thread < self.components.len() {
            return Some(thread);
        }
        (0..self.components.len()).find(|index| self.threads(*index).any(|own| own == thread))
    }

    /// The threads that the component at `index` schedules and that have a budget, other than those of schedulers: for these there are
    /// temporal capabilities from the start.
    pub fn budgets(&self, index: usize) -> usize {
        if self.keeps_budgets(index) {
            return 0;
        }
        let clients = self.scheduled_by(index).filter_map(|client| Some((client, self.components.get(client)?)));
        let threads = clients.flat_map(|(at, client)| {
            let own = Some(&client.own).filter(|_| !self.is_scheduler(at));
            client.threads.iter().chain(own)
        });
        threads.filter(|thread| thread.parameters.is_limited()).count()
    }

    /// Whether the policy of the scheduler at `index` keeps the budgets of the threads itself, so that the kernel does not have to.
    pub fn keeps_budgets(&self, index: usize) -> bool {
        let policy = self.components.get(index).and_then(|it| NAMES.get(it.scheduling.policy));
        policy == Some(&EARLIEST_DEADLINE)
    }

    /// How many threads there can be.
    pub fn thread_count(&self) -> usize {
        self.created_threads(self.components.len()).end + self.further_threads().len()
    }
}

/// A thread that a component has from the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnThread {
    /// The component.
    pub of: usize,
    /// The core that it runs on.
    pub core: u64,
    /// Its index.
    pub thread: usize,
    /// Its entry in the bundle's table of components: the component's, for the first.
    pub entry: usize,
}

fn numbers(cores: &[Spanned<u64>]) -> Vec<u64> {
    cores.iter().map(|core| core.value).collect()
}
