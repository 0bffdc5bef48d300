//! The longest path through the functions of an image.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use serde::{Deserialize, Serialize};

use super::follow::{Frame, Invoked};
use super::problem::Problem;
use super::program::Program;
use super::{Bound, DEFAULT_NESTING, Entry};
use crate::elf::Image;
use abi::record::RecordKind;

/// How deep calls in a circle may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recursion {
    /// So often a path may come into a function that is called by address, or that is in a circle.
    pub depth: u32,
    /// Whether the graph says so; otherwise there may be no circle of direct calls.
    pub is_said: bool,
}

/// What the code of an image needs, wherever it can be entered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    entries: BTreeMap<u64, Entry>,
    invoked: BTreeSet<Invoked>,
}

impl Bounds {
    /// From what each function does.
    pub fn new(program: &Program<'_>, frames: &[Frame], recursion: Option<u32>) -> Result<Self, Vec<Problem>> {
        let recursion = Recursion { depth: recursion.unwrap_or(DEFAULT_NESTING), is_said: recursion.is_some() };
        let calls = Calls::new(program, frames);
        if let (false, Some(circle)) = (recursion.is_said, calls.circles.first()) {
            let circle = circle.iter().chain(circle.first()).map(|function| program.name(*function)).collect();
            return Err(vec![Problem::Recursion { circle }]);
        }
        let most = Paths::new(&calls, recursion.depth, |frame| Some(frame.most));
        let leaving = Paths::new(&calls, recursion.depth, |frame| frame.leaving);
        let bound = |paths: &Paths, function: usize| {
            let path = paths.path(function).into_iter().map(|at| program.name(at)).collect();
            Some(Bound { bytes: paths.bytes(function)?, path })
        };
        let entry = |address: u64| {
            let function = program.starting_at(address)?;
            Some((address, Entry { most: bound(&most, function)?, leaving: bound(&leaving, function) }))
        };
        let invoked = frames.iter().flat_map(|frame| frame.invoked.iter().copied()).collect();
        Ok(Self { entries: entered(program.image).filter_map(entry).collect(), invoked })
    }

    /// Of an image that is entered at these addresses, and needs so much there, at most and when it leaves.
    #[cfg(test)]
    pub fn fixed(entries: &[(u64, u64, Option<u64>)]) -> Self {
        let entry = |(address, most, leaving): &(u64, u64, Option<u64>)| {
            let bound = |bytes: u64| Bound { bytes, path: vec![format!("{address:#x}")] };
            (*address, Entry { most: bound(*most), leaving: leaving.map(bound) })
        };
        Self { entries: entries.iter().map(entry).collect(), invoked: BTreeSet::new() }
    }

    /// Whether the code may invoke `method` by the word at `slot`, as far as can be seen.
    pub fn may_invoke(&self, slot: u64, method: u16) -> bool {
        let fits = |known: Option<u64>, wanted: u64| known.is_none_or(|known| known == wanted);
        self.invoked
            .iter()
            .any(|invoked| fits(invoked.slot, slot) && fits(invoked.method.map(u64::from), method.into()))
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
struct Calls<'f> {
    frames: &'f [Frame],
    /// The functions whose address is taken.
    taken: Vec<usize>,
    /// All functions, those that are called directly before those that call them.
    order: Vec<usize>,
    /// Which circle of direct calls a function is in.
    circle: Vec<Option<usize>>,
    /// These circles.
    circles: Vec<Vec<usize>>,
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
        Self { frames, taken: taken(program, frames), order: groups.concat(), circle, circles }
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

/// A function, and how often a path may still come into one that is called by address or in a circle.
type Step = (usize, usize);

/// The bytes of the longest path, if there is one, and where it goes on.
type Longest = Option<(u64, Option<Step>)>;

/// The longest path from each function.
#[derive(Clone, Debug, Default)]
struct Paths {
    /// By how often: for each function the bytes, if there is such a path, and where it goes on.
    longest: Vec<Vec<Longest>>,
}

impl Paths {
    fn new(calls: &Calls<'_>, depth: u32, own: impl Fn(&Frame) -> Option<u64>) -> Self {
        let mut paths = Self { longest: Vec::new() };
        for left in 0..=depth as usize {
            paths.longest.push(vec![None; calls.frames.len()]);
            let by_address = paths.longest_by_address(calls, left);
            for function in &calls.order {
                let longest = paths.longest(calls, *function, left, by_address, &own);
                let place = paths.longest.last_mut().and_then(|level| level.get_mut(*function));
                place.into_iter().for_each(|place| *place = longest);
            }
        }
        paths
    }

    fn at(&self, (function, left): Step) -> Option<u64> {
        Some((*self.longest.get(left)?.get(function)?)?.0)
    }

    /// The function whose address is taken that needs most.
    fn longest_by_address(&self, calls: &Calls<'_>, left: usize) -> Option<(u64, Step)> {
        let left = left.checked_sub(1)?;
        let steps = calls.taken.iter().map(|function| (*function, left));
        steps.filter_map(|step| Some((self.at(step)?, step))).max_by_key(|(bytes, step)| (*bytes, step.0))
    }

    fn longest(
        &self,
        calls: &Calls<'_>,
        function: usize,
        left: usize,
        by_address: Option<(u64, Step)>,
        own: impl Fn(&Frame) -> Option<u64>,
    ) -> Longest {
        let frame = calls.frames.get(function)?;
        let circle = |function: usize| calls.circle.get(function).copied().flatten();
        let direct = frame.calls.iter().filter_map(|(callee, depth)| {
            let is_in_circle = circle(function).is_some() && circle(function) == circle(*callee);
            let step = (*callee, if is_in_circle { left.checked_sub(1)? } else { left });
            Some((depth.saturating_add(self.at(step)?), Some(step)))
        });
        let unknown =
            frame.unknown.zip(by_address).map(|(depth, (bytes, step))| (depth.saturating_add(bytes), Some(step)));
        let own = own(frame).map(|bytes| (bytes, None));
        direct.chain(unknown).chain(own).max_by_key(|(bytes, _)| *bytes)
    }

    /// The functions that a path may still come into most often.
    fn top(&self) -> usize {
        self.longest.len().saturating_sub(1)
    }

    fn bytes(&self, function: usize) -> Option<u64> {
        self.at((function, self.top()))
    }

    /// The functions on the longest path from this one.
    fn path(&self, function: usize) -> Vec<usize> {
        let mut path = vec![function];
        let mut step = (function, self.top());
        while let Some((_, Some(next))) = self.longest.get(step.1).and_then(|level| *level.get(step.0)?) {
            path.push(next.0);
            step = next;
        }
        path
    }
}
