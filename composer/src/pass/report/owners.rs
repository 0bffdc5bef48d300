//! The machine's memory by owner: all of it, as it is when the system is up.

use std::fmt::{self, Write};

use abi::layout::PAGE;
use serde::Serialize;

use crate::graph::Graph;
use crate::pass::memory::{Account, Share};

/// Who has how many bytes of the machine's memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Owners {
    /// Nobody's: below 1 MiB, and what firmware keeps.
    pub firmware: u64,
    /// The kernel's image.
    pub kernel: u64,
    /// The kernel's tables: its page tables, a word for each frame, what it has of each core.
    pub kernel_tables: u64,
    /// The bundle, which the components' images lie in.
    pub bundle: u64,
    /// What each component has beside that.
    pub components: Vec<Owner>,
    /// What is left.
    pub free: u64,
}

/// A component, and its bytes by use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Owner {
    /// Its name.
    pub name: String,
    /// Memory of its image that starts as zeros.
    pub zeros: u64,
    /// Stacks.
    pub stacks: u64,
    /// Its page table; who shares one with a component before it has none.
    pub page_tables: u64,
    /// Its capability table.
    pub capability_tables: u64,
    /// The component, its threads from the start, and what they run on.
    pub objects: u64,
    /// Frames for threads that it creates, or to give to others.
    pub run_time: u64,
    /// All of them.
    pub total: u64,
}

/// What the numbers of an owner are, in their order.
pub const USES: [&str; 7] = ["zeros", "stacks", "page tables", "capabilities", "objects", "run time", "total"];

impl Owner {
    fn new(name: String, share: &Share) -> Self {
        Self {
            name,
            zeros: share.zeros * PAGE,
            stacks: share.stacks * PAGE,
            page_tables: share.page_tables * PAGE,
            capability_tables: share.capability_tables * PAGE,
            objects: share.objects * PAGE,
            run_time: share.run_time * PAGE,
            total: share.frames() * PAGE,
        }
    }

    /// Its numbers, in the order of [`USES`].
    pub const fn uses(&self) -> [u64; USES.len()] {
        [self.zeros, self.stacks, self.page_tables, self.capability_tables, self.objects, self.run_time, self.total]
    }
}

impl Owners {
    /// Those of an account.
    pub fn of(graph: &Graph, account: &Account) -> Self {
        let components = graph.components.iter().zip(&account.components);
        Self {
            firmware: account.firmware,
            kernel: account.kernel,
            kernel_tables: account.kernel_tables,
            bundle: account.bundle,
            components: components.map(|(it, share)| Owner::new(it.name.value.clone(), share)).collect(),
            free: account.free(),
        }
    }

    /// Whoever is no component, with all that it has.
    pub const fn others(&self) -> [(&'static str, u64); 5] {
        [
            ("firmware, and below 1 MiB", self.firmware),
            ("the kernel", self.kernel),
            ("the kernel's tables", self.kernel_tables),
            ("the bundle, with all images", self.bundle),
            ("free", self.free),
        ]
    }
}

/// Writes them as text.
pub fn write(text: &mut String, owners: &Owners) -> fmt::Result {
    let others = owners.others();
    let names = owners.components.iter().map(|owner| owner.name.as_str()).chain(others.map(|(name, _)| name));
    let width = names.map(str::len).max().unwrap_or(0);
    writeln!(text, "\nMemory of the machine by owner, in KiB")?;
    writeln!(text, "  {:width$} {}", "owner", cells(USES))?;
    for owner in &owners.components {
        writeln!(text, "  {:width$} {}", owner.name, cells(owner.uses().map(|bytes| (bytes / 1024).to_string())))?;
    }
    for (name, bytes) in others {
        let mut row = [const { String::new() }; USES.len()];
        if let Some(total) = row.last_mut() {
            *total = (bytes / 1024).to_string();
        }
        writeln!(text, "  {name:width$} {}", cells(row))?;
    }
    Ok(())
}

fn cells<T: AsRef<str>>(cells: [T; USES.len()]) -> String {
    let cells = cells.iter().zip(USES).map(|(cell, of)| format!("{:>1$}", cell.as_ref(), of.len().max(8)));
    cells.collect::<Vec<_>>().join(" ")
}
