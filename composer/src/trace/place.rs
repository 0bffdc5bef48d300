//! Which component and which thread it was, and what was asked: from page tables, stack pointers and capability numbers.

use std::collections::BTreeMap;

use abi::layout::STACK_SPAN;
use abi::operation::{
    ComponentOperation, HandledLevelOperation, InterruptOperation, PageTableOperation, PortsOperation,
    ReceiveOperation, SendOperation, TableOperation, TemporalCapabilityOperation, ThreadOperation,
};

use super::entry::{Cause, Entry};
use crate::pass::report::{Capability, Component, Granted, Report};

/// Where user level was when it was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The component, by its place in the report; none if it is not there.
    pub component: Option<usize>,
    /// The thread, by its index; none if it ran on no stack that the graph knows.
    pub thread: Option<u64>,
    /// The root of its page table.
    pub page_table: u64,
}

/// What is known of the page tables that have been seen.
///
/// The booter lets all components initialise before any runs, each on its own thread, in the report's order: so page tables are
/// seen for the first time in that order. One whose stack pointer says otherwise is no component of the report.
pub struct Places<'r> {
    report: &'r Report,
    known: BTreeMap<u64, Option<usize>>,
    next: usize,
}

impl<'r> Places<'r> {
    /// Nothing has been seen.
    pub const fn new(report: &'r Report) -> Self {
        Self { report, known: BTreeMap::new(), next: 0 }
    }

    /// Where `entry` left user level.
    pub fn find(&mut self, entry: &Entry) -> Place {
        let component = match self.known.get(&entry.page_table) {
            Some(component) => *component,
            None => self.learn(entry),
        };
        let described = component.and_then(|at| self.report.components.get(at));
        let thread = described.and_then(|component| thread_on(component, entry.stack));
        Place { component, thread, page_table: entry.page_table }
    }

    fn learn(&mut self, entry: &Entry) -> Option<usize> {
        let component = self.report.components.get(self.next)?;
        let is_own = thread_on(component, entry.stack) == Some(component.index as u64);
        let found = is_own.then_some(self.next);
        self.next += usize::from(is_own);
        self.known.insert(entry.page_table, found);
        found
    }

    /// What `entry` asked for in `place`.
    pub fn asked(&self, place: Place, entry: &Entry) -> Asked<'r> {
        let component = place.component.and_then(|at| self.report.components.get(at));
        let word = entry.words.first().copied().unwrap_or_default();
        let (slot, method) = (word >> 16, word & 0xffff);
        let held = component.into_iter().flat_map(|component| &component.capabilities);
        match (entry.cause, slot) {
            (Cause::SystemCall, 0) => Asked::Return,
            (Cause::SystemCall, _) => Asked::Of { slot, method, held: held.clone().find(|held| held.slot == slot) },
            (Cause::Interrupt(vector), _) => Asked::Interrupt(vector),
            (Cause::Exception(vector, address), _) => Asked::Fault(vector, address),
        }
    }
}

/// The thread on whose stack in `component` the stack pointer `at` is.
fn thread_on(component: &Component, at: u64) -> Option<u64> {
    let mut stacks = component.stacks.iter();
    stacks.find(|stack| at <= stack.end && at > stack.end.saturating_sub(STACK_SPAN)).map(|stack| stack.thread)
}

/// Why user level was left.
#[derive(Clone, Copy, Debug)]
pub enum Asked<'r> {
    /// To return to whoever invoked it.
    Return,
    /// For a method of a capability, which the report knows or not.
    Of {
        /// The slot.
        slot: u64,
        /// The method.
        method: u64,
        /// What the graph grants there.
        held: Option<&'r Capability>,
    },
    /// For nothing: an interrupt.
    Interrupt(u8),
    /// For nothing: a fault, with the address of a page fault.
    Fault(u8, u64),
}

/// The kind of what is on a timeline, by which it can be filtered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    /// A thread is in a component.
    Invocation,
    /// Posted calls of a page are served.
    Batch,
    /// The kernel does something, or lets a thread wait.
    Kernel,
    /// A thread has the core.
    Switch,
    /// An interrupt.
    Interrupt,
    /// A fault.
    Fault,
}

