//! The line of the graph file that grants a capability.

use std::ops::Range;

use super::Granted;
use crate::graph::{Component, Graph};

/// The lines of a graph file.
#[derive(Clone, Debug)]
pub struct Lines<'a> {
    graph: &'a Graph,
    /// Where each starts.
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    /// The lines of `text`, which is the file of `graph`.
    pub fn new(graph: &'a Graph, text: &str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
        Self { graph, starts: starts.collect() }
    }

    /// The number of the line on which `span` starts, from 1.
    pub fn number(&self, span: &Range<usize>) -> usize {
        self.starts.partition_point(|start| *start <= span.start)
    }

    /// The line that grants this to the component at `index`.
    pub fn of(&self, index: usize, grant: &Granted) -> Option<usize> {
        let holder = self.graph.components.get(index)?;
        self.span(index, holder, grant).map(|span| self.number(span))
    }

    fn span(&self, index: usize, holder: &'a Component, grant: &Granted) -> Option<&'a Range<usize>> {
        let own = Some(&holder.name.span);
        match grant {
            Granted::Fault { .. } => holder.fault.as_ref().map(|edge| &edge.span),
            Granted::Personality { .. } => holder.personality.as_ref().map(|edge| &edge.span),
            Granted::HandledLevel => self.handled(index),
            Granted::Ports { device, .. } | Granted::Interrupt { device, .. } | Granted::Registers { device, .. } => {
                holder.devices.iter().find(|own| own.name.value == *device).map(|device| &device.span)
            }
            // Those of edges know their own lines.
            Granted::Invocation { .. } | Granted::Flush { .. } | Granted::Serve { .. } | Granted::Work { .. } => None,
            Granted::Table { component }
            | Granted::PageTable { component }
            | Granted::Server { component }
            | Granted::Component { component }
            | Granted::Thread { component }
            | Granted::Receive { component }
            | Granted::Send { component }
            | Granted::Spend { component }
            | Granted::Fill { component }
            | Granted::Made { component } => self.about(index, component).or(own),
            Granted::Machine { .. } => Some(&holder.constructor_span),
            Granted::Bundle | Granted::Time | Granted::Untyped { .. } => own,
        }
    }

    /// Where the first of those that it handles says so.
    fn handled(&self, index: usize) -> Option<&'a Range<usize>> {
        let handlers = self.graph.components.iter().flat_map(|of| of.fault.iter().chain(&of.personality));
        handlers.into_iter().find(|edge| edge.server == index).map(|edge| &edge.span)
    }

    /// Where the component of this name names the holder as its scheduler or manager; else where it is named itself.
    fn about(&self, index: usize, name: &str) -> Option<&'a Range<usize>> {
        let plain = name.split(' ').next().unwrap_or(name);
        let of = self.graph.components.iter().find(|of| of.name.value == plain)?;
        let edge = of.deps.iter().find(|dep| dep.server == index).map(|edge| &edge.span);
        let constructor = Some(&of.constructor_span).filter(|_| of.constructor == Some(index));
        edge.or(constructor).or(Some(&of.name.span))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Source;
    use crate::{LoadOptions, judge};

    #[test]
    fn lines_count_from_one() {
        let text = "[system]\ndescription = \"d\"\n[[components]]\nname = \"booter\"\nconstructor = \"kernel\"\n";
        let source = Source { path: "test.toml".into(), text: text.into() };
        let graph = judge(source, LoadOptions { graph_only: true }).unwrap().graph;
        let lines = Lines::new(&graph, text);
        assert_eq!((lines.number(&(0..1)), lines.number(&(8..9)), lines.number(&(9..10))), (1, 1, 2));
        assert_eq!(lines.of(0, &Granted::Bundle), Some(4));
    }
}
