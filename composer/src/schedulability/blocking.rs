//! Locks of servers: whom a thread can find inside, who goes behind it and is in its way all the same.
//!
//! Whoever waits for a lock lends its time to the one that has it, and so do all that wait for that one. So a less urgent thread
//! is in the way until it has given the lock back, once in a job of the other, and no longer than a job of its own takes, of which what it does
//! in the server is a part. It is also in the way of those in between, which never come to the server.
//!
//! Which components take locks, the graph says: those that may call a method of their scheduler by which one thread waits for
//! another. Where a component's own threads meet, or a visit waits for the server's own, that is part of what a `cost` says, but for those
//! server's threads that are declared themselves.

use std::collections::{BTreeSet, HashMap};

use serde::Serialize;

use super::elsewhere::{elsewhere, may_call};
use super::{Analysis, EARLIEST_DEADLINE, PROPORTIONAL_SHARE, TIME_PARTITIONS, Timed};
use crate::graph::{Component, Graph};

/// Methods of a scheduler by which a thread waits for one that has what it needs.
pub const WAITS: [&str; 3] = ["wait_on", "trigger_and_wait", "exchange"];

/// A thread, and the server in which it may have what another waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Holder {
    /// The component, as an index into [`Graph::components`].
    pub component: usize,
    /// Which of its threads.
    pub number: usize,
    /// The server, as an index into [`Graph::components`].
    pub server: usize,
}

/// What a thread may have to wait for those that go behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Blocking {
    /// Microseconds, for all of which that is known.
    pub time: u64,
    /// The first of those.
    pub by: Option<Holder>,
    /// One of which nobody knows how long it takes.
    pub unbounded: Option<Holder>,
}

impl Analysis {
    /// Finds out for whom threads may have to wait. Before anything is promised.
    pub(super) fn count_blocking(&mut self, graph: &Graph) {
        if !self.threads.iter().any(Timed::is_declared) {
            return;
        }
        let visits = Visits::of(graph, self.scheduler, &self.threads);
        let others = elsewhere(graph, self);
        let all = self.threads.clone();
        for at in 0..all.len() {
            let before = Before::of(self.policy, &visits, &all, at);
            let blocking = before.blocking(all.iter().enumerate(), &others, &visits);
            if let Some(thread) = self.threads.get_mut(at).filter(|thread| thread.is_declared()) {
                thread.blocking = blocking;
            }
        }
    }
}

/// The components with locks to which the threads of each component come.
struct Visits(HashMap<usize, BTreeSet<usize>>);

impl Visits {
    fn of(graph: &Graph, scheduler: usize, threads: &[Timed]) -> Self {
        let mut visits: HashMap<usize, BTreeSet<usize>> = HashMap::new();
        let takes_locks = |at: &usize| may_call(graph, *at, scheduler, &WAITS);
        let clients = threads.iter().map(|thread| thread.component).chain(graph.scheduled_by(scheduler));
        for component in clients {
            visits.entry(component).or_insert_with(|| {
                let mut reached = graph.reached_from(component);
                reached.retain(|at| takes_locks(at));
                reached
            });
        }
        Self(visits)
    }

    /// The servers in which a thread of this component may have a lock, each with whether it is its own component.
    fn by(&self, component: usize) -> impl Iterator<Item = (usize, bool)> {
        self.0.get(&component).into_iter().flatten().map(move |server| (*server, *server == component))
    }
}

/// The servers to which a thread comes, or one that goes before it or may have what one of them waits for, and so may be kept waiting.
struct Before<'t> {
    policy: &'static str,
    own: usize,
    thread: Option<&'t Timed>,
    /// Each with whether anybody comes there whose own component it is not.
    servers: HashMap<usize, bool>,
}

