//! Who can wait for whom, for longer than the graph seems to say.

use crate::code::{PAGE_ABOUT_PAGES, PRIORITY_INVERSION};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::{Component, Dependency, Graph, Via};
use crate::pass::draft;
use crate::schedule::PAGES;

/// The edges of the component at `index`, which was resolved from `draft`.
pub fn check(index: usize, draft: Option<&draft::Component>, graph: &Graph, found: &mut Diagnostics) {
    let Some(component) = graph.components.get(index) else { return };
    for dep in &component.deps {
        found.extend(page_about_pages(component, dep));
    }
    found.extend(draft.and_then(|draft| inversion(index, draft, graph)));
}

/// A page on which one asks for pages to be served: that one, too, would be served only when somebody asks for it.
fn page_about_pages(component: &Component, dep: &Dependency) -> Option<Diagnostic> {
    (dep.via == Via::Page && dep.interface.value == PAGES).then_some(())?;
    let message = format!("`{}` asks by a page to have its pages served", component.name.value);
    let complaint = Diagnostic::error(PAGE_ABOUT_PAGES, message).label(&dep.span, "nobody would see this");
    Some(complaint.help("who registers a page, or waits for one, invokes its scheduler: leave `via` out"))
}

/// A client more urgent than its server's own threads, by numbers that the graph says of both: what such a thread holds when
/// the client calls, the client waits for, and for everybody between the two.
fn inversion(index: usize, draft: &draft::Component, graph: &Graph) -> Option<Diagnostic> {
    let urgent = draft.own.priority.as_ref()?;
    let client = graph.components.get(index)?;
    let scheduler = graph.scheduler(index)?;
    let served = client.deps.iter().filter(|dep| graph.scheduler(dep.server) == Some(scheduler));
    let slower = |dep: &&Dependency| {
        let server = graph.components.get(dep.server);
        server.is_some_and(|server| server.threads.iter().any(|thread| thread.parameters.priority > urgent.value))
    };
    let dep = served.into_iter().find(slower)?;
    let server = graph.components.get(dep.server)?;
    let between = graph.scheduled_by(scheduler).filter_map(|at| graph.components.get(at)).find(|other| {
        if std::ptr::eq(*other, server) || std::ptr::eq(*other, client) {
            return false;
        }
        let priority = other.own.parameters.priority;
        let is_between = |thread: &crate::graph::Thread| priority < thread.parameters.priority;
        priority > urgent.value && server.threads.iter().any(is_between)
    })?;
    let (name, called) = (&client.name.value, &server.name.value);
    let message = format!("`{name}` can come to wait for `{}`, which is less urgent", between.name.value);
    let complaint = Diagnostic::warning(PRIORITY_INVERSION, message)
        .label(&dep.span, format!("threads of `{called}` are less urgent still"))
        .label(&urgent.span, format!("`{name}` is this urgent"))
        .label(&between.name.span, "it runs instead of those");
    Some(complaint.help(format!("give the threads of `{called}` at least the priority {}", urgent.value)))
}
