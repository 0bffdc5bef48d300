//! The stacks of a component.

use serde::Serialize;

use super::{Parts, name};
use crate::graph::Graph;

/// A stack.
#[derive(Clone, Debug, Serialize)]
pub struct Stack {
    /// The component whose thread it is for.
    pub thread_of: String,
    /// The thread's index.
    pub thread: u64,
    /// Where it ends; it grows down from there.
    pub end: u64,
    /// Bytes of memory.
    pub bytes: u64,
}

/// The stacks of the component of `parts`, one for each thread that can come there.
pub(super) fn stacks(graph: &Graph, parts: &Parts<'_>) -> Vec<Stack> {
    let owner = |thread: u64| graph.owner(thread as usize).map_or_else(String::new, |owner| name(graph, owner as u64));
    let stacks = parts.space.stacks.iter();
    stacks
        .map(|stack| Stack { thread_of: owner(stack.thread), thread: stack.thread, end: stack.end, bytes: stack.bytes })
        .collect()
}
