//! What the base constructor holds: the machine, which the kernel gives to it, and all that it makes.

use abi::boot::{made, slot};
use abi::bundle::Time;

use super::{Capability, Granted, Lines, name};
use crate::graph::Graph;

/// Parts of the machine, by the slots in which the kernel puts them.
const MACHINE: [(u32, &str); 6] = [
    (slot::PORTS, "all I/O ports"),
    (slot::DEBUG_CONSOLE, "the kernel's console"),
    (slot::POWER, "the end of the system"),
    (slot::INTERRUPTS, "all interrupt lines"),
    (slot::DEVICES, "all physical memory in which devices have their registers"),
    (slot::TIME, "the time of all cores"),
];

/// The capabilities of the component at `index` if it is the base constructor.
pub fn capabilities(graph: &Graph, index: usize, lines: &Lines<'_>) -> Vec<Capability> {
    let Some(base) = graph.components.get(index).filter(|component| component.is_base_constructor) else {
        return Vec::new();
    };
    let component = base.name.value.clone();
    let held = |(slot, grant): (u32, Granted)| Capability {
        slot: slot.into(),
        line: Some(lines.number(&base.constructor_span)),
        grant,
    };
    let own = [
        (slot::TABLE, Granted::Table { component: component.clone() }),
        (slot::PAGE_TABLE, Granted::PageTable { component: component.clone() }),
        (slot::RECEIVE, Granted::Receive { component: component.clone() }),
    ];
    let is_elsewhere = (0..graph.components.len()).any(|at| graph.own_threads(at).iter().any(|own| own.core != 0));
    let send = is_elsewhere.then_some((slot::SEND, Granted::Send { component }));
    let machine = MACHINE.map(|(slot, part)| (slot, Granted::Machine { part: part.to_owned() }));
    let frames = Granted::Machine { part: "all frames that nobody has yet, named in its page table".to_owned() };
    let own = own.into_iter().chain(machine).chain(send).chain([(0, frames)]).map(held);
    let mut all: Vec<_> = own.chain((0..graph.components.len()).flat_map(|at| made(graph, at, lines))).collect();
    all.sort_by_key(|capability| capability.slot);
    all
}

/// What it keeps of the component at `at`, if it makes that.
fn made(graph: &Graph, at: usize, lines: &Lines<'_>) -> Vec<Capability> {
    let component = graph.components.get(at);
    let is_made =
        |component: &&crate::graph::Component| !component.is_base_constructor && component.constructor.is_none();
    let Some(made_one) = component.filter(is_made) else { return Vec::new() };
    let component = name(graph, at as u64);
    let held = |entry: usize, offset: u32, grant| {
        let slot = u64::from(slot::of(entry) + offset);
        Capability { slot, line: Some(lines.number(&made_one.constructor_span)), grant }
    };
    let itself = [
        held(at, made::TABLE, Granted::Table { component: component.clone() }),
        held(at, made::PAGE_TABLE, Granted::PageTable { component: component.clone() }),
        held(at, made::COMPONENT, Granted::Made { component: component.clone() }),
    ];
    let threads = graph.own_threads(at).into_iter().flat_map(|own| {
        let component = || component.clone();
        let thread = held(own.entry, made::THREAD, Granted::Thread { component: component() });
        let has_time = !matches!(graph.time(own), Time::None);
        let time = has_time.then(|| {
            let receive = held(own.entry, made::RECEIVE, Granted::Receive { component: component() });
            [held(own.entry, made::TIME, Granted::Fill { component: component() }), receive]
        });
        std::iter::once(thread).chain(time.into_iter().flatten())
    });
    itself.into_iter().chain(threads).collect()
}
