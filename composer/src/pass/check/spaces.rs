//! Address spaces that components share: who may, and who may call whom.

use crate::code::{DEPENDS_INWARDS, NEEDS_OWN_SPACE};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::{Component, Graph};

/// Complains of what `component`, at `index`, cannot do in the space that it shares.
pub fn check(index: usize, component: &Component, graph: &Graph, found: &mut Diagnostics) {
    found.extend(needs_its_own(index, component, graph));
    found.extend(component.edges().filter_map(|edge| {
        let server = graph.components.get(edge.server)?;
        let is_inside = |outer: usize| graph.around(server.shared_space()?).find(|space| *space == outer);
        let outer = graph.spaces.get(is_inside(component.shared_space()?)?)?;
        let inner = graph.spaces.get(server.shared_space()?)?;
        let (client, server) = (&component.name.value, &server.name.value);
        let message = format!("`{client}` depends on `{server}`, in an address space inside its own");
        let complaint = Diagnostic::error(DEPENDS_INWARDS, message)
            .label(&edge.span, "")
            .label(&outer.name.span, format!("`{client}` lies here"))
            .label(&inner.name.span, format!("`{server}` lies here, and can change all memory of `{client}`"));
        Some(complaint.help("whoever lies inside depends on what is around it, not the reverse"))
    }));
}

/// The base constructor's page table is the kernel's to make; others have memory at addresses that are fixed, or are made
/// by somebody who knows nothing of spaces.
fn needs_its_own(index: usize, component: &Component, graph: &Graph) -> Option<Diagnostic> {
    let space = graph.space_of(index)?;
    let why = if component.is_base_constructor {
        "the kernel constructs it"
    } else if component.constructor.is_some() {
        "it is constructed at run time"
    } else if graph.is_manager(index) {
        "it has memory of others mapped"
    } else {
        return None;
    };
    let name = &component.name;
    let message = format!("`{}` cannot share an address space", name.value);
    let complaint = Diagnostic::error(NEEDS_OWN_SPACE, message).label(&name.span, why);
    Some(complaint.label(&space.name.span, "it is to lie in this one").help("take it out of `components` there"))
}
