//! Pages and workers: that servers and schedulers have as many as the graph's edges count on.

use std::collections::BTreeSet;

use crate::code::{NO_SUCH_WORKERS, TOO_MANY_PAGES};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::{Component, Dependency, Graph, Spanned, Via};
use crate::pass::pages::worker_threads;

/// What clients have of the threads of servers for which they name some, and schedulers the pages that they serve.
pub fn check(graph: &Graph, found: &mut Diagnostics) {
    let edges = graph.components.iter().flat_map(|client| &client.deps);
    let with_workers: BTreeSet<usize> = edges.filter(|dep| dep.workers.is_some()).map(|dep| dep.server).collect();
    let has_page = |client: &usize| {
        let client = graph.components.get(*client);
        client.is_some_and(|client| client.deps.iter().any(|dep| dep.via == Via::Page))
    };
    let clients = (0..graph.components.len()).filter(has_page);
    let with_pages: BTreeSet<usize> = clients.filter_map(|at| graph.scheduler(at)).collect();
    let component = |at: usize| Some((at, graph.components.get(at)?));
    for (at, server) in with_workers.into_iter().filter_map(component) {
        check_workers(at, server, graph, found);
    }
    for (at, scheduler) in with_pages.into_iter().filter_map(component) {
        check_room(at, scheduler, graph, found);
    }
}

fn check_workers(index: usize, component: &Component, graph: &Graph, found: &mut Diagnostics) {
    let edges = graph.components.iter().flat_map(|client| &client.deps).filter(|dep| dep.server == index);
    let (all, mut named) = (worker_threads(graph, index), 0);
    for (dep, workers) in edges.filter_map(|dep| Some((dep, dep.workers.as_ref()?))) {
        if dep.via == Via::Call {
            found.push(without_page(dep, workers));
            continue;
        }
        named += workers.value;
        if named > all {
            found.push(too_few(component, workers, (named, all)));
        }
    }
}

fn without_page(dep: &Dependency, workers: &Spanned<u64>) -> Diagnostic {
    let message = format!("calls to `{}` run on the threads that make them", dep.srv.value);
    let complaint = Diagnostic::error(NO_SUCH_WORKERS, message).label(&workers.span, "nobody else runs them");
    complaint.help("add `via = \"page\"`, or leave out `workers`")
}

fn too_few(component: &Component, workers: &Spanned<u64>, (named, all): (u64, u64)) -> Diagnostic {
    let name = &component.name.value;
    let message = format!("`{name}` has {all} threads to run calls that may block, and its edges name {named}");
    let complaint = Diagnostic::error(NO_SUCH_WORKERS, message).label(&workers.span, "so many are not left");
    complaint.label(&component.name.span, "it may create no more").help("add to its `threads`, or name fewer")
}

/// Whoever comes after the last one could not register its page.
fn check_room(index: usize, component: &Component, graph: &Graph, found: &mut Diagnostics) {
    let clients = graph.scheduled_by(index).filter_map(|at| graph.components.get(at));
    let mut pages = clients.flat_map(|client| &client.deps).filter(|dep| dep.via == Via::Page);
    let Some(dep) = pages.nth(abi::plan::PAGES) else { return };
    let (name, room, all) = (&component.name.value, abi::plan::PAGES, abi::plan::PAGES + 1 + pages.count());
    let message =
        format!("the clients of `{name}` have {all} pages, more than the {room} that a scheduler has room for");
    let complaint = Diagnostic::error(TOO_MANY_PAGES, message).label(&dep.span, "one page too many");
    found.push(complaint.help("leave out `via` where calls come alone, or have some clients scheduled by another"));
}
