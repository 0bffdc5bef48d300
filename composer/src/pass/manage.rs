//! What managers hold, and what they are told: see [`abi::management`].

use std::collections::HashMap;

use abi::boot::UNTYPED;
use abi::bundle::{Capability, Grant};
use abi::layout::{PAGE, READ};
use abi::management::{HEADER_WORDS, Managed, map_at, map_words, words};

use super::capabilities::{Table, token};
use super::layout::{Layout, Space};
use super::schema::Schema;
use crate::elf::Segment;
use crate::graph::{Component, Graph};

/// Slots that a constructor needs for each component that it makes: its tables, the component, and its start.
const SLOTS: u64 = 4;

/// Bytes that a component may have from its memory manager unless its graph says otherwise.
const DEFAULT_QUOTA: u64 = 64 * PAGE;

/// What a manager holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// The capabilities, in the order of their slots; one for memory has none.
    pub capabilities: Vec<Capability>,
    /// What it is told of each component of the graph.
    pub managed: Vec<Managed>,
    /// The slots of its own tables.
    pub own: (u64, u64),
    /// The first free slot, and how many are free.
    pub free: (u64, u64),
    /// Untyped frames.
    pub frames: u64,
}

/// Bytes of the plan of a system of so many components, a whole number of pages.
pub fn bytes(components: usize) -> u64 {
    (8 * words(components) as u64).next_multiple_of(PAGE)
}

/// The graph and what has been made of it.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    /// The graph.
    pub graph: &'a Graph,
    /// Its images.
    pub schema: &'a Schema,
    /// Its addresses.
    pub layout: &'a Layout,
}

