//! Checks of what happens at run time: who makes a component, gives it memory, makes it anew.

use abi::fault::Policy;

use crate::code::{NOT_MANAGED, NOT_SUPPORTED_YET};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::{Component, Dependency, Graph, Via};
use crate::manage::{CAPABILITIES, MEMORY};
use crate::pass::draft;
use crate::schedule::SCHED;

/// The component at `index`, which was resolved from `draft`; `made` is the first that it constructs at run time.
pub fn check(
    index: usize,
    draft: Option<&draft::Component>,
    made: Option<usize>,
    graph: &Graph,
    found: &mut Diagnostics,
) {
    let Some(component) = graph.components.get(index) else { return };
    check_memory(component, draft, made.and_then(|made| graph.components.get(made)), found);
    check_policy(component, draft, graph, found);
    if let Some(made) = component.constructor.and_then(|constructor| graph.components.get(constructor)) {
        found.extend(beyond_construction(index, component, made, graph));
        found.extend(beyond_constructor(component, graph));
        check_constructor(component, made, found);
    }
}

/// A quota needs somebody who keeps it.
fn check_memory(
    component: &Component,
    draft: Option<&draft::Component>,
    made: Option<&Component>,
    found: &mut Diagnostics,
) {
    let is_complete = draft.is_none_or(|draft| draft.deps_complete);
    if let (Some(memory), None, true) = (&component.memory, component.memory_manager(), is_complete) {
        let message = format!("`{}` has `memory` and no memory manager", component.name.value);
        let complaint = Diagnostic::error(NOT_MANAGED, message).label(&memory.span, "nobody looks at this");
        found.push(complaint.help(format!("add to its deps: {{ srv = \"memory\", interface = \"{MEMORY}\" }}")));
    }
    if let (Some(made), None, true) = (made, component.memory_manager(), is_complete) {
        let (name, made) = (&component.name.value, &made.name);
        let message = format!("`{name}` constructs `{}` and has no memory to make it from", made.value);
        let complaint = Diagnostic::error(NOT_MANAGED, message)
            .label(&component.name.span, "")
            .label(&made.span, "made at run time");
        found.push(complaint.help(format!("add to its deps: {{ srv = \"memory\", interface = \"{MEMORY}\" }}")));
    }
}

/// Only what is made at run time can be made anew, and only then there is a limit.
fn check_policy(component: &Component, draft: Option<&draft::Component>, graph: &Graph, found: &mut Diagnostics) {
    let Some(fault) = draft.and_then(|draft| draft.fault.as_ref()) else { return };
    let name = &component.name.value;
    let policy = component.policy;
    let changes = matches!(policy.policy, Policy::End | Policy::Recreate);
    if changes && component.constructor.is_none() {
        let message = format!("nobody can end `{name}`, or make it anew: it is constructed once, at the start");
        let complaint = Diagnostic::error(NOT_MANAGED, message).label(&fault.span, "");
        found.push(
            complaint.help("let a component construct it that does so at run time: `constructor = \"capabilities\"`"),
        );
    }
    found.extend(ignorant_handler(component, fault, graph));
    if policy.policy != Policy::Recreate && (policy.limit, policy.back_off) != (0, 0) {
        let message = format!("`{name}` has a limit or a back-off, and is never made anew");
        let complaint = Diagnostic::error(NOT_MANAGED, message).label(&fault.span, "nobody looks at this");
        found.push(complaint.help("they belong to `policy = \"recreate\"`"));
    }
}

/// Policies are carried out by a handler that can reach whoever constructs the component; any other would not look at them.
fn ignorant_handler(component: &Component, fault: &draft::Dependency, graph: &Graph) -> Option<Diagnostic> {
    let handler = graph.components.get(component.fault.as_ref()?.server)?;
    let reaches = |dep: &Dependency| {
        dep.interface.value == CAPABILITIES && component.constructor.is_none_or(|constructor| constructor == dep.server)
    };
    if component.policy.policy == Policy::Handler || handler.deps.iter().any(reaches) {
        return None;
    }
    let message = format!("`{}` cannot carry out a policy for `{}`", handler.name.value, component.name.value);
    let complaint = Diagnostic::error(NOT_MANAGED, message).label(&fault.span, "nobody looks at this");
    let complaint =
        complaint.label(&handler.name.span, format!("it does not call `{CAPABILITIES}` of its constructor"));
    Some(complaint.help("the component `supervisor` carries out policies"))
}

/// What a component that is made at run time cannot have yet, with its place.
fn beyond_construction(index: usize, component: &Component, constructor: &Component, graph: &Graph) -> Vec<Diagnostic> {
    let managed = |dep: &&Dependency| [SCHED, MEMORY].contains(&dep.interface.value.as_str());
    let deps = component.deps.iter();
    let scheduled = deps.clone().find(|dep| dep.interface.value == SCHED).map(|dep| ("a scheduler", &dep.span));
    let elsewhere = |dep: &&Dependency| {
        dep.interface.value == MEMORY && constructor.memory_manager().is_some_and(|manager| manager != dep.server)
    };
    let memory = deps.clone().find(elsewhere).map(|dep| ("memory of another memory manager", &dep.span));
    let page = deps.clone().find(|dep| dep.via == Via::Page).map(|dep| ("a syscall page", &dep.span));
    let device = component.devices.first().map(|device| ("a device", &device.span));
    let clients = graph.components.iter().flat_map(|client| &client.deps).filter(|dep| dep.server == index);
    let served = clients.clone().find(|dep| dep.via == Via::Page).map(|dep| ("a page to serve", &dep.span));
    let managing = clients.clone().find(managed).map(|dep| ("components to schedule or to give memory to", &dep.span));
    let all = [scheduled, memory, page, device, served, managing].into_iter().flatten();
    let complaint = |(what, span)| {
        let message = format!(
            "{what} for `{}`, which `{}` constructs, is not supported yet",
            component.name.value, constructor.name.value
        );
        Diagnostic::error(NOT_SUPPORTED_YET, message).label(span, "").label(&component.name.span, "made at run time")
    };
    all.map(complaint).collect()
}

/// Whoever makes a component has what that is to call: what is there from the start, and what it makes itself.
fn beyond_constructor(component: &Component, graph: &Graph) -> Vec<Diagnostic> {
    let constructor = |edge: &Dependency| graph.components.get(edge.server)?.constructor;
    let foreign =
        component.edges().filter(|edge| constructor(edge).is_some_and(|it| component.constructor != Some(it)));
    let name = |at: Option<usize>| at.and_then(|at| graph.components.get(at)).map_or("", |it| it.name.value.as_str());
    let complaint = |edge: &Dependency| {
        let (client, server) = (&component.name, name(Some(edge.server)));
        let message =
            format!("an edge of `{}` to `{server}`, of another constructor, is not supported yet", client.value);
        Diagnostic::error(NOT_SUPPORTED_YET, message)
            .label(&edge.span, format!("`{}` constructs the server", name(constructor(edge))))
            .label(&client.span, format!("`{}` constructs the client", name(component.constructor)))
            .help("let one of them construct both, or let the server be there from the start")
    };
    foreign.map(complaint).collect()
}

/// A component that calls its own constructor would be made before it can ask for it.
fn check_constructor(component: &Component, constructor: &Component, found: &mut Diagnostics) {
    if std::ptr::eq(component, constructor) {
        let message = format!("`{}` constructs itself", component.name.value);
        found.push(Diagnostic::error(NOT_MANAGED, message).label(&component.name.span, ""));
    }
}
