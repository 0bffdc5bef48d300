//! Checks of device grants: a resource of the machine belongs to one component.

use crate::code::{
    DUPLICATE_DEVICE, INTERRUPT_GRANTED_TWICE, PORTS_GRANTED_TWICE, PORTS_OUT_OF_RANGE, REGISTERS_GRANTED_TWICE,
};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::{Component, Device, Graph, Resource};

/// I/O ports of a machine.
const PORTS: u64 = 0x1_0000;

/// A component's devices have different names.
pub fn check_names(component: &Component, found: &mut Diagnostics) {
    // The resources of one element share its place.
    let mut elements: Vec<&Device> = Vec::new();
    for device in &component.devices {
        if elements.last().is_none_or(|last| last.span != device.span) {
            elements.push(device);
        }
    }
    for (second, first) in super::repeated(&elements, |device| &device.name) {
        let message = format!("`{}` has two devices named `{}`", component.name.value, second.value);
        found.push(super::twice(DUPLICATE_DEVICE, message, &second.span, &first.span));
    }
}

/// A range of one kind of resource, and whose it is.
struct Range<'g> {
    component: &'g Component,
    device: &'g Device,
    first: u64,
    end: u64,
}

/// A kind of resource: of what there is one of each number.
struct Kind {
    /// The numbers of a resource, if it is of this kind: the first, and the first behind them.
    range: fn(Resource) -> Option<(u64, u64)>,
    /// What there is none of from here on.
    end: u64,
    granted_twice: &'static str,
    /// One of the numbers.
    name: fn(u64) -> String,
    /// What a component has that has a range.
    has: fn(u64, u64) -> String,
}

const KINDS: [Kind; 3] = [
    Kind {
        range: |resource| match resource {
            Resource::Ports { first, count } => Some((first, first.saturating_add(count))),
            _ => None,
        },
        end: PORTS,
        granted_twice: PORTS_GRANTED_TWICE,
        name: |port| format!("port {port:#x}"),
        has: |first, last| format!("ports {first:#x} to {last:#x}"),
    },
    Kind {
        range: |resource| match resource {
            Resource::Interrupt { line } => Some((line, line.saturating_add(1))),
            _ => None,
        },
        end: u64::MAX,
        granted_twice: INTERRUPT_GRANTED_TWICE,
        name: |line| format!("interrupt line {line}"),
        has: |line, _| format!("interrupt line {line}"),
    },
    Kind {
        range: |resource| match resource {
            Resource::Registers { address, bytes } => Some((address, address.saturating_add(bytes))),
            _ => None,
        },
        end: u64::MAX,
        granted_twice: REGISTERS_GRANTED_TWICE,
        name: |address| format!("the memory at {address:#x}"),
        has: |first, last| format!("the memory from {first:#x} to {last:#x}"),
    },
];

/// Every resource exists, and is granted once.
pub fn check_grants(graph: &Graph, found: &mut Diagnostics) {
    for kind in &KINDS {
        check_kind(graph, kind, found);
    }
}

fn check_kind(graph: &Graph, kind: &Kind, found: &mut Diagnostics) {
    let mut grants = Vec::new();
    for component in &graph.components {
        for device in &component.devices {
            let Some((first, end)) = (kind.range)(device.resource) else { continue };
            let range = Range { component, device, first, end };
            match end <= kind.end {
                true => grants.push(range),
                false => found.push(out_of_range(&range)),
            }
        }
    }
    // By first number: then a grant that overlaps any earlier one overlaps the one that reaches furthest.
    grants.sort_by_key(|range| (range.first, range.device.span.start));
    let mut furthest: Option<&Range<'_>> = None;
    for grant in &grants {
        match furthest {
            Some(earlier) if grant.first < earlier.end => {
                found.push(granted_twice(kind, earlier, grant));
                furthest = Some(if grant.end > earlier.end { grant } else { earlier });
            }
            _ => furthest = Some(grant),
        }
    }
}

fn out_of_range(range: &Range<'_>) -> Diagnostic {
    let message = format!("the ports of `{}` go beyond the last one, {:#x}", range.device.name.value, PORTS - 1);
    let ports = format!("ports {:#x} to {:#x}", range.first, range.end.saturating_sub(1));
    Diagnostic::error(PORTS_OUT_OF_RANGE, message).label(&range.device.span, ports)
}

fn granted_twice(kind: &Kind, a: &Range<'_>, b: &Range<'_>) -> Diagnostic {
    let (first, second) = if a.device.span.start <= b.device.span.start { (a, b) } else { (b, a) };
    let label = |range: &Range<'_>| {
        let has = (kind.has)(range.first, range.end.saturating_sub(1));
        format!("`{}` has {has}", range.component.name.value)
    };
    Diagnostic::error(kind.granted_twice, format!("{} is granted twice", (kind.name)(b.first)))
        .label(&second.device.span, label(second))
        .label(&first.device.span, label(first))
        .help("a device has one driver: let the other component call it")
}
