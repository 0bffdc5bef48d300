//! Numbers that say how deep code calls itself, where it does not.

use crate::code::UNUSED_RECURSION;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::{Component, Graph, Spanned};
use crate::stack::{Bounds, DEFAULT_NESTING};

/// Warns of numbers that make no difference to any bound.
pub fn check(graph: &Graph, bounds: &[Bounds], found: &mut Diagnostics) {
    for (component, bounds) in graph.components.iter().zip(bounds) {
        let said = component.recursion.as_ref();
        let unused = said.filter(|said| !component.stack_check || bounds.ignores(said.value));
        found.extend(unused.map(|said| warning(component, said)));
    }
}

fn warning(component: &Component, said: &Spanned<u32>) -> Diagnostic {
    let name = &component.name.value;
    let (message, help) = match component.stack_check {
        true => (
            format!("the image of `{name}` does not call itself"),
            format!(
                "leave `recursion` out: calls by address alone nest {DEFAULT_NESTING} times in a bound, or as often as is said beyond that"
            ),
        ),
        false => (format!("the stacks of `{name}` are not checked"), "leave `recursion` out, or `stack_check`".into()),
    };
    Diagnostic::warning(UNUSED_RECURSION, message).label(&said.span, "this makes no difference").help(help)
}
