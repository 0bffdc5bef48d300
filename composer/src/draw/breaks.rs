//! Which components and which edges a complaint is about.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::diagnostic::Diagnostics;
use crate::graph::Graph;

/// What is wrong, by what it is about.
#[derive(Clone, Debug, Default)]
pub struct Breaks {
    /// By component.
    components: BTreeMap<usize, Vec<String>>,
    /// By client and server.
    edges: BTreeMap<(usize, usize), Vec<String>>,
    /// Everything, in the order in which it is complained of.
    all: Vec<String>,
    /// What is about neither.
    elsewhere: Vec<String>,
}

impl Breaks {
    /// What is wrong with `graph`. Warnings and notes break no rule.
    pub fn of(graph: &Graph, complaints: &Diagnostics) -> Self {
        let mut breaks = Self::default();
        for complaint in complaints.iter().filter(|complaint| complaint.is_error()) {
            let text = format!("{}: {}", complaint.code, complaint.message);
            let places = complaint.labels.iter().filter_map(|label| Place::of(graph, &label.span));
            let is_drawn = places.fold(false, |_, place| breaks.add(place, &text));
            breaks.elsewhere.extend((!is_drawn).then(|| text.clone()));
            breaks.all.push(text);
        }
        breaks
    }

    /// Notes that something is wrong there, which is drawn from then on.
    fn add(&mut self, place: Place, text: &str) -> bool {
        let list = match place {
            Place::Edge(client, server) => self.edges.entry((client, server)).or_default(),
            Place::Component(at) => self.components.entry(at).or_default(),
        };
        if !list.iter().any(|other| other == text) {
            list.push(text.to_owned());
        }
        true
    }

    /// All that is wrong.
    pub fn all(&self) -> Vec<String> {
        self.all.clone()
    }

    /// What is wrong with no component and no edge, but with the system.
    pub fn elsewhere(&self) -> Vec<String> {
        self.elsewhere.clone()
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

/// What a part of the file is about.
enum Place {
    Component(usize),
    /// From a client to a server.
    Edge(usize, usize),
}

impl Place {
    fn of(graph: &Graph, span: &Range<usize>) -> Option<Self> {
        let at = component(graph, span)?;
        let client = graph.components.get(at);
        let mut edges = client.into_iter().flat_map(|client| client.edges());
        let edge = edges.find(|edge| edge.span.start <= span.start && span.end <= edge.span.end);
        let server = edge.map(|edge| edge.server).filter(|server| *server != at);
        Some(server.map_or(Self::Component(at), |server| Self::Edge(at, server)))
    }
}

/// The component in whose part of the file the span lies: names come first there.
fn component(graph: &Graph, span: &Range<usize>) -> Option<usize> {
    let before = graph.components.iter().enumerate().filter(|(_, component)| component.name.span.start <= span.start);
    let (at, component) = before.max_by_key(|(_, component)| component.name.span.start)?;
    let mut spaces = graph.spaces.iter().map(|space| space.name.span.start);
    let is_of_space = spaces.any(|start| (component.name.span.start..=span.start).contains(&start));
    (!is_of_space).then_some(at)
}
