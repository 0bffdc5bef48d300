//! Chains of invocations: which components a thread can be in at once, one above the other.
//!
//! Where an invocation can lead depends on more than the component that makes it: a scheduler serves the pages of
//! whoever invoked it, and a fault is handled only if none is being handled. So a place in a chain is a component, where it was
//! entered, by whom, and whether a handler is below.

use std::collections::HashMap;
use std::fmt::Write as _;

use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::graph::Graph;
use crate::pass::schema::Schema;
use crate::stack::{Bounds, Entry};

/// A place in a chain of invocations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Place {
    component: usize,
    /// The address in its image, as linked.
    entry: u64,
    /// Who invokes it; nobody where a thread starts.
    caller: Option<usize>,
    /// Whether it is there for a fault or a system call of a component below.
    handles: bool,
}

/// One level of a chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// The component.
    pub component: usize,
    /// Bytes of the stack in question that the level uses: none if it is in another component.
    pub bytes: u64,
    /// The functions that use them.
    pub path: Vec<String>,
}

/// What the stacks of a component need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Need {
    /// Bytes, at most.
    pub bytes: u64,
    /// The chain of invocations that needs so much, the thread's own component first.
    pub levels: Vec<Level>,
}

impl Need {
    /// The chain as text: a line for each level, and for those on the stack in question how they use it.
    pub fn chain(&self, graph: &Graph) -> String {
        let mut text = String::new();
        for (at, level) in self.levels.iter().enumerate() {
            let name = graph.components.get(level.component).map_or("", |component| &component.name.value);
            _ = write!(text, "{}{}`{name}`", "  ".repeat(at), if at == 0 { "" } else { "→ " });
            if level.bytes > 0 {
                _ = write!(text, ": {} bytes: {}", level.bytes, functions(&level.path));
            }
            text.push('\n');
        }
        text.truncate(text.trim_end().len());
        text
    }
}

/// A path as text; a function that calls itself stands there once.
fn functions(path: &[String]) -> String {
    let runs = path.chunk_by(|one, next| one == next);
    let named = runs.filter_map(|run| match run {
        [function] => Some(function.clone()),
        _ => Some(format!("{} ({} times)", run.first()?, run.len())),
    });
    named.collect::<Vec<_>>().join(" → ")
}

/// All places in all chains.
pub struct Chains<'a> {
    places: Vec<Place>,
    /// Who can be above whom, by indices of places.
    above: Vec<Vec<usize>>,
    /// Places above others before those.
    order: Vec<Vec<usize>>,
    bounds: &'a [Bounds],
    components: usize,
}

impl<'a> Chains<'a> {
    /// The chains of a system.
    pub fn new(graph: &Graph, schema: &Schema, bounds: &'a [Bounds]) -> Self {
        let starts = schema.components.iter().enumerate();
        let start = |(component, bindings): (usize, &crate::pass::schema::Bindings)| Place {
            component,
            entry: bindings.image.entry,
            caller: None,
            handles: false,
        };
        let mut places: Vec<Place> = starts.map(start).collect();
        let mut index: HashMap<Place, usize> = places.iter().enumerate().map(|(at, place)| (*place, at)).collect();
        let mut above: Vec<Vec<usize>> = Vec::new();
        while let Some(place) = places.get(above.len()).copied() {
            let mut next = Vec::new();
            for place in leads_to(graph, schema, place) {
                let at = *index.entry(place).or_insert(places.len());
                if at == places.len() {
                    places.push(place);
                }
                next.push(at);
            }
            above.push(next);
        }
        let order = order(&above);
        Self { places, above, order, bounds, components: graph.components.len() }
    }

    /// Components whose invocations can go round for ever, if there are any.
    pub fn circle(&self) -> Option<Vec<usize>> {
        let is_circle = |group: &&Vec<usize>| match group.as_slice() {
            [one] => self.above.get(*one).is_some_and(|above| above.contains(one)),
            _ => true,
        };
        let mut components: Vec<usize> = self
            .order
            .iter()
            .find(is_circle)?
            .iter()
            .filter_map(|at| self.places.get(*at))
            .map(|at| at.component)
            .collect();
        components.sort_unstable();
        components.dedup();
        Some(components)
    }

    /// What the stacks of each component need.
    pub fn needs(&self) -> Vec<Need> {
        let entries: Vec<Option<&Entry>> =
            self.places.iter().map(|place| self.bounds.get(place.component)?.entry(place.entry)).collect();
        (0..self.components).map(|component| self.need(component, &entries)).collect()
    }

