//! Who can wait for whom, for longer than the graph seems to say.

use crate::code::{PAGE_ABOUT_PAGES, PRIORITY_INVERSION};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::{Component, Dependency, Graph, Via};
use crate::pass::draft::Draft;
use crate::schedule::PAGES;

/// The edges of the component at `index`, which was resolved from `draft`.
pub fn check(index: usize, draft: &Draft, graph: &Graph, found: &mut Diagnostics) {
    let Some(component) = graph.components.get(index) else { return };
    for dep in &component.deps {
        found.extend(page_about_pages(component, dep));
    }
    found.extend(inversion(index, draft, graph));
}

/// A page on which one asks for pages to be served: that one, too, would be served only when somebody asks for it.
fn page_about_pages(component: &Component, dep: &Dependency) -> Option<Diagnostic> {
    (dep.via == Via::Page && dep.interface.value == PAGES).then_some(())?;
    let message = format!("`{}` asks by a page to have its pages served", component.name.value);
    let complaint = Diagnostic::error(PAGE_ABOUT_PAGES, message).label(&dep.span, "nobody would see this");
    Some(complaint.help("who registers a page, or waits for one, invokes its scheduler: leave `via` out"))
}

/// A client more urgent than threads of a server that it comes to, by numbers that the graph says of both: what such a thread holds when
/// the client calls, the client waits for, and for everybody between the two.
fn inversion(index: usize, draft: &Draft, graph: &Graph) -> Option<Diagnostic> {
    let urgent = draft.components.get(index)?.own.priority.as_ref()?;
    let client = graph.components.get(index)?;
    let scheduler = graph.scheduler(index)?;
    let is_slower = |(at, _): &(usize, &Dependency)| {
        graph.scheduler(*at) == Some(scheduler) && slowest(*at, draft, graph).is_some_and(|slow| slow > urgent.value)
    };
    let (at, dep) = reached(client, graph).into_iter().find(is_slower)?;
    let (server, slow) = (graph.components.get(at)?, slowest(at, draft, graph)?);
    let is_between = |other: &usize| {
        let own = graph.components.get(*other).map(|other| other.own.parameters.priority);
        ![index, at].contains(other) && own.is_some_and(|own| (urgent.value + 1..slow).contains(&own))
    };
    let between = graph.scheduled_by(scheduler).find(is_between).and_then(|at| graph.components.get(at))?;
    let (name, called) = (&client.name.value, &server.name.value);
    let message = format!("`{name}` can come to wait for `{}`, which is less urgent", between.name.value);
    let complaint = Diagnostic::warning(PRIORITY_INVERSION, message)
        .label(&dep.span, format!("threads of `{called}` are less urgent still"))
        .label(&urgent.span, format!("`{name}` is this urgent"))
        .label(&between.name.span, "it runs instead of those");
    Some(complaint.help(format!("give the threads of `{called}` at least the priority {}", urgent.value)))
}

/// The servers to which a client's threads come, the nearest ones first, each with the client's edge on the way.
fn reached<'g>(client: &'g Component, graph: &'g Graph) -> Vec<(usize, &'g Dependency)> {
    let mut seen = vec![false; graph.components.len()];
    let mut is_news = |dep: &&Dependency| seen.get_mut(dep.server).is_some_and(|seen| !std::mem::replace(seen, true));
    let mut found: Vec<(usize, &Dependency)> =
        client.deps.iter().filter(&mut is_news).map(|dep| (dep.server, dep)).collect();
    let mut next = 0;
    while let Some((at, first)) = found.get(next).copied() {
        let further = graph.components.get(at).into_iter().flat_map(|server| &server.deps);
        found.extend(further.filter(&mut is_news).map(|dep| (dep.server, first)));
        next += 1;
    }
    found
}

/// The lowest priority of a component's threads, as far as the graph says it.
fn slowest(at: usize, draft: &Draft, graph: &Graph) -> Option<u64> {
    let own = draft.components.get(at).and_then(|draft| draft.own.priority.as_ref()).map(|priority| priority.value);
    let created = graph.components.get(at)?.threads.iter().map(|thread| thread.parameters.priority);
    created.chain(own).max()
}