impl Asked<'_> {
    /// Whether it leads into another component.
    pub const fn invokes(&self) -> bool {
        matches!(self.category(), Category::Invocation | Category::Batch)
    }

    /// Its kind.
    pub const fn category(&self) -> Category {
        match self {
            Self::Fault(..) => Category::Fault,
            Self::Interrupt(_) => Category::Interrupt,
            Self::Of { held: Some(held), .. } => match held.grant {
                Granted::Flush { .. } | Granted::Serve { .. } => Category::Batch,
                Granted::Invocation { .. } | Granted::Work { .. } => Category::Invocation,
                _ => Category::Kernel,
            },
            Self::Return | Self::Of { .. } => Category::Kernel,
        }
    }

    /// What it is called.
    pub fn name(&self) -> String {
        match self {
            Self::Return => "return".into(),
            Self::Interrupt(vector) => format!("interrupt {vector:#x}"),
            Self::Fault(vector, address) => fault(*vector, *address),
            Self::Of { slot, method, held: None } => format!("kernel: slot {slot}, operation {method}"),
            Self::Of { slot, method, held: Some(held) } => granted(&held.grant, *slot, *method),
        }
    }
}

fn fault(vector: u8, address: u64) -> String {
    match vector {
        14 => format!("page fault at {address:#x}"),
        _ => format!("exception {vector}"),
    }
}

fn granted(grant: &Granted, slot: u64, method: u64) -> String {
    match grant {
        Granted::Invocation { server, interface, methods, mask, .. } => {
            // Names are those of the permitted methods alone.
            let before = (0..method.min(64)).filter(|bit| mask & 1 << bit != 0).count();
            let name = methods.get(before).map_or_else(|| method.to_string(), Clone::clone);
            format!("{server}: {interface}.{name}")
        }
        Granted::Flush { server, interface } => format!("{server}: batch of {interface}, flushed"),
        Granted::Serve { server, interface, client } => format!("{server}: batch of {interface} for {client}"),
        Granted::Work { interface, client } => format!("{interface} for {client}"),
        Granted::Ports { device, .. } => named(PortsOperation::from_number, method, format!("ports of {device}")),
        Granted::Interrupt { device, .. } => {
            named(InterruptOperation::from_number, method, format!("interrupt of {device}"))
        }
        Granted::Thread { component } => named(ThreadOperation::from_number, method, format!("thread of {component}")),
        Granted::Receive { component } => {
            named(ReceiveOperation::from_number, method, format!("end-point of {component}"))
        }
        Granted::Send { component } => named(SendOperation::from_number, method, format!("end-point of {component}")),
        Granted::Table { component } => {
            named(TableOperation::from_number, method, format!("capability table of {component}"))
        }
        Granted::PageTable { component } => {
            named(PageTableOperation::from_number, method, format!("page table of {component}"))
        }
        Granted::Component { component } | Granted::Server { component } | Granted::Made { component } => {
            named(ComponentOperation::from_number, method, component.clone())
        }
        Granted::Time | Granted::Spend { .. } | Granted::Fill { .. } => {
            named(TemporalCapabilityOperation::from_number, method, format!("time in slot {slot}"))
        }
        Granted::Machine { part } => format!("kernel: operation {method}, {part}"),
        Granted::HandledLevel => named(HandledLevelOperation::from_number, method, "handled level".into()),
        _ => format!("kernel: slot {slot}, operation {method}"),
    }
}

/// A kernel operation, as the contract calls it, on an object.
fn named<O: std::fmt::Debug>(operation: impl Fn(u16) -> Option<O>, method: u64, object: String) -> String {
    let operation = u16::try_from(method).ok().and_then(operation);
    operation.map_or_else(
        || format!("kernel: operation {method}, {object}"),
        |operation| format!("kernel: {operation:?}, {object}"),
    )
}
