//! The pages: who shares which, and what is held to have them served.

use serde::Serialize;

use super::{Capability, Granted, Parts, name};
use crate::graph::Graph;
use crate::pass::pages::{self, Part};

/// A syscall page in which a component has a part.
#[derive(Clone, Debug, Serialize)]
pub struct Page {
    /// Which part.
    pub role: Role,
    /// Who posts.
    pub client: String,
    /// The client's number for it, which is the scheduler's if there is one.
    pub number: usize,
    /// Who serves.
    pub server: String,
    /// The interface, with its variant.
    pub interface: String,
    /// The core on which a thread of the client has it served, if the graph says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub core: Option<u64>,
    /// Threads of the server that may be busy at once with its calls that may block, if the server's image has such threads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workers: Option<u64>,
    /// Where the header frame lies in this component.
    pub header: u64,
    /// Where the entry frame lies in this component, if it has that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entries: Option<u64>,
}

/// A part in a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// It posts calls.
    Client,
    /// It runs them.
    Server,
    /// It has them served for those that wait. It sees the header alone.
    Scheduler,
}

/// The pages in which the component at `index` has a part.
pub fn pages(graph: &Graph, index: usize, parts: &Parts<'_>) -> Vec<Page> {
    let all = parts.layout.pages.pages.iter().enumerate();
    all.filter_map(|(at, page)| Some(describe(graph, at, page, role(index, page)?, parts))).collect()
}

fn role(index: usize, page: &pages::Page) -> Option<Role> {
    let roles = [(page.client, Role::Client), (page.server, Role::Server)];
    let scheduler = page.scheduler.map(|scheduler| (scheduler, Role::Scheduler));
    roles.into_iter().chain(scheduler).find(|(component, _)| *component == index).map(|(_, role)| role)
}

fn describe(graph: &Graph, at: usize, page: &pages::Page, role: Role, parts: &Parts<'_>) -> Page {
    let places = &parts.space.pages;
    Page {
        role,
        client: name(graph, page.client as u64),
        number: page.number,
        server: name(graph, page.server as u64),
        interface: interface(page, parts),
        core: page.ends.core,
        workers: page.ends.work.and(Some(page.workers.share)),
        header: places.address(Part::Header(at)),
        entries: (role != Role::Scheduler).then(|| places.address(Part::Entries(at))),
    }
}

fn interface(page: &pages::Page, parts: &Parts<'_>) -> String {
    page.edge_of(parts.schema).map_or_else(String::new, |edge| edge.interface.clone())
}

/// What the component at `index` holds to have pages served.
pub fn capabilities(graph: &Graph, index: usize, parts: &Parts<'_>) -> Vec<Capability> {
    let of = |page: &pages::Page| (name(graph, page.server as u64), interface(page, parts));
    let flushes = parts.layout.pages.of_client(index).zip(parts.table.flushes()).map(|((_, page), capability)| {
        let (server, interface) = of(page);
        Capability {
            slot: capability.slot,
            line: line(graph, page, parts),
            grant: Granted::Flush { server, interface },
        }
    });
    let serves = parts.layout.pages.of_scheduler(index).zip(parts.table.serves()).map(|((_, page), capability)| {
        let ((server, interface), client) = (of(page), name(graph, page.client as u64));
        let grant = Granted::Serve { server, interface, client };
        Capability { slot: capability.slot, line: line(graph, page, parts), grant }
    });
    let works = parts.layout.pages.of_workers(index).zip(parts.table.works()).map(|((_, page), capability)| {
        let grant = Granted::Work { interface: interface(page, parts), client: name(graph, page.client as u64) };
        Capability { slot: capability.slot, line: line(graph, page, parts), grant }
    });
    flushes.chain(serves).chain(works).collect()
}

/// The line of the page's edge.
fn line(graph: &Graph, page: &pages::Page, parts: &Parts<'_>) -> Option<usize> {
    let edge = graph.components.get(page.client)?.deps.get(page.edge)?;
    Some(parts.lines.number(&edge.span))
}
