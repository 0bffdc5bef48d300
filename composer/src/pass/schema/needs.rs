//! What concerns one image alone: what it serves, its parameters, its devices, its stacks.

use abi::record::RecordKind;

use super::{describe, export_name, records};
use crate::code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::elf::Image;
use crate::graph::{Component, Graph, Ports};
use crate::schedule::SCHED;
use crate::suggest;

/// The image serves everything that the graph says.
pub fn check_implements(component: &Component, image: &Image, found: &mut Diagnostics) {
    let exports = || records(image, RecordKind::Export).map(|record| record.name.as_str());
    for implements in &component.implements {
        let variant = implements.variant.as_ref().map(|variant| variant.value.as_str());
        let name = export_name(&implements.interface.value, variant);
        if !exports().any(|export| export == name) {
            let message = format!("the image of {} does not serve `{name}`", describe(component));
            let help = suggest::help(&name, exports().collect::<Vec<_>>());
            let place = implements.variant.as_ref().unwrap_or(&implements.interface);
            found.push(Diagnostic::error(code::NOT_EXPORTED, message).label(&place.span, "").maybe_help(help));
        }
    }
}

/// The words that the graph sets.
pub fn parameters(component: &Component, image: &Image, found: &mut Diagnostics) -> Vec<(u64, u64)> {
    let parameters = || records(image, RecordKind::Parameter);
    let mut words = Vec::new();
    for parameter in &component.params {
        let key = &parameter.key;
        match parameters().find(|record| record.name == key.value) {
            Some(record) => words.push((record.first, parameter.value.value)),
            None => {
                let message = format!("the image of {} has no parameter `{}`", describe(component), key.value);
                let keys: Vec<_> = parameters().map(|record| record.name.as_str()).collect();
                let help = suggest::help(&key.value, keys);
                found.push(Diagnostic::error(code::UNKNOWN_PARAMETER, message).label(&key.span, "").maybe_help(help));
            }
        }
    }
    words
}

/// The port ranges: the graph grants what the image drives, neither more nor less.
pub fn ports(component: &Component, image: &Image, found: &mut Diagnostics) -> Vec<(u64, Ports)> {
    let driven = || records(image, RecordKind::Ports);
    let mut words = Vec::new();
    for ports in &component.devices {
        let name = &ports.name.value;
        match driven().find(|record| record.name == *name) {
            Some(record) => words.push((record.first, ports.clone())),
            None => {
                let message = format!("the image of {} drives no device `{name}`", describe(component));
                let help = suggest::help(name, driven().map(|record| record.name.as_str()).collect::<Vec<_>>());
                found.push(
                    Diagnostic::error(code::UNKNOWN_DEVICE, message).label(&ports.name.span, "").maybe_help(help),
                );
            }
        }
    }
    for record in driven().filter(|record| !component.devices.iter().any(|ports| ports.name.value == record.name)) {
        let name = &record.name;
        let message = format!("{} drives the device `{name}`, but the graph does not grant it", describe(component));
        let help = format!("add to its devices: {{ name = \"{name}\", ports = FIRST, count = NUMBER }}");
        found.push(Diagnostic::error(code::UNBOUND_DEVICE, message).label(&component.name.span, "").help(help));
    }
    words
}

/// The word that receives the end of thread 0's stack. Reading the image made sure that there is one.
pub fn stacks(image: &Image) -> u64 {
    records(image, RecordKind::Stacks).next().map_or(0, |record| record.first)
}

/// The word that receives the address of the plan, if there is one: then the image is a scheduler's.
pub fn plan(graph: &Graph, index: usize, image: &Image, found: &mut Diagnostics) -> Option<u64> {
    let plan = records(image, RecordKind::Plan).next().map(|record| record.first);
    let client = graph.scheduled_by(index).next().and_then(|client| graph.components.get(client));
    if let (None, Some(client), Some(component)) = (plan, client, graph.components.get(index)) {
        let message = format!("{} serves `{SCHED}`, but its image is not a scheduler's", describe(component));
        let complaint = Diagnostic::error(code::NOT_A_SCHEDULER, message).label(&component.name.span, "");
        let complaint = complaint.label(&client.name.span, "it would schedule this one");
        found.push(complaint.help("a scheduler's image declares `runtime::plan!`"));
    }
    plan
}
