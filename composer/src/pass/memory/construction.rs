//! What the booter takes of the memory that is left to it, component by component, as it constructs them.

use abi::boot::{BUNDLE, SHARED, made, slot};
use abi::bundle::{Grant, Time};
use abi::crossing::LEAF_SLOTS;
use abi::layout::PAGE;

use super::machine::Machine;
use super::nodes::Nodes;
use super::{Parts, Share};

/// Frames that the kernel takes for the booter beside its memory and its nodes: the page of information, and its time.
const OF_BOOTER: u64 = 2;

/// The leaf of the booter's table that the kernel makes.
const FIRST_LEAF: u64 = 1;

impl Parts<'_> {
    /// What each component has, in the order of the graph's components.
    pub fn shares(&self, machine: &Machine) -> Vec<Share> {
        let mut shares: Vec<Share> = (0..self.graph.components.len()).map(|at| self.share(at, machine)).collect();
        let others: u64 = shares.iter().map(Share::frames).sum();
        if let Some(booter) = shares.first_mut() {
            let mut nodes = self.nodes(0, machine);
            booter.objects += OF_BOOTER;
            booter.capability_tables += FIRST_LEAF;
            machine.add_booter(&mut nodes, booter.frames());
            // What lies in several page tables, the booter maps itself, where it names the frame.
            if self.graph.spaces.iter().any(|space| space.parent.is_some()) {
                let first = SHARED + machine.next();
                nodes.add_pages(first..first + others * PAGE);
            }
            booter.page_tables += nodes.count();
            booter.capability_tables += self.further_leaves();
        }
        shares
    }

    /// What the component at `index` has; what is made at run time is made of memory that somebody else has.
    fn share(&self, index: usize, machine: &Machine) -> Share {
        let parts = (self.graph.components.get(index), self.layout.components.get(index));
        let ((Some(component), Some(space)), Some(ready)) = (parts, self.bound.components.get(index)) else {
            return Share::default();
        };
        if component.constructor.is_some() {
            return Share::default();
        }
        let owns_table = self.graph.first_in_space(index) == index;
        // The booter's own nodes are counted with what the kernel maps there.
        let nodes = if index == 0 { 0 } else { self.nodes(index, machine).count() };
        Share {
            zeros: ready.memory.segments.iter().map(|it| it.memory_bytes / PAGE - it.file_bytes() / PAGE).sum(),
            stacks: space.stacks.iter().map(|stack| stack.bytes / PAGE).sum(),
            page_tables: if owns_table { 1 + nodes } else { 0 },
            capability_tables: 1 + self.leaves(index),
            objects: 1 + self.threads(index),
            run_time: self.untyped(index).map(|(_, frames)| frames).sum(),
        }
    }

    /// Frames of the threads that it has from the start, and of the time that belongs to them.
    fn threads(&self, index: usize) -> u64 {
        let own = self.graph.own_threads(index);
        own.iter().map(|thread| 1 + u64::from(self.graph.time(*thread) != Time::None)).sum()
    }

    /// The names of frames that it is granted, and how many each time.
    fn untyped(&self, index: usize) -> impl Iterator<Item = (u64, u64)> {
        self.granted(index).filter_map(|(_, grant)| match grant {
            Grant::Untyped { address, frames } => Some((address, frames)),
            _ => None,
        })
    }

    fn granted(&self, index: usize) -> impl Iterator<Item = (u64, Grant)> {
        let table = self.capabilities.components.get(index).into_iter();
        table.flat_map(|table| table.all().map(|capability| (capability.slot, capability.grant)))
    }

    /// Leaves of its capability table: all up to its last slot.
    fn leaves(&self, index: usize) -> u64 {
        let takes_slot = |grant: &Grant| !matches!(grant, Grant::Untyped { .. } | Grant::Bundle);
        let slots = self.granted(index).filter(|(_, grant)| takes_slot(grant)).map(|(slot, _)| slot);
        slots.max().map_or(0, |last| last / u64::from(LEAF_SLOTS) + 1)
    }

    /// Leaves that the booter adds to its table, for what it holds of the others and of their further threads.
    fn further_leaves(&self) -> u64 {
        let entries = self.graph.components.len() + self.graph.further_threads().len();
        let last = entries.checked_sub(1).filter(|last| *last > 0);
        last.map_or(0, |last| u64::from((slot::of(last) + made::TABLE) / LEAF_SLOTS))
    }

    /// The nodes of the page table of the component at `index`, if that is its own.
    fn nodes(&self, index: usize, machine: &Machine) -> Nodes {
        let mut nodes = Nodes::default();
        if self.graph.first_in_space(index) != index {
            return nodes;
        }
        let own = std::iter::once(index);
        for at in own.chain(self.graph.within_reach(index)) {
            self.add_memory(at, &mut nodes);
            if self.graph.first_in_space(at) == index {
                self.add_granted(at, machine, &mut nodes);
            }
        }
        nodes
    }

    /// Image, frames that it shares, and stacks.
    fn add_memory(&self, index: usize, nodes: &mut Nodes) {
        if let Some(ready) = self.bound.components.get(index) {
            ready.memory.segments.iter().for_each(|it| nodes.add_pages(it.address..it.address + it.memory_bytes));
            ready.shared.iter().for_each(|shared| nodes.add_pages(shared.address..shared.address + PAGE));
        }
        let stacks = self.layout.components.get(index).into_iter().flat_map(|space| &space.stacks);
        stacks.for_each(|stack| nodes.add_pages(stack.end - stack.bytes..stack.end));
    }

    /// What it is granted that lies in its address space.
    fn add_granted(&self, index: usize, machine: &Machine, nodes: &mut Nodes) {
        for (_, grant) in self.granted(index) {
            match grant {
                Grant::Untyped { address, frames } => nodes.add_pages(address..address + frames * PAGE),
                Grant::Registers { pages, address, .. } => nodes.add_pages(address..address + pages * PAGE),
                // Not all of it is mapped there, but hardly ever fewer tables are needed.
                Grant::Bundle => nodes.add_pages(BUNDLE..BUNDLE + machine.bundle()),
                _ => {}
            }
        }
    }
}
