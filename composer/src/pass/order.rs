//! Pass 4: components in the order of initialisation: a server before its clients, otherwise as in the file.

use std::collections::{BTreeSet, HashMap};

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

/// Clients and servers, by their index in the graph. A dependency on itself is `check`'s to complain about.
fn edges(graph: &Graph) -> DiGraph<(), &Dependency> {
    let mut edges = DiGraph::with_capacity(graph.components.len(), 0);
    graph.components.iter().for_each(|_| _ = edges.add_node(()));
    for (client, component) in graph.components.iter().enumerate() {
        for dep in component.edges().filter(|dep| dep.server != client) {
            edges.add_edge(NodeIndex::new(client), NodeIndex::new(dep.server), dep);
        }
    }
    edges
}

/// Always takes the first component, as in the file, all of whose servers have been taken.
fn sorted(graph: &Graph, edges: &DiGraph<(), &Dependency>) -> Vec<usize> {
    let mut waiting: HashMap<_, usize> = edges.node_indices().map(|at| (at, edges.edges(at).count())).collect();
    let is_base = |at: NodeIndex| graph.components.get(at.index()).is_some_and(|c| c.is_base_constructor);
    let rank = |at: NodeIndex| (!is_base(at), at);
    let mut ready: BTreeSet<_> = edges.node_indices().filter(|at| waiting.get(at) == Some(&0)).map(rank).collect();
    let mut order = Vec::new();
    while let Some((_, taken)) = ready.pop_first() {
        order.push(taken.index());
        for client in edges.edges_directed(taken, petgraph::Direction::Incoming).map(|edge| edge.source()) {
            let Some(servers) = waiting.get_mut(&client) else { continue };
            *servers -= 1;
            if *servers == 0 {
                ready.insert(rank(client));
            }
        }
    }
    order
}

/// The graph with its components in this order.
fn renumber(graph: &Graph, order: &[usize]) -> Graph {
    let new: HashMap<usize, usize> = order.iter().enumerate().map(|(new, old)| (*old, new)).collect();
    let server = |old: usize| new.get(&old).copied().unwrap_or(old);
    let edge = |dep: &Dependency| Dependency { server: server(dep.server), ..dep.clone() };
    let renumbered = |component: &Component| Component {
        deps: component.deps.iter().map(edge).collect(),
        fault: component.fault.as_ref().map(edge),
        ..component.clone()
    };
    let components = order.iter().filter_map(|old| graph.components.get(*old)).map(renumbered).collect();
    Graph { components, ..graph.clone() }
}

/// One circle among components that all reach each other: a shortest one through the first of them.
fn describe(graph: &Graph, edges: &DiGraph<(), &Dependency>, cycle: &[NodeIndex]) -> Option<Diagnostic> {
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
        let dep =
            edges.edges_connecting(*client, *server).map(|edge| *edge.weight()).min_by_key(|dep| dep.span.start)?;
        complaint =
            complaint.label(&dep.span, format!("`{}` {} `{}`", name(client), verb(graph, *client, dep), name(server)));
    }
    Some(complaint.help("a server starts before its clients: break the circle at one of these dependencies"))
}

fn verb(graph: &Graph, client: NodeIndex, dep: &Dependency) -> &'static str {
    let handler = graph.components.get(client.index()).and_then(|component| component.fault.as_ref());
    if handler.is_some_and(|handler| std::ptr::eq(handler, dep)) { "has its faults handled by" } else { "calls" }
}
