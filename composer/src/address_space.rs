//! Who shares an address space with whom: what follows from `[[address_spaces]]`.
//!
//! The components of one space have one page table, and lie in it one after the other. A space with a parent has a page
//! table of its own, in which the memory of the parent's components is mapped as well, at the same addresses.

use crate::graph::{AddressSpace, Component, Graph};

impl Graph {
    /// The numbers of the spaces around number `space`, the nearest first.
    pub fn around(&self, space: usize) -> impl Iterator<Item = usize> {
        let parent = |space: &usize| self.spaces.get(*space).and_then(|space| space.parent);
        // In a graph that is refused, spaces may lie in each other.
        std::iter::successors(parent(&space), parent).take(self.spaces.len())
    }

    /// The components of a space, in their order.
    pub fn members(&self, space: usize) -> impl Iterator<Item = usize> {
        let components = self.components.iter().enumerate();
        components.filter(move |(_, component)| component.shared_space() == Some(space)).map(|(at, _)| at)
    }

    /// The component that comes first in the address space of the one at `index`: the page table is that one's.
    pub fn first_in_space(&self, index: usize) -> usize {
        let space = self.components.get(index).and_then(Component::shared_space);
        space.and_then(|space| self.members(space).next()).unwrap_or(index)
    }

    /// The component whose page table is that of the space around the one of the component at `index`.
    pub fn first_around(&self, index: usize) -> Option<usize> {
        let mut around = self.around(self.components.get(index)?.shared_space()?);
        around.find_map(|space| self.members(space).next())
    }

    /// The other components whose memory the one at `index` can reach: those of its space, and of the spaces around it.
    pub fn within_reach(&self, index: usize) -> Vec<usize> {
        let Some(space) = self.components.get(index).and_then(Component::shared_space) else { return Vec::new() };
        let all = std::iter::once(space).chain(self.around(space));
        all.flat_map(|space| self.members(space)).filter(|other| *other != index).collect()
    }

    /// The space of the component at `index`, if it shares one.
    pub fn space_of(&self, index: usize) -> Option<&AddressSpace> {
        self.spaces.get(self.components.get(index)?.shared_space()?)
    }
}