    /// The longest chain, counting what lies on the stacks of `component`.
    fn need(&self, component: usize, entries: &[Option<&Entry>]) -> Need {
        let mut longest: Vec<(u64, Option<usize>)> = vec![(0, None); self.places.len()];
        for at in self.order.iter().flatten() {
            let (Some(place), Some(above)) = (self.places.get(*at), self.above.get(*at)) else { continue };
            let entry = entries.get(*at).copied().flatten().filter(|_| place.component == component);
            let (most, leaving) = entry
                .map_or((0, 0), |entry| (entry.most.bytes, entry.leaving.as_ref().map_or(0, |leaving| leaving.bytes)));
            let above = above.iter().filter_map(|at| Some((longest.get(*at)?.0, *at))).max_by_key(|(bytes, _)| *bytes);
            // Above another level of this component there is what has been left when that was invoked.
            let best = match above {
                Some((bytes, next)) if bytes > 0 && leaving.saturating_add(bytes) >= most => {
                    (leaving.saturating_add(bytes), Some(next))
                }
                _ => (most, None),
            };
            longest.get_mut(*at).into_iter().for_each(|place| *place = best);
        }
        self.describe(component, &longest, entries)
    }

    fn describe(&self, component: usize, longest: &[(u64, Option<usize>)], entries: &[Option<&Entry>]) -> Need {
        // Threads start at the first places, one for each component.
        let starts = longest.iter().take(self.components).enumerate();
        let Some((start, (bytes, _))) = starts.max_by_key(|(at, (bytes, _))| (*bytes, std::cmp::Reverse(*at))) else {
            return Need::default();
        };
        let mut levels = Vec::new();
        let mut next = Some(start).filter(|_| *bytes > 0);
        while let Some((at, place)) = next.and_then(|at| Some((at, self.places.get(at)?))) {
            next = longest.get(at).and_then(|(_, next)| *next);
            let entry = entries.get(at).copied().flatten().filter(|_| place.component == component);
            let bound = entry.and_then(|entry| if next.is_some() { entry.leaving.as_ref() } else { Some(&entry.most) });
            let bound = bound.cloned().unwrap_or_default();
            levels.push(Level { component: place.component, bytes: bound.bytes, path: bound.path });
        }
        Need { bytes: *bytes, levels }
    }
}

/// The places in groups that reach each other, those above others first.
fn order(above: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut graph: DiGraph<(), ()> = DiGraph::new();
    above.iter().for_each(|_| _ = graph.add_node(()));
    for (at, next) in above.iter().enumerate() {
        next.iter().for_each(|next| _ = graph.add_edge(NodeIndex::new(at), NodeIndex::new(*next), ()));
    }
    tarjan_scc(&graph).iter().map(|group| group.iter().map(|node| node.index()).collect()).collect()
}

/// Where a thread can go from `place`.
fn leads_to(graph: &Graph, schema: &Schema, place: Place) -> Vec<Place> {
    let Some(bindings) = schema.components.get(place.component) else { return Vec::new() };
    let to = |component, entry| Place { component, entry, caller: Some(place.component), handles: place.handles };
    let mut next: Vec<Place> = bindings.edges.iter().map(|edge| to(edge.server, edge.entry)).collect();
    // Its own pages it can have served itself.
    next.extend(bindings.edges.iter().filter_map(|edge| Some(to(edge.server, edge.page.as_ref()?.batch))));
    // A thread that it created for that runs calls that may block, which its clients have posted.
    next.extend(worked(schema, place).map(|entry| to(place.component, entry)));
    next.extend(served(graph, schema, place).map(|(server, batch)| to(server, batch)));
    let handlers = bindings.fault.iter().chain(&bindings.personality).filter(|_| !place.handles);
    next.extend(handlers.map(|handler| Place { handles: true, ..to(handler.server, handler.entry) }));
    let made = graph.constructed_by(place.component);
    next.extend(made.filter_map(|made| Some(to(made, schema.components.get(made)?.image.entry))));
    next
}

/// Where a component's own threads enter it as workers.
fn worked(schema: &Schema, place: Place) -> impl Iterator<Item = u64> {
    let edges = schema.components.iter().flat_map(|client| &client.edges);
    let edges = edges.filter(move |edge| place.caller.is_none() && edge.server == place.component);
    edges.filter_map(|edge| edge.page.as_ref()?.work)
}

/// The pages of the client that invoked a scheduler: their servers, and how they are entered.
fn served<'a>(graph: &Graph, schema: &'a Schema, place: Place) -> impl Iterator<Item = (usize, u64)> + use<'a> {
    let client = place.caller.filter(|client| graph.scheduler(*client) == Some(place.component));
    let edges = client.and_then(|client| schema.components.get(client)).map(|client| client.edges.as_slice());
    edges.unwrap_or_default().iter().filter_map(|edge| Some((edge.server, edge.page.as_ref()?.batch)))
}
