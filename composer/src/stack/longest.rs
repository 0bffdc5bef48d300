//! The longest path through the functions of an image.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use serde::{Deserialize, Serialize};

use super::follow::{Frame, Invoked};
use super::paths::Paths;
use super::problem::Problem;
use super::program::Program;
use super::{Bound, DEFAULT_NESTING, Entry};
use crate::elf::Image;
use abi::record::RecordKind;
use abi::stack::PANIC;

/// What the code of an image needs, wherever it can be entered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    entries: BTreeMap<u64, Entry>,
    invoked: BTreeSet<Invoked>,
    /// Whether functions call each other in a circle, not only by address.
    has_circles: bool,
}

impl Bounds {
    /// From what each function does.
    pub fn new(program: &Program<'_>, frames: &[Frame], recursion: Option<u32>) -> Result<Self, Vec<Problem>> {
        let calls = Calls::new(program, frames);
        if let (None, Some(circle)) = (recursion, calls.circles.first()) {
            let circle = circle.iter().chain(circle.first()).map(|function| program.name(*function)).collect();
            return Err(vec![Problem::Recursion { circle }]);
        }
        // Whoever says how deep circles go knows nothing of those through which `core` formats.
        let (circles, nested) = (recursion.unwrap_or(0), recursion.unwrap_or(0).max(DEFAULT_NESTING));
        let most = Paths::new(&calls, circles, nested, |frame| Some(frame.most));
        let leaving = Paths::new(&calls, circles, nested, |frame| frame.leaving);
        let bound = |bytes: Option<u64>, path: Vec<usize>| {
            Some(Bound { bytes: bytes?, path: path.into_iter().map(|at| program.name(at)).collect() })
        };
        let entry = |address: u64| {
            let function = program.starting_at(address)?;
            let leaving = bound(leaving.bytes(function), leaving.path(function));
            Some((address, Entry { most: bound(most.bytes(function), most.path(function))?, leaving }))
        };
        let invoked = frames.iter().flat_map(|frame| frame.invoked.iter().copied()).collect();
        let has_circles = !calls.circles.is_empty();
        Ok(Self { entries: entered(program.image).filter_map(entry).collect(), invoked, has_circles })
    }

    /// Of an image that is entered at these addresses, and needs so much there, at most and when it leaves.
    #[cfg(test)]
    pub fn fixed(entries: &[(u64, u64, Option<u64>)]) -> Self {
        let entry = |(address, most, leaving): &(u64, u64, Option<u64>)| {
            let bound = |bytes: u64| Bound { bytes, path: vec![format!("{address:#x}")] };
            (*address, Entry { most: bound(*most), leaving: leaving.map(bound) })
        };
        Self { entries: entries.iter().map(entry).collect(), ..Self::default() }
    }

    /// Whether the code may invoke `method` by the word at `slot`, as far as can be seen.
    pub fn may_invoke(&self, slot: u64, method: u16) -> bool {
        let fits = |known: Option<u64>, wanted: u64| known.is_none_or(|known| known == wanted);
        self.invoked
            .iter()
            .any(|invoked| fits(invoked.slot, slot) && fits(invoked.method.map(u64::from), method.into()))
    }

    /// Whether `recursion` makes no difference: there is no circle, and calls by address nest as deep anyway.
    pub fn ignores(&self, recursion: u32) -> bool {
        !self.has_circles && recursion <= DEFAULT_NESTING
    }

    /// What code needs that is entered at `address`; `None` if the image says of no such function that it can be.
    pub fn entry(&self, address: u64) -> Option<&Entry> {
        self.entries.get(&address)
    }
}

/// Where an image can be entered: where its thread starts, and what its records name.
fn entered(image: &Image) -> impl Iterator<Item = u64> {
    let named = image.records.iter().flat_map(|record| [record.first, record.second]);
    std::iter::once(image.entry).chain(named)
}

/// Who calls whom.
pub struct Calls<'f> {
    /// What each function does.
    pub frames: &'f [Frame],
    /// The functions whose address is taken.
    pub taken: Vec<usize>,
    /// All functions, those that are called directly before those that call them.
    pub order: Vec<usize>,
    /// The function in which a panic is said.
    pub panic: Option<usize>,
    /// Which circle of direct calls a function is in.
    circle: Vec<Option<usize>>,
    /// These circles.
    pub circles: Vec<Vec<usize>>,
}

impl<'f> Calls<'f> {
    fn new(program: &Program<'_>, frames: &'f [Frame]) -> Self {
        let mut graph: DiGraph<(), ()> = DiGraph::new();
        frames.iter().for_each(|_| _ = graph.add_node(()));
        for (caller, frame) in frames.iter().enumerate() {
            for callee in frame.calls.keys() {
                graph.add_edge(NodeIndex::new(caller), NodeIndex::new(*callee), ());
            }
        }
        let groups: Vec<Vec<usize>> =
            tarjan_scc(&graph).iter().map(|group| group.iter().map(|node| node.index()).collect()).collect();
        let calls_itself = |group: &[usize]| match group {
            [one] => frames.get(*one).is_some_and(|frame| frame.calls.contains_key(one)),
            _ => true,
        };
        let circles: Vec<Vec<usize>> = groups.iter().filter(|group| calls_itself(group)).cloned().collect();
        let mut circle = vec![None; frames.len()];
        for (number, members) in circles.iter().enumerate() {
            members.iter().filter_map(|member| circle.get_mut(*member).map(|of| *of = Some(number))).for_each(drop);
        }
        let panic = program.functions.iter().position(|function| function.name == PANIC);
        Self { frames, taken: taken(program, frames), order: groups.concat(), panic, circle, circles }
    }

    /// Whether both are in the same circle of direct calls.
    pub fn are_in_circle(&self, one: usize, other: usize) -> bool {
        let circle = |function: usize| self.circle.get(function).copied().flatten();
        circle(one).is_some() && circle(one) == circle(other)
    }
}

/// The functions whose address is taken: in code, or in a word of the image. Words in which a stub looks its methods up
/// do not count, nor do records, in which nobody looks.
fn taken(program: &Program<'_>, frames: &[Frame]) -> Vec<usize> {
    let tables: BTreeSet<u64> = frames.iter().flat_map(|frame| frame.tables.iter().copied()).collect();
    let image = program.image;
    let entries: BTreeSet<u64> = image
        .records
        .iter()
        .filter(|record| matches!(record.kind, RecordKind::Export | RecordKind::Batch))
        .flat_map(|record| [record.first, record.second])
        .collect();
    let words = image.relocations.iter().filter(|word| !tables.contains(word));
    let words = words.filter_map(|word| program.word(*word)).filter(|word| !entries.contains(word));
    let mut taken: BTreeSet<usize> = words.filter_map(|word| program.starting_at(word)).collect();
    taken.extend(frames.iter().flat_map(|frame| frame.taken.iter().copied()));
    taken.into_iter().collect()
}
