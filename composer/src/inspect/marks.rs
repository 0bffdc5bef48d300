//! How far stacks were used when a machine ended: what has once lain there still does, and the memory is all that is left of it.

use logic::address_space;

use super::dump::Dump;
use super::memory::Memory;
use super::spaces::{Stack, stacks};
use super::state::living;
use super::subject;
use super::threads::name;
use crate::pass::report::Report;

/// A stack, and the component in which it lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The component's name.
    pub component: String,
    /// The stack.
    pub stack: Stack,
}

impl Mark {
    /// Whether more of it was used than is said of it beforehand.
    pub fn is_beyond(&self) -> bool {
        self.stack.bound.is_some_and(|bound| self.stack.used > bound)
    }
}

/// The stacks of all components that there still were, in `memory` that `kernel` has left. `None` if it was another kernel, or had not come up.
pub fn marks(kernel: &[u8], report: &Report, memory: Dump) -> Option<Vec<Mark>> {
    let places = subject::places(kernel).filter(|_| subject::is_in(kernel, &memory))?;
    let memory = Memory::new(memory, &places);
    let of = |component: &str, root: u64| {
        let granted = report.components.iter().find(|granted| granted.name == component)?;
        Some(stacks(&memory, root, granted))
    };
    let living = living(&memory).map(|(reference, space)| (name(&memory, reference), address_space::root(space)));
    let marks: Vec<Mark> = living
        .flat_map(|(component, root)| {
            let stacks = of(&component, root.physical()).unwrap_or_default();
            stacks.into_iter().map(move |stack| Mark { component: component.clone(), stack })
        })
        .collect();
    (!marks.is_empty()).then_some(marks)
}
