//! Checks of regions: what one end of an edge may be given of the other's memory, a memory manager that both have has to map.

use crate::code::{NO_REGIONS, NOT_SUPPORTED_YET};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::{Component, Dependency, Graph};
use crate::manage::MEMORY;
use crate::pass::draft::Draft;

/// All edges of a client along which somebody may be given memory.
pub fn check(at: usize, client: &Component, graph: &Graph, draft: &Draft, found: &mut Diagnostics) {
    for dep in client.deps.iter().filter(|dep| dep.regions.any()) {
        if !dep.chain.is_empty() {
            found.push(interposed(dep));
            continue;
        }
        let ends = [at, dep.server];
        let are_complete = ends.iter().all(|end| draft.components.get(*end).is_none_or(|end| end.deps_complete));
        if are_complete {
            found.extend(without_manager(dep, ends, graph));
        }
    }
}

/// Who calls the server is the last interposer, of whose memory the edge says nothing.
fn interposed(dep: &Dependency) -> Diagnostic {
    let message = "`regions` of an edge with interposers is not supported yet";
    Diagnostic::error(NOT_SUPPORTED_YET, message).label(&dep.span, "this edge")
}

fn without_manager(dep: &Dependency, ends: [usize; 2], graph: &Graph) -> Option<Diagnostic> {
    let [client, server] = ends.map(|end| graph.components.get(end));
    let (client, server) = (client?, server?);
    let (name, other) = (&client.name.value, &server.name.value);
    let missing = [client, server].into_iter().find(|end| end.memory_manager().is_none());
    if let Some(missing) = missing {
        let message = format!("`{}` has no memory manager, and regions with `{}`", missing.name.value, {
            if std::ptr::eq(missing, client) { other } else { name }
        });
        let complaint = Diagnostic::error(NO_REGIONS, message).label(&dep.span, "nobody could map them");
        let complaint = complaint.label(&missing.name.span, "it does not call `memory`");
        return Some(complaint.help(format!("add to its deps: {{ srv = \"memory\", interface = \"{MEMORY}\" }}")));
    }
    if client.memory_manager() == server.memory_manager() {
        return None;
    }
    let message = format!("`{name}` and `{other}` have regions together, and different memory managers");
    let complaint = Diagnostic::error(NO_REGIONS, message).label(&dep.span, "neither could map what is the other's");
    Some(complaint.help("let both have memory from the same component"))
}
