//! What a component holds, slot by slot.

use abi::bundle::Grant;

use super::granted::{Capability, Granted, granted, granted_device, held};
use super::{Parts, base, name, pages};
use crate::graph::Graph;
use crate::pass::capabilities::device_capabilities;

/// All that a component holds, with the lines of the graph that grant it.
pub(super) fn capabilities(graph: &Graph, index: usize, parts: &Parts<'_>) -> Vec<Capability> {
    let handled = parts.table.handled.map(|capability| held(capability.slot, Granted::HandledLevel));
    let all = fault(graph, parts)
        .into_iter()
        .chain(personality(graph, parts))
        .chain(handled)
        .chain(edges(graph, index, parts))
        .chain(devices(graph, parts))
        .chain(scheduled(graph, parts))
        .chain(pages::capabilities(graph, index, parts))
        .chain(base::capabilities(graph, index, parts.lines));
    all.map(|it| Capability { line: it.line.or_else(|| parts.lines.of(index, &it.grant)), ..it }).collect()
}

/// Those by which it calls others, in the order of its dependencies.
fn edges(graph: &Graph, index: usize, parts: &Parts<'_>) -> impl Iterator<Item = Capability> {
    let deps = graph.components.get(index).map(|component| component.deps.as_slice()).unwrap_or_default();
    let edges = parts.table.invocations().iter().zip(&parts.bindings.edges).zip(deps);
    edges.enumerate().map(move |(number, ((capability, edge), dep))| {
        let entry = match capability.grant {
            Grant::Invocation { entry, .. } => entry,
            _ => 0,
        };
        let grant = Granted::Invocation {
            server: name(graph, edge.server as u64),
            interface: edge.interface.clone(),
            methods: edge.method_names.clone(),
            unused: parts.stacks.map(|stacks| stacks.unused.of_edge(index, number).to_vec()).unwrap_or_default(),
            mask: edge.methods,
            entry,
            client_clears: edge.clears_registers,
            server_clears: edge.server_clears_registers,
            interposed: dep.chain.last().map(|server| name(graph, *server as u64)),
        };
        Capability { slot: capability.slot, line: Some(parts.lines.number(&dep.span)), grant }
    })
}

/// Those to parts of the machine, by the names that its image has for them.
fn devices(graph: &Graph, parts: &Parts<'_>) -> impl Iterator<Item = Capability> {
    let devices = parts.bindings.devices.iter();
    let names =
        devices.flat_map(|(_, device)| std::iter::repeat_n(&device.name.value, device_capabilities(device.resource)));
    parts.table.devices().iter().zip(names).filter_map(|(capability, device)| {
        let grant = granted_device(capability, device).or_else(|| granted(graph, capability))?;
        Some(held(capability.slot, grant))
    })
}

/// Those by which it schedules others or manages them.
fn scheduled(graph: &Graph, parts: &Parts<'_>) -> impl Iterator<Item = Capability> {
    let managing = parts.table.managing.iter().flat_map(|held| &held.capabilities);
    let all = parts.table.scheduled().iter().chain(managing);
    all.filter_map(|capability| Some(held(capability.slot, granted(graph, capability)?)))
}

fn fault(graph: &Graph, parts: &Parts<'_>) -> Option<Capability> {
    let (capability, handler) = (parts.table.fault.as_ref()?, parts.bindings.fault.as_ref()?);
    let Grant::Invocation { server, entry, .. } = capability.grant else { return None };
    let grant = Granted::Fault { handler: name(graph, server), interface: handler.interface.clone(), entry };
    Some(held(capability.slot, grant))
}

fn personality(graph: &Graph, parts: &Parts<'_>) -> Option<Capability> {
    let (capability, handler) = (parts.table.personality.as_ref()?, parts.bindings.personality.as_ref()?);
    let Grant::Invocation { server, entry, .. } = capability.grant else { return None };
    let grant = Granted::Personality { handler: name(graph, server), interface: handler.interface.clone(), entry };
    Some(held(capability.slot, grant))
}
