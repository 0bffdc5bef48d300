//! Pass 4: components in the order of initialisation: a server before its clients, otherwise as in the file.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use petgraph::algo::{astar, tarjan_scc};
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;

use crate::code::DEPENDENCY_CYCLE;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::{Component, Dependency, Graph};

/// The components of `graph` in order, the base constructor first; `None` if there is a cycle.
pub fn order(graph: &Graph, found: &mut Diagnostics) -> Option<Graph> {
    let edges = edges(graph);
    let mut cycles: Vec<_> = tarjan_scc(&edges).into_iter().filter(|component| component.len() > 1).collect();
    if cycles.is_empty() {
        return Some(renumber(graph, &sorted(graph, &edges)));
    }
    cycles.iter_mut().for_each(|cycle| cycle.sort());
    found.extend(cycles.iter().filter_map(|cycle| describe(graph, &edges, cycle)));
    None
}

/// The components in an order that is right but for dependencies in circles: for whoever shows what is wrong.
pub fn order_anyhow(graph: &Graph) -> Graph {
    renumber(graph, &sorted(graph, &edges(graph)))
}

/// Why one component initialises after another.
#[derive(Clone, Copy)]
struct Edge<'g> {
    span: &'g Range<usize>,
    verb: &'static str,
}

/// Who initialises after whom, by their index in the graph. A dependency on itself is `check`'s to complain about.
fn edges(graph: &Graph) -> DiGraph<(), Edge<'_>> {
    let mut edges = DiGraph::with_capacity(graph.components.len(), 0);
    graph.components.iter().for_each(|_| _ = edges.add_node(()));
    for (client, component) in graph.components.iter().enumerate() {
        let mut add = |from: usize, to: usize, span, verb| {
            if from != to {
                edges.add_edge(NodeIndex::new(from), NodeIndex::new(to), Edge { span, verb });
            }
        };
        component.deps.iter().for_each(|dep| add(client, dep.server, &dep.span, "calls"));
        component.fault.iter().for_each(|dep| add(client, dep.server, &dep.span, "has its faults handled by"));
        component
            .personality
            .iter()
            .for_each(|dep| add(client, dep.server, &dep.span, "has its system calls served by"));
        // Whoever constructs a component at run time lets it initialise: after itself, and after its servers, unless it
        // constructs those as well.
        let Some(constructor) = component.constructor else { continue };
        add(client, constructor, &component.name.span, "is constructed by");
        let is_own = |server: usize| graph.components.get(server).is_some_and(|it| it.constructor == Some(constructor));
        let others = component.deps.iter().filter(|dep| !is_own(dep.server));
        others.for_each(|dep| add(constructor, dep.server, &dep.span, "constructs what calls"));
    }
    edges
}

/// Always takes the first component, as in the file, all of whose servers have been taken; the first of all where a circle leaves none.
fn sorted(graph: &Graph, edges: &DiGraph<(), Edge<'_>>) -> Vec<usize> {
    let mut waiting: HashMap<_, usize> = edges.node_indices().map(|at| (at, edges.edges(at).count())).collect();
    let is_base = |at: NodeIndex| graph.components.get(at.index()).is_some_and(|c| c.is_base_constructor);
    let rank = |at: NodeIndex| (!is_base(at), at);
    let mut ready: BTreeSet<_> = edges.node_indices().filter(|at| waiting.get(at) == Some(&0)).map(rank).collect();
    let mut order = Vec::new();
    loop {
        let next = ready.pop_first().or_else(|| waiting.keys().copied().map(rank).min());
        let Some((_, taken)) = next else { return order };
        waiting.remove(&taken);
        order.push(taken.index());
        for client in edges.edges_directed(taken, petgraph::Direction::Incoming).map(|edge| edge.source()) {
            let Some(servers) = waiting.get_mut(&client) else { continue };
            *servers -= 1;
            if *servers == 0 {
                ready.insert(rank(client));
            }
        }
    }
}

/// The graph with its components in this order.
fn renumber(graph: &Graph, order: &[usize]) -> Graph {
    let new: HashMap<usize, usize> = order.iter().enumerate().map(|(new, old)| (*old, new)).collect();
    let server = |old: usize| new.get(&old).copied().unwrap_or(old);
    let chain = |old: &[usize]| old.iter().map(|old| server(*old)).collect();
    let edge = |dep: &Dependency| Dependency { server: server(dep.server), chain: chain(&dep.chain), ..dep.clone() };
    let renumbered = |component: &Component| Component {
        deps: component.deps.iter().map(edge).collect(),
        fault: component.fault.as_ref().map(edge),
        personality: component.personality.as_ref().map(edge),
        constructor: component.constructor.map(server),
        ..component.clone()
    };
    let components = order.iter().filter_map(|old| graph.components.get(*old)).map(renumbered).collect();
    Graph { components, ..graph.clone() }
}

/// One circle among components that all reach each other: a shortest one through the first of them.
fn describe(graph: &Graph, edges: &DiGraph<(), Edge<'_>>, cycle: &[NodeIndex]) -> Option<Diagnostic> {
    let start = *cycle.first()?;
    let back = |from: NodeIndex| astar(edges, from, |at| at == start, |_| 1, |_| 0);
    let around = edges.neighbors(start).filter_map(|server| back(server).map(|(length, path)| (length, server, path)));
    let (_, _, path) = around.min_by_key(|(length, server, _)| (*length, *server))?;
    let path: Vec<_> = std::iter::once(start).chain(path).collect();
    let name = |at: &NodeIndex| graph.components.get(at.index()).map_or("", |component| component.name.value.as_str());
    let circle: Vec<_> = path.iter().map(|at| format!("`{}`", name(at))).collect();
    let message = format!("components depend on each other in a circle: {}", circle.join(" → "));
    let mut complaint = Diagnostic::error(DEPENDENCY_CYCLE, message);
    for (client, server) in path.iter().zip(path.iter().skip(1)) {
        let between = edges.edges_connecting(*client, *server).map(|edge| *edge.weight());
        let Edge { span, verb } = between.min_by_key(|edge| edge.span.start)?;
        complaint = complaint.label(span, format!("`{}` {verb} `{}`", name(client), name(server)));
    }
    Some(complaint.help("a server starts before its clients: break the circle at one of these dependencies"))
}