impl Parts<'_> {
    /// What the manager at `index` holds, from `slot` on.
    pub fn held(&self, index: usize, slot: u64) -> Held {
        let mut held = Held { managed: vec![Managed::default(); self.graph.components.len()], ..Held::default() };
        let mut next = slot;
        let mut tables: HashMap<usize, u64> = HashMap::new();
        let mut grant = |capabilities: &mut Vec<Capability>, grant: Option<Grant>| {
            capabilities.extend(grant.map(|grant| Capability { slot: next, grant }));
            next += 1;
            next - 1
        };
        for (at, managed) in held.managed.iter_mut().enumerate() {
            if self.graph.components.get(at).is_some_and(|client| client.memory_manager() == Some(index)) {
                let maker = self.graph.components.get(at).and_then(|client| client.constructor);
                managed.partner = maker.map_or(0, token);
                // Who is made at run time has a page table then: there is a slot for it. Who shares an address space has one page
                // table with the others, by one capability.
                let granted = maker.is_none().then_some(Grant::PageTable(at as u64));
                let first = self.graph.first_in_space(at);
                managed.page_table = *tables.entry(first).or_insert_with(|| grant(&mut held.capabilities, granted));
                managed.quota = self.quota(at);
                // A client's pages lie in twice as much address space, and so does what others lend it.
                held.frames += managed.quota + nodes(2 * (managed.quota + self.lent_to(at)));
            }
            let (serves, calls) = self.around(index, at);
            if serves {
                managed.component = grant(&mut held.capabilities, Some(Grant::Server(at as u64)));
            }
            if calls {
                managed.table = grant(&mut held.capabilities, Some(Grant::Table(at as u64)));
            }
        }
        if held.frames > 0 {
            // It has everything mapped itself.
            held.frames += nodes(held.frames);
        }
        let page_table = grant(&mut held.capabilities, Some(Grant::PageTable(index as u64)));
        let wanted = SLOTS * self.graph.constructed_by(index).count() as u64;
        held.free = (page_table + 1, wanted);
        // Its own table comes last, so that there are leaves for the free slots before it.
        held.own = (page_table + 1 + wanted, page_table);
        held.capabilities.push(Capability { slot: held.own.0, grant: Grant::Table(index as u64) });
        if wanted > 0 {
            held.capabilities.push(Capability { slot: 0, grant: Grant::Bundle });
        }
        if held.frames > 0 {
            let grant = Grant::Untyped { address: UNTYPED, frames: held.frames };
            held.capabilities.push(Capability { slot: 0, grant });
        }
        held
    }

    /// Whether the component at `at`, which is there from the start, is called by one that `constructor` makes, and
    /// whether it calls one, or gives it memory: then its table has to be changed with each life of that one.
    fn around(&self, constructor: usize, at: usize) -> (bool, bool) {
        let Some(component) = self.graph.components.get(at).filter(|component| component.constructor.is_none()) else {
            return (false, false);
        };
        let mut made = self.graph.constructed_by(constructor).filter_map(|made| self.graph.components.get(made));
        let serves = made.any(|made| made.edges().any(|edge| edge.server == at));
        let is_made =
            |edge: usize| self.graph.components.get(edge).is_some_and(|server| server.constructor == Some(constructor));
        let gives = |made: usize| self.graph.components.get(made).and_then(Component::memory_manager) == Some(at);
        let is_told = self.graph.constructed_by(constructor).any(gives);
        (serves, is_told || component.edges().any(|edge| is_made(edge.server)))
    }

    /// Frames that the component at `index` may have at once.
    fn quota(&self, index: usize) -> u64 {
        let said = self.graph.components.get(index).and_then(|component| component.memory.as_ref());
        let needed: u64 = self.graph.constructed_by(index).map(|made| self.frames(made)).sum();
        said.map_or(DEFAULT_QUOTA.max(needed * PAGE), |said| said.value) / PAGE
    }

    /// Frames that others may lend the component at `index` at once.
    fn lent_to(&self, index: usize) -> u64 {
        let lenders = (0..self.graph.components.len()).filter(|from| self.graph.may_give(*from, index));
        lenders.map(|from| self.quota(from)).sum()
    }

    /// Frames that the component at `index` is made of, at most.
    fn frames(&self, index: usize) -> u64 {
        let memory = self.schema.components.get(index).map_or(0, |bindings| {
            bindings.image.memory.segments.iter().map(|segment| segment.memory_bytes.div_ceil(PAGE)).sum()
        });
        let space = self.layout.components.get(index);
        let stacks: u64 = space.map_or(0, |space| space.stacks.iter().map(|stack| stack.bytes / PAGE).sum());
        let edges = self.schema.components.get(index).map_or(0, |bindings| bindings.edges.len() as u64);
        // Page tables: one of each upper level, and one for each 2 MiB that images and stacks can touch.
        const OBJECTS: u64 = 3;
        let node_span = PAGE * 512;
        let tables = 2 + memory.div_ceil(512) + 1 + space.map_or(0, |space| stack_bytes(space).div_ceil(node_span) + 1);
        OBJECTS + 1 + edges / 64 + memory + stacks + tables
    }

    /// The plan of the manager at `index`, with the capability table `table`, as memory.
    pub fn segment(&self, index: usize, table: &Table) -> Option<Segment> {
        let held = table.managing.as_ref()?;
        let address = self.layout.components.get(index)?.management?;
        let words = self.words(index, held);
        let contents = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        Some(Segment { address, memory_bytes: bytes(self.graph.components.len()), contents, rights: READ })
    }

    fn words(&self, index: usize, held: &Held) -> Vec<u64> {
        let count = self.graph.components.len();
        let constructs = self.graph.constructed_by(index).next().map_or(0, |_| token(index));
        let mut plan =
            vec![held.own.0, held.own.1, held.free.0, held.free.1, UNTYPED, held.frames, constructs, count as u64];
        debug_assert_eq!(plan.len(), HEADER_WORDS);
        plan.extend(held.managed.iter().flat_map(Managed::to_words));
        plan.resize(words(count), 0);
        for one in 0..count {
            for other in (0..count).filter(|other| self.graph.may_give(one, *other)) {
                if let Some(word) =
                    plan.get_mut(map_at(count, one) + other / 64).filter(|_| other / 64 < map_words(count))
                {
                    *word |= 1 << (other % 64);
                }
            }
        }
        plan
    }
}

/// Tells those that make components where the memory managers of these expect their page tables.
pub fn introduce(graph: &Graph, tables: &mut [Table]) {
    for (at, component) in graph.components.iter().enumerate() {
        let Some((maker, manager)) = component.constructor.zip(component.memory_manager()) else { continue };
        let of =
            |tables: &[Table], index: usize| Some(tables.get(index)?.managing.as_ref()?.managed.get(at)?.page_table);
        let Some(page_table) = of(tables, manager) else { continue };
        let made = tables.get_mut(maker).and_then(|table| table.managing.as_mut()?.managed.get_mut(at));
        if let Some(made) = made {
            *made = Managed { page_table, partner: token(manager), ..Managed::default() };
        }
    }
}

/// Page-table nodes for so many frames of run-time memory.
fn nodes(frames: u64) -> u64 {
    2 + frames.div_ceil(512) + 1
}

fn stack_bytes(space: &Space) -> u64 {
    let ends = space.stacks.iter().map(|stack| stack.end);
    ends.max().map_or(0, |end| end.saturating_sub(space.first_stack_end)) + abi::layout::STACK_SPAN
}
