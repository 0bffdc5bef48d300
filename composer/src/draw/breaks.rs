//! Which components and which edges a complaint is about.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::Graph;

/// What is wrong, by what it is about.
#[derive(Clone, Debug, Default)]
pub struct Breaks {
    /// By component.
    components: BTreeMap<usize, Vec<String>>,
    /// By client and server.
    edges: BTreeMap<(usize, usize), Vec<String>>,
}

impl Breaks {
    /// What is wrong with `graph`. Warnings and notes break no rule.
    pub fn of(graph: &Graph, complaints: &Diagnostics) -> Self {
        let mut breaks = Self::default();
        for complaint in complaints.iter().filter(|complaint| complaint.is_error()) {
            complaint.labels.iter().for_each(|label| breaks.add(graph, complaint, &label.span));
        }
        breaks
    }

    fn add(&mut self, graph: &Graph, complaint: &Diagnostic, span: &Range<usize>) {
        let Some(at) = component(graph, span) else { return };
        let client = graph.components.get(at);
        let mut edges = client.into_iter().flat_map(|client| client.edges());
        let edge = edges.find(|edge| edge.span.start <= span.start && span.end <= edge.span.end);
        let edge = edge.map(|edge| (at, edge.server)).filter(|(client, server)| client != server);
        let list = match edge {
            Some(edge) => self.edges.entry(edge).or_default(),
            None => self.components.entry(at).or_default(),
        };
        let text = format!("{}: {}", complaint.code, complaint.message);
        if !list.contains(&text) {
            list.push(text);
        }
    }

    /// What is wrong with the component at `index`.
    pub fn of_component(&self, index: usize) -> Vec<String> {
        self.components.get(&index).cloned().unwrap_or_default()
    }

    /// What is wrong between these two.
    pub fn of_edge(&self, client: usize, server: usize) -> Vec<String> {
        self.edges.get(&(client, server)).cloned().unwrap_or_default()
    }
}

/// The component in whose part of the file the span lies: names come first there.
fn component(graph: &Graph, span: &Range<usize>) -> Option<usize> {
    let before = graph.components.iter().enumerate().filter(|(_, component)| component.name.span.start <= span.start);
    before.max_by_key(|(_, component)| component.name.span.start).map(|(at, _)| at)
}
