//! Authority that is wider than used: methods that an edge permits, and that the client's code never invokes.
//!
//! Whoever names a method means it, so one that is named and not used is pointed out always. An edge that names none permits all, which is
//! how most are written and no mistake: that is pointed out to who asks for it, and stands in the report.

use crate::code::{UNUSED_METHOD, WIDE_EDGE};
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

/// Methods that edges permit and that are never invoked: by client, and by its edge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unused(Vec<Vec<Vec<String>>>);

impl Unused {
    /// What is never invoked, as far as can be seen.
    pub fn of(graph: &Graph, schema: &Schema, bounds: &[Bounds]) -> Self {
        let clients = graph.components.iter().zip(&schema.components).zip(bounds);
        let clients = clients.map(|((client, bindings), bounds)| {
            let edges = client.deps.iter().zip(&bindings.edges);
            let is_seen = |dep: &Dependency| client.stack_check && dep.via == Via::Call;
            edges.map(|(dep, edge)| if is_seen(dep) { never_invoked(edge, bounds) } else { Vec::new() }).collect()
        });
        Self(clients.collect())
    }

    /// Those of an edge, by its place among the client's.
    pub fn of_edge(&self, client: usize, edge: usize) -> &[String] {
        self.0.get(client).and_then(|edges| edges.get(edge)).map(Vec::as_slice).unwrap_or_default()
    }
}

fn never_invoked(edge: &Edge, bounds: &Bounds) -> Vec<String> {
    let is_unused = |method: &&String| edge.number(method).is_some_and(|number| !bounds.may_invoke(edge.slot, number));
    edge.method_names.iter().filter(is_unused).cloned().collect()
}

/// Warns of edges that permit everything, by clients that use a part of it.
pub fn check_wide(graph: &Graph, schema: &Schema, unused: &Unused, found: &mut Diagnostics) {
    for (at, (client, bindings)) in graph.components.iter().zip(&schema.components).enumerate() {
        let edges = client.deps.iter().zip(&bindings.edges).enumerate().filter(|(_, (dep, _))| dep.methods.is_none());
        let wide = edges.map(|(number, (dep, edge))| (dep, edge, unused.of_edge(at, number)));
        found.extend(
            wide.filter(|(.., never)| !never.is_empty()).map(|(dep, edge, never)| wide_edge(client, dep, edge, never)),
        );
    }
}

fn wide_edge(client: &Component, dep: &Dependency, edge: &Edge, never: &[String]) -> Diagnostic {
    let (name, server, interface) = (&client.name.value, &dep.srv.value, &dep.interface.value);
    let used: Vec<_> = edge.method_names.iter().filter(|method| !never.contains(method)).map(|it| quote(it)).collect();
    let (never, help) = match used.is_empty() {
        true => ("any of it".to_owned(), "leave the edge out, and its import out of the image".to_owned()),
        false => (never.join(", "), format!("permit what it calls: methods = [{}]", used.join(", "))),
    };
    let message = format!("`{name}` may call all of `{server}` by `{interface}`, and never calls {never}");
    Diagnostic::warning(WIDE_EDGE, message).label(&dep.span, "permits all methods").help(help)
}

/// As TOML has a name.
fn quote(name: &str) -> String {
    format!("\"{name}\"")
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
