//! Whom components call and who has them call: edges, pages, regions, handlers, what they trust each other with.

use abi::fault;

use super::{Extent, Item, name};
use crate::graph::{Component, Dependency, Graph, Policy, Spanned, Via};

/// What follows from the edges of `graph`.
pub fn items(graph: &Graph) -> Vec<Item> {
    let components = || graph.components.iter().enumerate();
    let edges = components().flat_map(|(at, component)| component.deps.iter().map(move |dep| (at, dep)));
    let edges = edges.flat_map(|(client, dep)| {
        let parts = [vec![call(graph, client, dep)], page(graph, client, dep), left(graph, client, dep)];
        parts.concat().into_iter().chain(regions(graph, client, dep))
    });
    edges.chain(components().flat_map(|(at, component)| handled(graph, at, component))).collect()
}

fn call(graph: &Graph, client: usize, dep: &Dependency) -> Item {
    let variant = dep.variant.as_ref().map_or_else(String::new, |variant| format!(".{}", variant.value));
    let interface = &dep.interface.value;
    let way = dep.chain.last().map_or_else(String::new, |last| format!(", on the way to `{}`", name(graph, *last)));
    let what = format!("calls `{}` by `{interface}{variant}`{way}", name(graph, dep.server));
    Item::new(graph, client, &dep.span, what).of(methods(dep)).to(dep.server).with(interface)
}

fn methods(dep: &Dependency) -> Extent {
    let names = |methods: &Vec<Spanned<String>>| methods.iter().map(|method| method.value.clone()).collect();
    dep.methods.as_ref().map_or(Extent::Whole, |methods| Extent::Methods(names(methods)))
}

/// A page is shared by its ends, and served by the client's scheduler.
fn page(graph: &Graph, client: usize, dep: &Dependency) -> Vec<Item> {
    if dep.via != Via::Page {
        return Vec::new();
    }
    let (server, interface) = (&dep.srv.value, &dep.interface.value);
    let item = |holder, what| Item::new(graph, holder, &dep.span, what).to(dep.server).with(interface);
    let client_name = name(graph, client);
    let served = graph.scheduler(client).map(|scheduler| {
        item(scheduler, format!("has `{server}` serve the page of `{client_name}` for `{interface}`"))
    });
    let core = dep.core.as_ref().map(|core| {
        let what = format!("has its page with `{server}` for `{interface}` served on a core of its own");
        Item::new(graph, client, &dep.span, what).of(Extent::Way(format!("core {}", core.value))).time()
    });
    let workers = dep.workers.as_ref().map(|workers| {
        let what = format!("has threads of `{server}` to itself for its calls of `{interface}` that block");
        Item::new(graph, client, &dep.span, what).of(Extent::Number(workers.value)).time()
    });
    let shared = item(client, format!("shares a page with `{server}` for `{interface}`"));
    std::iter::once(shared).chain(served).chain(core).chain(workers).collect()
}

/// Who trusts the other end leaves its registers as they are.
fn left(graph: &Graph, client: usize, dep: &Dependency) -> Vec<Item> {
    let item = |holder: usize, of: usize| {
        let what = format!("sees what `{}` leaves in registers", name(graph, of));
        Item::new(graph, holder, &dep.span, what).about(of)
    };
    let server = dep.trust.server.then(|| item(dep.server, client));
    server.into_iter().chain(dep.trust.client.then(|| item(client, dep.server))).collect()
}

/// To whom a component may give memory of its own, and whose it may be given.
fn regions<'a>(graph: &'a Graph, client: usize, dep: &'a Dependency) -> impl Iterator<Item = Item> + 'a {
    let ends = [(dep.regions.client, client, dep.server), (dep.regions.server, dep.server, client)];
    ends.into_iter().filter(|(may, ..)| *may).flat_map(move |(_, from, to)| {
        let item = |holder, what| Item::new(graph, holder, &dep.span, what);
        let given = item(from, format!("gives memory to `{}`", name(graph, to))).to(to);
        [given, item(to, format!("maps what `{}` gives it", name(graph, from))).about(from)]
    })
}

/// Who handles a component's faults and system calls can change its registers and memory.
fn handled(graph: &Graph, at: usize, component: &Component) -> Vec<Item> {
    let name = &component.name.value;
    let items = |edge: &Dependency, what: &str, verb: &str, way| {
        let variant = edge.variant.as_ref().map_or_else(String::new, |variant| format!(".{}", variant.value));
        let own = format!("has its {what} {verb} by `{}{variant}`", edge.srv.value);
        let own = Item::new(graph, at, &edge.span, own).of(way).to(edge.server).with(&edge.interface.value);
        let handler = format!("handles the {what} of `{name}`");
        [own, Item::new(graph, edge.server, &edge.span, handler).to(at)]
    };
    let faults = component.fault.iter().flat_map(|edge| items(edge, "faults", "handled", way(component.policy)));
    let calls = component.personality.iter().flat_map(|edge| items(edge, "system calls", "served", Extent::Whole));
    faults.chain(calls).collect()
}

/// What a handler is to do.
fn way(Policy { policy, limit, back_off }: Policy) -> Extent {
    let times = if limit == 0 { "as often as it is needed".to_owned() } else { format!("{limit} times") };
    let way = match policy {
        fault::Policy::Handler => "as the handler likes".to_owned(),
        fault::Policy::Unwind => "the call fails".to_owned(),
        fault::Policy::End => "it ends".to_owned(),
        fault::Policy::Recreate => format!("it is made anew, {times}, after {back_off} microseconds at first"),
    };
    Extent::Way(way)
}
