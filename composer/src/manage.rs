//! Who manages whom at run time: what follows from `constructor` and from the edges of the interface [`MEMORY`].

use std::collections::HashMap;

use crate::graph::{Component, Graph};

/// The interface whose server gives memory to its clients.
pub const MEMORY: &str = "memory";

/// The interface by which components are made and ended at run time.
pub const CAPABILITIES: &str = "capabilities";

impl Component {
    /// The component that gives it memory at run time.
    pub fn memory_manager(&self) -> Option<usize> {
        self.deps.iter().find(|dep| dep.interface.value == MEMORY).map(|dep| dep.server)
    }
}

impl Graph {
    /// The components that the one at `index` constructs at run time, in their order.
    pub fn constructed_by(&self, index: usize) -> impl Iterator<Item = usize> {
        let components = self.components.iter().enumerate();
        components.filter(move |(_, component)| component.constructor == Some(index)).map(|(at, _)| at)
    }

    /// By component that constructs others at run time: the first of those.
    pub fn first_made(&self) -> HashMap<usize, usize> {
        let made = self.components.iter().enumerate();
        let pairs = made.filter_map(|(at, made)| Some((made.constructor?, at)));
        // The last one that is put in stays: that is the first one.
        pairs.rev().collect()
    }

    /// The components to which the one at `index` gives memory, in their order.
    pub fn provided_by(&self, index: usize) -> impl Iterator<Item = usize> {
        let components = self.components.iter().enumerate();
        components.filter(move |(_, component)| component.memory_manager() == Some(index)).map(|(at, _)| at)
    }

    /// Whether the component at `index` manages others at run time.
    pub fn is_manager(&self, index: usize) -> bool {
        self.constructed_by(index).next().is_some() || self.provided_by(index).next().is_some()
    }

    /// Whether memory of the component at `from` may become a region of the one at `to`: an edge between them says so.
    pub fn may_give(&self, from: usize, to: usize) -> bool {
        let edges = |client: usize, server: usize| {
            let deps = self.components.get(client).map(|client| client.deps.iter()).into_iter().flatten();
            deps.filter(move |dep| dep.server == server).map(|dep| dep.regions)
        };
        edges(from, to).any(|regions| regions.client) || edges(to, from).any(|regions| regions.server)
    }
}