impl<'t> Before<'t> {
    fn of(policy: &'static str, visits: &Visits, all: &'t [Timed], own: usize) -> Self {
        let mut before = Self { policy, own, thread: all.get(own), servers: HashMap::new() };
        for (at, thread) in all.iter().enumerate() {
            // Where all have their shares, nobody loses any by what others wait for.
            let counts = at == own || policy != PROPORTIONAL_SHARE && !before.is_behind(at, thread);
            if counts && before.is_among(thread) {
                before.come(thread, visits);
            }
        }
        before.close(all, visits);
        before
    }

    fn come(&mut self, thread: &Timed, visits: &Visits) {
        for (server, is_own) in visits.by(thread.component) {
            *self.servers.entry(server).or_default() |= !is_own;
        }
    }

    /// Whoever has a lock may wait for another meanwhile, where this one never comes.
    fn close(&mut self, all: &[Timed], visits: &Visits) {
        loop {
            let known = self.servers.clone();
            let holders: Vec<&Timed> = all.iter().filter(|other| self.held_by(other, visits).is_some()).collect();
            holders.into_iter().for_each(|holder| self.come(holder, visits));
            if self.servers == known {
                return;
            }
        }
    }

    /// Whether a thread shares the time that this one has: then it is in its way, or behind it.
    fn is_among(&self, other: &Timed) -> bool {
        let of = |thread: &Timed| thread.parameters.partition;
        self.policy != TIME_PARTITIONS || self.thread.is_some_and(|thread| of(thread) == of(other))
    }

    /// Whether the thread with this number goes behind this one: if not, it is counted as one that goes before it.
    fn is_behind(&self, at: usize, other: &Timed) -> bool {
        let Some(thread) = self.thread.filter(|_| at != self.own) else { return false };
        match self.policy {
            EARLIEST_DEADLINE => !other.is_declared() || other.deadline > thread.deadline,
            _ => other.parameters.priority > thread.parameters.priority,
        }
    }

    /// Where a thread may have what this one, or one before it, waits for.
    fn held_by(&self, other: &Timed, visits: &Visits) -> Option<Holder> {
        let Timed { component, number, .. } = *other;
        // A server's own threads are a part of what it does, like all that it does itself, unless the graph says more of them. And among
        // the threads of one component alone its own locks are not counted.
        let is_counted = |has_visitors: &bool| *has_visitors && other.is_declared();
        let meets = |(server, is_own): &(usize, bool)| {
            self.servers.get(server).is_some_and(|has_visitors| !is_own || is_counted(has_visitors))
        };
        visits.by(component).find(meets).map(|(server, _)| Holder { component, number, server })
    }

    fn blocking<'a>(
        &self,
        all: impl Iterator<Item = (usize, &'a Timed)>,
        elsewhere: &[Timed],
        visits: &Visits,
    ) -> Blocking {
        let mut blocking = Blocking::default();
        for (at, other) in all.filter(|(at, _)| *at != self.own) {
            let is_bounded = self.policy != PROPORTIONAL_SHARE && self.is_among(other);
            if is_bounded && !self.is_behind(at, other) {
                continue;
            }
            let Some(holder) = self.held_by(other, visits) else { continue };
            if is_bounded && other.is_declared() {
                blocking.time = blocking.time.saturating_add(other.job());
                blocking.by.get_or_insert(holder);
            } else {
                blocking.unbounded.get_or_insert(holder);
            }
        }
        for other in elsewhere {
            blocking.unbounded = blocking.unbounded.or_else(|| self.held_by(other, visits));
        }
        blocking
    }
}

impl Graph {
    /// The component at `index`, and all to which its threads come by calls.
    pub(super) fn reached_from(&self, index: usize) -> BTreeSet<usize> {
        let (mut reached, mut next) = (BTreeSet::from([index]), vec![index]);
        while let Some(at) = next.pop() {
            let servers = self.components.get(at).into_iter().flat_map(Component::edges).map(|dep| dep.server);
            next.extend(servers.filter(|server| reached.insert(*server)));
        }
        reached
    }
}
