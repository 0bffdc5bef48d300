//! Checks of edges: what a client asks for is what its server offers.

use std::collections::HashMap;

use super::super::draft::{self, Draft};
use crate::code::{
    BAD_VALUE, DUPLICATE_DEPENDENCY, DUPLICATE_IMPLEMENTS, DUPLICATE_METHOD, NOT_IMPLEMENTED, SELF_DEPENDENCY,
    VARIANT_MISMATCH,
};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::{Component, Dependency, Graph, Implements, Spanned};
use crate::suggest;

/// A component implements an interface, in one variant, once.
pub fn check_implements(component: &Component, found: &mut Diagnostics) {
    let mut seen = HashMap::new();
    for implements in &component.implements {
        let key = (implements.interface.value.as_str(), name(&implements.variant));
        let first = seen.entry(key).or_insert(implements);
        if !std::ptr::eq(*first, implements) {
            let message = format!("`{}` implements `{}` twice", component.name.value, implements.interface.value);
            let spans = (&implements.interface.span, &first.interface.span);
            found.push(super::twice(DUPLICATE_IMPLEMENTS, message, spans.0, spans.1));
        }
    }
}

/// All edges of a client.
pub fn check_component(client: &Component, graph: &Graph, draft: &Draft, found: &mut Diagnostics) {
    check_imports(client, found);
    for dep in &client.deps {
        check_methods(dep, found);
        check_server(client, dep, graph, draft, found);
    }
    for handler in client.fault.iter().chain(&client.personality) {
        check_server(client, handler, graph, draft, found);
    }
}

fn check_server(client: &Component, dep: &Dependency, graph: &Graph, draft: &Draft, found: &mut Diagnostics) {
    let Some(server) = graph.components.get(dep.server) else { return };
    if std::ptr::eq(client, server) {
        found.push(if is_handler(client, dep) { own_handler(client, dep) } else { self_dependency(client, dep) });
    }
    let is_complete = draft.components.get(dep.server).is_some_and(|draft| draft.implements_complete);
    if is_complete {
        found.extend(refusal(dep, server, draft.components.get(dep.server)));
    }
}

/// Whether the edge is one to who handles the client's faults or system calls.
fn is_handler(client: &Component, dep: &Dependency) -> bool {
    client.fault.iter().chain(&client.personality).any(|handler| std::ptr::eq(handler, dep))
}

fn own_handler(client: &Component, dep: &Dependency) -> Diagnostic {
    let message = format!("`{}` handles its own faults or system calls", client.name.value);
    let complaint = Diagnostic::error(SELF_DEPENDENCY, message).label(&dep.srv.span, "this is the component itself");
    complaint.help("what has just faulted is not asked what to do about it: name another component")
}

fn name(variant: &Option<Spanned<String>>) -> Option<&str> {
    variant.as_ref().map(|variant| variant.value.as_str())
}

fn check_imports(client: &Component, found: &mut Diagnostics) {
    let mut seen: HashMap<_, &Dependency> = HashMap::new();
    for dep in &client.deps {
        let key = (dep.server, dep.interface.value.as_str(), name(&dep.import));
        let first = seen.entry(key).or_insert(dep);
        if !std::ptr::eq(*first, dep) {
            let message =
                format!("`{}` depends twice on `{}` of `{}`", client.name.value, dep.interface.value, dep.srv.value);
            let complaint = super::twice(DUPLICATE_DEPENDENCY, message, &dep.span, &first.span);
            found.push(complaint.help("leave one out, or name the image's import of each with `import`"));
        }
    }
}

fn check_methods(dep: &Dependency, found: &mut Diagnostics) {
    let Some(methods) = &dep.methods else { return };
    if methods.is_empty() {
        let complaint = Diagnostic::error(BAD_VALUE, "a dependency without methods permits no call");
        found.push(complaint.label(&dep.span, "no methods").help("leave out `methods` to permit all of them"));
    }
    for (second, first) in super::repeated(methods, |method| method) {
        let message = format!("method `{}` is permitted twice", second.value);
        found.push(super::twice(DUPLICATE_METHOD, message, &second.span, &first.span));
    }
}

fn self_dependency(client: &Component, dep: &Dependency) -> Diagnostic {
    let message = format!("`{}` depends on itself", client.name.value);
    let complaint = Diagnostic::error(SELF_DEPENDENCY, message).label(&dep.srv.span, "this is the component itself");
    complaint.help("a component calls its own functions directly")
}

/// Why `server` cannot serve `dep`, if it cannot.
fn refusal(dep: &Dependency, server: &Component, draft: Option<&draft::Component>) -> Option<Diagnostic> {
    let offers: Vec<_> = server.implements.iter().filter(|i| i.interface.value == dep.interface.value).collect();
    match (offers.as_slice(), &dep.variant) {
        ([], _) => Some(not_implemented(dep, server, draft)),
        ([_], None) => None,
        (offers, None) => Some(which_variant(dep, offers)),
        (offers, Some(variant)) if !offers.iter().any(|offer| name(&offer.variant) == Some(variant.value.as_str())) => {
            Some(variant_mismatch(dep, variant, offers))
        }
        _ => None,
    }
}

fn not_implemented(dep: &Dependency, server: &Component, draft: Option<&draft::Component>) -> Diagnostic {
    let (interface, server_name) = (&dep.interface.value, &server.name.value);
    let complaint = Diagnostic::error(NOT_IMPLEMENTED, format!("`{server_name}` does not implement `{interface}`"));
    let complaint = complaint.label(&dep.interface.span, "called here");
    let names = server.implements.iter().map(|implements| implements.interface.value.as_str());
    let complaint = match (server.implements.as_slice(), draft) {
        ([], Some(draft)) => complaint.label(&draft.span, format!("`{server_name}` implements nothing")),
        (all, _) => all.iter().fold(complaint, |complaint, implements| {
            complaint.label(&implements.interface.span, format!("`{server_name}` implements this"))
        }),
    };
    complaint.help(match suggest::nearest(interface, names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("add `{{ interface = \"{interface}\" }}` to `implements` of `{server_name}`"),
    })
}

fn which_variant(dep: &Dependency, offers: &[&Implements]) -> Diagnostic {
    let message = format!("`{}` implements `{}` in several variants", dep.srv.value, dep.interface.value);
    let complaint =
        Diagnostic::error(VARIANT_MISMATCH, message).label(&dep.interface.span, "which one is called here?");
    with_offers(complaint, offers).help("name one with `variant`")
}

fn variant_mismatch(dep: &Dependency, variant: &Spanned<String>, offers: &[&Implements]) -> Diagnostic {
    let (server, interface, wanted) = (&dep.srv.value, &dep.interface.value, &variant.value);
    let message = format!("`{server}` does not implement the variant `{wanted}` of `{interface}`");
    let complaint = Diagnostic::error(VARIANT_MISMATCH, message).label(&variant.span, "called here");
    let names = offers.iter().filter_map(|offer| name(&offer.variant));
    let help = suggest::nearest(wanted, names).map(|near| format!("did you mean `{near}`?"));
    with_offers(complaint, offers).maybe_help(help)
}

fn with_offers(complaint: Diagnostic, offers: &[&Implements]) -> Diagnostic {
    offers.iter().fold(complaint, |complaint, offer| match &offer.variant {
        Some(variant) => complaint.label(&variant.span, "implemented in this variant"),
        None => complaint.label(&offer.interface.span, "implemented without a variant"),
    })
}
