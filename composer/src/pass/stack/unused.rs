//! Authority that is wider than used: methods that an edge names, and that the client's code never invokes.

use crate::code::UNUSED_METHOD;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::{Component, Dependency, Graph, Spanned, Via};
use crate::pass::schema::{Edge, Schema};
use crate::stack::Bounds;

/// Warns of methods that are permitted by name and not invoked. By a page any of them may be posted: nobody looks there.
pub fn check(graph: &Graph, schema: &Schema, bounds: &[Bounds], found: &mut Diagnostics) {
    for ((client, bindings), bounds) in graph.components.iter().zip(&schema.components).zip(bounds) {
        // Without a call that could be seen there is nothing to conclude.
        let edges = client.deps.iter().zip(&bindings.edges).filter(|_| client.stack_check);
        for (dep, edge) in edges.filter(|(dep, _)| dep.via == Via::Call) {
            found.extend(unused(dep, edge, bounds).map(|method| warning(client, dep, method)));
        }
    }
}

fn unused<'d>(dep: &'d Dependency, edge: &'d Edge, bounds: &'d Bounds) -> impl Iterator<Item = &'d Spanned<String>> {
    let named = dep.methods.iter().flatten();
    named.filter(|method| edge.number(&method.value).is_some_and(|number| !bounds.may_invoke(edge.slot, number)))
}

fn warning(client: &Component, dep: &Dependency, method: &Spanned<String>) -> Diagnostic {
    let (name, server, interface) = (&client.name.value, &dep.srv.value, &dep.interface.value);
    let message = format!("`{name}` may call `{}` of `{server}` by `{interface}`, and never does", method.value);
    let complaint = Diagnostic::warning(UNUSED_METHOD, message).label(&method.span, "authority that nobody uses");
    complaint.help("leave it out of `methods`")
}
