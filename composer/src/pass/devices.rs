//! Devices: what each element of `devices` says becomes a grant for each resource that it names.

use super::draft;
use crate::code::INCOMPLETE_DEVICE;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::{Device, Resource};

/// The grants. An element that names no resource, or half of one, is complained about.
pub fn resolve(drafts: &[draft::Device], found: &mut Diagnostics) -> Vec<Device> {
    let mut devices = Vec::new();
    for draft in drafts.iter().filter(|draft| draft.is_complete) {
        let grants = resources(draft, found);
        let device = |resource| Device { name: draft.name.clone(), resource, span: draft.span.clone() };
        devices.extend(grants.into_iter().map(device));
    }
    devices
}

fn resources(draft: &draft::Device, found: &mut Diagnostics) -> Vec<Resource> {
    let memory = draft.memory.as_ref().map(|address| address.value);
    let mut missing = |what: &str| found.push(incomplete(draft, format!("`{what}`")));
    let ports = pair(draft.ports, draft.count, ["ports", "count"], &mut missing);
    let registers = pair(memory, draft.bytes, ["memory", "bytes"], &mut missing);
    let is_nothing = [draft.ports, draft.count, memory, draft.bytes, draft.interrupt].iter().all(Option::is_none);
    if is_nothing {
        found.push(incomplete(draft, "`ports` and `count`, `interrupt`, or `memory` and `bytes`".into()));
    }
    let ports = ports.map(|(first, count)| Resource::Ports { first, count });
    let interrupt = draft.interrupt.map(|line| Resource::Interrupt { line });
    let registers = registers.map(|(address, bytes)| Resource::Registers { address, bytes });
    ports.into_iter().chain(interrupt).chain(registers).collect()
}

fn pair(
    first: Option<u64>,
    second: Option<u64>,
    [first_key, second_key]: [&str; 2],
    missing: &mut impl FnMut(&str),
) -> Option<(u64, u64)> {
    match (first, second) {
        (Some(_), None) => missing(second_key),
        (None, Some(_)) => missing(first_key),
        _ => {}
    }
    first.zip(second)
}

fn incomplete(draft: &draft::Device, missing: String) -> Diagnostic {
    let message = format!("the device `{}` is missing {missing}", draft.name.value);
    let complaint = Diagnostic::error(INCOMPLETE_DEVICE, message).label(&draft.span, "");
    complaint.help("a device has I/O ports, an interrupt line, registers in memory, or several of these")
}
