//! Capability tables, slot by slot: what each component can reach at this moment.

use abi::crossing::CAPABILITIES;
use logic::capability::{self, Capability, Slot};
use logic::capability_table::CapabilityTable;
use logic::component::Reference;
use logic::frame::Frame;
use logic::{slot, thread};
use serde::Serialize;

use super::memory::Memory;
use super::threads::{self, name};
use crate::pass::report::{self, Granted};

/// What a slot holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Held {
    /// The slot.
    pub slot: u64,
    /// Its kind.
    pub kind: &'static str,
    /// What it is to.
    pub to: String,
    /// The methods that may be called, where the graph names them; otherwise their numbers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<String>,
    /// Whether what it is to has ended.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stale: bool,
    /// The line of the graph file that grants it; none if the system has added it since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub graph_line: Option<usize>,
}

/// All that the component `reference` holds. `granted` is what the report says of it.
pub fn held(memory: &Memory, reference: Reference, granted: Option<&report::Component>) -> Vec<Held> {
    let Ok(table) = CapabilityTable::of(memory, reference) else { return Vec::new() };
    let slots = (1..u64::from(CAPABILITIES)).filter_map(|number| Some((number, table.slot(memory, number).ok()?)));
    slots.filter_map(|(number, slot)| describe(memory, number, slot, granted)).collect()
}

fn describe(memory: &Memory, number: u64, held: &Slot, component: Option<&report::Component>) -> Option<Held> {
    let what = capability::peek(held).ok()?;
    let granted = component.into_iter().flat_map(|component| &component.capabilities);
    let granted = granted.clone().find(|granted| granted.slot == number);
    Some(Held {
        slot: number,
        kind: what.kind().name(),
        to: target(memory, &what),
        methods: methods(&what, granted.map(|granted| &granted.grant)),
        stale: slot::fresh(memory, held).is_err(),
        graph_line: granted.and_then(|granted| granted.line),
    })
}

fn target(memory: &Memory, what: &Capability) -> String {
    let place = |frame: &Frame| format!("at {:#x}", frame.physical());
    let thread = |frame: &Frame| format!("thread {}", thread::index(memory, *frame));
    match what {
        Capability::Invocation(it) => format!("{}, entry {:#x}", name(memory, it.server), it.entry),
        Capability::Component(reference) => name(memory, *reference),
        Capability::Thread(frame) | Capability::Receive(frame) | Capability::Send(frame) => thread(frame),
        Capability::CapabilityTable(frame) | Capability::PageTable(frame) => place(frame),
        Capability::TemporalCapability(frame) => format!("{}, {}", place(frame), threads::of(memory, *frame)),
        Capability::Ports(ports) => {
            format!("{:#x}-{:#x}", ports.first, u32::from(ports.first) + ports.count.saturating_sub(1))
        }
        Capability::Interrupt(lines) => match lines.count {
            1 => format!("line {}", lines.first),
            count => format!("lines {}-{}", lines.first, lines.first.saturating_add(count.saturating_sub(1))),
        },
        Capability::PhysicalRange(range) => format!("{} pages from number {:#x} on", range.pages, range.first),
        Capability::DebugConsole | Capability::Power | Capability::HandledLevel => String::new(),
    }
}

/// The methods that an invocation permits: by name if the graph grants just these.
fn methods(what: &Capability, granted: Option<&Granted>) -> Vec<String> {
    let Capability::Invocation(invocation) = what else { return Vec::new() };
    match granted {
        Some(Granted::Invocation { methods, mask, .. }) if *mask == invocation.methods => methods.clone(),
        _ => (0..64).filter(|bit| invocation.methods & 1 << bit != 0).map(|bit| bit.to_string()).collect(),
    }
}
