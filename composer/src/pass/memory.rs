//! Memory that cannot fit: all that firmware, kernel and components have of the machine's, frame by frame.
//!
//! The kernel and the booter take memory by fixed rules, and here they are followed: what the kernel keeps (`machine`), and what
//! the booter makes each component of (`construction`). Beside that only what is named for somebody to use at run time is taken.

mod construction;
mod machine;
mod nodes;

use std::cmp::Reverse;
use std::collections::HashMap;
use std::ops::Range;

use abi::layout::PAGE;
use abi::management::MOST_FRAMES;
use machine::Machine;
pub use machine::{Image, parts};

use super::bind::Bound;
use super::capabilities::Capabilities;
use super::image;
use super::layout::Layout;
use crate::code::{MANAGED_MEMORY_EXCEEDED, MEMORY_EXCEEDED};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::{Component, Graph};
use crate::text;

/// Holders of memory that a complaint names.
const NAMED: usize = 3;

/// What is counted.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    /// The graph.
    pub graph: &'a Graph,
    /// Its addresses.
    pub layout: &'a Layout,
    /// Its capability tables.
    pub capabilities: &'a Capabilities,
    /// Its memory.
    pub bound: &'a Bound,
}

/// Frames that a component has beside those that lie in the bundle, by use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Its image's memory that starts as zeros.
    pub zeros: u64,
    /// Stacks.
    pub stacks: u64,
    /// Its page table. Who shares one with a component before it has none.
    pub page_tables: u64,
    /// Its capability table.
    pub capability_tables: u64,
    /// The component, its threads from the start, and what they run on.
    pub objects: u64,
    /// For threads that it creates, or to give to others: named for it, and used at run time.
    pub run_time: u64,
}

impl Share {
    /// The two together.
    const fn plus(&self, other: &Self) -> Self {
        Self {
            zeros: self.zeros + other.zeros,
            stacks: self.stacks + other.stacks,
            page_tables: self.page_tables + other.page_tables,
            capability_tables: self.capability_tables + other.capability_tables,
            objects: self.objects + other.objects,
            run_time: self.run_time.saturating_add(other.run_time),
        }
    }

    /// All of them.
    pub const fn frames(&self) -> u64 {
        self.zeros + self.stacks + self.page_tables + self.capability_tables + self.objects + self.run_time
    }
}

/// Who has how many bytes of a machine's memory when a system is up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// All that there is.
    pub machine: u64,
    /// Nobody's: below 1 MiB, and what firmware keeps.
    pub firmware: u64,
    /// The kernel's image.
    pub kernel: u64,
    /// Its tables.
    pub kernel_tables: u64,
    /// The bundle, where images lie.
    pub bundle: u64,
    /// What the components have beside that, in the order of the graph's.
    pub components: Vec<Share>,
}

impl Account {
    /// Counts it.
    pub fn of(parts: Parts<'_>, kernel: &[u8]) -> Self {
        let Parts { graph, layout, capabilities, bound } = parts;
        let bundle_bytes = image::bundle_bytes(graph, bound, layout, capabilities);
        let machine = Machine::new(&graph.machine, kernel, bundle_bytes);
        Self {
            machine: graph.machine.memory,
            firmware: machine.firmware(),
            kernel: machine.kernel(),
            kernel_tables: machine.kernel_frames() * PAGE,
            bundle: bundle_bytes,
            components: parts.shares(&machine),
        }
    }

    /// Bytes that the system needs.
    pub fn needed(&self) -> u64 {
        let components: u64 = self.components.iter().map(Share::frames).sum();
        let fixed = self.firmware + self.kernel + self.kernel_tables + self.bundle;
        components.saturating_mul(PAGE).saturating_add(fixed)
    }

    /// Bytes that nobody has.
    pub fn free(&self) -> u64 {
        self.machine.saturating_sub(self.needed())
    }
}

