//! Where components lie that share an address space: one after the other, those of the spaces around theirs first.

use abi::layout::DEFAULT_BASE;

use super::{Layout, Space};
use crate::code::ADDRESS_OVERLAP;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::{Component, Graph};

/// What a component's part of a shared address space is a multiple of: a node of its page table is nobody else's.
const PART: u64 = 2 << 20;

/// The components, those in outer spaces before those inside.
pub fn outer_first(graph: &Graph) -> Vec<usize> {
    let depth = |at: &usize| {
        let space = graph.components.get(*at).and_then(Component::shared_space);
        space.map_or(0, |space| graph.around(space).count())
    };
    let mut all: Vec<usize> = (0..graph.components.len()).collect();
    all.sort_by_key(depth);
    all
}

/// Where the component at `index` starts unless its graph says: behind all that have been placed within its reach.
pub fn base(graph: &Graph, index: usize, placed: &[Option<Space>]) -> u64 {
    let there = graph.within_reach(index).into_iter().filter_map(|other| placed.get(other)?.as_ref());
    let end = there.map(|space| space.range.end).max();
    end.and_then(|end| end.checked_next_multiple_of(PART)).unwrap_or(DEFAULT_BASE)
}

/// Complains of components at the same addresses of one page table; answers whether there are none.
pub fn check_overlaps(graph: &Graph, layout: &Layout, found: &mut Diagnostics) -> bool {
    let before = found.errors();
    let range = |at: usize| layout.components.get(at).map(|space| space.range.clone());
    for (at, component) in graph.components.iter().enumerate() {
        let Some(own) = range(at) else { continue };
        let overlaps = |other: &usize| range(*other).is_some_and(|it| it.start < own.end && own.start < it.end);
        // Two of one space are found twice; it is said once.
        let is_first = |other: &usize| graph.within_reach(*other).contains(&at) && at < *other;
        let others = graph.within_reach(at).into_iter().filter(|other| overlaps(other) && !is_first(other));
        for other in others.filter_map(|other| graph.components.get(other)) {
            let message = format!("`{}` and `{}` lie at the same addresses", component.name.value, other.name.value);
            let place = |of: &Component| of.baseaddr.as_ref().map_or(&of.name.span, |base| &base.span).clone();
            let complaint = Diagnostic::error(ADDRESS_OVERLAP, message)
                .label(&place(component), format!("from {:#x} to {:#x}", own.start, own.end))
                .label(&place(other), "in the same address space");
            found.push(complaint.help("leave `baseaddr` out, or choose others"));
        }
    }
    found.errors() == before
}
