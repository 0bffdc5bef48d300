//! The memory map of a component: everything that lies in its address space, in the order in which it lies there.

use abi::layout::{EXECUTE, PAGE, WRITE};
use serde::Serialize;

use super::{Parts, name};
use crate::graph::Graph;
use crate::pass::pages::Part;

/// A run of pages of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Region {
    /// First address.
    pub address: u64,
    /// Bytes of address space.
    pub bytes: u64,
    /// `r--`, `rw-` or `r-x`; `---` for frames that are named there and not mapped.
    pub rights: &'static str,
    /// What it is.
    pub what: String,
}

/// The map of a component.
pub fn map(graph: &Graph, parts: &Parts<'_>) -> Vec<Region> {
    let shared = parts.ready.shared.iter().map(|shared| shared.address);
    let pages =
        parts.space.pages.parts.iter().filter_map(|(part, address)| Some((page(graph, *part, parts)?, *address)));
    let pages = pages.filter(|(_, address)| shared.clone().any(|place| place == *address));
    let pages = pages.map(|(what, address)| Region { address, bytes: PAGE, rights: "rw-", what });
    let segments = parts.ready.memory.segments.iter().map(|segment| Region {
        address: segment.address,
        bytes: segment.memory_bytes.next_multiple_of(PAGE),
        rights: rights(segment.rights),
        what: segment_name(segment.address, segment.rights, parts),
    });
    let mut regions: Vec<Region> = segments.chain(pages).collect();
    regions.extend(stacks(graph, parts));
    regions.extend(registers(parts));
    regions.extend(parts.space.scheduling.iter().filter(|room| room.frames > 0).map(|room| Region {
        address: room.untyped,
        bytes: room.frames * PAGE,
        rights: "---",
        what: "untyped frames, to make threads of".into(),
    }));
    regions.sort_by_key(|region| region.address);
    regions
}

/// How the rights of a segment are written.
pub fn rights(rights: u64) -> &'static str {
    match (rights & EXECUTE != 0, rights & WRITE != 0) {
        (true, _) => "r-x",
        (_, true) => "rw-",
        _ => "r--",
    }
}

fn segment_name(address: u64, rights: u64, parts: &Parts<'_>) -> String {
    let is_plan = parts.space.scheduling.as_ref().is_some_and(|room| room.plan == address);
    let is_table = |(part, place): &(Part, u64)| matches!(part, Part::Table { .. }) && *place == address;
    let is_posted = |(part, place): &(Part, u64)| matches!(part, Part::Posted(_)) && *place == address;
    let text = match (rights & EXECUTE != 0, rights & WRITE != 0) {
        _ if is_plan => "plan of the threads that it schedules",
        _ if parts.space.management == Some(address) => "plan of the components that it manages",
        _ if parts.space.pages.parts.iter().any(is_table) => "table of the pages that it serves",
        _ if parts.space.pages.parts.iter().any(is_posted) => "calls that it posts, and makes directly",
        (true, _) => "code",
        (_, true) => "data",
        _ => "constants",
    };
    text.into()
}

fn page(graph: &Graph, part: Part, parts: &Parts<'_>) -> Option<String> {
    let (kind, at) = match part {
        Part::Header(at) => ("header", at),
        Part::Entries(at) => ("entries", at),
        Part::Table { .. } | Part::Posted(_) => return None,
    };
    let page = parts.layout.pages.pages.get(at)?;
    let (client, server) = (name(graph, page.client as u64), name(graph, page.server as u64));
    Some(format!("{kind} of the page between {client} and {server}"))
}

fn stacks(graph: &Graph, parts: &Parts<'_>) -> impl Iterator<Item = Region> {
    super::stacks::stacks(graph, parts).into_iter().map(|stack| Region {
        address: stack.end.saturating_sub(stack.bytes),
        bytes: stack.bytes,
        rights: "rw-",
        what: format!("stack of thread {} ({})", stack.thread, stack.thread_of),
    })
}

fn registers(parts: &Parts<'_>) -> impl Iterator<Item = Region> {
    let devices = parts.bindings.devices.iter().filter_map(|(_, device)| match device.resource {
        crate::graph::Resource::Registers { bytes, .. } => Some((&device.name.value, bytes)),
        _ => None,
    });
    devices.zip(&parts.space.registers).map(|((name, bytes), address)| Region {
        address: *address,
        bytes,
        rights: "rw-",
        what: format!("registers of {name}"),
    })
}
