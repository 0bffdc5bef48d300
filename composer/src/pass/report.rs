//! The report: what was composed, for people (`report.txt`) and for programs (`report.json`).

mod base;
mod capabilities;
mod component;
mod granted;
mod html;
mod lines;
mod map;
mod memory;
mod owners;
mod pages;
mod scheduling;
mod spaces;
mod stacks;
mod text;
mod threads;
mod words;

use serde::Serialize;

use super::bind::{Bound, Ready};
use super::capabilities::{Capabilities, Table};
use super::layout::{Layout, Space};
use super::memory::Account;
use super::schema::{Bindings, Schema};
use super::stack::Stacks;
use crate::graph::{Graph, Machine};
use crate::schedulability;
use component::describe;
use lines::Lines;

pub use component::Component;
pub use granted::{Capability, Granted};
pub use html::render as render_html;
pub use map::Region;
pub use memory::Memory;
pub use pages::Role;
pub use scheduling::{Scheduling, Share};
pub use text::render;

/// Version of the report's JSON.
pub const FORMAT: u32 = 6;

/// A whole system.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// [`FORMAT`].
    pub format: u32,
    /// The graph's own line about it.
    pub description: String,
    /// Bytes of the bundle.
    pub bundle_bytes: u64,
    /// Bytes of the kernel's file.
    pub kernel_bytes: u64,
    /// The disk image.
    pub disk: Disk,
    /// Bytes of memory of the machine that the graph declares.
    pub machine_bytes: u64,
    /// Bytes of memory that all components start with, by use.
    pub memory: Memory,
    /// Bytes that components may have at run time beside that, all together.
    pub quota_bytes: u64,
    /// The machine's memory by owner.
    pub owners: owners::Owners,
    /// The address spaces that components share; every other component has one of its own.
    pub address_spaces: Vec<spaces::AddressSpace>,
    /// All threads that there can be.
    pub threads: Vec<threads::Entry>,
    /// The components, in the order of initialisation; the first is the one that constructs the others.
    pub components: Vec<Component>,
    /// What analyses found out, each a section of its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub analyses: Vec<Analysis>,
}

/// What an analysis found out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Analysis {
    /// What it is about.
    pub title: String,
    /// Its findings, as text of several lines.
    pub text: String,
}

/// The disk image, by which GRUB boots the system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Disk {
    /// There is one, of so many bytes.
    Bytes(u64),
    /// There is none, for this reason.
    Missing(String),
}

impl Default for Disk {
    fn default() -> Self {
        Self::Bytes(0)
    }
}

/// What the report is about.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The graph.
    pub graph: &'a Graph,
    /// Its file.
    pub text: &'a str,
    /// Its edges.
    pub schema: &'a Schema,
    /// What its stacks need, if that is known.
    pub stacks: Option<&'a Stacks>,
    /// Its addresses.
    pub layout: &'a Layout,
    /// Its capability tables.
    pub capabilities: &'a Capabilities,
    /// Its memory.
    pub bound: &'a Bound,
    /// Bytes of the bundle.
    pub bundle_bytes: usize,
    /// Bytes of the kernel's file.
    pub kernel_bytes: usize,
    /// Bytes of the components' files, without what only a debugger reads.
    pub file_bytes: &'a [u64],
    /// Who has how much of the machine's memory.
    pub account: &'a Account,
    /// The disk image.
    pub disk: &'a Disk,
}

/// The report about `subject`.
pub fn report(subject: Subject<'_>) -> Report {
    let lines = Lines::new(subject.graph, subject.text);
    let parts = subject.graph.components.iter().zip(&subject.schema.components);
    let parts =
        parts.zip(&subject.layout.components).zip(&subject.capabilities.components).zip(&subject.bound.components);
    let components = parts.enumerate().map(|(index, ((((component, bindings), space), table), ready))| {
        describe(
            subject.graph,
            index,
            component,
            &Parts {
                schema: subject.schema,
                stacks: subject.stacks,
                file_bytes: subject.file_bytes.get(index).copied().unwrap_or(0),
                layout: subject.layout,
                lines: &lines,
                bindings,
                space,
                table,
                ready,
            },
        )
    });
    let components: Vec<_> = components.collect();
    let Machine { memory: machine_bytes, .. } = subject.graph.machine;
    Report {
        format: FORMAT,
        description: subject.graph.description.clone(),
        bundle_bytes: subject.bundle_bytes as u64,
        kernel_bytes: subject.kernel_bytes as u64,
        disk: subject.disk.clone(),
        machine_bytes,
        memory: components.iter().map(|component| component.memory).sum(),
        quota_bytes: components.iter().filter_map(|component| component.quota_bytes).sum(),
        owners: owners::Owners::of(subject.graph, subject.account),
        address_spaces: spaces::spaces(subject.graph),
        threads: threads::threads(subject),
        components,
        analyses: schedulability(subject.graph).into_iter().collect(),
    }
}

/// What the analysis says of threads of which the graph says how much work they have.
fn schedulability(graph: &Graph) -> Option<Analysis> {
    let analyses = schedulability::analyse(graph);
    let declared = analyses.iter().filter(|analysis| analysis.threads.iter().any(schedulability::Timed::is_declared));
    let text: String = declared.map(|analysis| schedulability::render(graph, analysis)).collect();
    (!text.is_empty()).then(|| Analysis { title: "Deadlines".into(), text })
}

struct Parts<'a> {
    schema: &'a Schema,
    stacks: Option<&'a Stacks>,
    file_bytes: u64,
    layout: &'a Layout,
    lines: &'a Lines<'a>,
    bindings: &'a Bindings,
    space: &'a Space,
    table: &'a Table,
    ready: &'a Ready,
}

fn name(graph: &Graph, component: u64) -> String {
    let further = || graph.further_threads().into_iter().find(|own| own.entry as u64 == component);
    let named = |at: usize| graph.components.get(at).map(|component| component.name.value.clone());
    let on_core = || further().and_then(|own| Some(format!("{} on core {}", named(own.of)?, own.core)));
    named(component as usize).or_else(on_core).unwrap_or_default()
}
