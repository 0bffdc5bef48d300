//! What a machine leaves: its address spaces as they were when it ended, and how far stacks were used. What has once lain there still
//! does, and memory is all that there is of it.

use super::dump::Dump;
use super::memory::Memory;
use super::spaces::{Pages, Stack, pages, stacks};
use super::state::{living, root};
use super::subject;
use super::threads::name;
use crate::pass::report::Report;

/// What is left of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Its name.
    pub component: String,
    /// Its pages.
    pub pages: Pages,
    /// Its stacks.
    pub stacks: Vec<Stack>,
}

/// The components that there still were, in `memory` that `kernel` has left. `None` if it was another kernel, or had not come up.
pub fn left(kernel: &[u8], report: &Report, memory: Dump) -> Option<Vec<Left>> {
    let places = subject::places(kernel).filter(|_| subject::is_in(kernel, &memory))?;
    let memory = Memory::new(memory, &places);
    let all = living(&memory).map(|(reference, space)| {
        let (component, root) = (name(&memory, reference), root(space));
        let granted = report.components.iter().find(|granted| granted.name == component);
        let stacks = granted.map(|granted| stacks(&memory, root, granted)).unwrap_or_default();
        Left { pages: pages(&memory, root), component, stacks }
    });
    let all: Vec<Left> = all.collect();
    (!all.is_empty()).then_some(all)
}
