//! Everything that can be said of a graph file, whatever it holds: for the tests that change graphs, and for the campaign.

use composer::command::diff::Change;
use composer::command::explain;
use composer::diagnostic::{Diagnostics, Source};
use composer::draw::{self, Costs, Notes};
use composer::graph::Graph;
use composer::{LoadOptions, judge, sketch, timeline};

/// Has everything said. Whether the graph is sound; if not, why is written out.
pub fn is_sound(source: Source) -> bool {
    if let Some(sketch) = sketch(&source) {
        draw_all(&sketch.graph, &sketch.complaints);
    }
    match judge(source.clone(), LoadOptions { graph_only: true }) {
        Ok(loaded) => {
            explain_all(&loaded.graph, &source);
            true
        }
        Err(failure) => {
            assert!(failure.diagnostics.render(&failure.source).contains("error[E0"));
            assert!(failure.diagnostics.json(&failure.source).starts_with('{'));
            false
        }
    }
}

/// Draws it in every way, sound or not.
fn draw_all(graph: &Graph, complaints: &Diagnostics) {
    let costs = Costs::default();
    let notes = Notes { complaints: Some(complaints), costs: Some(&costs) };
    assert!(draw::draw_page(graph, notes).ends_with("</html>\n"));
    assert!(draw::dot(graph, notes).ends_with("}\n"));
}

/// Says who reaches what, what that is beside itself, and what becomes of its deadlines.
fn explain_all(graph: &Graph, source: &Source) {
    let (first, last) = (graph.components.first(), graph.components.last());
    for resource in
        first.into_iter().chain(last).map(|component| component.name.value.as_str()).chain(["memory", "time"])
    {
        for explained in (0..graph.components.len()).filter_map(|holder| explain::chain(graph, holder, resource)) {
            assert!(!explained.render(source).is_empty());
        }
    }
    assert!(Change::between(graph, graph).gained.is_empty());
    if let Ok(of) = timeline::of(graph, None) {
        assert!(timeline::draw(graph, &of).ends_with("</svg>\n"));
    }
}
