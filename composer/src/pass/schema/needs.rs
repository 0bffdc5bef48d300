//! What concerns one image alone: what it serves, its files, its devices, its stacks.

use abi::record::RecordKind;

use super::{describe, export_name, records};
use crate::code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::elf::Image;
use crate::graph::{Component, Device, Graph, Resource};
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

/// The two words that receive where the files are, if there are any.
pub fn files(component: &Component, image: &Image, found: &mut Diagnostics) -> Option<u64> {
    let files = component.initfs.as_ref()?;
    let words = records(image, RecordKind::Files).next().map(|record| record.first);
    if words.is_none() {
        let message = format!("{} is to start with files, and its image reads none", describe(component));
        let complaint = Diagnostic::error(code::NO_FILES, message).label(&files.path.span, "nobody would look at them");
        found.push(complaint.help("an image that reads files declares `runtime::files!`"));
    }
    words
}

/// The devices: the graph grants what the image drives, neither more nor less. But a driver can do without its interrupts.
pub fn devices(component: &Component, image: &Image, found: &mut Diagnostics) -> Vec<(u64, Device)> {
    let mut words = Vec::new();
    for device in &component.devices {
        let (kind, name) = (record_kind(device.resource), &device.name.value);
        match records(image, kind).find(|record| record.name == *name) {
            Some(record) => words.push((record.first, device.clone())),
            None => found.push(not_driven(component, image, device)),
        }
    }
    for kind in [RecordKind::Ports, RecordKind::Registers] {
        let is_granted = |name: &str| {
            component.devices.iter().any(|device| device.name.value == name && record_kind(device.resource) == kind)
        };
        let missing = records(image, kind).filter(|record| !is_granted(&record.name));
        found.extend(missing.map(|record| not_granted(component, kind, &record.name)));
    }
    words
}

const fn record_kind(resource: Resource) -> RecordKind {
    match resource {
        Resource::Ports { .. } => RecordKind::Ports,
        Resource::Interrupt { .. } => RecordKind::Interrupt,
        Resource::Registers { .. } => RecordKind::Registers,
    }
}

/// What a kind of resource is called, and how the graph grants it.
const fn words_of(kind: RecordKind) -> (&'static str, &'static str) {
    match kind {
        RecordKind::Interrupt => ("an interrupt", "interrupt = LINE"),
        RecordKind::Registers => ("registers in memory", "memory = ADDRESS, bytes = \"4KiB\""),
        _ => ("I/O ports", "ports = FIRST, count = NUMBER"),
    }
}

fn not_driven(component: &Component, image: &Image, device: &Device) -> Diagnostic {
    let (kind, name) = (record_kind(device.resource), &device.name.value);
    let all = [RecordKind::Ports, RecordKind::Interrupt, RecordKind::Registers];
    let driven = || all.into_iter().flat_map(|kind| records(image, kind));
    let is_driven = driven().any(|record| record.name == *name);
    let (what, _) = words_of(kind);
    let by = if is_driven { format!(" by {what}") } else { String::new() };
    let message = format!("the image of {} drives no device `{name}`{by}", describe(component));
    let others = driven().map(|record| record.name.as_str()).filter(|other| other != name);
    let help = suggest::help(name, others.collect::<Vec<_>>());
    Diagnostic::error(code::UNKNOWN_DEVICE, message).label(&device.name.span, "").maybe_help(help)
}

fn not_granted(component: &Component, kind: RecordKind, name: &str) -> Diagnostic {
    let message = format!("{} drives the device `{name}`, but the graph does not grant it", describe(component));
    let (_, keys) = words_of(kind);
    let help = format!("add to its devices: {{ name = \"{name}\", {keys} }}");
    Diagnostic::error(code::UNBOUND_DEVICE, message).label(&component.name.span, "").help(help)
}

/// The word that receives the end of thread 0's stack. Reading the image made sure that there is one.
pub fn stacks(image: &Image) -> u64 {
    records(image, RecordKind::Stacks).next().map_or(0, |record| record.first)
}

/// Whether the image has something to initialise on each of its cores. It needs that to be on several, unless it schedules there.
pub fn initialises_in_parallel(graph: &Graph, index: usize, image: &Image, found: &mut Diagnostics) -> bool {
    let does = records(image, RecordKind::ParallelInitialise).next().is_some();
    let Some(component) = graph.components.get(index) else { return does };
    if let (false, false, Some(core)) = (does, graph.runs_everywhere(index), component.cores.get(1)) {
        let message = format!("the image of {} does something on its first core alone", describe(component));
        let complaint = Diagnostic::error(code::NOTHING_ON_OTHER_CORES, message).label(&core.span, "nothing here");
        found.push(
            complaint.help(
                "name one core, or have the image declare `runtime::component! { parallel_initialise: FUNCTION }`",
            ),
        );
    }
    let made_later =
        component.is_base_constructor || component.constructor.is_some() || component.personality.is_some();
    if does && made_later {
        let message =
            format!("{} would initialise on each of its cores, which is not supported yet", describe(component));
        let help = "only components that the booter constructs do that, and no foreign ones";
        found.push(Diagnostic::error(code::NOT_SUPPORTED_YET, message).label(&component.name.span, "").help(help));
    }
    does
}

/// The word that receives the address of the management plan, if there is one: then the image can manage others.
pub fn management(graph: &Graph, index: usize, image: &Image, found: &mut Diagnostics) -> Option<u64> {
    let plan = records(image, RecordKind::Management).next().map(|record| record.first);
    if let (None, true, Some(component)) = (plan, graph.is_manager(index), graph.components.get(index)) {
        let message = format!("{} is to manage others at run time, but its image cannot", describe(component));
        let complaint = Diagnostic::error(code::NOT_A_MANAGER, message).label(&component.name.span, "");
        found.push(complaint.help("a manager's image declares `runtime::management!`"));
    }
    plan
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