/// Complains of a system that the machine has too little memory for, and of memory that nobody can keep account of.
pub fn check(graph: &Graph, capabilities: &Capabilities, account: &Account, found: &mut Diagnostics) {
    if account.needed() > account.machine {
        found.push(exceeded(graph, account));
    }
    for (component, table) in graph.components.iter().zip(&capabilities.components) {
        let frames = table.managing.as_ref().map_or(0, |held| held.frames);
        if frames > MOST_FRAMES {
            found.push(unaccountable(component, frames));
        }
    }
}

fn exceeded(graph: &Graph, account: &Account) -> Diagnostic {
    let needed = text::size(account.needed().next_multiple_of(1 << 20));
    let missing = kibibytes(account.needed() - account.machine);
    let has = text::size(account.machine);
    let message = format!("the system needs {needed} of memory, {missing} more than the machine's {has}");
    let mut complaint = Diagnostic::error(MEMORY_EXCEEDED, message);
    for (span, count, share) in holders(graph, account).into_iter().take(NAMED) {
        complaint = complaint.label(&span, describe(count, &share));
    }
    let quotas = graph.components.iter().filter_map(|it| Some((it, it.memory.as_ref()?)));
    if let Some((holder, quota)) = quotas.max_by_key(|(_, quota)| quota.value) {
        complaint = complaint.label(&quota.span, format!("`{}` may have most of that at run time", holder.name.value));
    }
    let (kernel, bundle) = (kibibytes(account.kernel + account.kernel_tables), kibibytes(account.bundle));
    let machine = format!("(the kernel has {kernel}, the bundle {bundle}, firmware {})", kibibytes(account.firmware));
    complaint
        .help(format!("give the machine more: machine = {{ memory = \"{needed}\" }}, or the components less {machine}"))
}

/// Where components are named, how many that are, and what these have together; who has most comes first.
fn holders(graph: &Graph, account: &Account) -> Vec<(Range<usize>, usize, Share)> {
    let mut holders: HashMap<Range<usize>, (usize, Share)> = HashMap::new();
    for (component, share) in graph.components.iter().zip(&account.components) {
        let (count, sum) = holders.entry(component.name.span.clone()).or_default();
        (*count, *sum) = (*count + 1, sum.plus(share));
    }
    let mut holders: Vec<_> = holders.into_iter().map(|(span, (count, share))| (span, count, share)).collect();
    holders.sort_by_key(|(span, _, share)| (Reverse(share.frames()), span.start));
    holders
}

/// What a component has, the most first.
fn describe(count: usize, share: &Share) -> String {
    let mut parts = [
        (share.zeros, "memory"),
        (share.stacks, "stacks"),
        (share.page_tables, "page tables"),
        (share.capability_tables, "capabilities"),
        (share.objects, "objects"),
        (share.run_time, "to give away at run time"),
    ];
    parts.sort_by_key(|(frames, _)| Reverse(*frames));
    let parts = parts.iter().filter(|(frames, _)| *frames > 0).take(2);
    let parts: Vec<String> = parts.map(|(frames, what)| format!("{} {what}", kibibytes(frames * PAGE))).collect();
    let who = if count == 1 { "has".to_owned() } else { format!("these {count} have") };
    format!("{who} {}: {}", kibibytes(share.frames() * PAGE), parts.join(", "))
}

fn unaccountable(manager: &Component, frames: u64) -> Diagnostic {
    let (wanted, most) = (kibibytes(frames * PAGE), text::size(MOST_FRAMES * PAGE));
    let message = format!("`{}` is to give {wanted} at run time, and can keep account of {most}", manager.name.value);
    Diagnostic::error(MANAGED_MEMORY_EXCEEDED, message)
        .label(&manager.name.span, "all that its clients may have, and page tables for it")
        .help("give some of its clients another memory manager, or less `memory`")
}

fn kibibytes(bytes: u64) -> String {
    format!("{}KiB", bytes.div_ceil(1024))
}
