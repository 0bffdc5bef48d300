//! Checks of scheduling: a component has one scheduler, or none and then no priorities.

use super::super::draft;
use super::policies;
use crate::code::{NOT_ITS_SCHEDULER, NOT_SCHEDULED, SEVERAL_SCHEDULERS, TOO_MANY_CREATED};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::{Component, Dependency};
use crate::schedule::{PAGES, SCHED};

/// The scheduler and the threads of a component, which was resolved from `draft`.
pub fn check(component: &Component, draft: Option<&draft::Component>, found: &mut Diagnostics) {
    check_number(component, found);
    let Some(draft) = draft else { return };
    check_created(component, draft, found);
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

fn check_created(component: &Component, draft: &draft::Component, found: &mut Diagnostics) {
    if let Some(thread) = draft.threads.get(abi::plan::CREATED) {
        let (name, all) = (&component.name.value, draft.threads.len());
        let message =
            format!("`{name}` may create {all} threads, more than the {} that there is room for", abi::plan::CREATED);
        found.push(Diagnostic::error(TOO_MANY_CREATED, message).label(&thread.span, "one too many"));
    }
}

fn check_unscheduled(component: &Component, draft: &draft::Component, found: &mut Diagnostics) {
    let threads = draft.threads.first().map(|thread| ("threads", &thread.span));
    for (key, span) in policies::said(&draft.own).chain(threads) {
        let message = format!("`{}` has `{key}` and no scheduler", component.name.value);
        let complaint = Diagnostic::error(NOT_SCHEDULED, message).label(span, "nobody looks at this");
        found.push(complaint.help("add to its deps: { srv = \"sched\", interface = \"sched\" }"));
    }
}
