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

    /// Whether one of two components calls the other.
    pub fn are_connected(&self, one: usize, other: usize) -> bool {
        let calls = |client: usize, server: usize| {
            self.components.get(client).is_some_and(|client| client.deps.iter().any(|dep| dep.server == server))
        };
        calls(one, other) || calls(other, one)
    }
}
