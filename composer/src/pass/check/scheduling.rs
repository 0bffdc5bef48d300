//! Checks of scheduling: a component has one scheduler, or none and then no priorities.

use super::super::draft;
use crate::code::{
    BAD_SHARE, NOT_ITS_SCHEDULER, NOT_SCHEDULED, NOT_SUPPORTED_YET, SEVERAL_SCHEDULERS, TOO_MANY_CREATED,
};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::{Component, Dependency, Graph};
use crate::schedule::{PAGES, SCHED};

/// The scheduler and the threads of a component, which was resolved from `draft`.
pub fn check(component: &Component, draft: Option<&draft::Component>, graph: &Graph, found: &mut Diagnostics) {
    check_number(component, found);
    check_nesting(component, graph, found);
    let Some(draft) = draft else { return };
    check_created(component, draft, found);
    check_shares(component, draft, found);
    let is_scheduled = !draft.deps_complete || draft.deps.iter().any(|dep| dep.interface.value == SCHED);
    if !is_scheduled {
        check_unscheduled(component, draft, found);
    }
    check_pages(component, is_scheduled, found);
}

/// Who has a component's pages served is who schedules it: nobody else has them.
fn check_pages(component: &Component, is_scheduled: bool, found: &mut Diagnostics) {
    let schedulers: Vec<_> = component.deps.iter().filter(|dep| dep.interface.value == SCHED).collect();
    for pages in component.deps.iter().filter(|dep| dep.interface.value == PAGES) {
        match schedulers.as_slice() {
            [] if !is_scheduled => found.push(pages_of_unscheduled(component, pages)),
            // With two schedulers that is what is complained of; with one that is not known, too.
            [scheduler] if scheduler.server != pages.server => {
                found.push(pages_of_another(component, pages, scheduler));
            }
            _ => {}
        }
    }
}

fn pages_of_unscheduled(component: &Component, pages: &Dependency) -> Diagnostic {
    let (name, server) = (&component.name.value, &pages.srv.value);
    let message = format!("`{name}` asks `{server}` to have its pages served, and has no scheduler");
    let complaint = Diagnostic::error(NOT_ITS_SCHEDULER, message).label(&pages.span, "only a scheduler does this");
    complaint.help(format!(
        "add to its deps: {{ srv = \"{server}\", interface = \"{SCHED}\" }}\n\
         or leave this one out, and have the image flush its pages itself"
    ))
}

fn pages_of_another(component: &Component, pages: &Dependency, scheduler: &Dependency) -> Diagnostic {
    let (name, server) = (&component.name.value, &pages.srv.value);
    let message = format!("`{name}` asks `{server}` to have its pages served, which does not schedule it");
    let complaint = Diagnostic::error(NOT_ITS_SCHEDULER, message).label(&pages.srv.span, "asked here");
    let complaint = complaint.label(&scheduler.srv.span, "scheduled here");
    complaint.help("one component does both: name it in both dependencies")
}

fn check_number(component: &Component, found: &mut Diagnostics) {
    let mut edges = component.deps.iter().filter(|dep| dep.interface.value == SCHED);
    if let (Some(first), Some(second)) = (edges.next(), edges.next()) {
        let message = format!("`{}` has two schedulers", component.name.value);
        let complaint = Diagnostic::error(SEVERAL_SCHEDULERS, message);
        let complaint = complaint.label(&second.span, "the second one").label(&first.span, "the first one");
        found.push(complaint.help("who serves `sched` schedules its client's threads: keep one"));
    }
}

fn check_nesting(component: &Component, graph: &Graph, found: &mut Diagnostics) {
    let Some(edge) = component.deps.iter().find(|dep| dep.interface.value == SCHED) else { return };
    let schedules = |other: &Component| {
        let mut servers = other.schedulers().filter_map(|at| graph.components.get(at));
        servers.any(|server| std::ptr::eq(server, component))
    };
    if let Some(client) = graph.components.iter().find(|other| schedules(other)) {
        let message = format!("a scheduler under a scheduler, as `{}`, is not supported yet", component.name.value);
        let complaint = Diagnostic::error(NOT_SUPPORTED_YET, message).label(&edge.span, "it is scheduled");
        found.push(complaint.label(&client.name.span, "it schedules this one"));
    }
}

fn check_created(component: &Component, draft: &draft::Component, found: &mut Diagnostics) {
    if let Some(thread) = draft.threads.get(abi::plan::CREATED) {
        let (name, all) = (&component.name.value, draft.threads.len());
        let message =
            format!("`{name}` may create {all} threads, more than the {} that there is room for", abi::plan::CREATED);
        found.push(Diagnostic::error(TOO_MANY_CREATED, message).label(&thread.span, "one too many"));
    }
}

fn check_shares(component: &Component, draft: &draft::Component, found: &mut Diagnostics) {
    let shares = draft.threads.iter().map(|thread| &thread.value.share);
    for share in shares.chain([&draft.share]) {
        let (message, span) = match (&share.budget, &share.period) {
            (Some(budget), None) => ("a budget without a period", &budget.span),
            (None, Some(period)) => ("a period without a budget", &period.span),
            (Some(budget), Some(period)) if budget.value > period.value => {
                ("a budget longer than its period", &budget.span)
            }
            _ => continue,
        };
        let message = format!("`{}` has {message}", component.name.value);
        let complaint = Diagnostic::error(BAD_SHARE, message).label(span, "");
        found.push(complaint.help("a thread may run `budget` microseconds in each `period`: say both, or neither"));
    }
}

fn check_unscheduled(component: &Component, draft: &draft::Component, found: &mut Diagnostics) {
    let priority = draft.priority.as_ref().map(|priority| ("priority", &priority.span));
    let threads = draft.threads.first().map(|thread| ("threads", &thread.span));
    let budget = draft.share.budget.as_ref().map(|budget| ("budget", &budget.span));
    for (key, span) in [priority, budget, threads].into_iter().flatten() {
        let message = format!("`{}` has `{key}` and no scheduler", component.name.value);
        let complaint = Diagnostic::error(NOT_SCHEDULED, message).label(span, "nobody looks at this");
        found.push(complaint.help("add to its deps: { srv = \"sched\", interface = \"sched\" }"));
    }
}
