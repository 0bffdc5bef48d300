//! Syscall pages: how many calls are where in their life.

use serde::Serialize;
use syscall_page::layout::{ENTRIES, ENTRY_BYTES};
use syscall_page::{State, Status};

use super::memory::Memory;
use crate::pass::report::{self, Role};

/// A page by which a component calls another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ring {
    /// Who serves it.
    pub server: String,
    /// The interface, with its variant.
    pub interface: String,
    /// Its entries.
    pub calls: Calls,
}

/// Entries of a page, by what their status says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Calls {
    /// Nobody uses them, or the client fills them.
    pub free: usize,
    /// They wait to be taken.
    pub submitted: usize,
    /// The server runs them.
    pub busy: usize,
    /// Their methods wait for something.
    pub blocked: usize,
    /// Their results are there.
    pub done: usize,
    /// Their status is none that there is.
    pub damaged: usize,
}

/// The pages by which a component calls others, in the page table with the root at `root`.
pub fn rings(memory: &Memory, root: u64, component: &report::Component) -> Vec<Ring> {
    let own = component.pages.iter().filter(|page| page.role == Role::Client);
    let rings = own.filter_map(|page| {
        let (server, interface) = (page.server.clone(), page.interface.clone());
        Some(Ring { server, interface, calls: calls(memory, root, page.entries?) })
    });
    rings.collect()
}

/// The entries of the page whose entry frame is at `address`.
pub fn calls(memory: &Memory, root: u64, address: u64) -> Calls {
    let mut calls = Calls::default();
    for entry in (0..ENTRIES).map(|entry| address + (entry * ENTRY_BYTES) as u64) {
        let state = memory.word(root, entry).and_then(|word| Status(word).state());
        *match state {
            Some(State::Free) => &mut calls.free,
            Some(State::Submitted) => &mut calls.submitted,
            Some(State::Busy) => &mut calls.busy,
            Some(State::Blocked) => &mut calls.blocked,
            Some(State::Done) => &mut calls.done,
            None => &mut calls.damaged,
        } += 1;
    }
    calls
}
