//! Checks of device grants: a device belongs to one component.

use crate::code::{DUPLICATE_DEVICE, PORTS_GRANTED_TWICE, PORTS_OUT_OF_RANGE};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::{Component, Graph, Ports};

/// I/O ports of a machine.
const PORTS: u64 = 0x1_0000;

/// A component's devices have different names.
pub fn check_names(component: &Component, found: &mut Diagnostics) {
    for (second, first) in super::repeated(&component.devices, |ports| &ports.name) {
        let message = format!("`{}` has two devices named `{}`", component.name.value, second.value);
        found.push(super::twice(DUPLICATE_DEVICE, message, &second.span, &first.span));
    }
}

/// Every port exists, and is granted once.
pub fn check_ports(graph: &Graph, found: &mut Diagnostics) {
    let mut grants = Vec::new();
    for component in &graph.components {
        for ports in &component.devices {
            match end(ports) <= PORTS {
                true => grants.push((component, ports)),
                false => found.push(out_of_range(ports)),
            }
        }
    }
    // By first port: then a grant that overlaps any earlier one overlaps the one that reaches furthest.
    grants.sort_by_key(|(_, ports)| (ports.first, ports.span.start));
    let mut furthest: Option<(&Component, &Ports)> = None;
    for grant in grants {
        match furthest {
            Some(earlier) if grant.1.first < end(earlier.1) => {
                found.push(granted_twice(earlier, grant));
                furthest = Some(if end(grant.1) > end(earlier.1) { grant } else { earlier });
            }
            _ => furthest = Some(grant),
        }
    }
}

fn end(ports: &Ports) -> u64 {
    ports.first.saturating_add(ports.count)
}

fn range(ports: &Ports) -> String {
    format!("{:#x} to {:#x}", ports.first, end(ports).saturating_sub(1))
}

fn out_of_range(ports: &Ports) -> Diagnostic {
    let message = format!("the ports of `{}` go beyond the last one, {:#x}", ports.name.value, PORTS - 1);
    Diagnostic::error(PORTS_OUT_OF_RANGE, message).label(&ports.span, format!("ports {}", range(ports)))
}

fn granted_twice(a: (&Component, &Ports), b: (&Component, &Ports)) -> Diagnostic {
    let (first, second) = if a.1.span.start <= b.1.span.start { (a, b) } else { (b, a) };
    let shared = b.1.first;
    let label =
        |(component, ports): (&Component, &Ports)| format!("`{}` has ports {}", component.name.value, range(ports));
    Diagnostic::error(PORTS_GRANTED_TWICE, format!("port {shared:#x} is granted twice"))
        .label(&second.1.span, label(second))
        .label(&first.1.span, label(first))
        .help("a device has one driver: let the other component call it")
}
