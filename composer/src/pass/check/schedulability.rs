//! Checks that declared threads meet their deadlines.

use crate::diagnostic::Diagnostics;
use crate::graph::Graph;
use crate::schedulability;

/// Complains of declared threads that may be late.
pub fn check(graph: &Graph, found: &mut Diagnostics) {
    for analysis in schedulability::analyse(graph) {
        found.extend(schedulability::complaints(graph, &analysis));
    }
}
